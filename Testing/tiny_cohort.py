"""A few tiny persons with exact labels, in the flat layout: image, mask and tissues of each."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
from phantoms import nested_spheres

SIZE = 20
# Voxels so large that the phantom has the size of a brain.
AFFINE = np.diag([7.0, 7.0, 7.0, 1.0])


def save(path: Path, array: np.ndarray, affine: np.ndarray = AFFINE) -> Path:
    nibabel.save(nibabel.Nifti1Image(array, affine), path)
    return path


def write(folder: Path, persons: int = 5, labelled: bool = True, size: int = SIZE, field_range: float = 0.0) -> Path:
    """Persons p0, p1, ... whose right and left differ: a quarter of the right hemisphere's edge is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(persons):
        phantom = nested_spheres(size, noise=0.03, field_range=field_range, seed=number)
        mask = phantom.mask.copy()
        mask[: size // 5] = False
        save(folder / f"p{number}_T1.nii.gz", np.where(mask, 1000 * phantom.image, 0).astype(np.float32))
        save(folder / f"p{number}_mask.nii.gz", mask.astype(np.uint8))
        if labelled:
            save(folder / f"p{number}_tissues.nii.gz", np.where(mask, phantom.truth, 0).astype(np.uint8))
    return folder
