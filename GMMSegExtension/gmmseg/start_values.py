"""Where EM starts: the best split of the intensities into K intervals, found exactly."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .mixture import MixtureParameters, estimate, quantile
from .scan import CLIP_QUANTILE

_BINS = 256


def start_values(x: Tensor, number_of_classes: int) -> MixtureParameters:
    """Start of EM: the split of the first channel into K intervals with the least variance within (multi-Otsu).

    The optimum is global, by dynamic programming over a histogram, so that a class cannot start empty or twice in the
    same tissue, and the start does not depend on chance.

    Args:
        x: (N, D) intensities.
        number_of_classes: K.

    Returns:
        Mixture sorted by the mean of the first channel.
    """
    first = x[:, 0]
    # k-means-like starts spend a whole class on a thousand bright outliers otherwise.
    low, high = quantile(first, 1 - CLIP_QUANTILE), quantile(first, CLIP_QUANTILE)
    inside = x[(first >= low) & (first <= high)]
    if high > low:
        counts = torch.histc(inside[:, 0].float().cpu(), _BINS, float(low), float(high)).numpy()
        edges = np.linspace(float(low), float(high), _BINS + 1)
        inner = edges[best_split(counts, number_of_classes)]
    else:
        inner = np.full(number_of_classes - 1, float(low))
    borders = torch.as_tensor(inner, dtype=x.dtype, device=x.device)
    label = torch.bucketize(inside[:, 0].contiguous(), borders, right=True)
    hard = torch.nn.functional.one_hot(label, number_of_classes).to(x.dtype)
    start, _ = estimate(inside, hard, covariance_floor=1e-3, weight_floor=1e-2).sorted_by_first_channel()
    return start


def best_split(counts: np.ndarray, parts: int) -> list[int]:
    """The first bins of all parts but the first, for the least sum of squares within parts (Fisher 1958).

    Args:
        counts: (B,) histogram.
        parts: K, at most B.

    Returns:
        K - 1 increasing bin numbers.
    """
    bins = len(counts)
    position = np.arange(bins)
    total, first, second = (
        np.concatenate([[0.0], np.cumsum(counts * position**power, dtype=float)]) for power in (0, 1, 2)
    )

    # Sum of squares of the bins from each start (down) up to but without each stop (across).
    weight, moment, square = (sums[None, :] - sums[:, None] for sums in (total, first, second))
    spread = square - moment**2 / np.maximum(weight, 1e-12)
    spread[np.tril_indices(bins + 1)] = np.inf  # a part must hold a bin, so that parts stay in order
    cost = np.where(np.arange(bins + 1) == 0, 0.0, np.inf)
    origins = []
    for _ in range(parts):
        candidates = cost[:, None] + spread
        origins.append(candidates.argmin(axis=0))
        cost = candidates.min(axis=0)
    cuts, stop = [], bins
    for origin in origins[:0:-1]:
        stop = int(origin[stop])
        cuts.append(stop)
    return cuts[::-1]
