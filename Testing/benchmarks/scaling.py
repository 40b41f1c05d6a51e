"""How time and memory grow with the number of voxels: one brain on grids of several spacings.

python -m benchmarks.scaling METHOD SPACING_MM THREADS     one run, its record as JSON on the last line
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import nibabel
import numpy as np
from phantoms import from_labels, label_map
from scipy import ndimage

from .figures import Record
from .markdown import number, table

SPACINGS = (0.7, 1.0, 2.0)
PREFIX = "scaling"


def key(method: str, spacing: float) -> str:
    """What a record is stored under, such as ``scaling/0.7/fast``."""
    return f"{PREFIX}/{spacing:g}/{method}"


def in_child(method: str, spacing: float, threads: int) -> dict:
    """:func:`run` in a process of its own, so that peak memory is that of this run alone.

    Raises:
        RuntimeError: the run failed; the message is the last line it wrote.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scaling", method, str(spacing), str(threads)],
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    return json.loads(done.stdout.splitlines()[-1])


def run(method: str, spacing: float, threads: int) -> dict:
    """Segments the phantom on a grid of ``spacing`` mm on the CPU, its mask given.

    The phantom is made in another process: what that takes must not count as memory of this one.

    Args:
        method: the engine's mode.
        spacing: voxel size in mm.
        threads: of the arithmetic.

    Returns:
        JSON-ready: ``spacing_mm``, ``million_voxels`` (in the mask), ``wall_seconds`` with reading and without
        imports, ``cpu_seconds``, ``peak_memory_mb``, ``seconds`` by stage, ``threads``, ``cores``.
    """
    import torch
    from gmmseg import Settings, segment
    from gmmseg.case import Case
    from gmmseg.report import peak_memory_mb, plain
    from gmmseg.volume_io import read_mask, read_volume

    settings = Settings(mode=method, device="cpu")
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        maker = multiprocessing.get_context("spawn").Process(target=write_phantom, args=(Path(folder), spacing))
        maker.start()
        maker.join()
        if maker.exitcode:
            raise RuntimeError(f"The phantom at {spacing:g} mm could not be made: there is too little memory or disk.")
        wall, cpu = time.perf_counter(), time.process_time()
        mask = read_mask(Path(folder, "mask.nii"))
        case = Case((read_volume(Path(folder, "image.nii")),), mask, "given")
        result = segment(case, settings)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return plain(
        {
            "spacing_mm": spacing,
            "million_voxels": np.count_nonzero(mask.array) / 1e6,
            "wall_seconds": wall,
            "cpu_seconds": cpu,
            "peak_memory_mb": peak_memory_mb(),
            "seconds": result.report["seconds"],
            "threads": threads,
            "cores": os.cpu_count(),
        }
    )


def write_phantom(folder: Path, spacing: float) -> None:
    """Writes ``image.nii`` and ``mask.nii`` of the phantom on a grid of ``spacing`` mm."""
    phantom = from_labels(resampled(label_map(), spacing), spacing=spacing)
    nibabel.save(nibabel.Nifti1Image(phantom.image, phantom.affine), folder / "image.nii")
    nibabel.save(nibabel.Nifti1Image(phantom.mask.astype(np.uint8), phantom.affine), folder / "mask.nii")


def resampled(labels: np.ndarray, spacing: float) -> np.ndarray:
    """A label map of 1 mm on a grid of ``spacing`` mm over the same space: the nearest voxel's label."""
    return ndimage.zoom(labels, 1 / spacing, order=0, mode="nearest", grid_mode=True)


def records(results: Mapping[str, Record]) -> dict[str, list[Record]]:
    """The stored records by method, finest grid first."""
    found: dict[str, list[Record]] = {}
    for name, record in results.items():
        prefix, _, rest = name.partition("/")
        if prefix == PREFIX:
            found.setdefault(rest.partition("/")[2], []).append(record)
    return {method: sorted(some, key=lambda one: one["spacing_mm"]) for method, some in found.items()}


def as_table(found: Mapping[str, list[Record]]) -> str:
    """Seconds and memory by spacing; empty without records."""
    rows = [
        [
            method,
            f"{record['spacing_mm']:g}",
            number(record["million_voxels"], 2),
            number(record["wall_seconds"], 1),
            number(record["cpu_seconds"], 1),
            number(record["wall_seconds"] / record["million_voxels"], 2),
            number(record["peak_memory_mb"] / 1000 if record["peak_memory_mb"] else None, 2),
        ]
        for method, some in found.items()
        for record in some
    ]
    header = ["method", "mm", "million voxels", "wall s", "CPU s", "wall s per million voxels", "memory GB"]
    return table(header, rows) if rows else ""


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))))
