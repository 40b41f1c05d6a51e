"""Training of a model on many lessons: the loop that ``gmmseg train`` runs, exact to resume after a kill.

What is learned, and by which loss, comes in as :class:`Lessons`; this module only takes the steps and keeps their
record: checkpoint (:mod:`.training_checkpoint`), log (:mod:`.training_log`), and the averaged weights at the end.
Started by ``torchrun``, several processes share the lessons of each step (:mod:`.distributed`).
"""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from pathlib import Path

import torch
from torch import nn

from ..devices import arithmetic
from ..errors import Cancelled, InputError
from ..progress import Progress, silent
from . import distributed, training_checkpoint
from .distributed import Group
from .early_stop import EarlyStop
from .lesson_loader import Lessons, numbered
from .training_checkpoint import STATE, not_resumable, steps_done
from .training_log import HELD_OUT_LOSS, figures, read_log, write_log
from .training_plan import Plan
from .training_step import Stepper

__all__ = ["Lessons", "Plan", "read_log", "steps_done", "train"]


def train(
    network: nn.Module,
    lessons: Lessons,
    plan: Plan,
    folder: Path,
    device: torch.device,
    precision: torch.dtype = torch.float32,
    progress: Progress = silent,
) -> nn.Module:
    """Trains ``network`` and gives it back with the running mean of its weights; with patience, its best one.

    A checkpoint in ``folder`` is taken up where it was left; the result is the same as without the interruption, on
    the CPU to the last bit. When ``progress`` raises ``Cancelled``, a checkpoint of that step is left behind.

    When ``torchrun`` has started several processes, all of them must call this alike, and all get the result; the first
    one's weights are what they start from, only the first one writes and scores, and what ends one ends all.

    Args:
        network: with the weights to start from.
        lessons: what to learn.
        plan: how.
        folder: gets checkpoint and log; must exist, and be the same for all processes.
        device: where the network runs.
        precision: arithmetic of the convolutions; weights stay float32.
        progress: told about each step, in every process.

    Raises:
        InputError: the checkpoint in the folder belongs to another network or plan, or cannot be read; a loss is not a
            finite number; there is patience but no held-out loss; or the lessons of a step cannot be divided among the
            processes.
        Cancelled: from ``progress``, here or in another process.
        OtherProcessFailed: in another process there was an error of another kind.
    """
    with distributed.group(device) as group:
        return _Loop(network, lessons, plan, folder, device, precision, progress, group).run()


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
        group: Group,
    ) -> None:
        _check_divisible(plan, group)
        self.lessons, self.plan, self.folder, self.progress, self.group = lessons, plan, folder, progress, group
        self.device, self.precision = device, precision
        self.network = _laid_out(network.to(device))
        self.stepper = Stepper(self.network, plan, precision, group)
        self.stop = EarlyStop(plan.patience)
        self.step, self.seconds = 0, 0.0
        # Of the steps since the last line of the log.
        self.losses: list[float] = []
        self.rows: list[dict[str, float]] = []
        group.take_from_first(list(self.network.state_dict().values()))
        self.average = {
            name: value.detach().clone().float() if value.is_floating_point() else value.clone()
            for name, value in self.network.state_dict().items()
        }
        with group.failing_together():
            if (folder / STATE).exists():
                self._resume()
        if not group.agrees(self.step):
            raise InputError(f"Not every process finds the same checkpoint in '{folder}'; give a folder they share.")

    def run(self) -> nn.Module:
        try:
            self._take_steps()
        except Cancelled:
            # Comes between two steps only, where weights, their mean and the optimiser belong together.
            if self.group.is_first:
                self._keep()
            raise
        self.network.load_state_dict(self.stop.weights or self.average)
        self.group.take_from_first(list(self.network.state_dict().values()))
        return self.network.eval()

    def _take_steps(self) -> None:
        started = time.perf_counter() - self.seconds
        share = self.plan.lessons_per_step // self.group.size
        self.network.train()
        over = self.group.any(self.stop.is_due)
        with contextlib.closing(numbered(self.lessons, self.plan, self.step, self.group, self.device)) as lessons:
            while self.step < self.plan.steps and not over:
                with self.group.failing_together():
                    self.progress(self.step / self.plan.steps, "train", self._message())
                loss = self.stepper.take(self.step, itertools.islice(lessons, share), self.lessons.loss)
                self._average()
                self.step += 1
                self.seconds = time.perf_counter() - started
                self.losses.append(loss)
                over = self._record()

    def _average(self) -> None:
        # At the start the mean must not stick to random weights.
        kept = min(self.plan.averaging, (self.step + 1) / (self.step + 10))
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value.detach().float(), 1 - kept)
            else:
                self.average[name].copy_(value)

    def _record(self) -> bool:
        """Log, scoring and checkpoint where they are due; whether training is to stop early."""
        scoring = self.step % self.plan.score_every == 0 or self.step == self.plan.steps
        if not scoring and self.step % self.plan.log_every != 0:
            return False
        with self.group.failing_together():
            if self.group.is_first:
                self._write(scoring)
        return scoring and self.group.any(self.stop.is_due)

    def _write(self, scoring: bool) -> None:
        finite = [loss for loss in self.losses if math.isfinite(loss)]
        row = {"step": self.step, "seconds": round(self.seconds, 1), "rate": self.plan.rate(self.step)}
        row["loss"] = sum(finite) / len(finite) if finite else math.nan
        self.losses.clear()
        if scoring:
            measured = self._scored()
            row |= measured | self.stop.judge(self.step, measured, self.average)
        self.rows.append(row)
        write_log(self.folder, self.rows)
        if scoring:
            self._keep()

    def _scored(self) -> dict[str, float]:
        """Figures of the averaged weights."""
        own = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        self.network.eval()
        with torch.inference_mode(), arithmetic(self.device, self.precision):
            measured = self.lessons.score(self.network)
        self.network.load_state_dict(own)
        self.network.train()
        return measured

    def _message(self) -> str:
        said = f"Training the model (step {self.step + 1} of {self.plan.steps})"
        if self.rows:
            said += f": loss {self.rows[-1]['loss']:.4g}"
        elif self.losses:
            said += f": loss {sum(self.losses) / len(self.losses):.4g}"
        measured = next((figures(row) for row in reversed(self.rows) if figures(row)), {})
        if measured:
            name = HELD_OUT_LOSS if HELD_OUT_LOSS in measured else next(iter(measured))
            said += f", {name} {measured[name]:.4g}"
        return said

    def _keep(self) -> None:
        scale, optimiser = self.stepper.state()
        state = {"seconds": self.seconds, "losses": self.losses, "log": self.rows}
        state |= {"scale": scale, "early_stop": self.stop.state()}
        tensors = {"network": self.network.state_dict(), "average": self.average, "optimiser": optimiser}
        tensors["best"] = self.stop.weights
        training_checkpoint.keep(self.folder, self.step, self.plan, state, tensors)

    def _resume(self) -> None:
        steps_done(self.folder, self.plan)
        step, state, tensors = training_checkpoint.read(self.folder)
        try:
            self.network.load_state_dict(tensors["network"])
            self.average = {name: value.to(self.device) for name, value in tensors["average"].items()}
            # Older checkpoints have neither scale, nor losses, nor anything of an early stop.
            self.stepper.resume(state.get("scale", {}), tensors.get("optimiser", {}))
            self.stop.resume(state.get("early_stop", self.stop.state()), tensors.get("best", {}))
            self.losses = [float(loss) for loss in state.get("losses", [])]
            self.rows = [row for row in state["log"] if row["step"] <= step]
            self.seconds = float(state["seconds"])
        except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise not_resumable(self.folder, error) from error
        self.step = step
        if self.rows and self.group.is_first:  # those of steps after the checkpoint come again
            write_log(self.folder, self.rows)


def _check_divisible(plan: Plan, group: Group) -> None:
    if plan.lessons_per_step % group.size:
        fitting = math.ceil(plan.lessons_per_step / group.size) * group.size
        raise InputError(
            f"A step's lessons are divided among {group.size} processes, so lessons per step must be a multiple of "
            f"{group.size}, but is {plan.lessons_per_step}; give {fitting}, or start another number of processes."
        )


def _laid_out(network: nn.Module) -> nn.Module:
    """The network with weights in the order in which its convolutions are fastest: channels last."""
    axes = max((parameter.ndim for parameter in network.parameters()), default=0)
    layout = {4: torch.channels_last, 5: torch.channels_last_3d}.get(axes)
    return network if layout is None else network.to(memory_format=layout)  # type: ignore[call-overload]
