"""The training loop: exact to resume, its schedule and averaging as they are said to be, and its checkpoint safe."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from gmmseg import model_training
from gmmseg.errors import Cancelled, InputError
from gmmseg.model_training import DECAY_FROM, WARM_UP_STEPS, Plan, read_log, steps_done, train
from safetensors.torch import load_file
from torch import nn

CPU = torch.device("cpu")
PLAN = Plan(steps=8, score_every=3, log_every=2, loaders=0)


@dataclass
class Lessons:
    """Points to tell apart; keeps what was drawn, and the weights that each loss was taken with."""

    drawn: list[int] = field(default_factory=list)
    weights: list[torch.Tensor] = field(default_factory=list)

    def draw(self, number):
        self.drawn.append(number)
        points = torch.randn(20, 4, generator=torch.Generator().manual_seed(number))
        return points, (points[:, 0] > points[:, 1]).long()

    def loss(self, network, lesson):
        points, target = lesson
        self.weights.append(network[0].weight.detach().clone())
        return F.cross_entropy(network(points[0]), target[0])

    def score(self, network):
        assert not network.training
        return {"weight": float(network[0].weight[0, 0])}


def a_network(width: int = 5) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 2))


def taken(folder: Path, plan: Plan = PLAN, lessons: Lessons | None = None, **options) -> dict[str, torch.Tensor]:
    """Weights that a training in ``folder`` ends with."""
    folder.mkdir(exist_ok=True)
    return train(a_network(), lessons or Lessons(), plan, folder, CPU, **options).state_dict()


def stopping_at(step: int, error: type[BaseException]):
    calls = []

    def progress(fraction, stage, message, preview=None):
        calls.append(fraction)
        if message.startswith(f"Training the model (step {step + 1} "):
            raise error

    return progress


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


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
    assert [row["step"] for row in read_log(tmp_path / "parts")] == [2, 4, 6, 8]


def test_the_same_plan_gives_the_same_weights(tmp_path):
    assert_same(taken(tmp_path / "a"), taken(tmp_path / "b"))


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


def test_the_rate_rises_stays_and_falls_to_nothing(tmp_path):
    steps = 2 * WARM_UP_STEPS
    taken(tmp_path, Plan(steps=steps, learning_rate=0.5, log_every=1, loaders=0))
    rates = {int(row["step"]): row["rate"] for row in read_log(tmp_path)}
    for step in (1, 50, WARM_UP_STEPS - 1):
        assert rates[step] == pytest.approx(0.5 * (step + 1) / WARM_UP_STEPS, rel=1e-5)
    falling = round(DECAY_FROM * steps)
    assert rates[WARM_UP_STEPS + 5] == rates[falling] == 0.5
    assert rates[falling + 30] == pytest.approx(0.5 * (steps - falling - 30) / (steps - falling), rel=1e-5)
    assert rates[steps] == 0


def test_the_result_is_the_running_mean_of_the_weights(tmp_path):
    lessons = Lessons()
    result = taken(tmp_path, replace(PLAN, learning_rate=0.5), lessons)
    own = load_file(tmp_path / model_training.CHECKPOINT)["network.0.weight"]
    mean, *after = [*lessons.weights, own]
    for step, weights in enumerate(after):
        kept = min(PLAN.averaging, (step + 1) / (step + 10))
        mean = kept * mean + (1 - kept) * weights
    torch.testing.assert_close(result["0.weight"], mean)
    assert not torch.equal(result["0.weight"], own)


def test_the_log_has_a_line_every_so_many_steps_and_figures_where_it_was_scored(tmp_path):
    taken(tmp_path, Plan(steps=7, score_every=4, log_every=2, loaders=0))
    rows = read_log(tmp_path)
    assert [row["step"] for row in rows] == [2, 4, 6, 7]
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
    assert said[2][1:] == ("train", "Training the model (step 3 of 8)")


def test_a_checkpoint_of_another_network_is_refused_and_left_alone(tmp_path):
    taken(tmp_path)
    before = (tmp_path / model_training.CHECKPOINT).read_bytes()
    with pytest.raises(InputError, match=r"cannot be resumed .*train into another folder") as refused:
        train(a_network(width=6), Lessons(), PLAN, tmp_path, CPU)
    assert "\n" not in str(refused.value)
    assert (tmp_path / model_training.CHECKPOINT).read_bytes() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"learning_rate": 0.5}, "begun with learning rate 0.001, not 0.5"),
        ({"seed": 4}, "begun with seed 0, not 4"),
        ({"averaging": 0.5}, "begun with averaging 0.998, not 0.5"),
        ({"weight_decay": 0.0}, "begun with weight decay 0.0001, not 0.0"),
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


@pytest.mark.parametrize("damage", ["no json", "{}", json.dumps({"step": 1, "plan": {}})])
def test_a_damaged_state_is_refused(tmp_path, damage):
    taken(tmp_path)
    (tmp_path / model_training.STATE).write_text(damage)
    with pytest.raises(InputError, match="cannot be resumed"):
        taken(tmp_path)


@pytest.mark.parametrize("damage", [b"", b"no tensors", None])
def test_damaged_or_missing_tensors_are_refused(tmp_path, damage):
    taken(tmp_path)
    if damage is None:
        (tmp_path / model_training.CHECKPOINT).unlink()
    else:
        (tmp_path / model_training.CHECKPOINT).write_bytes(damage)
    with pytest.raises(InputError, match="cannot be resumed"):
        taken(tmp_path)


def test_gradients_are_clipped(tmp_path):
    class Steep(Lessons):
        def loss(self, network, lesson):
            return 1e6 * super().loss(network, lesson)

    weights = taken(tmp_path, replace(PLAN, steps=2), Steep())
    assert all(torch.isfinite(value).all() for value in weights.values())
    moved = (weights["0.weight"] - a_network().state_dict()["0.weight"]).abs().max()
    assert 0 < float(moved) < 1e-3


def test_bfloat16_arithmetic_leaves_float32_weights(tmp_path):
    weights = taken(tmp_path, precision=torch.bfloat16)
    assert {value.dtype for value in weights.values()} == {torch.float32}
    assert all(math.isfinite(row["loss"]) for row in read_log(tmp_path))
