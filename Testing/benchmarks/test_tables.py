"""The tables say what was measured, scan by scan and together."""

from __future__ import annotations

import pytest

from benchmarks import tables
from benchmarks.comparison import paired_differences
from benchmarks.markdown import mean_sd, percent, table
from benchmarks.small_records import evenness, record
from benchmarks.statistics import spread
from benchmarks.summary import summarise


def rows(text: str) -> list[list[str]]:
    """Cells of a Markdown table's rows, heading first, without the rule."""
    lines = text.splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])]


def summaries(**scans: dict) -> dict:
    return summarise({"set": scans})["set"]


def test_a_table_sets_text_left_and_numbers_right():
    assert table(["name", "a"], [["x", "1"]]) == "| name | a |\n|---|---:|\n| x | 1 |"


def test_a_mean_comes_with_its_deviation_where_there_are_several_scans():
    assert mean_sd(spread({"a": 0.9, "b": 0.7})) == "0.800 ± 0.141"
    assert mean_sd(spread({"a": 0.9})) == "0.900"
    assert mean_sd(None) == "–"


def test_a_change_is_written_in_signed_per_cent():
    assert [percent(value) for value in (-0.0512, 0.01, None)] == ["-5.1 %", "+1.0 %", "–"]


def test_the_dice_table_gives_the_mean_and_names_the_worst_scan():
    found = rows(tables.dice(summaries(fast={"a": record((0.7, 0.8, 0.9)), "b": record((0.9, 0.6, 0.9))})))
    assert found[0] == ["method", "scans", "CSF", "GM", "WM"]
    assert found[1] == ["fast", "2", "0.800 ± 0.141", "0.700 ± 0.141", "0.900 ± 0.000"]
    assert found[2] == ["fast: worst", "", "0.700 (a)", "0.600 (b)", "0.900 (a)"]


def test_the_dice_table_of_one_scan_has_no_row_for_the_worst():
    assert rows(tables.dice(summaries(fast={"a": record()})))[1:] == [["fast", "1", "0.700", "0.800", "0.900"]]


def test_protocols_that_differ_have_columns_of_their_own():
    text = tables.dice(summaries(fast={"a": record((0.7, 0.8, 0.9), labelled=(0.72, 0.82, 0.92))}))
    assert rows(text)[0][2:] == ["CSF all", "GM all", "WM all", "CSF labelled", "GM labelled", "WM labelled"]
    assert rows(text)[1][2:] == ["0.700", "0.800", "0.900", "0.720", "0.820", "0.920"]


def test_scans_without_truth_have_no_accuracy_tables():
    untold = summaries(fast={"a": record(None, wall_seconds=3.0)})
    assert (tables.dice(untold), tables.details(untold), tables.correction(untold)) == ("", "", "")


def test_the_detailed_scores_have_a_row_for_each_tissue():
    found = rows(tables.details(summaries(fast={"a": record()})))
    assert found[0] == ["method", "tissue", "precision", "recall", "F1", "Jaccard"]
    assert found[2] == ["fast", "GM", "0.800", "0.800", "0.800", "0.800"]


def test_the_field_table_is_of_methods_with_a_field_where_the_truth_is_known():
    scans = {
        "a": record(field_cv={"before": 0.04, "after": 0.01}),
        "b": record(field_cv={"before": 0.06, "after": 0.03}),
    }
    found = rows(tables.field_error(summaries(fast=scans, FAST={"a": record()})))
    assert found[1:] == [["fast", "0.050 ± 0.014", "0.020 ± 0.014", "0.030 (b)"]]


def test_the_correction_table_names_the_scan_whose_cjv_changed_worst():
    scans = {"a": record(evenness=evenness(0.5, 0.4)), "b": record(evenness=evenness(0.4, 0.42))}
    found = rows(tables.correction(summaries(fast=scans)))
    assert found[1] == ["fast", *["0.450 → 0.410"] * 3, "-7.5 %", "+5.0 % (b)"]


def test_the_resources_are_median_seconds_and_largest_memory():
    scans = {
        name: record(
            volume_ml={"CSF": 200.0, "GM": 700.0, "WM": 500.0},
            gm_with_csf_dice=0.9,
            wall_seconds=wall,
            seconds={"mask": 1.0},
            cpu_seconds=2 * wall,
            peak_memory_mb=100 * wall,
        )
        for name, wall in (("a", 3.0), ("b", 4.0), ("c", 9.0))
    }
    found = rows(tables.resources(summaries(fast=scans)))
    assert found[1] == ["fast", "200", "700", "500", "0.900 ± 0.000", "4.0", "3.0", "8.0", "0.90"]


def test_a_method_without_a_scan_is_said_so():
    scans = {"fast": {"a": record(), "b": record()}, "GMM": {"a": record()}}
    assert tables.missing(scans) == "GMM has no result on b."


def test_paired_differences_come_with_interval_and_count():
    own = {"a": record((0.7, 0.8, 0.9)), "b": record((0.7, 0.8, 0.9))}
    other = {"a": record((0.7, 0.7, 0.9)), "b": record((0.7, 0.7, 0.9))}
    found = rows(tables.paired(paired_differences({"fast": own, "em": other})))
    assert found[1][:2] == ["em", "+0.100 [+0.100, +0.100], higher on 2 of 2"]


def test_speed_is_a_sentence_for_each_peer():
    text = tables.speed({"Atropos": {"wall": 12.34, "cpu": None}})
    assert text == "Atropos takes 12.3 times the wall seconds and – times the CPU seconds of fast."


def test_every_scan_has_a_row_for_each_method_and_no_empty_columns():
    scans = {"fast": {"a": record(wall_seconds=3.0, warnings=["one"])}, "GMM": {"a": record()}, "em": {"b": record()}}
    found = rows(tables.every_scan(scans))
    assert found[0] == ["scan", "method", "CSF", "GM", "WM", "after mask s", "wall s", "warnings"]
    assert [row[:2] for row in found[1:]] == [["a", "fast"], ["a", "GMM"], ["b", "em"]]
    assert found[1][2:] == ["0.700", "0.800", "0.900", "3.0", "3.0", "1"]


@pytest.mark.parametrize(
    "maker", [tables.dice, tables.details, tables.field_error, tables.correction, tables.resources]
)
def test_a_table_of_nothing_is_empty(maker):
    assert maker({}) == ""
