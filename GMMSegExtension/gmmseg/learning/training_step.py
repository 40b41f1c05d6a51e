"""One step of a training: the mean gradient of its lessons, over all processes, and what the optimiser makes of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..devices import arithmetic
from ..errors import InputError
from .distributed import Group
from .training_plan import Plan

Lesson = tuple[Tensor, ...]
# A scale of float16's losses that is never reached but by halving it again and again in vain.
_LEAST_SCALE = 1e-4


class Stepper:
    """Takes the steps of AdamW (Loshchilov and Hutter 2019).

    Args:
        network: to train, on its device.
        plan: how.
        precision: arithmetic of its convolutions. With float16 losses are scaled so that small gradients do not vanish,
            and a step whose gradients overflow is left out (Micikevicius et al. 2018, section 3.2).
        group: processes among which a step's lessons are divided.
    """

    def __init__(self, network: nn.Module, plan: Plan, precision: torch.dtype, group: Group) -> None:
        self.network, self.plan, self.precision, self.group = network, plan, precision, group
        self.parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.device = self.parameters[0].device
        self.optimiser = torch.optim.AdamW(network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay)
        self.scaler = _scaler(self.device) if precision == torch.float16 else None

    def take(
        self, step: int, lessons: Iterable[tuple[int, Lesson]], loss: Callable[[nn.Module, Lesson], Tensor]
    ) -> float:
        """Takes a step, counted from 0, on this process's share of its numbered lessons; gives the mean loss of all.

        Raises:
            InputError: loss or gradient is not a finite number; the weights are as they were.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate(step)
        self.optimiser.zero_grad(set_to_none=True)
        buffers = _Buffers(self.network, self.plan.lessons_per_step)
        total = torch.zeros((), device=self.device)
        with self.group.failing_together():
            for number, lesson in lessons:
                buffers.before()
                total += self._gradient(number, lesson, loss)
                buffers.after()
        if self.group.size > 1:
            self.group.add([total, *self._gradients(), *buffers.changes])
        buffers.finish()
        self._apply(step, float(total))
        return float(total)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """JSON values and tensors that the steps to come depend on."""
        tensors = {
            f"{index}.{name}": value
            for index, state in self.optimiser.state_dict()["state"].items()
            for name, value in state.items()
        }
        return {} if self.scaler is None else self.scaler.state_dict(), tensors

    def resume(self, state: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        """Takes up :meth:`state`.

        Raises:
            ValueError, KeyError, RuntimeError: they are damaged or another network's.
        """
        states: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            index, key = name.split(".", 1)
            states.setdefault(int(index), {})[key] = value
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": states})
        if self.scaler is not None and state:
            self.scaler.load_state_dict(state)

    def _gradient(self, number: int, lesson: Lesson, loss_of: Callable[[nn.Module, Lesson], Tensor]) -> Tensor:
        """Adds a lesson's share to the gradient; gives its share of the mean loss."""
        # What is random in a loss, such as dropout, follows from the lesson: after a kill, and in any process.
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            # One number of 32 bits: of a longer seed the CPU's generator drops the rest.
            torch.manual_seed(int(np.random.SeedSequence([self.plan.seed, number]).generate_state(1)[0]))
            with arithmetic(self.device, self.precision):
                loss = loss_of(self.network, lesson) / self.plan.lessons_per_step
            (loss if self.scaler is None else self.scaler.scale(loss)).backward()
        return loss.detach().float().reshape(())

    def _gradients(self) -> list[Tensor]:
        """Of every weight; one that no lesson here has touched gets a gradient of 0, as others may have touched it."""
        for parameter in self.parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        return [parameter.grad for parameter in self.parameters if parameter.grad is not None]

    def _apply(self, step: int, loss: float) -> None:
        if self.scaler is not None:
            self.scaler.unscale_(self.optimiser)
        norm = nn.utils.clip_grad_norm_(self.parameters, self.plan.gradient_norm or math.inf)
        if self.scaler is None:
            if not (math.isfinite(loss) and math.isfinite(float(norm))):
                raise self._diverged(step)
            self.optimiser.step()
            return
        self.scaler.step(self.optimiser)
        self.scaler.update()
        if self.scaler.get_scale() < _LEAST_SCALE:
            raise self._diverged(step)

    def _diverged(self, step: int) -> InputError:
        return InputError(
            f"Loss or gradient of step {step + 1} is not a finite number, so that training cannot go on; train into "
            f"another folder with a learning rate below {self.plan.learning_rate:g}."
        )


class _Buffers:
    """A network's buffers, such as batch norm's running statistics, over the lessons of a step.

    Each lesson finds them as they were before the step, and they move by the mean of the lessons' changes: so they do
    not depend on how the lessons are divided among processes.
    """

    def __init__(self, network: nn.Module, lessons: int) -> None:
        self.lessons = lessons
        self.buffers = list(network.buffers()) if lessons > 1 else []
        self.begun = [buffer.clone() for buffer in self.buffers]
        # Counters of batches are no mean: they go by one a step.
        self.floating = [index for index, buffer in enumerate(self.buffers) if buffer.is_floating_point()]
        self.changes = [torch.zeros_like(self.buffers[index]) for index in self.floating]

    def before(self) -> None:
        for buffer, begun in zip(self.buffers, self.begun, strict=True):
            buffer.copy_(begun)

    def after(self) -> None:
        for change, index in zip(self.changes, self.floating, strict=True):
            change += (self.buffers[index] - self.begun[index]) / self.lessons

    def finish(self) -> None:
        for change, index in zip(self.changes, self.floating, strict=True):
            self.buffers[index].copy_(self.begun[index] + change)


def _scaler(device: torch.device) -> torch.amp.GradScaler:
    # torch before 2.3 has it for CUDA only.
    return torch.amp.GradScaler(device.type) if hasattr(torch.amp, "GradScaler") else torch.cuda.amp.GradScaler()
