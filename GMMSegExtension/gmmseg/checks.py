"""Whether volumes can be segmented at all, whoever hands them in."""

from __future__ import annotations

import numpy as np

from .case import Case, Volume
from .errors import InputError
from .grids import is_usable

MAXIMUM_CHANNELS = 4
# Share of the brain whose voxels may be NaN or infinite in some channel before the run is refused.
MOST_NON_FINITE = 0.01


def check_case(case: Case) -> None:
    """Refuse a case without images, with too many of them, or with a volume that is no grey-scale 3-D image.

    Raises:
        InputError: with a sentence that names the volume.
    """
    if not 1 <= len(case.images) <= MAXIMUM_CHANNELS:
        raise InputError(f"Give one to {MAXIMUM_CHANNELS} channels of the same head, not {len(case.images)}.")
    for image in case.images:
        _check_grid(image)
        _check_varies(image)
    if case.mask is not None:
        _check_grid(case.mask)


def check_non_finite(name: str, count: int, brain_voxels: int) -> list[str]:
    """What to say about ``count`` NaN or infinite voxels among the ``brain_voxels`` of a scan: nothing when none.

    Raises:
        InputError: they are more than ``MOST_NON_FINITE`` of the brain.
    """
    if count > MOST_NON_FINITE * brain_voxels:
        raise InputError(
            f"{name} has {count} NaN or infinite voxels in the brain mask ({count / brain_voxels:.1%}); "
            "mend the image or give a mask without them."
        )
    if count == 0:
        return []
    what = (
        "1 NaN or infinite voxel in the brain mask; it was"
        if count == 1
        else (f"{count} NaN or infinite voxels in the brain mask; they were")
    )
    return [f"{name} has {what} left out."]


def _check_grid(volume: Volume) -> None:
    array, name = np.asarray(volume.array), volume.name
    if array.ndim == 4 and array.shape[3] > 1:
        raise InputError(f"{name} is a series of {array.shape[3]} volumes; take one volume of it first.")
    if array.ndim != 3 or min(array.shape) < 2:
        shape = " x ".join(str(length) for length in array.shape)
        raise InputError(f"{name} is not a 3-D volume ({shape} voxels); give one with at least two slices.")
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} has voxels that are no plain numbers ({array.dtype}); give a grey-scale volume.")
    affine = np.asarray(volume.affine)
    if affine.shape != (4, 4) or not is_usable(affine):
        raise InputError(f"{name} has an affine that cannot be inverted; mend its header or convert the scan again.")


def _check_varies(volume: Volume) -> None:
    """Reads on only until a second value turns up, which is at once in real images."""
    first = None
    for part in np.asarray(volume.array).T:
        values = part[np.isfinite(part)] if part.dtype.kind == "f" else part.ravel()
        if values.size == 0:
            continue
        first = values[0] if first is None else first
        if (values != first).any():
            return
    if first is None:
        raise InputError(f"{volume.name} has no finite voxel; check the image or export it again.")
    raise InputError(f"{volume.name} is constant (every voxel is {first:g}); check the image.")
