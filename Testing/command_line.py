"""The command line as tests use it: scans as files, and ``gmmseg`` in this process or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from gmmseg import cli

PACKAGE = Path(cli.__file__).parent.parent
QUICK = ("--mode", "em", "--device", "cpu", "--bias-degree", "1", "--progress", "none")
# Oblique, left-handed, and of voxels so large that a phantom of 24 voxels has the size of a brain.
AFFINE = np.array([[-5.0, -1.7, 0.6, 20], [-1.7, 6.0, 1.1, 5], [-0.6, 1.1, 7.2, 12], [0, 0, 0, 1.0]])


def write(path: Path, array: np.ndarray, affine: np.ndarray = AFFINE) -> str:
    """Saves NIfTI; returns the path as the command line has it."""
    nibabel.save(nibabel.Nifti1Image(array, affine), path)
    return str(path)


def voxels(path: Path) -> np.ndarray:
    """What a NIfTI file holds, unscaled types kept."""
    return np.asanyarray(nibabel.load(path).dataobj)


def names_in(folder: Path) -> list[str]:
    """Sorted names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def segment(*arguments: Any) -> int:
    """Exit status of ``gmmseg segment`` by classical EM, without progress."""
    return cli.main(["segment", *QUICK, *map(str, arguments)])


def run_python(*arguments: str, path: Sequence[Path] = ()) -> subprocess.CompletedProcess[str]:
    """A Python of its own that finds the engine, after it has ended.

    Args:
        arguments: of the interpreter.
        path: folders that it looks for modules in first.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*map(str, path), str(PACKAGE)]),
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, timeout=300)
