"""The learning rate over a training, as each schedule says."""

from __future__ import annotations

import pytest
from gmmseg.learning.model_training import Plan, read_log
from gmmseg.learning.schedules import DECAY_FROM, SCHEDULES, WARM_UP_STEPS, constant, cosine, trapezoid
from tiny_lessons import taken

STEPS = 2 * WARM_UP_STEPS


def test_the_trapezoid_rises_stays_and_falls_to_nothing():
    rates = [trapezoid(0.5, step, STEPS) for step in range(STEPS + 1)]
    for step in (0, 49, WARM_UP_STEPS - 2):
        assert rates[step] == pytest.approx(0.5 * (step + 1) / WARM_UP_STEPS)
    falling = round(DECAY_FROM * STEPS)
    assert rates[WARM_UP_STEPS + 5] == rates[falling] == 0.5
    assert rates[falling + 30] == pytest.approx(0.5 * (STEPS - falling - 30) / (STEPS - falling))
    assert rates[STEPS] == 0


@pytest.mark.parametrize("steps", [1, 5, 40, 5000])
def test_the_cosine_rises_and_falls_by_half_a_period(steps):
    rates = [cosine(0.5, step, steps) for step in range(steps + 1)]
    top = rates.index(max(rates))
    assert top <= min(WARM_UP_STEPS, steps / 10) and rates[top] == 0.5
    assert rates[:top] == sorted(rates[:top]) and rates[top:] == sorted(rates[top:], reverse=True)
    assert all(rate > 0 for rate in rates[:-1]) and rates[-1] == pytest.approx(0, abs=1e-9)
    if (steps + top) % 2 == 0:
        assert rates[(steps + top) // 2] == pytest.approx(0.25, rel=0.05)


def test_the_constant_rate_is_so_from_the_first_step():
    assert {constant(0.5, step, 10) for step in range(10)} == {0.5}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_training_follows_its_schedule(tmp_path, schedule):
    plan = Plan(steps=12, learning_rate=0.1, log_every=4, loaders=0, schedule=schedule)
    taken(tmp_path, plan)
    for row in read_log(tmp_path):  # the rate of the step to come
        assert row["rate"] == pytest.approx(SCHEDULES[schedule](0.1, int(row["step"]), 12), rel=1e-5, abs=1e-9)
