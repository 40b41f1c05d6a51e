"""When a training has stopped to get better on data held out, and the weights with which it was best."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from ..errors import InputError
from .training_log import BEST_STEP, HELD_OUT_LOSS


@dataclass
class EarlyStop:
    """Judges the scorings of a training.

    Attributes:
        patience: scorings in a row without a lower held-out loss that end it; 0 for never.
        best: lowest one so far, inf before the first.
        best_step: of it.
        worse: scorings since.
        weights: averaged weights of the best scoring, on the CPU; empty before it.
    """

    patience: int = 0
    best: float = math.inf
    best_step: int = 0
    worse: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)

    @property
    def is_due(self) -> bool:
        """Whether the patience is at its end."""
        return 0 < self.patience <= self.worse

    def judge(self, step: int, figures: dict[str, float], weights: dict[str, Tensor]) -> dict[str, float]:
        """Takes note of a scoring; gives what the log is to say beside its figures.

        Raises:
            InputError: there is no held-out loss to judge by.
        """
        if not self.patience:
            return {}
        if HELD_OUT_LOSS not in figures:
            raise InputError(
                "Training can stop early only by a loss on held-out data, and none was held out; hold some out, or "
                "give patience 0."
            )
        if figures[HELD_OUT_LOSS] < self.best:
            self.best, self.best_step, self.worse = figures[HELD_OUT_LOSS], step, 0
            self.weights = {name: value.detach().to("cpu", copy=True) for name, value in weights.items()}
        else:
            self.worse += 1
        return {BEST_STEP: self.best_step} if self.weights else {}

    def state(self) -> dict[str, Any]:
        """All but the weights, as JSON values."""
        return {"best": self.best if self.weights else None, "best_step": self.best_step, "worse": self.worse}

    def resume(self, state: dict[str, Any], weights: dict[str, Tensor]) -> None:
        """Takes up :meth:`state` and weights of a checkpoint.

        Raises:
            KeyError, TypeError, ValueError: they are damaged.
        """
        if not self.patience:
            return
        if (state["best"] is None) != (not weights):
            raise ValueError("the best weights are missing")
        self.best, self.weights = math.inf if state["best"] is None else float(state["best"]), weights
        self.best_step, self.worse = int(state["best_step"]), int(state["worse"])
