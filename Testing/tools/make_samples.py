"""Makes the two sample scans in ``GMMSegExtension/Resources/SampleData`` from the evaluation data.

The brain keeps its own voxels (rounded to whole grey values) and loses the empty space around it. The head is
resampled from 0.7 mm to 1 mm on axes parallel to its own, so its affine stays oblique.
Run from the checkout: ``python Testing/tools/make_samples.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from data_paths import BRAIN, SAMPLES, WHOLE_HEAD, evaluation_file

BRAIN_SUBJECT = "sub-04"
MARGIN = 6
HEAD_SPACING_MM = 1.0
# Grey values below this are air in the head scan (its white matter is near 200).
AIR = 8


def saved(array: np.ndarray, affine: np.ndarray, path: Path) -> None:
    """Writes (I, J, K) ``array`` as int16 NIfTI without scaling."""
    image = nib.Nifti1Image(np.rint(array).astype(np.int16), affine)
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)


def cut(array: np.ndarray, affine: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``array`` and its affine cut to the voxels ``inside`` plus a margin."""
    where = np.argwhere(inside)
    start = np.maximum(where.min(axis=0) - MARGIN, 0)
    stop = np.minimum(where.max(axis=0) + 1 + MARGIN, array.shape)
    moved = affine.copy()
    moved[:3, 3] = nib.affines.apply_affine(affine, start)
    return array[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))], moved


def coarser(array: np.ndarray, affine: np.ndarray, spacing_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """``array`` resampled to ``spacing_mm`` cubes, smoothed first so that nothing aliases."""
    factor = spacing_mm / np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    # Widens a point spread of one old voxel (full width at half maximum) to one new voxel.
    sigma = np.sqrt(np.maximum(factor**2 - 1, 0)) / 2.3548
    smooth = ndimage.gaussian_filter(array.astype(np.float32), sigma)
    shape = np.floor(np.array(array.shape) / factor).astype(int)
    offset = (factor - 1) / 2
    fine = ndimage.affine_transform(smooth, factor, offset=offset, output_shape=tuple(shape), order=3)
    moved = affine.copy()
    moved[:3, :3] = affine[:3, :3] * factor
    moved[:3, 3] = nib.affines.apply_affine(affine, offset)
    return np.maximum(fine, 0), moved


def make_brain() -> None:
    image = nib.load(evaluation_file("openneuro24", f"{BRAIN_SUBJECT}_T1w.nii.gz"))
    array = np.asarray(image.dataobj)
    # Rounding must not make brain voxels zero: zero means outside here.
    array = np.where(array > 0, np.maximum(np.rint(array), 1), 0)
    saved(*cut(array, image.affine, array > 0), BRAIN)


def make_head() -> None:
    image = nib.load(evaluation_file("heads", "studyforrest_T1.nii.gz"))
    array, affine = coarser(np.asarray(image.dataobj), image.affine, HEAD_SPACING_MM)
    parts, _ = ndimage.label(ndimage.binary_opening(array > AIR))
    head = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    saved(*cut(array, affine, head), WHOLE_HEAD)


def main() -> None:
    SAMPLES.mkdir(parents=True, exist_ok=True)
    make_brain()
    make_head()


if __name__ == "__main__":
    main()
