"""From scans and a mask to what the mixture is fitted on: channels on one grid, cropped to the brain, scaled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .case import Case, Volume
from .checks import check_case, check_non_finite
from .errors import InputError
from .grids import box_affine, resampled, same_grid

LEAST_VOXELS = 1000
# Share of negative voxels in the mask up to which they pass for ringing of an interpolation.
_MOST_NEGATIVE = 0.01
_SCALE_PERCENTILE = 99.0

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Prepared:
    """A case ready for fitting: D channels on one (i, j, k) grid, the brain's box of the first image's grid.

    Attributes:
        image: (D, i, j, k) float32, each channel divided by its ``scale``; 0 where it is NaN, infinite or unknown.
        mask: (i, j, k) bool, brain voxels with a finite value in every channel.
        spacing: (3,) voxel size in millimetres.
        box: the part of the full grid, one voxel wider than the mask on each side where the grid allows.
        scale: (D,) what to multiply ``image`` and class means with to get the input's units.
        full_shape: (I, J, K) of the first image.
        affine: (4, 4) of the full grid, voxel to RAS millimetres.
        names: the channels' names.
        resampled: for each channel whether it was brought onto the first one's grid.
        warnings: sentences for the report.
    """

    image: np.ndarray
    mask: np.ndarray
    spacing: np.ndarray
    box: Box
    scale: np.ndarray
    full_shape: tuple[int, int, int]
    affine: np.ndarray
    names: tuple[str, ...]
    resampled: tuple[bool, ...]
    warnings: tuple[str, ...]


def prepare(case: Case, mask: np.ndarray, mask_warnings: tuple[str, ...] | list[str] = ()) -> Prepared:
    """Bring all channels onto the first one's grid, crop them to the mask and scale them.

    A channel is divided by its 99th percentile in the mask, never shifted: the bias field multiplies intensities,
    and a shift would make it something else.

    Args:
        case: one to four channels.
        mask: (I, J, K) bool on the first image's grid, see ``brain_mask.resolve_mask``.
        mask_warnings: sentences to hand on.

    Raises:
        InputError: the mask is tiny, a channel does not overlap it, is constant in it, or has many non-finite voxels.
    """
    check_case(case)
    first, mask = case.images[0], np.asarray(mask, dtype=bool)
    if mask.shape != first.array.shape:
        raise ValueError(f"the mask's shape {mask.shape} is not the image's {first.array.shape}")
    warnings = [*mask_warnings, *(note for image in case.images for note in image.notes)]
    if mask.all():
        warnings.append(f"The mask covers all of {first.name}, so what is not brain is segmented as well.")
    box = bounding_box(mask)
    inside = np.ascontiguousarray(mask[box])
    marked = int(inside.sum())
    on_grid = [same_grid(first, channel) for channel in case.images]
    channels = []
    for channel, fits in zip(case.images, on_grid, strict=True):
        values, known = _in_box(channel, first, box, fits)
        warnings += _cut_to(inside, known, channel.name, first.name)
        channels.append(values)
    warnings += _drop_non_finite(inside, channels, case, marked)
    if inside.sum() < LEAST_VOXELS:
        raise InputError(
            f"The brain mask has only {int(inside.sum())} usable voxels, too few to fit tissue classes to; "
            f"give one with at least {LEAST_VOXELS}."
        )
    image = np.empty((len(channels), *inside.shape), dtype=np.float32)
    scale = np.empty(len(channels))
    for index, values in enumerate(channels):
        warnings += _negative_values(values[inside], case.images[index].name)
        scale[index] = _scale(values[inside], case.images[index].name)
        np.divide(values, scale[index], out=image[index], casting="same_kind")
    return Prepared(
        image=image,
        mask=inside,
        spacing=first.spacing,
        box=box,
        scale=scale,
        full_shape=first.array.shape,  # type: ignore[arg-type]
        affine=np.asarray(first.affine, dtype=float),
        names=tuple(channel.name for channel in case.images),
        resampled=tuple(not fits for fits in on_grid),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def check_distinct(prepared: Prepared, number_of_classes: int) -> None:
    """Refuse more classes than the brain has distinct intensities.

    Raises:
        InputError: ``number_of_classes`` is larger than the number of distinct values (vectors, with D channels).
    """
    values = prepared.image[:, prepared.mask].T
    for part in (values[:: max(1, len(values) // 10_000)], values):
        distinct = len(np.unique(part, axis=0))
        if distinct >= number_of_classes:
            return
    raise InputError(
        f"The brain has only {distinct} distinct intensities, too few for {number_of_classes} classes; "
        "choose fewer classes or check the image."
    )


def channel_on_grid(channel: Volume, reference: Volume) -> np.ndarray:
    """(I, J, K) float32 values of a channel on all of the reference's grid; 0 where it has no finite value."""
    everything = tuple(slice(0, length) for length in reference.array.shape)
    values, _ = _in_box(channel, reference, everything, same_grid(reference, channel))  # type: ignore[arg-type]
    return np.nan_to_num(values.astype(np.float32, copy=False), copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def bounding_box(mask: np.ndarray) -> Box:
    """The slices that hold a mask and one voxel more on each side, where the grid has one.

    Raises:
        InputError: the mask is empty.
    """
    box = []
    for axis in range(3):
        used = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        if used.size == 0:
            raise InputError("The brain mask is empty; give a mask that marks the brain.")
        box.append(slice(max(0, int(used[0]) - 1), min(mask.shape[axis], int(used[-1]) + 2)))
    return box[0], box[1], box[2]


def _in_box(channel: Volume, reference: Volume, box: Box, fits: bool) -> tuple[np.ndarray, np.ndarray | None]:
    """The channel's values in the box of the reference's grid, and where it has any (None: everywhere)."""
    if not fits:
        shape = tuple(part.stop - part.start for part in box)
        return resampled(channel, box_affine(reference.affine, box), shape)
    values = np.asarray(channel.array)[box]
    # Small integers and halves fit into float32; float64 is scaled before it is narrowed, as it may not.
    wanted = np.float64 if values.dtype.itemsize > 4 else np.float32
    return np.array(values, dtype=wanted, order="C"), None


def _cut_to(inside: np.ndarray, known: np.ndarray | None, name: str, first_name: str) -> list[str]:
    """Take voxels that the channel does not reach out of the mask (in place)."""
    if known is None:
        return []
    outside = int(np.count_nonzero(inside & ~known))
    if outside == 0:
        return []
    share = outside / int(inside.sum())
    inside &= known
    if not inside.any():
        raise InputError(
            f"{name} does not overlap the brain in {first_name}; check that both are of the same session, "
            "or register them first."
        )
    return [f"{name} does not reach {outside} voxels of the brain mask ({share:.1%}); they were left out."]


def _drop_non_finite(inside: np.ndarray, channels: list[np.ndarray], case: Case, marked: int) -> list[str]:
    """Take NaN and infinite voxels out of the mask and set them to 0 (both in place)."""
    warnings = []
    for values, channel in zip(channels, case.images, strict=True):
        finite = np.isfinite(values)
        if finite.all():
            continue
        count = int(np.count_nonzero(inside & ~finite))
        warnings += check_non_finite(channel.name, count, marked)
        inside &= finite
        values[~finite] = 0
    return warnings


def _negative_values(values: np.ndarray, name: str) -> list[str]:
    share = np.count_nonzero(values < 0) / values.size
    if share <= _MOST_NEGATIVE:
        return []
    return [
        f"{name} is negative in {share:.0%} of the brain, as after a shift of its intensities; a bias field "
        "multiplies, so give the image as scanned, or set the bias degree to 0."
    ]


def _scale(values: np.ndarray, name: str) -> float:
    """The 99th percentile of the magnitudes in the brain, or the largest one when that is 0."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        raise InputError(f"{name} is constant inside the brain mask (every voxel is {low:g}); check image and mask.")
    magnitudes = np.abs(values)
    return float(np.percentile(magnitudes, _SCALE_PERCENTILE)) or float(magnitudes.max())
