"""Tiny heads as label maps of FreeSurfer's codes: the least that synthetic scans can be made from."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np

# Outwards: ventricle, thalamus, white matter, cortex, fluid, skull.
LAYERS = ((0.15, 4), (0.25, 10), (0.6, 2), (0.75, 42), (0.85, 24), (0.98, 502))


def head(size: int = 40, stretch: float = 1.0) -> np.ndarray:
    """(size, size, size) int16 codes of nested ellipsoids, ``stretch`` times as long along the second axis."""
    axes = [(np.arange(size) - (size - 1) / 2) / (size / 2)] * 3
    x, y, z = np.meshgrid(*axes, indexing="ij")
    radius = np.sqrt(x**2 + (y / stretch) ** 2 + z**2)
    codes = np.zeros(radius.shape, dtype=np.int16)
    for outer, code in reversed(LAYERS):
        codes[radius < outer] = code
    return codes


def write(folder: Path, count: int = 3, size: int = 40) -> Path:
    """``count`` files labels_01.nii.gz and on of differing heads in ``folder``, with a licence text beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        write_one(folder / f"labels_{number:02d}.nii.gz", head(size, 1 - 0.05 * number))
    (folder / "LICENSE.txt").write_text("\n   A Licence for Tests\n      Version 1\n\nterms\n")
    return folder


def write_one(path: Path, codes: np.ndarray, affine: np.ndarray | None = None) -> Path:
    """One label map of 1 mm unless the affine says otherwise."""
    nibabel.save(nibabel.Nifti1Image(codes, np.eye(4) if affine is None else affine), path)
    return path
