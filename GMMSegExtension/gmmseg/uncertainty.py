"""How sure a segmentation is of each voxel: the entropy of its posteriors."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def entropy(s: Tensor) -> Tensor:
    """Shannon's entropy of posteriors over that of knowing nothing: -sum_k s_k log s_k / log K.

    Args:
        s: (N, K) posteriors, K at least 2; each row sums to 1.

    Returns:
        (N,) 0 where one class is certain, 1 where all are equally probable.

    Source: C. E. Shannon, "A Mathematical Theory of Communication" (1948), section 6.
    """
    # Rounding of a row's sum may carry the quotient a little beyond its range.
    return (torch.special.entr(s).sum(dim=1) / math.log(s.shape[1])).clamp(0.0, 1.0)
