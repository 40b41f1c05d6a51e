"""One case with one method in a process of its own, so that peak memory is that of this run alone.

python -m benchmarks.one_case CASE.json OUT.json
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from gmmseg import Settings, segment
from gmmseg.case import Case
from gmmseg.metrics import evaluate
from gmmseg.report import peak_memory_mb, plain
from gmmseg.volume_io import read_mask, read_volume


def run(request: dict) -> dict:
    """Segments and scores one case.

    Args:
        request: ``image``, ``truth``, ``mask`` (paths or None) and ``settings``.

    Returns:
        JSON-ready: ``scores`` by protocol and label (None without truth), ``seconds`` by stage, ``wall_seconds`` with
        reading and without imports, ``peak_memory_mb``, ``volume_ml``, ``homogeneity``, ``bias_field``, ``warnings``,
        ``device``, ``threads``.
    """
    import torch

    started = time.perf_counter()
    image = read_volume(request["image"])
    mask = read_mask(request["mask"]) if request["mask"] else None
    case = Case((image,), mask, "given" if mask is not None else "detect")
    result = segment(case, Settings.from_dict(request["settings"]))
    wall_seconds = time.perf_counter() - started
    peak = peak_memory_mb()
    report = result.report
    return plain(
        {
            "scores": scores(result.labels, request),
            "seconds": report["seconds"],
            "wall_seconds": wall_seconds,
            "peak_memory_mb": peak,
            "gpu_peak_memory_mb": report["gpu_peak_memory_mb"],
            "volume_ml": {row["name"]: row["volume_ml"] for row in report["classes"]},
            "homogeneity": report["homogeneity"],
            "bias_field": report["bias_field"],
            "warnings": report["warnings"],
            "device": report["device"],
            "threads": torch.get_num_threads(),
            "cores": os.cpu_count(),
        }
    )


def scores(labels: np.ndarray, request: dict) -> dict | None:
    """Scores of ``labels`` inside the case's mask under both protocols, None where there is no truth."""
    if not request["truth"]:
        return None
    truth = np.rint(read_volume(request["truth"]).array).astype(np.uint8)
    mask = read_mask(request["mask"]).array != 0 if request["mask"] else None
    return evaluate(labels, truth, mask)


def main(request_path: Path, answer_path: Path) -> None:
    answer_path.write_text(json.dumps(run(json.loads(request_path.read_text()))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
