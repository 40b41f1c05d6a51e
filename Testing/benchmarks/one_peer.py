"""One step of another tool in a process of its own, which the peers' Python runs: no part of the engine is needed.

python -m benchmarks.one_peer REQUEST.json

The request: ``step`` (``n4`` or one of ``peers.FITS``), ``image`` and ``mask`` (files), ``field`` (an .npy file of N4
by which the scan is divided, or None) and ``out``, a folder. There N4 leaves ``field.npy``, the others leave
``labels.npy`` (1..3 by rising mean) and ``confidence.npy`` (largest posterior), all on the scan's grid; each leaves
``cost.json`` with ``wall_seconds`` and ``cpu_seconds`` (reading included, imports not) and ``peak_memory_mb``.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path

import nibabel
import numpy as np

from . import peers

_IMPORTS = {"n4": "ants", "atropos": "ants", "gmm": "sklearn.mixture", "hmrf": "dipy.segment.tissue"}


def run(request: dict) -> dict:
    """Runs one step, leaves its arrays in the folder and gives its cost."""
    importlib.import_module(_IMPORTS[request["step"]])
    wall, cpu = time.perf_counter(), time.process_time()
    scan = nibabel.load(request["image"])
    image = np.asarray(scan.dataobj, dtype=np.float32)
    mask = np.asarray(nibabel.load(request["mask"]).dataobj) != 0
    spacing = tuple(float(size) for size in scan.header.get_zooms()[:3])
    if request["field"]:
        image = image / np.load(request["field"])
    box = peers.brain_box(mask)
    inside = mask[box]
    brain = peers.clipped(image[box], inside)
    if request["step"] == peers.N4:
        arrays = {"field": (peers.n4_field(brain, inside, spacing), 1.0)}
    else:
        labels, confidence = peers.FITS[request["step"]](brain, inside, spacing)
        arrays = {
            "labels": (peers.ordered(labels, brain, inside), 0),
            "confidence": (np.where(inside, confidence, 0).astype(np.float32), 0.0),
        }
    cost = {"wall_seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
    for name, (values, outside) in arrays.items():
        grid = np.full(mask.shape, outside, dtype=values.dtype)
        grid[box] = values
        np.save(Path(request["out"]) / f"{name}.npy", grid)
    return {**cost, "peak_memory_mb": _peak_memory_mb()}


def _peak_memory_mb() -> float | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main(request_path: Path) -> None:
    request = json.loads(request_path.read_text())
    (Path(request["out"]) / "cost.json").write_text(json.dumps(run(request)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
