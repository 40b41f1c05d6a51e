"""Lessons so small that a training of them takes a moment: points to tell apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from gmmseg.learning.model_training import Plan, train
from gmmseg.progress import Progress
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
        return F.cross_entropy(network(points[0]).float(), target[0])

    def score(self, network):
        assert not network.training
        return {"weight": float(network[0].weight[0, 0])}


@dataclass
class HeldOut(Lessons):
    """Says the given held-out losses, one a scoring and the last one ever after."""

    losses: tuple[float, ...] = (1.0,)
    scored: int = 0

    def score(self, network):
        self.scored += 1
        return {**super().score(network), "held-out loss": self.losses[min(self.scored, len(self.losses)) - 1]}


def a_network(width: int = 5) -> nn.Module:
    """Always with the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 2))


def a_network_with_state() -> nn.Module:
    """With running statistics and dropout; no bias that the norm would leave to the arithmetic's noise."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        first = nn.Linear(4, 6, bias=False)
        return nn.Sequential(first, nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.3), nn.Linear(6, 2))


def taken(
    folder: Path, plan: Plan = PLAN, lessons: Lessons | None = None, network: nn.Module | None = None, **options
) -> dict[str, torch.Tensor]:
    """Weights that a training in ``folder`` ends with."""
    folder.mkdir(exist_ok=True)
    return train(network or a_network(), lessons or Lessons(), plan, folder, CPU, **options).state_dict()


def stopping_at(step: int, error: type[BaseException]) -> Progress:
    """Progress that raises ``error`` when so many steps are taken."""

    def progress(fraction, stage, message, preview=None):
        if message.startswith(f"Training the model (step {step + 1} "):
            raise error

    return progress


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    """Equal to the last bit."""
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name
