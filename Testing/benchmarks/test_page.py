"""The page has a section for each data set, and its files agree with it."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks import page
from benchmarks.small_records import case, evenness, record

CASES = [case("manual15", "1000"), case("manual15", "1001"), case("brainweb", "2 mm"), case("heads", "colin27")]
RELIABILITY = {"bins": [0] * 9 + [100], "right": [0] * 9 + [93], "confidence": [0] * 9 + [95.0]}


@pytest.fixture
def results() -> dict[str, dict]:
    own = {"wall_seconds": 4.0, "cpu_seconds": 7.0, "peak_memory_mb": 900.0, "threads": 2, "cores": 2}
    slow = {"wall_seconds": 80.0, "cpu_seconds": 140.0, "peak_memory_mb": 500.0}
    first, second = (record((0.1, dice, 0.9), evenness=evenness(0.5, 0.45), **own) for dice in (0.9, 0.8))
    return {
        "manual15/1000/fast": {**first, "reliability": RELIABILITY},
        "manual15/1001/fast": second,
        "manual15/1000/N4 + Atropos": record((0.1, 0.7, 0.8), **slow),
        "manual15/1001/N4 + Atropos": record((0.1, 0.75, 0.8), **slow),
        "brainweb/2 mm/fast": record(),
        "heads/colin27/fast": record(None, wall_seconds=9.0),
        "scaling/2/fast": {
            "spacing_mm": 2.0,
            "million_voxels": 0.2,
            "wall_seconds": 1.0,
            "cpu_seconds": 1.5,
            "peak_memory_mb": 500.0,
        },
        "panel": {"first_paint_seconds": 0.284, "torch_imported": False},
    }


def test_the_page_has_goals_data_sets_scaling_and_every_scan(tmp_path, results):
    text = page.write(tmp_path, CASES, results)
    assert re.findall("^## (.*)", text, re.M) == [
        "Goals",
        "manual15",
        "brainweb",
        "heads",
        "Are voxels that the method is 90 % sure of right 90 % of the time?",
        "Cost by number of voxels",
        "Every scan",
    ]
    assert "Every run in a process of its own on 2 CPU cores with 2 threads." in text
    assert "N4 + Atropos takes 20.0 times the wall seconds and 20.0 times the CPU seconds of fast." in text
    assert "Panel: first paint after 0.28 s, torch not imported." in text


def test_the_files_are_the_page_its_charts_and_its_summary(tmp_path, results):
    text = page.write(tmp_path / "new", CASES, results)
    files = {path.name for path in (tmp_path / "new").iterdir()}
    assert files == {"tables.md", "results-summary.json", "dice.png", "reliability.png"}
    assert (tmp_path / "new" / "tables.md").read_text(encoding="utf-8") == text
    assert set(re.findall(r"\]\((.*?)\)", text)) == {"dice.png", "reliability.png"}


def test_the_summary_for_machines_has_the_figures_of_the_tables(tmp_path, results):
    page.write(tmp_path, CASES, results)
    found = json.loads((tmp_path / "results-summary.json").read_text())
    manual = found["datasets"]["manual15"]
    assert manual["methods"]["fast"]["scores"]["all"]["GM"]["dice"]["mean"] == pytest.approx(0.85)
    assert manual["paired"]["N4 + Atropos"]["Dice GM all"]["mean"] == pytest.approx(0.125)
    assert manual["times_the_seconds_of_fast"]["N4 + Atropos"] == {"wall": 20.0, "cpu": 20.0}
    assert {goal["verdict"] for goal in found["goals"] if goal["measured"] is None} == {"not measured"}
    assert found["reliability"]["manual15"]["fast"]["right"] == [0.93]
    assert found["scaling"]["fast"][0]["spacing_mm"] == 2.0


def test_a_page_of_no_results_says_that_no_goal_was_measured(tmp_path):
    text = page.write(tmp_path, CASES, {})
    assert "not measured" in text
    assert "](dice.png)" not in text


def test_all_phantoms_are_one_group_of_the_reliability_curves(tmp_path):
    cases = [case("phantoms pn3 rf20", "01"), case("phantoms pn9 rf40", "01")]
    text = page.write(tmp_path, cases, {f"{one.key}/em": record(reliability=RELIABILITY) for one in cases})
    assert text.count("**phantoms**") == 1
