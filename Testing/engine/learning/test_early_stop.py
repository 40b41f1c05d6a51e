"""A training with patience ends when it gets no better, and gives its best weights."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from gmmseg.errors import InputError
from gmmseg.learning import training_log
from gmmseg.learning.model_training import read_log
from safetensors.torch import load_file
from tiny_lessons import PLAN, HeldOut, Lessons, assert_same, taken

PATIENT = replace(PLAN, steps=20, score_every=2, log_every=4, patience=2, learning_rate=0.05)


def test_it_ends_when_so_many_scorings_were_no_better_and_gives_the_best_weights(tmp_path):
    lessons = HeldOut(losses=(0.9, 0.5, 0.6, 0.5))
    result = taken(tmp_path / "short", PATIENT, lessons)
    assert lessons.drawn == list(range(8))
    # At a constant rate the first steps are those of a shorter training.
    plan = replace(PATIENT, schedule="constant")
    stopped = taken(tmp_path / "stopped", plan, HeldOut(losses=(0.9, 0.5, 0.6)))
    assert_same(stopped, taken(tmp_path / "four", replace(plan, steps=4, patience=0)))
    assert not torch.equal(stopped["0.weight"], result["0.weight"])


def test_the_log_tells_the_best_step_and_its_line_is_that_of_the_outcome(tmp_path):
    result = taken(tmp_path, PATIENT, HeldOut(losses=(0.9, 0.5, 0.6)))
    log = read_log(tmp_path)
    assert [(row["step"], row["best step"]) for row in log] == [(2, 2), (4, 4), (6, 4), (8, 4)]
    row = training_log.outcome(log)
    assert row["step"] == 4
    figures = training_log.figures(row)
    assert figures == {"weight": pytest.approx(float(result["0.weight"][0, 0]), rel=1e-4), "held-out loss": 0.5}


def test_the_best_weights_are_given_when_the_steps_run_out_too(tmp_path):
    result = taken(tmp_path, replace(PATIENT, steps=6), HeldOut(losses=(0.5, 0.6)))
    kept = load_file(tmp_path / "checkpoint.safetensors")
    assert_same(result, {name: kept[f"best.{name}"] for name in result})
    assert not torch.equal(result["0.weight"], kept["average.0.weight"])


def test_a_training_that_has_stopped_takes_no_further_step_unless_given_more_patience(tmp_path):
    result, again = taken(tmp_path, PATIENT, HeldOut(losses=(0.5, 0.6))), HeldOut()
    assert_same(taken(tmp_path, PATIENT, again), result)
    assert again.drawn == []
    taken(tmp_path, replace(PATIENT, patience=3), again)
    assert again.drawn == [6, 7]


def test_a_loss_that_is_not_a_number_is_never_the_best(tmp_path):
    taken(tmp_path, PATIENT, HeldOut(losses=(float("nan"), 0.5, float("nan"))))
    assert [row.get("best step") for row in read_log(tmp_path)] == [None, 4, 4, 4]


def test_patience_without_anything_held_out_gets_a_sentence(tmp_path):
    with pytest.raises(InputError, match=r"only by a loss on held-out data.*hold some out, or give patience 0"):
        taken(tmp_path, PATIENT, Lessons())


def test_without_patience_the_log_says_nothing_of_a_best_step(tmp_path):
    taken(tmp_path, PLAN, HeldOut())
    log = read_log(tmp_path)
    assert not any("best step" in row for row in log)
    assert training_log.outcome(log) == log[-1]
