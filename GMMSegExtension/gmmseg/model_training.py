"""Training of a model on many patches: the loop that ``gmmseg train`` runs, exact to resume after a kill.

What is learned, and by which loss, comes in as :class:`Lessons`; this module only takes the steps and keeps their
record: ``checkpoint.safetensors`` with ``checkpoint.json``, ``log.csv``, and the averaged weights at the end.
"""

from __future__ import annotations

import csv
import json
import math
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Sampler

from .devices import arithmetic
from .errors import Cancelled, InputError
from .progress import Progress, silent
from .safe_files import atomic

GRADIENT_NORM = 1.0
WARM_UP_STEPS = 100
# The rate stays until this share of the steps is done and then falls to nothing: until then a training can be
# lengthened or shortened without having been for nothing.
DECAY_FROM = 0.7
CHECKPOINT, STATE, LOG = "checkpoint.safetensors", "checkpoint.json", "log.csv"
# What of a plan may not change between one part of a training and the next.
_DECISIVE = ("learning_rate", "weight_decay", "averaging", "seed")


class Lessons(Protocol):
    """What a model learns from."""

    def draw(self, number: int) -> tuple[Tensor, ...]:
        """Tensors of lesson ``number``; the same number gives the same lesson."""
        ...

    def loss(self, network: nn.Module, lesson: tuple[Tensor, ...]) -> Tensor:
        """Loss of a network on a lesson, whose tensors have a leading batch dimension of 1."""
        ...

    def score(self, network: nn.Module) -> dict[str, float]:
        """Figures on data not trained on, for the log."""
        ...


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes:
        steps: optimiser steps in all.
        learning_rate: AdamW's step size.
        weight_decay: AdamW's.
        averaging: share of the old average kept in the running mean of the weights at each step.
        log_every: steps between two lines of the log.
        score_every: steps between two scorings and checkpoints.
        loaders: processes that draw lessons; 0 draws them in this one.
        seed: of the network's start.
    """

    steps: int = 4000
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    averaging: float = 0.998
    log_every: int = 25
    score_every: int = 250
    loaders: int = 1
    seed: int = 0


def train(
    network: nn.Module,
    lessons: Lessons,
    plan: Plan,
    folder: Path,
    device: torch.device,
    precision: torch.dtype = torch.float32,
    progress: Progress = silent,
) -> nn.Module:
    """Trains ``network`` and gives it back with the running mean of its weights.

    A checkpoint in ``folder`` is taken up where it was left; the result is the same as without the interruption. When
    ``progress`` raises ``Cancelled``, a checkpoint of that step is left behind.

    Args:
        network: with the weights to start from.
        lessons: what to learn.
        plan: how.
        folder: gets checkpoint and log; must exist.
        device: where the network runs.
        precision: arithmetic of the convolutions; weights stay float32.
        progress: told about each step.

    Raises:
        InputError: the checkpoint in the folder belongs to another network or plan, or cannot be read.
        Cancelled: from ``progress``.
    """
    return _Loop(network, lessons, plan, folder, device, precision, progress).run()


def steps_done(folder: Path, plan: Plan) -> int:
    """Steps of the checkpoint in ``folder`` that a training by ``plan`` would go on from; 0 where there is none.

    Raises:
        InputError: it was made by a plan that leads elsewhere, has more steps than ``plan``, or cannot be read.
    """
    if not (folder / STATE).exists():
        return 0
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
        done, before = int(state["step"]), {name: state["plan"][name] for name in _DECISIVE}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _not_resumable(folder, error) from error
    for name, value in before.items():
        if value != getattr(plan, name):
            raise InputError(
                f"The training in '{folder}' was begun with {name.replace('_', ' ')} {value}, not "
                f"{getattr(plan, name)}; give the former again, or train into another folder."
            )
    if done > plan.steps:
        raise InputError(
            f"The training in '{folder}' has taken {done} steps already; give at least as many, or train into another "
            "folder."
        )
    return done


def read_log(folder: Path) -> list[dict[str, float]]:
    """The lines of a training's log: ``step``, ``seconds``, ``rate``, ``loss``, and the lessons' figures in some."""
    with (folder / LOG).open(newline="", encoding="utf-8") as file:
        return [{name: float(text) for name, text in row.items() if text} for row in csv.DictReader(file)]


class _Loop:
    def __init__(
        self,
        network: nn.Module,
        lessons: Lessons,
        plan: Plan,
        folder: Path,
        device: torch.device,
        precision: torch.dtype,
        progress: Progress,
    ) -> None:
        self.lessons, self.plan, self.folder = lessons, plan, folder
        self.device, self.precision, self.progress = device, precision, progress
        self.network = network.to(device).to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        self.average = {name: value.detach().clone().float() for name, value in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self.step, self.seconds = 0, 0.0
        self.rows: list[dict[str, float]] = []
        if (folder / STATE).exists():
            self._resume()

    def run(self) -> nn.Module:
        try:
            self._take_steps()
        except Cancelled:
            # Comes between two steps only, where weights, their mean and the optimiser belong together.
            self._keep()
            raise
        self._take_average()
        return self.network.eval()

    def _take_steps(self) -> None:
        losses: list[float] = []
        started = time.perf_counter() - self.seconds
        self.network.train()
        for lesson in self._lessons():
            total = self.plan.steps
            self.progress(self.step / total, "train", f"Training the model (step {self.step + 1} of {total})")
            losses.append(self._learn(lesson))
            self.step += 1
            self.seconds = time.perf_counter() - started
            if self.step % self.plan.log_every == 0 or self.step == total:
                row = {"step": self.step, "seconds": round(self.seconds, 1), "rate": self._rate()}
                row["loss"] = sum(losses) / len(losses)
                losses.clear()
                if self.step % self.plan.score_every == 0 or self.step == total:
                    row |= self._scored()
                self.rows.append(row)
                self._write_log()
            if self.step % self.plan.score_every == 0 or self.step == total:
                self._keep()

    def _lessons(self) -> Iterator[tuple[Tensor, ...]]:
        loader = DataLoader(
            _Drawn(self.lessons),
            batch_size=1,
            sampler=_From(self.step, self.plan.steps),
            num_workers=self.plan.loaders,
            prefetch_factor=4 if self.plan.loaders else None,
            multiprocessing_context="spawn" if self.plan.loaders else None,
            worker_init_fn=_deaf_to_interrupts,
        )
        for lesson in loader:
            yield tuple(part.to(self.device) for part in lesson)

    def _learn(self, lesson: tuple[Tensor, ...]) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        with arithmetic(self.device, self.precision):
            loss = self.lessons.loss(self.network, lesson)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_NORM)
        self.optimiser.step()
        # At the start the mean must not stick to random weights.
        kept = min(self.plan.averaging, (self.step + 1) / (self.step + 10))
        for name, value in self.network.state_dict().items():
            self.average[name].lerp_(value.detach().float(), 1 - kept)
        return float(loss.detach())

    def _rate(self) -> float:
        done = self.step / self.plan.steps
        rise = min(1.0, (self.step + 1) / WARM_UP_STEPS)
        return self.plan.learning_rate * rise * min(1.0, max(0.0, (1 - done) / (1 - DECAY_FROM)))

    def _scored(self) -> dict[str, float]:
        """Figures of the averaged weights."""
        own = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self._take_average()
        self.network.eval()
        with torch.inference_mode(), arithmetic(self.device, self.precision):
            figures = self.lessons.score(self.network)
        self.network.load_state_dict(own)
        self.network.train()
        return figures

    def _take_average(self) -> None:
        self.network.load_state_dict(self.average)

    def _keep(self) -> None:
        """Writes the checkpoint, its tensors first: a state without them would be a lie."""
        from safetensors.torch import save_file

        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"average.{name}": value for name, value in self.average.items()}
        for index, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{name}": value for name, value in state.items()}
        tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        with atomic(self.folder / CHECKPOINT) as beside:
            save_file(tensors, beside, metadata={"step": str(self.step)})
        state = {"step": self.step, "seconds": self.seconds, "plan": asdict(self.plan), "log": self.rows}
        with atomic(self.folder / STATE) as beside:
            Path(beside).write_text(json.dumps(state, indent=1), encoding="utf-8")

    def _resume(self) -> None:
        from safetensors import SafetensorError, safe_open

        steps_done(self.folder, self.plan)
        try:
            state = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
            with safe_open(self.folder / CHECKPOINT, framework="pt") as file:
                step = int(file.metadata()["step"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            self.network.load_state_dict(_under("network.", tensors))
            self.average = {name: value.to(self.device) for name, value in _under("average.", tensors).items()}
            self._resume_optimiser(_under("optimiser.", tensors))
            self.rows = [row for row in state["log"] if row["step"] <= step]
            self.seconds = float(state["seconds"])
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise _not_resumable(self.folder, error) from error
        self.step = step
        if self.rows:  # those of steps after the checkpoint come again
            self._write_log()

    def _resume_optimiser(self, tensors: dict[str, Tensor]) -> None:
        states: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            index, key = name.split(".", 1)
            states.setdefault(int(index), {})[key] = value
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": states})

    def _write_log(self) -> None:
        columns = list(dict.fromkeys(key for row in self.rows for key in row))
        with atomic(self.folder / LOG) as beside, Path(beside).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows({k: f"{v:.6g}" for k, v in row.items() if not math.isnan(v)} for row in self.rows)


class _Drawn(Dataset):
    def __init__(self, lessons: Lessons) -> None:
        self.lessons = lessons

    def __getitem__(self, number: int) -> tuple[Tensor, ...]:
        return self.lessons.draw(number)


class _From(Sampler[int]):
    """The numbers from one to another: a resumed training goes on with the lesson it had not had."""

    def __init__(self, start: int, stop: int) -> None:
        self.numbers = range(start, stop)

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)


def _deaf_to_interrupts(loader: int) -> None:
    """Ctrl-C reaches every process of a terminal, but it is this training's first process that ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _not_resumable(folder: Path, error: Exception) -> InputError:
    reason = " ".join(str(error).split())
    return InputError(f"The checkpoint in '{folder}' cannot be resumed ({reason}); train into another folder.")


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
