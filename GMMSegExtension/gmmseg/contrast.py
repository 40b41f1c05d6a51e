"""Which way round a scan's contrast is: bright white matter (T1) or bright CSF (T2)."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

MOST_VOXELS = 1e5


def bright_lies_deep(labels: np.ndarray, mask: np.ndarray, spacing: np.ndarray, number_of_classes: int) -> bool:
    """Whether the brightest class looks like white matter rather than like CSF.

    White matter lies deep and is large; CSF rings the brain. The mean distance from the mask's surface alone would be
    fooled by a tight mask, where the only CSF left is in the ventricles, deeper than anything: so it is weighted with
    the square root of the class's size.

    Args:
        labels: (I, J, K) 1..C by increasing mean.
        mask: (I, J, K) bool.
        spacing: (3,) mm.
        number_of_classes: C.
    """
    return Depth(mask, spacing).bright_lies_deep(labels, number_of_classes)


class Depth:
    """How deep the voxels of a mask lie, at some 10^5 of them: depth is smooth, so they tell as much as 10^7 do.

    Args:
        mask: (I, J, K) bool.
        spacing: (3,) mm.
    """

    def __init__(self, mask: np.ndarray, spacing: np.ndarray) -> None:
        step = max(1, round((mask.size / MOST_VOXELS) ** (1 / 3)))
        self._coarse = (slice(None, None, step),) * 3
        inside = np.pad(mask[self._coarse], 1)
        self._depth = ndimage.distance_transform_edt(inside, sampling=np.asarray(spacing) * step)[1:-1, 1:-1, 1:-1]

    def bright_lies_deep(self, labels: np.ndarray, number_of_classes: int) -> bool:
        """See :func:`bright_lies_deep`; ``labels`` are on the mask's grid."""
        coarse_labels = labels[self._coarse]

        def weight(label: int) -> float:
            chosen = self._depth[coarse_labels == label]
            return float(chosen.sum()) / math.sqrt(chosen.size) if chosen.size else 0.0

        return weight(number_of_classes) >= weight(1)
