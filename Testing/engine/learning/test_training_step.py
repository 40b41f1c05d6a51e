"""A step of a training: mean of its lessons, clipping, arithmetic, and what happens when it diverges."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pytest
import torch
from gmmseg.errors import Cancelled, InputError
from gmmseg.learning.model_training import read_log, steps_done
from tiny_lessons import PLAN, Lessons, a_network, a_network_with_state, assert_same, stopping_at, taken
from torch import nn

CONSTANT = replace(PLAN, schedule="constant")


@dataclass
class Scaled(Lessons):
    """With losses times a factor from a lesson on."""

    factor: float = 1.0
    since: int = 0

    def draw(self, number):
        return (*super().draw(number), torch.tensor(self.factor if number >= self.since else 1.0))

    def loss(self, network, lesson):
        *lesson, factor = lesson
        return factor * super().loss(network, tuple(lesson))


class Pairs(Lessons):
    """Each as two of the others."""

    def draw(self, number):
        one, other = super().draw(2 * number), super().draw(2 * number + 1)
        return tuple(map(torch.cat, zip(one, other, strict=True)))


def moved(weights: dict[str, torch.Tensor]) -> float:
    return float((weights["0.weight"] - a_network().state_dict()["0.weight"]).abs().max())


def length_of_gradient(network: nn.Module) -> float:
    return float(torch.cat([parameter.grad.flatten() for parameter in network.parameters()]).norm())


def test_a_step_on_two_lessons_is_one_on_both_at_once(tmp_path):
    lessons = Lessons()
    apart = taken(tmp_path / "apart", replace(CONSTANT, lessons_per_step=2), lessons)
    assert lessons.drawn == list(range(16))
    torch.testing.assert_close(apart, taken(tmp_path / "together", CONSTANT, Pairs()))
    for one, other in zip(read_log(tmp_path / "apart"), read_log(tmp_path / "together"), strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-4)


def test_running_statistics_move_by_the_mean_of_a_steps_lessons(tmp_path):
    plan = replace(CONSTANT, steps=1, averaging=0.0, lessons_per_step=2)
    result = taken(tmp_path, plan, network=a_network_with_state())
    points = torch.stack([Lessons().draw(number)[0] for number in (0, 1)])
    network = a_network_with_state()
    means = network[0](points).mean(dim=1)
    torch.testing.assert_close(result["1.running_mean"], 0.1 * means.mean(dim=0))
    assert result["1.num_batches_tracked"] == 1


@pytest.mark.parametrize("norm", [1.0, 0.25])
def test_gradients_are_clipped(tmp_path, norm):
    network = a_network()
    taken(tmp_path, replace(PLAN, steps=1, gradient_norm=norm), Scaled(factor=1e6), network)
    assert length_of_gradient(network) == pytest.approx(norm, rel=1e-4)


def test_gradients_are_left_as_they_are_without_a_norm(tmp_path):
    network = a_network()
    taken(tmp_path, replace(PLAN, steps=1, gradient_norm=0.0), Scaled(factor=1e6), network)
    assert length_of_gradient(network) > 1e4


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_short_arithmetic_leaves_float32_weights(tmp_path, precision):
    weights = taken(tmp_path, precision=precision)
    assert {value.dtype for value in weights.values()} == {torch.float32}
    assert moved(weights) > 0
    assert all(math.isfinite(row["loss"]) for row in read_log(tmp_path))


def test_float16_does_not_lose_small_gradients(tmp_path):
    """Half of the losses' gradients would be 0 without a scale."""
    plan = replace(CONSTANT, steps=3, gradient_norm=0.0, weight_decay=0.0)
    small = taken(tmp_path / "small", plan, Scaled(factor=1e-5), precision=torch.float16)
    exact = taken(tmp_path / "exact", plan, Scaled(factor=1e-5))
    torch.testing.assert_close(small, exact, atol=2e-4, rtol=0)


def test_float16_leaves_out_a_step_that_overflows_and_goes_on(tmp_path):
    network = a_network()
    begun = {name: value.clone() for name, value in network.state_dict().items()}
    plan = replace(CONSTANT, averaging=0.0, log_every=1)
    lessons = Scaled(factor=20.0)  # with the first scale, 65536, beyond what float16 can hold
    result = taken(tmp_path, plan, lessons, network, precision=torch.float16)
    assert torch.equal(lessons.weights[1], begun["0.weight"])
    assert not torch.equal(result["0.weight"], begun["0.weight"])


def test_float16_goes_on_with_its_scale(tmp_path):
    def run(folder, **options):
        return taken(folder, CONSTANT, Scaled(factor=20.0), precision=torch.float16, **options)

    whole = run(tmp_path / "whole")
    with pytest.raises(Cancelled):
        run(tmp_path / "parts", progress=stopping_at(4, Cancelled))
    assert_same(run(tmp_path / "parts"), whole)


@pytest.mark.parametrize("factor", [math.nan, math.inf])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16, torch.float16])
def test_a_loss_that_is_no_number_gets_a_sentence_and_leaves_the_last_checkpoint(tmp_path, factor, precision):
    plan = replace(PLAN, steps=60)
    words = r"Loss or gradient of step \d+ is not a finite number.*with a learning rate below 0\.001"
    with pytest.raises(InputError, match=words) as refused:
        taken(tmp_path, plan, Scaled(factor=factor, since=4), precision=precision)
    if precision == torch.float16:  # which leaves out steps for a while
        return
    assert "step 5 " in str(refused.value)
    assert steps_done(tmp_path, plan) == 3
