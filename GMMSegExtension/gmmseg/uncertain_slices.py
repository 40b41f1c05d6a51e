"""Where a look is worth most: how uncertain the slices of a segmentation are, and which to go to next.

Numpy only, so that the panel may call it in the application's own process.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

# A slice with less brain than this share of the fullest one is judged as if it had as much: at the poles of the brain a
# few uncertain voxels are all there is, and correcting them changes next to nothing.
LEAST_AREA = 0.5
# Neighbouring slices show the same; this far away something new is seen.
APART_MM = 6.0


def slice_uncertainty(
    entropy: np.ndarray, mask: np.ndarray, confirmed: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean uncertainty of each slice's brain voxels, where those that the user has confirmed count as certain.

    Args:
        entropy: (I, J, K) from 0 (sure) to 1, see :mod:`gmmseg.uncertainty`; 0 outside the mask.
        mask: (I, J, K) brain, non-zero inside.
        confirmed: (I, J, K) non-zero where the label is the user's own; None for nowhere.

    Returns:
        (I,), (J,) and (K,) float64 scores for the slices across each array axis: the sum of the entropy over the
        slice's brain voxels, those of slices with little brain being taken for half of the fullest slice's; 0 in
        slices without brain.

    Raises:
        ValueError: the shapes differ.
    """
    if mask.shape != entropy.shape or (confirmed is not None and confirmed.shape != entropy.shape):
        raise ValueError("entropy, mask and confirmed must be of one shape")
    if not entropy.flags.c_contiguous and entropy.T.flags.c_contiguous:
        turned = slice_uncertainty(entropy.T, mask.T, None if confirmed is None else confirmed.T)
        return turned[2], turned[1], turned[0]
    box = _box(mask)
    inside = np.ascontiguousarray(mask[box]) != 0
    open_voxels = inside if confirmed is None else inside & (confirmed[box] == 0)
    uncertain = _sums(np.multiply(entropy[box], open_voxels, dtype=np.float32))
    area = _sums(inside.astype(np.float32))
    scores = []
    for axis in range(3):
        score = np.zeros(entropy.shape[axis])
        least = LEAST_AREA * area[axis].max(initial=0.0)
        score[box[axis]] = uncertain[axis] / np.maximum(area[axis], max(least, 1.0))
        scores.append(score)
    return scores[0], scores[1], scores[2]


def most_uncertain(
    scores: Sequence[np.ndarray],
    axis: int,
    exclude: Iterable[int] = (),
    spacing_mm: float = 1.0,
    apart_mm: float = APART_MM,
) -> int | None:
    """The slice that is most worth looking at next.

    Args:
        scores: of :func:`slice_uncertainty`.
        axis: 0, 1 or 2: the array axis that numbers the slices.
        exclude: slices that were confirmed or looked at.
        spacing_mm: distance of slices along that axis.
        apart_mm: least distance from the excluded slices; where no slice is left that far away, any other will do.

    Returns:
        Its index, or None when every slice is excluded or without uncertainty.
    """
    score = np.array(scores[axis], dtype=float)
    reach = int(np.ceil(apart_mm / max(abs(spacing_mm), 1e-6))) - 1
    done = sorted({int(index) for index in exclude if 0 <= index < len(score)})
    score[done] = 0
    apart = score.copy()
    for index in done:
        apart[max(0, index - reach) : index + reach + 1] = 0
    for candidates in (apart, score):
        if candidates.max(initial=0.0) > 0:
            return int(candidates.argmax())
    return None


def _box(mask: np.ndarray) -> tuple[slice, slice, slice]:
    """The slices that hold the mask; the whole grid when it is empty. Works on the grid's own memory order."""
    plane = np.asarray(mask.any(axis=0))
    lines = mask.any(axis=(1, 2)), plane.any(axis=1), plane.any(axis=0)
    used = [np.flatnonzero(line) for line in lines]
    first, second, third = (slice(int(u[0]), int(u[-1]) + 1) if u.size else slice(None) for u in used)
    return first, second, third


def _sums(grid: np.ndarray) -> list[np.ndarray]:
    """Per axis the sums of an (i, j, k) float32 grid over the two others."""
    i, j, k = grid.shape
    # Along contiguous rows first, the sums of the other two axes then come from small arrays.
    rows = grid.reshape(i * j, k)
    last = np.ones(i * j, dtype=np.float32) @ rows
    plane = (rows @ np.ones(k, dtype=np.float32)).reshape(i, j)
    return [plane.sum(axis=1, dtype=float), plane.sum(axis=0, dtype=float), last.astype(float)]
