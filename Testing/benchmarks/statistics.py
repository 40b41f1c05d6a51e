"""Statistics over the scans of a data set: mean, spread, the worst scan by name, and paired differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 10_000


@dataclass(frozen=True)
class Spread:
    """One figure over several scans.

    Attributes:
        count: scans that have the figure.
        mean: over these scans.
        sd: sample standard deviation (n - 1), None for a single scan.
        median: over these scans.
        worst: the least good value.
        worst_case: name of the scan that has it.
    """

    count: int
    mean: float
    sd: float | None
    median: float
    worst: float
    worst_case: str


@dataclass(frozen=True)
class PairedDifference:
    """How much higher one method scores than another on the same scans.

    Attributes:
        count: scans that both methods have.
        mean: mean difference, first minus second.
        low, high: 95 % interval of that mean, None for a single scan.
        higher: scans where the first is higher.
    """

    count: int
    mean: float
    low: float | None
    high: float | None
    higher: int


def spread(values: Mapping[str, float | None], lowest_is_worst: bool = True) -> Spread | None:
    """Statistics of a figure over scans.

    Args:
        values: the figure by scan; None where it does not exist (such scans are left out).
        lowest_is_worst: whether small values are bad (overlap) or large ones (errors, seconds).

    Returns:
        None when no scan has the figure.
    """
    known = {name: float(value) for name, value in values.items() if value is not None}
    if not known:
        return None
    numbers = np.array(list(known.values()))
    worst_case = (min if lowest_is_worst else max)(known, key=lambda name: known[name])
    return Spread(
        count=len(known),
        mean=float(numbers.mean()),
        sd=float(numbers.std(ddof=1)) if len(known) > 1 else None,
        median=float(np.median(numbers)),
        worst=known[worst_case],
        worst_case=worst_case,
    )


def paired_difference(
    first: Mapping[str, float | None], second: Mapping[str, float | None], seed: int = 0
) -> PairedDifference | None:
    """Mean of first minus second over the scans that have both, with a bootstrap interval over scans.

    The scans of a data set are of different subjects, so that resampling scans is resampling subjects. The interval
    is that of percentiles (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).

    Args:
        first: figure by scan.
        second: the same figure by scan for another method.
        seed: of the resampling; the same seed gives the same interval.

    Returns:
        None when no scan has both.
    """
    pairs = [
        (value, other) for name, value in first.items() if value is not None and (other := second.get(name)) is not None
    ]
    if not pairs:
        return None
    differences = np.array([value - other for value, other in pairs])
    low = high = None
    if len(pairs) > 1:
        interval = stats.bootstrap(
            (differences,),
            np.mean,
            n_resamples=RESAMPLES,
            confidence_level=CONFIDENCE,
            method="percentile",
            random_state=np.random.default_rng(seed),
        ).confidence_interval
        low, high = float(interval.low), float(interval.high)
    return PairedDifference(len(pairs), float(differences.mean()), low, high, int((differences > 0).sum()))
