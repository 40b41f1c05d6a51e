"""A worker that speaks the protocol without an engine: what it does is named on its command line.

`python fake_worker.py BEHAVIOUR [REQUEST_LOG]`; each request is appended to REQUEST_LOG as a line of JSON.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

import fake_field
import fake_finetune
import fake_models
import numpy as np

BEHAVIOUR = sys.argv[1] if len(sys.argv) > 1 else "done"
REQUEST_LOG = Path(sys.argv[2]) if len(sys.argv) > 2 else None
cancelled = threading.Event()
requests: list[dict] = []
arrived = threading.Condition()


def say(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def listen():
    for line in sys.stdin:
        message = json.loads(line)
        if "cancel" in message or "finish" in message:
            if BEHAVIOUR != "deaf":
                cancelled.set()
        elif message["job"] == "shutdown":
            os._exit(0)
        else:
            with arrived:
                requests.append(message)
                arrived.notify()
    os._exit(0)


def labels_of(image, classes):
    """Classes by brightness: quantiles of the non-zero voxels."""
    labels = np.zeros(image.shape, dtype=np.uint8)
    inside = image != 0
    edges = np.quantile(image[inside], np.linspace(0, 1, classes + 1)[1:-1])
    labels[inside] = 1 + np.searchsorted(edges, image[inside])
    return labels


def report_of(request, labels, classes):
    tissues = ["WM", "GM", "CSF"] if BEHAVIOUR == "t2" else ["CSF", "GM", "WM"]
    names = tissues if classes == 3 else [f"class {k}" for k in range(1, classes + 1)]
    counts = [int((labels == k).sum()) for k in range(1, classes + 1)]
    channels = len(request["images"])
    return {
        "settings": request["settings"],
        "device": "cpu",
        "seconds": {"total": 0.1},
        "mask": {"source": "stripped", "volume_ml": sum(counts) / 1000, "voxels": sum(counts)},
        "classes": [
            {
                "label": k + 1,
                "name": names[k],
                "mean": [100.0 * (k + 1)] * channels,
                "volume_ml": counts[k] / 1000,
                "share_percent": 100 * counts[k] / max(sum(counts), 1),
                "voxels": counts[k],
            }
            for k in range(classes)
        ],
        "contrast": "T2-like" if BEHAVIOUR == "t2" else "T1-like",
        "bias_field": [
            {"channel": image["name"], "min": 0.9, "median": 1.0, "max": 1.1, "degree": 3, "applied": True}
            for image in request["images"]
        ],
        "homogeneity": None,
        "prior": prior_of(request),
        "warnings": ["the mask touches the border of the volume."] if BEHAVIOUR == "warn" else [],
    }


def prior_of(request):
    """What mode fast says about its model; the others have none."""
    settings = request["settings"]
    if settings.get("mode") != "fast":
        return None
    agreement, share = {"unusual": (0.41, 0.0), "doubtful": (0.65, 0.5)}.get(BEHAVIOUR, (0.934, 1.0))
    return {"model": settings["model"], "agreement": agreement, "share": share, "used": share > 0}


def finish(request):
    labels = labels_of(first_image(request), request["settings"]["number_of_classes"])
    say(id=request["id"], event="done", **write(request, labels))


def first_image(request):
    return np.load(request["images"][0]["array"]).astype(np.float32)


def write(request, labels):
    """Writes a result's arrays; gives its entries of a `done` event."""
    out = Path(request["output"])
    images = [np.load(image["array"]).astype(np.float32) for image in request["images"]]
    classes = request["settings"]["number_of_classes"]
    ramp = np.linspace(0.9, 1.1, labels.shape[0], dtype=np.float32)[:, None, None]
    field = np.stack([np.broadcast_to(ramp, labels.shape)] * len(images))
    arrays = {
        "labels": labels,
        "posteriors": np.stack([labels == k for k in range(1, classes + 1)]).astype(np.float32),
        "bias_field": field,
        "corrected": np.stack(images) / field,
        "brain_mask": labels > 0,
    }
    if request["settings"].get("entropy"):
        arrays["entropy"] = np.where(labels == 2, 0.75, 0.0).astype(np.float32)
    for name, array in arrays.items():
        np.save(out / f"{name}.npy", array)
    report = report_of(request, labels, classes)
    names = [image["name"] for image in request["images"]]
    inspection = fake_field.inspection_of(images, arrays["corrected"], report["classes"], names)
    return {
        "box": [[0, size] for size in labels.shape],
        "report": {**report, "inspection": inspection},
        "entropy": None,
        **{name: str(out / f"{name}.npy") for name in arrays},
    }


def preview(request):
    image = np.load(request["images"][0]["array"])
    path = Path(request["output"]) / "preview-1.npy"
    np.save(path, labels_of(image, request["settings"]["number_of_classes"]))
    say(id=request["id"], event="preview", labels=str(path))


def serve(request):
    if REQUEST_LOG is not None:
        with REQUEST_LOG.open("a") as log:
            log.write(json.dumps(request) + "\n")
    cancelled.clear()
    job = request["id"]
    say(id=job, event="progress", fraction=0.25, stage="train", message="learning on this scan", remaining_seconds=3.0)
    if BEHAVIOUR == "die":
        print("RuntimeError: the disk of memory is gone", file=sys.stderr, flush=True)
        os._exit(7)
    if request["job"] == "check_model":
        fake_models.check(request, BEHAVIOUR, say, cancelled)
        return
    if BEHAVIOUR == "fail" or any("bad" in image["name"] for image in request.get("images", [])):
        reason = "The image 'T1' is constant; choose another one."
        say(id=job, event="failed", reason=reason, kind="input", details="last lines")
        return
    if request["job"] in ("field", "export"):
        fake_field.answer(request, BEHAVIOUR, say)
        return
    if request["job"] == "finetune":
        fake_finetune.learn(request, BEHAVIOUR, say, labels_of)
    elif BEHAVIOUR in ("preview-then-fail", "hang", "deaf", "t2"):
        preview(request)
    if BEHAVIOUR == "preview-then-fail":
        say(id=job, event="failed", reason="Out of memory.", kind="memory", details="")
        return
    if BEHAVIOUR in ("hang", "hang-early", "deaf"):
        while not cancelled.wait(0.05):
            pass
        if request["job"] == "finetune" and BEHAVIOUR == "hang":
            fake_finetune.done(request, say, labels_of, write, stopped_early=True)
        else:
            say(id=job, event="cancelled")
        return
    if BEHAVIOUR == "slow":
        for step in range(10):
            time.sleep(0.05)
            say(id=job, event="progress", fraction=step / 10, stage="train", message="learning", remaining_seconds=None)
    if request["job"] == "finetune":
        fake_finetune.done(request, say, labels_of, write, stopped_early=False)
    else:
        finish(request)


threading.Thread(target=listen, daemon=True).start()
if BEHAVIOUR == "unavailable":
    say(event="unavailable", reason="torch is not installed; click Segment to install it.", missing=["torch"])
    sys.exit(0)
print("fake worker started", file=sys.stderr, flush=True)
say(
    event="ready",
    version="0.1.0",
    torch="0",
    devices=["cpu", "cuda:0"],
    modes=["fast", "train", "em"],
    networks=["modified_unet", "unet"],
    automatic_mask=True,
    automatic_mask_missing=[],
)
while True:
    with arrived:
        arrived.wait_for(lambda: requests)
        request = requests.pop(0)
    serve(request)
