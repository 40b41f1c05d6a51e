"""Lessons in the order of their numbers, drawn by processes of their own where that is wanted."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Sampler

from .distributed import Group
from .training_plan import Plan


class Lessons(Protocol):
    """What a model learns from."""

    def draw(self, number: int) -> tuple[Tensor, ...]:
        """Tensors of lesson ``number``; the same number gives the same lesson."""
        ...

    def loss(self, network: nn.Module, lesson: tuple[Tensor, ...]) -> Tensor:
        """Loss of a network on a lesson, whose tensors have a leading batch dimension of 1."""
        ...

    def score(self, network: nn.Module) -> dict[str, float]:
        """Figures on data not trained on, for the log; ``held-out loss`` among them is what patience goes by."""
        ...


def numbered(
    lessons: Lessons, plan: Plan, step: int, group: Group, device: torch.device
) -> Generator[tuple[int, tuple[Tensor, ...]], None, None]:
    """Numbers and tensors, on ``device``, of this process's lessons from ``step`` on."""
    numbers = _Numbers(plan, step, group)
    loader = DataLoader(
        _Drawn(lessons),
        batch_size=1,
        sampler=numbers,
        num_workers=plan.loaders,
        prefetch_factor=4 if plan.loaders else None,
        multiprocessing_context="spawn" if plan.loaders else None,
        worker_init_fn=_deaf_to_interrupts,
    )
    for number, lesson in zip(numbers, loader, strict=True):
        yield number, tuple(part.to(device) for part in lesson)


class _Drawn(Dataset):
    def __init__(self, lessons: Lessons) -> None:
        self.lessons = lessons

    def __getitem__(self, number: int) -> tuple[Tensor, ...]:
        return self.lessons.draw(number)


class _Numbers(Sampler[int]):
    """A process's share of each step's lessons: a resumed training goes on with those it had not had."""

    def __init__(self, plan: Plan, step: int, group: Group) -> None:
        self.step, self.steps, self.each = step, plan.steps, plan.lessons_per_step
        self.share = plan.lessons_per_step // group.size
        self.first = group.rank * self.share

    def __iter__(self) -> Iterator[int]:
        for step in range(self.step, self.steps):
            start = step * self.each + self.first
            yield from range(start, start + self.share)

    def __len__(self) -> int:
        return (self.steps - self.step) * self.share


def _deaf_to_interrupts(loader: int) -> None:
    """Ctrl-C reaches every process of a terminal, but it is this training's first process that ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
