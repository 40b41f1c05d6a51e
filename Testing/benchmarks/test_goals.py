"""Goals are compared with what was measured, the right way round."""

from __future__ import annotations

import pytest

from benchmarks.goals import MANUAL, SIMULATED, Goal, all_goals, as_table
from benchmarks.small_records import evenness, record
from benchmarks.summary import Records, summarise

PHANTOM = "phantoms pn9 rf40"


def found(records: Records) -> dict[str, Goal]:
    return {goal.what: goal for goal in all_goals(summarise(records), records)}


def test_a_goal_at_least_is_met_from_the_goal_on():
    assert [Goal("", 0.9, value).verdict for value in (0.9123, 0.88)] == ["met by 0.012", "**missed** by 0.020"]


def test_a_goal_at_most_is_met_up_to_the_goal():
    goals = [Goal("", 5.0, value, at_least=False, digits=1) for value in (4.0, 5.5)]
    assert [goal.verdict for goal in goals] == ["met by 1.0", "**missed** by 0.5"]


def test_a_near_miss_is_not_rounded_away():
    assert Goal("", 0.9, 0.8999).verdict == "**missed** by less than 0.001"


def test_without_results_every_goal_is_there_and_not_measured():
    goals = found({})
    assert len(goals) == 21
    assert {goal.verdict for goal in goals.values()} == {"not measured"}


def test_a_phantom_is_held_to_mean_dice_and_field():
    goals = found({PHANTOM: {"fast": {"01": record((0.9, 0.95, 1.0), field_cv={"before": 0.044, "after": 0.015})}}})
    assert goals[f"{PHANTOM}, mean Dice"].margin == pytest.approx(0.01)
    assert goals[f"{PHANTOM}, field CV"].margin == pytest.approx(-0.001)


def test_manual_scans_are_held_to_means_worst_scan_and_cjv():
    scans = {
        "1000": record((0.1, 0.88, 0.93), evenness=evenness(0.5, 0.45)),
        "1001": record((0.1, 0.84, 0.83), evenness=evenness(0.5, 0.51)),
    }
    goals = found({MANUAL: {"fast": scans}})
    assert goals[f"{MANUAL}, Dice of GM, mean"].margin == pytest.approx(-0.01)
    assert goals[f"{MANUAL}, Dice of WM, worst scan"].margin == pytest.approx(-0.02)
    assert goals[f"{MANUAL}, Dice of WM, worst scan"].note == "1001"
    assert goals[f"{MANUAL}, change of CJV in %, mean"].measured == pytest.approx(-4.0)
    assert goals[f"{MANUAL}, change of CJV in %, worst scan"].margin == pytest.approx(-1.0)


def test_means_are_compared_with_the_best_peer_not_with_other_modes():
    records = {
        MANUAL: {
            "fast": {"a": record((0.1, 0.88, 0.93))},
            "em": {"a": record((0.1, 0.99, 0.99))},
            "GMM": {"a": record((0.1, 0.80, 0.92))},
            "HMRF": {"a": record((0.1, 0.85, 0.90))},
        }
    }
    goals = found(records)
    grey, white = (goals[f"{MANUAL}, Dice of {tissue}, mean, against the best peer"] for tissue in ("GM", "WM"))
    assert (grey.note, grey.margin) == ("HMRF", pytest.approx(0.03))
    assert (white.note, white.margin) == ("GMM", pytest.approx(0.01))


def test_the_worst_scan_is_compared_with_the_worst_of_each_peer():
    records = {
        SIMULATED: {
            "fast": {"a": record((0.9, 0.9, 0.9)), "b": record((0.8, 0.8, 0.8))},
            "GMM": {"a": record((0.85, 0.85, 0.85)), "b": record((0.9, 0.9, 0.9))},
        }
    }
    lead = found(records)[f"{SIMULATED}, lead of the worst scan over each peer's worst"]
    assert (lead.margin, lead.note) == (pytest.approx(-0.05), "mean Dice, GMM")


def test_speed_is_over_all_data_sets_that_both_ran_on():
    records = {
        "one": {"fast": {"a": record(wall_seconds=4.0)}, "N4 + Atropos": {"a": record(wall_seconds=30.0)}},
        "two": {"fast": {"a": record(wall_seconds=1.0)}, "N4 + Atropos": {"a": record(wall_seconds=30.0)}},
        "three": {"fast": {"a": record(wall_seconds=100.0)}},
    }
    goals = found(records)
    assert goals["wall seconds of N4 + Atropos, times those of fast"].measured == 12.0
    assert goals["CPU seconds of N4 + Atropos, times those of fast"].measured is None


def test_cost_is_that_of_the_dearest_scan():
    scans = {name: record(wall_seconds=wall, peak_memory_mb=500 * wall) for name, wall in (("a", 3.0), ("b", 6.0))}
    goals = found({PHANTOM: {"fast": scans}, "heads": {"fast": {"c": record(wall_seconds=50.0)}}})
    slowest = goals["seconds after the mask at 1 mm, slowest scan"]
    assert (slowest.measured, slowest.note) == (6.0, f"{PHANTOM} b")
    assert goals["seconds after the mask at 1 mm, highest median of a data set"].measured == 4.5
    assert goals["peak memory in GB at 1 mm, largest"].margin == pytest.approx(-1.0)


def test_the_table_says_aim_measure_and_verdict():
    line = as_table([Goal("GM", 0.87, 0.9, note="scan a")]).splitlines()[-1]
    assert line == "| GM | ≥ 0.870 | 0.900 | met by 0.030 (scan a) |"
