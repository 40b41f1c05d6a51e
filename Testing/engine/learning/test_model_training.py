"""The training loop: exact to resume, its averaging as it is said to be, and its checkpoint safe."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
from dataclasses import replace

import pytest
import torch
from gmmseg.errors import Cancelled, InputError
from gmmseg.learning.model_training import Plan, read_log, steps_done, train
from gmmseg.learning.training_checkpoint import CHECKPOINT, STATE
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tiny_lessons import CPU, PLAN, HeldOut, Lessons, a_network, a_network_with_state, assert_same, stopping_at, taken
from torch import nn

# Everything whose state a checkpoint has to hold: counters, best weights, running statistics, random numbers.
EVERYTHING = replace(
    PLAN, steps=9, learning_rate=0.01, schedule="cosine", gradient_norm=0.5, patience=2, lessons_per_step=3
)
LOSSES = (0.5, 0.7, 0.6)


@pytest.mark.parametrize("step", [0, 1, 4, 7])
def test_a_cancelled_training_goes_on_as_if_it_had_not_been(tmp_path, step):
    whole = taken(tmp_path / "whole")
    with pytest.raises(Cancelled):
        taken(tmp_path / "parts", progress=stopping_at(step, Cancelled))
    assert steps_done(tmp_path / "parts", PLAN) == step
    rest = Lessons()
    assert_same(taken(tmp_path / "parts", lessons=rest), whole)
    assert rest.drawn == list(range(step, 8))


def test_a_killed_training_goes_on_from_its_last_checkpoint(tmp_path):
    whole = taken(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        taken(tmp_path / "parts", progress=stopping_at(5, KeyboardInterrupt))
    rest = Lessons()
    assert_same(taken(tmp_path / "parts", lessons=rest), whole)
    assert rest.drawn == list(range(3, 8))
    assert [row["step"] for row in read_log(tmp_path / "parts")] == [2, 3, 4, 6, 8]


def test_a_training_whose_process_is_killed_goes_on_as_if_it_had_not_been(tmp_path):
    def train_until_killed():
        taken(tmp_path / "parts", EVERYTHING, HeldOut(losses=LOSSES), a_network_with_state(), progress=killed)

    def killed(fraction, stage, message):
        if "step 6 " in message:
            os.kill(os.getpid(), signal.SIGKILL)

    whole = taken(tmp_path / "whole", EVERYTHING, HeldOut(losses=LOSSES), a_network_with_state())
    process = multiprocessing.get_context("fork").Process(target=train_until_killed)
    process.start()
    process.join(100)
    assert process.exitcode == -signal.SIGKILL
    rest = HeldOut(losses=LOSSES[1:])
    assert_same(taken(tmp_path / "parts", EVERYTHING, rest, a_network_with_state()), whole)
    assert rest.drawn == list(range(9, 27))


@pytest.mark.parametrize("step", [1, 4, 7])
def test_counters_best_weights_running_statistics_and_random_numbers_go_on_too(tmp_path, step):
    def run(folder, lessons, **options):
        return taken(folder, EVERYTHING, lessons, a_network_with_state(), **options)

    whole = run(tmp_path / "whole", HeldOut(losses=LOSSES))
    with pytest.raises(Cancelled):
        run(tmp_path / "parts", HeldOut(losses=LOSSES), progress=stopping_at(step, Cancelled))
    rest = HeldOut(losses=LOSSES[step // 3 :])
    assert_same(run(tmp_path / "parts", rest), whole)
    assert rest.drawn == list(range(3 * step, 27))
    one, other = read_log(tmp_path / "parts"), read_log(tmp_path / "whole")
    assert [row | {"seconds": 0} for row in one] == [row | {"seconds": 0} for row in other]


def test_the_same_plan_gives_the_same_weights(tmp_path):
    runs = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        torch.manual_seed(len(runs))  # which must not matter
        runs.append(taken(folder, EVERYTHING, HeldOut(), a_network_with_state()))
    assert_same(*runs)
    other = taken(tmp_path / "c", replace(EVERYTHING, seed=1), HeldOut(), a_network_with_state())
    assert not torch.equal(other["0.weight"], runs[0]["0.weight"])


def test_a_finished_training_takes_no_further_step(tmp_path):
    whole, again = taken(tmp_path), Lessons()
    assert_same(taken(tmp_path, lessons=again), whole)
    assert again.drawn == []


def test_steps_may_be_added(tmp_path):
    taken(tmp_path)
    more = Lessons()
    taken(tmp_path, replace(PLAN, steps=10, log_every=1, score_every=5), more)
    assert more.drawn == [8, 9]


def test_training_learns(tmp_path):
    taken(tmp_path, Plan(steps=150, learning_rate=0.05, log_every=50, loaders=0))
    losses = [row["loss"] for row in read_log(tmp_path)]
    assert losses[-1] < 0.5 * losses[0]


def test_the_result_is_the_running_mean_of_the_weights(tmp_path):
    lessons = Lessons()
    result = taken(tmp_path, replace(PLAN, learning_rate=0.5), lessons)
    own = load_file(tmp_path / CHECKPOINT)["network.0.weight"]
    mean, *after = [*lessons.weights, own]
    for step, weights in enumerate(after):
        kept = min(PLAN.averaging, (step + 1) / (step + 10))
        mean = kept * mean + (1 - kept) * weights
    torch.testing.assert_close(result["0.weight"], mean)
    assert not torch.equal(result["0.weight"], own)


def test_without_averaging_the_result_is_the_weights_as_they_are(tmp_path):
    plan = replace(PLAN, steps=2, averaging=0.0)
    result, own = taken(tmp_path, plan), load_file(tmp_path / CHECKPOINT)
    assert_same(result, {name: own[f"network.{name}"] for name in result})


def test_the_log_has_a_line_every_so_many_steps_and_figures_where_it_was_scored(tmp_path):
    taken(tmp_path, Plan(steps=7, score_every=4, log_every=2, loaders=0))
    rows = read_log(tmp_path)
    assert [row["step"] for row in rows] == [2, 4, 6, 7]  # the lines of the log and the last step
    assert [row["step"] for row in rows if "weight" in row] == [4, 7]
    assert all({"step", "seconds", "rate", "loss"} <= set(row) for row in rows)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[0] == "step,seconds,rate,loss,weight" and lines[1].endswith(",")


def test_the_scored_weights_are_the_mean_and_training_goes_on_with_its_own(tmp_path):
    scored = taken(tmp_path / "often", replace(PLAN, score_every=1, log_every=1))
    assert_same(scored, taken(tmp_path / "seldom", replace(PLAN, score_every=8)))
    assert read_log(tmp_path / "often")[-1]["weight"] == pytest.approx(float(scored["0.weight"][0, 0]), rel=1e-4)


def test_progress_rises_and_names_the_step(tmp_path):
    said = []
    taken(tmp_path, progress=lambda fraction, stage, message, preview=None: said.append((fraction, stage, message)))
    assert [fraction for fraction, _, _ in said] == [step / 8 for step in range(8)]
    assert said[0][1:] == ("train", "Training the model (step 1 of 8)")
    row = read_log(tmp_path)[1]
    assert row["step"] == 3
    assert said[3][2] == f"Training the model (step 4 of 8): loss {row['loss']:.4g}, weight {row['weight']:.4g}"


def test_progress_tells_the_held_out_loss_rather_than_another_figure(tmp_path):
    said = []
    taken(tmp_path, PLAN, HeldOut(losses=(0.25,)), progress=lambda fraction, stage, message: said.append(message))
    assert said[4].endswith(", held-out loss 0.25")


def test_a_checkpoint_of_another_network_is_refused_and_left_alone(tmp_path):
    taken(tmp_path)
    before = (tmp_path / CHECKPOINT).read_bytes()
    with pytest.raises(InputError, match=r"cannot be resumed .*train into another folder") as refused:
        train(a_network(width=6), Lessons(), PLAN, tmp_path, CPU)
    assert "\n" not in str(refused.value)
    assert (tmp_path / CHECKPOINT).read_bytes() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"learning_rate": 0.5}, "begun with learning rate 0.001, not 0.5"),
        ({"seed": 4}, "begun with seed 0, not 4"),
        ({"averaging": 0.5}, "begun with averaging 0.998, not 0.5"),
        ({"weight_decay": 0.0}, "begun with weight decay 0.0001, not 0.0"),
        ({"schedule": "cosine"}, "begun with schedule trapezoid, not cosine"),
        ({"gradient_norm": 0.0}, "begun with gradient norm 1.0, not 0.0"),
        ({"lessons_per_step": 2}, "begun with lessons per step 1, not 2"),
        ({"steps": 7}, "has taken 8 steps already"),
    ],
)
def test_a_plan_that_leads_elsewhere_is_refused(tmp_path, change, words):
    taken(tmp_path)
    with pytest.raises(InputError, match=words):
        taken(tmp_path, replace(PLAN, **change))


def test_a_plan_may_be_logged_and_loaded_otherwise(tmp_path):
    taken(tmp_path)
    assert steps_done(tmp_path, Plan(steps=9, log_every=1, score_every=9, loaders=3)) == 8


def test_a_checkpoint_from_before_there_were_schedules_is_taken_up(tmp_path):
    """Then both files held state, and the plan had fewer entries."""
    whole = taken(tmp_path / "whole")
    with pytest.raises(Cancelled):
        taken(tmp_path / "parts", progress=stopping_at(6, Cancelled))
    _as_written_before(tmp_path / "parts")
    assert_same(taken(tmp_path / "parts"), whole)
    assert [row["step"] for row in read_log(tmp_path / "parts")] == [2, 3, 4, 6, 8]


@pytest.mark.parametrize("damage", ["no json", "{}", json.dumps({"step": 1, "plan": {}})])
def test_a_damaged_state_is_refused(tmp_path, damage):
    taken(tmp_path)
    (tmp_path / STATE).write_text(damage)
    with pytest.raises(InputError, match="cannot be resumed"):
        taken(tmp_path)


@pytest.mark.parametrize("damage", [b"", b"no tensors", None])
def test_damaged_or_missing_tensors_are_refused(tmp_path, damage):
    taken(tmp_path)
    if damage is None:
        (tmp_path / CHECKPOINT).unlink()
    else:
        (tmp_path / CHECKPOINT).write_bytes(damage)
    with pytest.raises(InputError, match="cannot be resumed"):
        taken(tmp_path)


def test_a_checkpoint_without_its_best_weights_is_refused(tmp_path):
    plan = replace(PLAN, patience=3)
    taken(tmp_path, plan, HeldOut())
    with safe_open(tmp_path / CHECKPOINT, framework="pt") as file:
        told = file.metadata()
    tensors = {name: value for name, value in load_file(tmp_path / CHECKPOINT).items() if not name.startswith("best.")}
    save_file(tensors, tmp_path / CHECKPOINT, metadata=told)
    with pytest.raises(InputError, match="cannot be resumed"):
        taken(tmp_path, plan, HeldOut())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"schedule": "sawtooth"}, "no schedule 'sawtooth'; choose one of: trapezoid, cosine, constant"),
        ({"patience": -1}, "patience must be 0 or more, but is -1"),
        ({"lessons_per_step": 0}, "lessons per step must be 1 or more, but is 0"),
        ({"gradient_norm": float("nan")}, "gradient norm must be 0 or more, but is nan"),
        ({"averaging": 1.0}, "averaging must be from 0 to below 1, but is 1"),
    ],
)
def test_a_plan_that_cannot_be_followed_gets_a_sentence(values, words):
    with pytest.raises(InputError, match=re.escape(words)):
        Plan(**values)


@pytest.mark.parametrize(("axes", "layout"), [(2, torch.channels_last), (3, torch.channels_last_3d)])
def test_weights_of_convolutions_lie_with_their_channels_last(tmp_path, axes, layout):
    convolution = (nn.Conv2d, nn.Conv3d)[axes - 2]

    class Images(Lessons):
        def draw(self, number):
            return (torch.ones(2, *[4] * axes),)

        def loss(self, network, lesson):
            assert network[0].weight.is_contiguous(memory_format=layout)
            return network(lesson[0]).square().mean()

        def score(self, network):
            return {}

    taken(tmp_path, replace(PLAN, steps=1), Images(), nn.Sequential(convolution(2, 3, 3)))


def _as_written_before(folder):
    with safe_open(folder / CHECKPOINT, framework="pt") as file:
        told = file.metadata()
    tensors = {name: value for name, value in load_file(folder / CHECKPOINT).items() if not name.startswith("best.")}
    save_file(tensors, folder / CHECKPOINT, metadata={"step": told["step"]})
    state = json.loads((folder / STATE).read_text())
    for name in ("schedule", "gradient_norm", "patience", "lessons_per_step"):
        del state["plan"][name]
    state |= {name: json.loads(told["state"])[name] for name in ("seconds", "log")}
    (folder / STATE).write_text(json.dumps(state))
