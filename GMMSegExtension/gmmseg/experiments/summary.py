"""Means and spreads of scores over test scans, and paired differences over seeds or scans."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..model_card import PRIOR_CLASSES
from .store import Result

TISSUES = dict(enumerate(PRIOR_CLASSES, 1))
PROTOCOLS = ("all", "labelled")
# A score of each scan by (seed or name of the repetition, scan).
Values = dict[tuple[int, str], float]


@dataclass(frozen=True)
class Spread:
    """A score over several scans.

    Attributes:
        mean: over all of them.
        sd: sample standard deviation (n - 1); None of a single one.
        count: scans, those of all seeds together.
        seeds: repetitions that they come from.
    """

    mean: float
    sd: float | None
    count: int
    seeds: int


@dataclass(frozen=True)
class Difference:
    """How much higher one score is than another on the same scans.

    Attributes:
        mean: of the pairs' differences.
        error: standard error of that mean; None of a single pair.
        count: independent pairs: seeds, or scans where nothing was trained.
    """

    mean: float
    error: float | None
    count: int


def values(results: Mapping[int, Result | None], protocol: str, tissue: int, measure: str) -> Values:
    """One score of every scan.

    Args:
        results: of cells by seed; None where there is none yet.
        protocol: one of :data:`PROTOCOLS`.
        tissue: 1 CSF, 2 GM, 3 WM.
        measure: one of :data:`gmmseg.metrics.SCORES`.

    Returns:
        Without the scans where the score does not exist (no such tissue).
    """
    found: Values = {}
    for seed, result in results.items():
        for scan, protocols in (result["scores"] if result else {}).items():
            value = protocols[protocol].get(str(tissue), {}).get(measure)
            if value is not None:
                found[seed, scan] = float(value)
    return found


def spread(scores: Values) -> Spread | None:
    """Mean and standard deviation; None without any score."""
    if not scores:
        return None
    numbers = np.array(list(scores.values()))
    sd = float(numbers.std(ddof=1)) if len(numbers) > 1 else None
    return Spread(float(numbers.mean()), sd, len(numbers), len({seed for seed, _ in scores}))


def seed_differences(first: Values, second: Values) -> dict[int, float]:
    """By seed the mean of second minus first over the test scans that both have."""
    by_seed: dict[int, list[float]] = {}
    for (seed, scan), value in first.items():
        if (seed, scan) in second:
            by_seed.setdefault(seed, []).append(second[seed, scan] - value)
    return {seed: float(np.mean(pairs)) for seed, pairs in by_seed.items()}


def difference_over_scans(first: Values, second: Values) -> Difference | None:
    """Second minus first where every scan was segmented for itself."""
    return mean_difference(second[place] - value for place, value in first.items() if place in second)


def mean_difference(differences: Iterable[float]) -> Difference | None:
    """Their mean with its standard error; None without any."""
    numbers = np.array(list(differences))
    if not numbers.size:
        return None
    error = float(numbers.std(ddof=1)) / math.sqrt(len(numbers)) if len(numbers) > 1 else None
    return Difference(float(numbers.mean()), error, len(numbers))


def mean_over(seeds: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """By seed the mean of several things' differences, for the seeds that all of them have."""
    common = set.intersection(*(set(each) for each in seeds)) if seeds else set()
    return {seed: float(np.mean([each[seed] for each in seeds])) for seed in sorted(common)}
