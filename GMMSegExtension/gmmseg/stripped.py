"""Telling an image whose skull has been removed from a whole head."""

from __future__ import annotations

import numpy as np

from .case import Volume

# Millilitres of the object: from a small child's brain to a large adult's with its meninges.
BRAIN_ML = (250.0, 2300.0)

_WORKING_MM = 2.0
_SHELL_MM = 2.0
_LEAST_BACKGROUND = 0.2
_LEAST_IN_ONE_PIECE = 0.9
_MOST_HOLES = 0.05
# Largest contact with one side of the image, as a share of the object's volume to the power 2/3. A head goes on
# into the neck (measured: 0.18 to 1.2); a brain cropped tightly touches with a small cap (0.06 at most).
_MOST_CONTACT = 0.12
# The skull's dark shell between scalp and brain: at least this much darker than what lies outside it, and at least
# this much brighter again inside. Depths are shares of the deepest point's; the limits keep the dark white matter
# and bright ventricles of a T2-weighted brain from passing for skull and brain.
_SKULL_DROP = 0.87
_SKULL_RISE = 1.15
_SKULL_DEPTH = 0.3
_RISE_DEPTH = 0.42


def looks_stripped(image: Volume) -> bool:
    """Whether the background is exactly 0 (or NaN) around one brain-sized object without a skull.

    A head on a zero background (defaced, masked, small field of view) can be as small as a brain. It is told apart
    by its neck, cut off flat by the image's border, or by its skull: going inwards from the surface the shells of
    the object get darker and then bright again, while those of a brain only get brighter (T1) or only darker (T2).
    When in doubt the answer is no, since the automatic mask of a stripped brain is nearly right, whereas a head
    taken for a brain is not.
    """
    array, spacing = _coarse(image)
    inside = np.isfinite(array) & (array != 0)
    if inside.mean() > 1 - _LEAST_BACKGROUND or not inside.any():
        return False
    values = array[inside]
    if values.min() == values.max():
        return False
    brain = _largest_piece(inside)
    millilitres = brain.sum() * spacing.prod() / 1000
    if brain.sum() < _LEAST_IN_ONE_PIECE * inside.sum() or not BRAIN_ML[0] <= millilitres <= BRAIN_ML[1]:
        return False
    return not _is_cut_off(brain, spacing) and not _has_skull(array, brain, spacing)


def _coarse(image: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Every n-th voxel, about 2 mm apart, as float32, and the (3,) spacing in millimetres."""
    steps = np.maximum(1, np.rint(_WORKING_MM / image.spacing)).astype(int)
    array = np.asarray(image.array)[:: steps[0], :: steps[1], :: steps[2]]
    return array.astype(np.float32), image.spacing * steps


def _largest_piece(inside: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    pieces, _ = ndimage.label(inside)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return pieces == sizes.argmax()


def _is_cut_off(brain: np.ndarray, spacing: np.ndarray) -> bool:
    """Whether a large flat part of the object lies on one side of the image, as the neck of a head does."""
    volume = brain.sum() * spacing.prod()
    for axis in range(3):
        voxel_area = spacing.prod() / spacing[axis]
        for side in (0, -1):
            contact = np.take(brain, side, axis=axis).sum() * voxel_area
            if contact > _MOST_CONTACT * volume ** (2 / 3):
                return True
    return False


def _has_skull(array: np.ndarray, brain: np.ndarray, spacing: np.ndarray) -> bool:
    """Whether the object has many holes (bone set to 0) or a dark shell with brighter ones on both sides."""
    from scipy import ndimage

    filled = ndimage.binary_fill_holes(brain)
    if brain.sum() < (1 - _MOST_HOLES) * filled.sum():
        return True
    depth = ndimage.distance_transform_edt(np.pad(filled, 1), sampling=spacing)[1:-1, 1:-1, 1:-1]
    deepest = depth.max()
    shells = np.arange(0.0, _RISE_DEPTH * deepest, _SHELL_MM)
    number = np.digitize(depth, shells)
    profile = np.array([_median(array[brain & (number == index)]) for index in range(1, len(shells) + 1)])
    shells, profile = shells[np.isfinite(profile)], profile[np.isfinite(profile)]
    for index in range(1, len(profile) - 1):
        if shells[index] > _SKULL_DEPTH * deepest:
            break
        dark = profile[index]
        if dark < _SKULL_DROP * profile[:index].max() and profile[index + 1 :].max() > _SKULL_RISE * dark:
            return True
    return False


def _median(values: np.ndarray) -> float:
    """The median, or NaN for a shell too thin to say."""
    return float(np.median(values)) if values.size > 20 else float("nan")
