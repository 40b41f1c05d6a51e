"""Means, spreads and paired differences, against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
from gmmseg.experiments import summary


def result(**recalls):
    """A cell's result: recall of GM by scan, under both protocols."""
    scores = {scan: {"2": {"recall": value}} for scan, value in recalls.items()}
    return {"scores": {scan: {"all": each, "labelled": each} for scan, each in scores.items()}}


def values(*results):
    return summary.values(dict(enumerate(results)), "all", 2, "recall")


def test_a_spread_is_over_the_scans_of_all_seeds():
    found = summary.spread(values(result(a=0.2, b=0.4), result(a=0.6), None))
    assert found.mean == pytest.approx(0.4) and found.sd == pytest.approx(0.2)
    assert (found.count, found.seeds) == (3, 2)
    assert summary.spread({}) is None
    assert summary.spread(values(result(a=0.5))).sd is None


def test_scores_that_do_not_exist_are_left_out():
    assert values(result(a=None, b=0.5)) == {(0, "b"): 0.5}
    assert summary.values({0: result(a=0.5)}, "all", 3, "recall") == {}


def test_a_difference_is_paired_by_scan_and_its_error_is_over_seeds():
    first = values(result(a=0.5, b=0.7), result(a=0.5), result(a=0.5))
    second = values(result(a=0.6, b=0.9), result(a=0.5), None)
    assert summary.seed_differences(first, second) == pytest.approx({0: 0.15, 1: 0.0})
    found = summary.mean_difference(summary.seed_differences(first, second).values())
    assert found.mean == pytest.approx(0.075) and found.count == 2
    assert found.error == pytest.approx(0.075 * math.sqrt(2) / math.sqrt(2))
    assert summary.mean_difference(summary.seed_differences(first, {}).values()) is None


def test_one_seed_alone_has_no_error():
    differences = summary.seed_differences(values(result(a=0.5)), values(result(a=0.6)))
    assert summary.mean_difference(differences.values()).error is None


def test_scans_segmented_each_for_itself_are_the_pairs():
    found = summary.difference_over_scans(values(result(a=0.5, b=0.5)), values(result(a=0.6, b=0.8)))
    assert found.mean == pytest.approx(0.2) and found.error == pytest.approx(0.1) and found.count == 2


def test_the_mean_of_the_networks_takes_the_seeds_that_all_have():
    assert summary.mean_over([{0: 0.1, 1: 0.3}, {0: 0.3}]) == pytest.approx({0: 0.2})
    assert summary.mean_over([]) == {}
