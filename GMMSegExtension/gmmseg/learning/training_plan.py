"""How a model is trained on many lessons: steps, rate, averaging, and when to stop."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InputError
from .schedules import SCHEDULES


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes:
        steps: optimiser steps in all.
        learning_rate: AdamW's step size.
        weight_decay: AdamW's.
        averaging: share of the old average kept in the running mean of the weights at each step; 0 for the weights as
            they are.
        log_every: steps between two lines of the log, which has one more for each scoring.
        score_every: steps between two scorings and checkpoints.
        loaders: processes that draw lessons; 0 draws them in this one.
        seed: of the network's start, and of what is random in a lesson's loss.
        schedule: course of the rate, one of :data:`gmmseg.learning.schedules.SCHEDULES`.
        gradient_norm: longest gradient, which longer ones are shortened to; 0 leaves all as they are.
        patience: scorings without a lower held-out loss after which training ends early; 0 never does. The outcome is
            then the average with the lowest one.
        lessons_per_step: lessons whose mean gradient makes a step.

    Raises:
        InputError: at construction, when a value is out of its range.
    """

    steps: int = 4000
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    averaging: float = 0.998
    log_every: int = 25
    score_every: int = 250
    loaders: int = 1
    seed: int = 0
    schedule: str = "trapezoid"
    gradient_norm: float = 1.0
    patience: int = 0
    lessons_per_step: int = 1

    def __post_init__(self) -> None:
        if self.schedule not in SCHEDULES:
            raise InputError(f"There is no schedule '{self.schedule}'; choose one of: {', '.join(SCHEDULES)}.")
        lowest = {
            "steps": 1,
            "log_every": 1,
            "score_every": 1,
            "gradient_norm": 0,
            "patience": 0,
            "lessons_per_step": 1,
        }
        for name, least in lowest.items():
            value = getattr(self, name)
            if not (value >= least and math.isfinite(value)):
                raise InputError(f"{name.replace('_', ' ')} must be {least} or more, but is {value:g}.")
        if not 0 <= self.averaging < 1:
            raise InputError(f"averaging must be from 0 to below 1, but is {self.averaging:g}.")

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        return SCHEDULES[self.schedule](self.learning_rate, step, self.steps)
