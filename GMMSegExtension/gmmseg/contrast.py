"""Which way round a scan's contrast is: bright white matter (T1) or bright CSF (T2)."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage


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
    # Depth is smooth, so that some 10^5 voxels tell it as well as 10^7 do.
    step = max(1, round((mask.size / 3e5) ** (1 / 3)))
    coarse = (slice(None, None, step),) * 3
    inside = np.pad(mask[coarse], 1)
    depth = ndimage.distance_transform_edt(inside, sampling=np.asarray(spacing) * step)[1:-1, 1:-1, 1:-1]
    coarse_labels = labels[coarse]

    def weight(label: int) -> float:
        chosen = depth[coarse_labels == label]
        return float(chosen.sum()) / math.sqrt(chosen.size) if chosen.size else 0.0

    return weight(number_of_classes) >= weight(1)
