"""Scores of test scans as a table and as means; what is not defined is left out."""

from __future__ import annotations

import csv
import math

import pytest
from gmmseg import metrics
from gmmseg.commands import slice_scores


def row(dice: float) -> dict[str, float]:
    return dict.fromkeys(metrics.SCORES, dice)


SCORES = {
    "first": {"all": {1: row(0.5), 3: row(math.nan)}, "labelled": {1: row(1.0)}},
    "second": {"all": {1: row(0.7), 2: row(0.25)}, "labelled": {}},
}


def test_the_table_has_a_row_for_each_scan_protocol_and_tissue(tmp_path):
    slice_scores.write(tmp_path / "test.csv", SCORES)
    with (tmp_path / "test.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == slice_scores.COLUMNS
    assert [tuple(cells[:4]) for cells in rows] == [
        ("first", "all", "CSF", "0.500000"),
        ("first", "all", "WM", ""),
        ("first", "labelled", "CSF", "1.000000"),
        ("second", "all", "CSF", "0.700000"),
        ("second", "all", "GM", "0.250000"),
    ]


def test_means_are_over_the_scans_in_which_a_score_is_defined():
    means = slice_scores.mean_dice(SCORES)
    assert means == {"all": {"CSF": pytest.approx(0.6), "GM": 0.25}, "labelled": {"CSF": 1.0}}
    assert slice_scores.mean_dice({}) == {}
