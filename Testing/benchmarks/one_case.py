"""One case with one method in a process of its own, so that peak memory is that of this run alone.

python -m benchmarks.one_case CASE.json OUT.json
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from gmmseg import Settings, segment
from gmmseg.case import Case
from gmmseg.report import peak_memory_mb, plain
from gmmseg.volume_io import read_mask, read_volume

from .measures import measured


def run(request: dict) -> dict:
    """Segments and measures one case.

    Args:
        request: the files of the case (``measures.FILES``, None where there is none) and ``settings``.

    Returns:
        JSON-ready: what :func:`measures.measured` gives, and ``wall_seconds`` and ``cpu_seconds`` with reading and
        without imports, ``seconds`` by stage, ``peak_memory_mb``, ``gpu_peak_memory_mb``, ``homogeneity`` and
        ``bias_field`` of the report, ``prior``, ``warnings``, ``device``, ``threads``, ``cores``.
    """
    import torch

    wall, cpu = time.perf_counter(), time.process_time()
    image = read_volume(request["image"])
    mask = read_mask(request["mask"]) if request["mask"] else None
    case = Case((image,), mask, "given" if mask is not None else "detect")
    result = segment(case, Settings.from_dict(request["settings"]))
    cost = {
        "wall_seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "peak_memory_mb": peak_memory_mb(),
    }
    report = result.report
    confidence = result.posterior_on_grid(0)
    for index in range(1, len(result.posteriors)):
        confidence = confidence.clip(min=result.posterior_on_grid(index))
    return plain(
        {
            **measured(request, result.labels, result.bias_field[0], confidence),
            **cost,
            "seconds": report["seconds"],
            "gpu_peak_memory_mb": report["gpu_peak_memory_mb"],
            "homogeneity": report["homogeneity"],
            "bias_field": report["bias_field"],
            "prior": report.get("prior"),
            "warnings": report["warnings"],
            "device": report["device"],
            "threads": torch.get_num_threads(),
            "cores": os.cpu_count(),
        }
    )


def main(request_path: Path, answer_path: Path) -> None:
    answer_path.write_text(json.dumps(run(json.loads(request_path.read_text()))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
