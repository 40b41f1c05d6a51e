"""Makes the small label maps in ``Testing/data/phantoms`` from the SynthSeg training label maps.

FreeSurfer codes are reduced to those of ``PHANTOM_CODES``, the spinal canal below the cerebellum is cut off
and the grid is cropped to the brain. Run from the checkout: ``python Testing/tools/make_phantoms.py``.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from data_paths import PHANTOMS, evaluation_file

SUBJECTS = ("01", "12")
MARGIN = 3
# Spinal CSF reaches the lower edge of these maps; a brain mask ends a little below the cerebellum.
BELOW_CEREBELLUM_MM = 12

# phantom code -> FreeSurfer codes. 30 and 62 are perivascular spaces: fluid.
PHANTOM_CODES = {
    1: (4, 43, 5, 44, 14, 15, 24, 30, 62, 136, 137, 163, 164, 72),
    2: (3, 42, 8, 47, 17, 53, 18, 54, 26, 58),
    3: (2, 41, 7, 46, 28, 60, 85, 25, 57),
    4: (10, 49, 11, 50, 12, 51, 13, 52),
    5: (16,),
}
CEREBELLUM = (7, 8, 46, 47)


def reduced(codes: np.ndarray) -> np.ndarray:
    """(I, J, K) uint8 phantom codes for (I, J, K) FreeSurfer codes; extracerebral codes become 0."""
    table = np.zeros(1000, dtype=np.uint8)
    for phantom_code, freesurfer_codes in PHANTOM_CODES.items():
        table[list(freesurfer_codes)] = phantom_code
    return table[codes]


def without_shreds(labels: np.ndarray) -> np.ndarray:
    """``labels`` without the specks and thin shells of fluid that these maps have outside the brain."""
    brain = ndimage.binary_opening(labels > 0, iterations=2)
    parts, _ = ndimage.label(brain)
    largest = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    largest = ndimage.binary_dilation(largest, iterations=2) & (labels > 0)
    return np.where(largest | (labels > 1), labels, 0).astype(np.uint8)


def cropped(image: nib.Nifti1Image) -> nib.Nifti1Image:
    """The reduced label map on a RAS grid, cut to the brain plus ``MARGIN`` voxels."""
    image = nib.as_closest_canonical(image)
    codes = np.asarray(image.dataobj).astype(np.int16)
    labels = reduced(codes)
    lowest = np.nonzero(np.isin(codes, CEREBELLUM).any(axis=(0, 1)))[0][0]
    labels[:, :, : max(lowest - BELOW_CEREBELLUM_MM, 0)] = 0
    labels = without_shreds(labels)
    inside = np.argwhere(labels)
    start = np.maximum(inside.min(axis=0) - MARGIN, 0)
    stop = np.minimum(inside.max(axis=0) + 1 + MARGIN, labels.shape)
    affine = image.affine.copy()
    affine[:3, 3] = nib.affines.apply_affine(image.affine, start)
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    return nib.Nifti1Image(labels[box], affine)


def main() -> None:
    PHANTOMS.mkdir(parents=True, exist_ok=True)
    for subject in SUBJECTS:
        nib.save(
            cropped(nib.load(evaluation_file("labelmaps14", f"labels_{subject}.nii.gz"))),
            PHANTOMS / f"labels_{subject}.nii.gz",
        )
    shutil.copyfile(evaluation_file("labelmaps14", "LICENSE.txt"), PHANTOMS / "LICENSE-Apache-2.0.txt")


if __name__ == "__main__":
    main()
