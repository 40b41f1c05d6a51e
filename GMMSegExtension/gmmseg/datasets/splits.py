"""Dividing a data set by persons: never is one person on both sides, be it by another session or a rescan.

Each person's place is drawn from a hash of the seed and the person's name. So a split is the same on every machine and
does not depend on the order of the scans. With one seed, the labelled quarter is part of the labelled half, and that of
three quarters.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..errors import InputError
from .subjects import Subject


@dataclass(frozen=True)
class Split:
    """Scans to learn from, to measure on meanwhile, and to judge by; each keeps the data set's order."""

    training: tuple[Subject, ...]
    validation: tuple[Subject, ...]
    test: tuple[Subject, ...]


def by_shares(
    subjects: Sequence[Subject],
    *,
    test: float | Fraction = Fraction(1, 5),
    validation: float | Fraction = Fraction(1, 10),
    seed: int = 0,
) -> Split:
    """One split by shares of the persons, rounded; a share above 0 gets one person at least.

    Where some persons have labels and others have none, the shares are of those with labels: the others could not judge
    anything, and are learned from.

    Raises:
        InputError: a share is not from 0 to 1, or nobody is left to learn from.
    """
    persons = {subject.group for subject in subjects}
    known = {subject.group for subject in subjects if subject.labels_path is not None} or persons
    order = _drawn(known, "split", seed)
    tested = _count(test, len(order))
    stopped = _count(validation, len(order))
    training = {*order[tested + stopped :], *(persons - known)}
    return _split(subjects, training, order[tested : tested + stopped], order[:tested])


def folds(
    subjects: Sequence[Subject], count: int, *, validation: float | Fraction = Fraction(0), seed: int = 0
) -> list[Split]:
    """``count`` splits in which each person is tested exactly once; their numbers differ by one at most.

    Args:
        subjects: the data set.
        count: k; as many as persons to leave one out.
        validation: share of the persons of each fold that are not tested, to measure on meanwhile.
        seed: another gives other folds.

    Raises:
        InputError: there are fewer than two folds or fewer persons than folds, or nobody is left to learn from.
    """
    order = _drawn({subject.group for subject in subjects}, "split", seed)
    if count < 2 or count > len(order):
        raise InputError(
            f"{len(order)} persons cannot be divided into {count} folds; ask for 2 to {len(order)}."
            if len(order) > 1
            else f"{len(order)} person cannot be divided into folds; two are needed at least."
        )
    splits = []
    for fold in range(count):
        tested = order[fold::count]
        # Drawn anew in each fold, so that it is not always the same who stops.
        others = _drawn(set(order) - set(tested), f"fold {fold}", seed)
        stopped = _count(validation, len(others))
        splits.append(_split(subjects, others[stopped:], others[:stopped], tested))
    return splits


def labelled(
    subjects: Sequence[Subject], share: float | Fraction, *, seed: int = 0
) -> tuple[tuple[Subject, ...], tuple[Subject, ...]]:
    """Those to learn from with labels, and those without: these have no labels any more.

    Args:
        subjects: the training scans. The share is one of the persons that have labels; the others' scans stay
            unlabelled.
        share: such as 1/4; rounded, and one person at least where it is above 0.
        seed: another gives others their labels.

    Raises:
        InputError: the share is not from 0 to 1, or it is above 0 and no scan has labels.
    """
    known = {subject.group for subject in subjects if subject.labels_path is not None}
    wanted = _count(share, len(known))
    if share > 0 and not known:
        raise InputError("No scan has labels to learn from; add label files, or learn unsupervised.")
    kept = set(_drawn(known, "labelled", seed)[:wanted])
    is_kept = [subject.group in kept and subject.labels_path is not None for subject in subjects]
    with_labels = tuple(subject for subject, keep in zip(subjects, is_kept, strict=True) if keep)
    without = tuple(subject.without_labels() for subject, keep in zip(subjects, is_kept, strict=True) if not keep)
    return with_labels, without


def _drawn(groups: Iterable[str], purpose: str, seed: int) -> list[str]:
    """Persons in the order a seed gives them; another purpose gives another order."""
    return sorted(groups, key=lambda group: hashlib.sha256(f"{purpose}/{seed}/{group}".encode()).hexdigest())


def _count(share: float | Fraction, among: int) -> int:
    """How many a share of persons is: rounded half up, at least one unless it is 0.

    Raises:
        InputError: it is no share.
    """
    if not 0 <= share <= 1:
        raise InputError(f"A share must be from 0 to 1, but is {share}.")
    return min(among, max(1, math.floor(Fraction(share) * among + Fraction(1, 2)))) if share else 0


def _split(
    subjects: Sequence[Subject], training: Collection[str], validation: Collection[str], test: Collection[str]
) -> Split:
    if not training:
        raise InputError(
            "Nobody is left to learn from, because each share above 0 takes one person at least; set one of them to 0, "
            "or add scans of other persons."
        )
    parts = [tuple(subject for subject in subjects if subject.group in part) for part in (training, validation, test)]
    return Split(*parts)
