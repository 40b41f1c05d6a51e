"""What the fake worker answers about bias fields: another degree of it, and its files."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np


def answer(request, behaviour, say) -> None:
    """Does a ``field`` or ``export`` job; the behaviours ``field-fails`` and ``field-slow`` are for these alone."""
    if behaviour == "field-slow":
        time.sleep(0.3)
    if behaviour == "field-fails":
        say(id=request["id"], event="failed", reason="Too little tissue is pure.", kind="input", details="")
    else:
        {"field": field, "export": export}[request["job"]](request, say)


def inspection_of(images, corrected, classes, names) -> dict:
    """The report's ``inspection``: counts and Gaussians of the right form."""
    channels = []
    for index, name in enumerate(names):
        before, after = images[index][images[index] != 0], corrected[index][images[index] != 0]
        edges = np.linspace(0, float(max(before.max(), after.max())), 33)
        middle = (edges[1:] + edges[:-1]) / 2
        bells = [
            before.size / len(classes) * np.exp(-0.5 * ((middle - row["mean"][index]) / 20) ** 2) for row in classes
        ]
        channels.append(
            {
                "channel": name,
                "intensity": middle.tolist(),
                "before": np.histogram(before, edges)[0].tolist(),
                "after": np.histogram(after, edges)[0].tolist(),
                "gaussians": [
                    {"name": row["name"], "counts": bell.tolist()} for row, bell in zip(classes, bells, strict=True)
                ],
                "sum": sum(bells).tolist(),
                "homogeneity": homogeneity(),
            }
        )
    return {"channels": channels}


def homogeneity() -> dict:
    """Numbers that got better."""
    return {
        **{"cv_wm_before": 0.098, "cv_wm_after": 0.051},
        **{"cv_gm_before": 0.12, "cv_gm_after": 0.09},
        **{"cjv_before": 0.7, "cjv_after": 0.5},
    }


def field(request, say) -> None:
    """A ramp that is steeper with each degree, 1 at degree 0."""
    images = [np.load(image["array"]).astype(np.float32) for image in request["images"]]
    labels = np.load(request["labels"]["array"])
    degree, shape = request["bias_degree"], labels.shape
    ramp = np.linspace(1 - 0.05 * degree, 1 + 0.05 * degree, shape[0], dtype=np.float32)[:, None, None]
    fields = np.stack([np.broadcast_to(ramp, shape)] * len(images))
    report = request["report"]
    for row in report["bias_field"]:
        row |= {"min": float(ramp.min()), "max": float(ramp.max()), "degree": degree, "applied": degree > 0}
    out = Path(request["output"])
    np.save(out / "bias_field.npy", fields)
    np.save(out / "corrected.npy", np.stack(images) / fields)
    say(
        id=request["id"],
        event="done",
        bias_field=str(out / "bias_field.npy"),
        corrected=str(out / "corrected.npy"),
        report=report,
        cached=request["run"] is not None,
        seconds=0.2,
    )


def export(request, say) -> None:
    """The names of the files, with next to nothing in them."""
    folder = Path(request["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "corrected.nii.gz", folder / "report.html", folder / "report.json"]
    for file in files:
        file.write_text(json.dumps(request["report"]["bias_field"]))
    say(id=request["id"], event="done", files=[str(file) for file in files], seconds=0.1)
