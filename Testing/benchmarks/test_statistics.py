"""Statistics over scans: spread, worst scan and paired differences against hand-computed truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from benchmarks.statistics import paired_difference, spread

SCANS = {"a": 0.9, "b": 0.7, "c": 0.8}


def test_a_spread_has_mean_sample_deviation_and_median():
    found = spread(SCANS)
    assert (found.count, found.mean, found.sd, found.median) == (3, pytest.approx(0.8), pytest.approx(0.1), 0.8)


def test_the_worst_scan_is_the_lowest_where_high_is_good():
    assert (spread(SCANS).worst, spread(SCANS).worst_case) == (0.7, "b")


def test_the_worst_scan_is_the_highest_where_low_is_good():
    found = spread(SCANS, lowest_is_worst=False)
    assert (found.worst, found.worst_case) == (0.9, "a")


def test_scans_without_the_figure_do_not_count():
    assert spread({**SCANS, "d": None}) == spread(SCANS)


def test_a_single_scan_has_no_deviation():
    assert spread({"a": 0.9}).sd is None


def test_a_figure_that_no_scan_has_has_no_spread():
    assert spread({"a": None}) is None


def test_a_paired_difference_uses_only_scans_that_both_have():
    found = paired_difference({"a": 0.9, "b": 0.7, "c": None, "d": 0.1}, {"a": 0.8, "b": 0.8, "c": 0.2})
    assert (found.count, found.mean, found.higher) == (2, pytest.approx(0.0), 1)


def test_the_interval_of_a_paired_difference_is_that_of_all_resamples():
    differences = [0.0, 0.1, 0.2, 0.6]
    means = [np.mean(draw) for draw in product(differences, repeat=4)]
    found = paired_difference(dict(enumerate(differences)), dict.fromkeys(range(4), 0.0))
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(means, [2.5, 97.5])), abs=0.026)


def test_the_same_scans_give_the_same_interval():
    other = dict.fromkeys(SCANS, 0.5)
    assert paired_difference(SCANS, other) == paired_difference(SCANS, other)


def test_a_single_pair_has_no_interval():
    found = paired_difference({"a": 0.9}, {"a": 0.8})
    assert (found.mean, found.low, found.high) == (pytest.approx(0.1), None, None)


def test_methods_without_a_shared_scan_have_no_difference():
    assert paired_difference({"a": 0.9}, {"b": 0.8}) is None
