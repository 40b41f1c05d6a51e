"""Which voxels are brain: by a given mask, by the background of a stripped image, or found automatically."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .brain_extraction import automatic_mask, find_brain, missing_packages
from .case import MASK_SOURCES, Case, Volume
from .checks import check_case, check_non_finite
from .errors import InputError
from .grids import same_grid
from .progress import Progress, silent
from .stripped import looks_stripped

if TYPE_CHECKING:
    import torch

__all__ = ["automatic_mask", "looks_stripped", "missing_packages", "resolve_mask"]


def resolve_mask(case: Case, device: torch.device, progress: Progress = silent) -> tuple[np.ndarray, str, list[str]]:
    """The brain mask that ``case.mask_source`` asks for.

    Args:
        case: the scans; the mask belongs to the first image.
        device: where an automatic mask is computed.
        progress: told the stage ``mask``.

    Returns:
        (I, J, K) bool on the first image's grid; where it comes from (``given``, ``stripped`` or ``automatic``);
        sentences about what the user should know.

    Raises:
        EngineUnavailable: the automatic mask needs a package that is missing.
        InputError: the mask is missing, empty or on another grid, no brain was found, a volume is not usable, or a
            stripped one has many NaN or infinite voxels in the brain.
    """
    check_case(case)
    image, source = case.images[0], case.mask_source
    if source not in MASK_SOURCES:
        raise InputError(f"The mask source must be one of {', '.join(MASK_SOURCES)}, but is '{source}'.")
    if source == "detect":
        source = "stripped" if looks_stripped(image) else "automatic"
    warnings: list[str] = []
    if source == "automatic":
        mask, warnings = find_brain(image, device, progress)
    elif source == "given":
        mask = _given(case)
    else:
        mask = _nonzero(image.array)
        if not mask.any():
            raise InputError(f"{image.name} is 0 everywhere, so it holds no brain; check the image.")
        if mask.all():
            warnings = [f"{image.name} has no background of exactly 0, so the whole image was taken for brain."]
        count = int(np.count_nonzero(_lost(np.asarray(image.array), mask)))
        warnings += check_non_finite(image.name, count, int(mask.sum()) + count)
    progress(1.0, "mask", "Brain mask ready")
    return mask, source, warnings


def _given(case: Case) -> np.ndarray:
    image, mask = case.images[0], case.mask
    if mask is None:
        raise InputError("No mask was given; give one, or choose another source of the mask.")
    if not same_grid(image, mask):
        raise InputError(
            f"{mask.name} is on another grid than {image.name} ({_describe(mask)} against {_describe(image)}); "
            f"resample it onto {image.name} first."
        )
    inside = _nonzero(mask.array)
    if not inside.any():
        raise InputError(f"{mask.name} is empty: no voxel is marked as brain; give a mask that has some.")
    return inside


def _nonzero(array: np.ndarray) -> np.ndarray:
    """(I, J, K) bool, False at 0, NaN and infinity."""
    array = np.asarray(array)
    return (array != 0) & np.isfinite(array)


def _lost(array: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Which NaN and infinite voxels of a stripped image would be brain, were they numbers; the others are background.

    Where 0 is the background, those between brain voxels and all infinite ones; where NaN is, those inside the brain.
    """
    bad = ~np.isfinite(array)
    if not bad.any():
        return bad
    if _on_border(array == 0):
        return bad & (_between(mask) | np.isinf(array))
    from scipy import ndimage

    return bad & ndimage.binary_fill_holes(mask)


def _on_border(marks: np.ndarray) -> bool:
    return any(np.take(marks, side, axis=axis).any() for axis in range(3) for side in (0, -1))


def _between(mask: np.ndarray) -> np.ndarray:
    """Voxels with some of ``mask`` on both sides along at least one axis."""
    found = np.zeros(mask.shape, dtype=bool)
    for axis in range(3):
        before = np.logical_or.accumulate(mask, axis=axis)
        after = np.flip(np.logical_or.accumulate(np.flip(mask, axis), axis=axis), axis)
        found |= before & after
    return found


def _describe(volume: Volume) -> str:
    shape = " x ".join(str(length) for length in volume.array.shape)
    origin = ", ".join(f"{value:.2f}" for value in volume.affine[:3, 3])
    return f"{shape} voxels of {' x '.join(f'{size:.3g}' for size in volume.spacing)} mm from ({origin})"
