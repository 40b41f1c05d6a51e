"""The fake worker's job `finetune`: the labels that come of it have no class 2, so that before and after differ."""

from pathlib import Path

import numpy as np
from managing_models import put_model

STEPS = 4
BEFORE, AFTER = 0.81, 0.93


def learn(request, behaviour, say, labels_of):
    """Says progress and losses, and a preview of the first volume."""
    for step in range(1, STEPS + 1):
        say(id=request["id"], event="loss", **point(step))
    if behaviour in ("preview-then-fail", "hang", "hang-early", "deaf"):
        path = Path(request["output"]) / "preview-1.npy"
        np.save(path, taught(labels_of(np.load(request["subjects"][0]["images"][0]["array"]), 3)))
        say(id=request["id"], event="preview", labels=str(path), subject=0)


def point(step):
    cross_entropy, mixture = 0.8 / step, 2.0 + 0.2 / step
    return {
        "step": step,
        "steps": STEPS,
        "cross_entropy": cross_entropy,
        "mixture": mixture,
        "total": cross_entropy + 1e-4 * mixture,
    }


def taught(labels):
    return np.where(labels == 2, 3, labels).astype(np.uint8)


def done(request, say, labels_of, write, stopped_early):
    """Says `done`, with the files of a network and the results of each volume."""
    folder = Path(request["output"]) / "model"
    put_model(folder, "candidate")
    subjects = []
    for index, subject in enumerate(request["subjects"]):
        one = {**request, "images": subject["images"], "output": str(Path(request["output"]) / f"subject{index}")}
        Path(one["output"]).mkdir()
        before = labels_of(np.load(subject["images"][0]["array"]), 3)
        after = taught(before)
        agreement = (BEFORE, AFTER) if subject["labels"] else (None, None)
        subjects.append(
            {
                **write(one, after),
                "before": {"volumes_ml": volumes_ml(before), "agreement": agreement[0]},
                "after": {"volumes_ml": volumes_ml(after), "agreement": agreement[1]},
            }
        )
    say(
        id=request["id"],
        event="done",
        model={"folder": str(folder), "name": "candidate"},
        subjects=subjects,
        agreement={"held_out_voxels": 1234, "before": BEFORE, "after": AFTER},
        curve=[point(step) for step in range(1, STEPS + 1)],
        best_step=STEPS,
        stopped_early=stopped_early,
    )


def volumes_ml(labels):
    return [int((labels == k).sum()) / 1000 for k in (1, 2, 3)]
