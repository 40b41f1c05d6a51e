"""Summaries say what the stored records say together."""

from __future__ import annotations

import pytest

from benchmarks import figures
from benchmarks.comparison import paired_differences, ratio_of_totals, speed_ratios
from benchmarks.small_records import case, evenness, record
from benchmarks.summary import arranged, is_peer, summarise_method


def test_records_are_arranged_with_our_own_methods_first():
    results = {f"set/one/{method}": record() for method in ("GMM", "em", "fast@cuda", "N4 + GMM", "train", "fast")}
    found = arranged([case("set", "one")], results)
    assert list(found["set"]) == ["fast", "fast@cuda", "train", "em", "GMM", "N4 + GMM"]


def test_records_of_other_cases_are_left_out():
    results = {"set/one/fast": record(), "set/other/fast": record(), "scaling/1/fast": {}, "panel": {}}
    assert arranged([case("set", "one"), case("empty", "one")], results) == {"set": {"fast": {"one": record()}}}


def test_modes_on_any_device_are_no_peers():
    assert [is_peer(name) for name in ("fast", "em@cuda:0", "GMM")] == [False, False, True]


def test_a_summary_has_the_spread_of_each_tissue_and_of_their_mean():
    found = summarise_method("fast", {"a": record((0.7, 0.8, 0.9)), "b": record((0.5, 0.6, 1.0))})
    assert found.dice("GM").mean == pytest.approx(0.7)
    assert found.dice("GM").worst_case == "b"
    assert (found.mean_dice.mean, found.mean_dice.worst) == (pytest.approx(0.75), pytest.approx(0.7))


def test_a_summary_keeps_the_protocols_apart():
    found = summarise_method("fast", {"a": record((0.7, 0.8, 0.9), labelled=(0.75, 0.85, 0.95))})
    assert (found.dice("WM").mean, found.dice("WM", "labelled").mean) == (0.9, 0.95)


def test_a_tissue_without_a_score_leaves_the_others():
    found = summarise_method("fast", {"a": record((None, 0.8, 0.9))})
    assert found.dice("CSF") is None
    assert found.dice("GM").mean == 0.8
    assert found.mean_dice is None


def test_a_record_with_scores_only_is_enough():
    found = summarise_method("FAST", {"a": record()})
    assert (found.field_cv, found.evenness, found.cjv_change, found.volume_ml, found.cost) == ({}, {}, None, {}, {})


def test_the_change_of_cjv_is_relative_to_that_before():
    scans = {"a": record(evenness=evenness(0.5, 0.4)), "b": record(evenness=evenness(0.4, 0.42))}
    change = summarise_method("fast", scans).cjv_change
    assert (change.mean, change.worst, change.worst_case) == (pytest.approx(-0.075), pytest.approx(0.05), "b")


def test_seconds_after_the_mask_are_without_those_for_the_mask():
    assert figures.after_mask_seconds({"wall_seconds": 9.0, "seconds": {"mask": 4.0, "mixture": 3.0}}) == 5.0
    assert figures.after_mask_seconds({"wall_seconds": 9.0, "seconds": None}) == 9.0
    assert figures.after_mask_seconds({}) is None


def test_speed_is_compared_over_the_scans_that_both_methods_have():
    slow = {"a": {"wall_seconds": 30.0}, "b": {"wall_seconds": 50.0}, "c": {"wall_seconds": 999.0}}
    quick = {"a": {"wall_seconds": 3.0}, "b": {"wall_seconds": 5.0}, "d": {"wall_seconds": 1.0}}
    assert ratio_of_totals(figures.single("wall_seconds"), slow, quick) == 10.0


def test_speed_ratios_are_those_of_peers_that_were_timed():
    scans = {
        "fast": {"a": {"wall_seconds": 2.0, "cpu_seconds": 3.0}},
        "em": {"a": {"wall_seconds": 1.0, "cpu_seconds": 1.0}},
        "Atropos": {"a": {"wall_seconds": 20.0, "cpu_seconds": 33.0}},
        "FAST": {"a": {}},
    }
    assert speed_ratios(scans) == {"Atropos": {"wall": 10.0, "cpu": 11.0}}


def test_paired_differences_are_those_of_the_default_mode_less_the_other():
    scans = {"fast": {"a": record((0.7, 0.8, 0.9))}, "em": {"a": record((0.7, 0.75, 0.92))}, "other": {"b": record()}}
    found = paired_differences(scans)
    assert list(found) == ["em"]
    assert found["em"]["Dice GM all"].mean == pytest.approx(0.05)
    assert found["em"]["Dice WM labelled"].mean == pytest.approx(-0.02)
    assert found["em"]["CJV after"] is None
