"""Splits by persons: nobody on two sides, the same on every machine, shares as asked for."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import pytest
from gmmseg.datasets import Subject, by_shares, folds, labelled
from gmmseg.errors import InputError
from hypothesis import given, settings
from hypothesis import strategies as st

# No deadline: a busy machine is no failure.
a_few_examples = settings(max_examples=80, deadline=None)
seeds = st.integers(0, 2**31 - 1)


def person(name: str, scans: int = 1, labels: bool = True) -> list[Subject]:
    file = Path("labels.nii") if labels else None
    return [Subject(f"{name}_{scan}", name, {"T1": Path("t1.nii")}, file) for scan in range(scans)]


@st.composite
def cohorts(draw, least: int = 1) -> list[Subject]:
    """Scans of several persons in any order, each person with one to three, with labels or without."""
    names = draw(st.lists(st.text("abc0123_", min_size=1, max_size=6), min_size=least, max_size=12, unique=True))
    scans = [scan for name in names for scan in person(name, draw(st.integers(1, 3)), draw(st.booleans()))]
    return draw(st.permutations(scans))


def groups(subjects) -> set[str]:
    return {subject.group for subject in subjects}


def people(count: int) -> list[Subject]:
    return [scan for number in range(count) for scan in person(f"p{number:02d}")]


@a_few_examples
@given(cohort=cohorts(least=3), seed=seeds, data=st.data())
def test_every_person_is_tested_once_and_is_never_learned_from_then(cohort, seed, data):
    count = data.draw(st.integers(2, len(groups(cohort))))
    splits = folds(cohort, count, seed=seed)
    assert len(splits) == count
    tested = [scan.id for split in splits for scan in split.test]
    assert sorted(tested) == sorted(scan.id for scan in cohort)
    for split in splits:
        assert not groups(split.test) & groups(split.training) and not split.validation
        assert len(split.test) + len(split.training) == len(cohort)
    sizes = [len(groups(split.test)) for split in splits]
    assert max(sizes) - min(sizes) <= 1


@a_few_examples
@given(cohort=cohorts(least=3), seed=seeds)
def test_no_person_is_on_two_sides(cohort, seed):
    known = groups(scan for scan in cohort if scan.labels_path)
    for split in (by_shares(cohort, seed=seed), *folds(cohort, 3, validation=Fraction(1, 4), seed=seed)):
        parts = [groups(part) for part in (split.training, split.validation, split.test)]
        # Of one person with labels and others without there is nobody to measure on meanwhile.
        assert parts[0] and parts[2] and (parts[1] or len(known) == 1)
        assert sum(map(len, parts)) == len(set.union(*parts)) == len(groups(cohort))
        assert len(split.training) + len(split.validation) + len(split.test) == len(cohort)


@a_few_examples
@given(cohort=cohorts(least=3), seed=seeds)
def test_the_order_of_the_scans_decides_nothing(cohort, seed):
    shuffled = random.Random(seed).sample(cohort, len(cohort))
    for divide in (lambda scans: by_shares(scans, seed=seed), lambda scans: folds(scans, 2, seed=seed)[1]):
        first, second = divide(cohort), divide(shuffled)
        assert groups(first.training) == groups(second.training) and groups(first.test) == groups(second.test)
        assert list(first.training) == [scan for scan in cohort if scan.group in groups(first.training)]


@a_few_examples
@given(cohort=cohorts(least=4), seed=seeds)
def test_where_some_persons_have_labels_only_they_judge_and_measure(cohort, seed):
    known = groups(scan for scan in cohort if scan.labels_path)
    try:
        split = by_shares(cohort, seed=seed)
    except InputError:
        assert groups(cohort) == known and len(known) < 3
        return
    assert not known or groups((*split.test, *split.validation)) <= known


@a_few_examples
@given(cohort=cohorts(), seed=seeds)
def test_larger_shares_hold_the_smaller_ones_and_others_lose_their_labels(cohort, seed):
    known = groups(scan for scan in cohort if scan.labels_path)
    before: set[str] = set()
    for share in (Fraction(n, 4) for n in range(5)):
        if share and not known:
            with pytest.raises(InputError, match="No scan has labels"):
                labelled(cohort, share, seed=seed)
            continue
        with_labels, without = labelled(cohort, share, seed=seed)
        assert all(scan.labels_path for scan in with_labels) and not any(scan.labels_path for scan in without)
        assert sorted(scan.id for scan in (*with_labels, *without)) == sorted(scan.id for scan in cohort)
        assert before <= groups(with_labels) <= known and not groups(with_labels) & groups(without)
        assert abs(len(groups(with_labels)) - share * len(known)) <= (Fraction(1, 2) if share * len(known) >= 1 else 1)
        before = groups(with_labels)


@pytest.mark.parametrize(("share", "count"), [(0, 0), (1 / 4, 3), (1 / 2, 6), (3 / 4, 9), (1, 12), (0.01, 1)])
def test_shares_are_of_persons(share, count):
    assert len(labelled(people(12), share)[0]) == count


def test_a_split_is_the_same_for_ever():
    split = by_shares(people(10), seed=7)
    assert sorted(groups(split.test)) == ["p05", "p08"]
    assert sorted(groups(split.validation)) == ["p01"]


def test_seeds_differ():
    assert len({by_shares(people(20), seed=seed).test for seed in range(20)}) > 10
    assert len({labelled(people(20), 0.25, seed=seed)[0] for seed in range(20)}) > 10


def test_over_many_seeds_everyone_is_tested_about_as_often():
    counts = dict.fromkeys(groups(people(10)), 0)
    for seed in range(500):
        for name in groups(by_shares(people(10), seed=seed).test):
            counts[name] += 1
    # 100 expected of each; four standard deviations are 36.
    assert min(counts.values()) > 64 and max(counts.values()) < 136


@pytest.mark.parametrize(("count", "persons"), [(1, 5), (6, 5), (0, 5), (2, 1)])
def test_folds_that_cannot_be_are_refused(count, persons):
    with pytest.raises(InputError, match="cannot be divided into"):
        folds(people(persons), count)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_what_is_no_share_is_refused(share):
    with pytest.raises(InputError, match="A share must be from 0 to 1"):
        by_shares(people(5), test=share)
    with pytest.raises(InputError, match="A share must be from 0 to 1"):
        labelled(people(5), share)


def test_someone_must_be_left_to_learn_from():
    with pytest.raises(InputError, match="Nobody is left to learn from"):
        by_shares(people(2))
    with pytest.raises(InputError, match="Nobody is left to learn from"):
        folds(people(4), 2, validation=1)
