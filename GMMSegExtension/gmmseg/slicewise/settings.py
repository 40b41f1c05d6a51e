"""Choices of a training on slices of many scans. Free of torch and numpy."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from ..ranges import check_numbers

LEARNING = ("supervised", "semi-supervised", "unsupervised")
ORIENTATIONS = ("auto", "axial", "coronal", "sagittal")
SCHEDULES = ("constant", "cosine")
_CHOICES = {"learning": LEARNING, "orientation": ORIENTATIONS, "schedule": SCHEDULES}
_RANGES: dict[str, tuple[float, float]] = {
    "base_width": (1, 512),
    "alpha": (0.0, 1e6),
    "beta": (0.0, 1e6),
    "gamma": (0.0, 1e6),
    "bias_degree": (0, 6),
    "entropy_weight": (0.0, 1.0),
    "steps": (1, 10_000_000),
    "epochs": (1, 1_000_000),
    "batch_size": (1, 4096),
    "unlabelled_size": (1, 4096),
    "scans_per_batch": (1, 4096),
    "lessons_per_step": (1, 4096),
    "learning_rate": (1e-8, 1.0),
    "gradient_norm": (0.0, 1e6),
    "patience": (0, 1_000_000),
    "score_every": (1, 10_000_000),
    "averaging": (0.0, 0.99999),
    "seed": (0, 2**31 - 1),
}
_FRACTIONAL = {"alpha", "beta", "gamma", "entropy_weight", "learning_rate", "gradient_norm", "averaging"}
_OPTIONAL = ("base_width", "epochs", "unlabelled_size")


@dataclass(frozen=True)
class SliceSettings:
    """How a 2-D network is trained on slices.

    Attributes:
        network: a name from ``gmmseg.networks.available()``.
        base_width: feature maps of its first stage; None for the published width.
        learning: ``supervised`` (cross-entropy of labelled scans), ``semi-supervised`` (eq 3.5: unlabelled scans take
            part by the mixture's loss) or ``unsupervised`` (eq 3.7 with TV; no label is used).
        alpha, beta, gamma: weights of eq 3.5, for means over voxels.
        bias_degree: P of the field in the mixture's loss; 0 for none, as in eq 3.5.
        entropy_weight: tau of :class:`gmmseg.losses.GMMLoss`.
        orientation: of the slices; ``auto`` is that of the data set where it has one, else axial.
        flips: whether slices are mirrored left to right at random (axial and coronal ones).
        steps: optimiser steps.
        epochs: passes over the slices of the scans learned from, instead of ``steps``; None to go by ``steps``.
        batch_size: slices of a lesson: labelled ones, or unlabelled ones in unsupervised learning.
        unlabelled_size: unlabelled slices beside them in semi-supervised learning, so that cross-entropy sees the same
            in either; None for as many.
        scans_per_batch: that the slices of a lesson come from, at most; statistics are those of one scan's slices.
        lessons_per_step: lessons whose gradients make one step; ``torchrun`` divides them among its processes.
        learning_rate: of Adam.
        schedule: ``constant`` (as printed) or ``cosine``.
        gradient_norm: gradients are scaled down to this norm; 0 leaves them.
        patience: scorings without a lower loss on held-out scans after which training stops; 0 for never.
        score_every: steps between two scorings.
        averaging: share of the old average in the running mean of the weights; 0 takes the last weights.
        seed: of weights and slices.

    Raises:
        InputError: at construction, when a value is unknown or out of its range.
    """

    network: str = "modified_unet"
    base_width: int | None = None
    learning: str = "semi-supervised"
    alpha: float = 1.0
    beta: float = 1e-4
    gamma: float = 0.1
    bias_degree: int = 0
    entropy_weight: float = 1.0
    orientation: str = "auto"
    flips: bool = True
    steps: int = 2000
    epochs: int | None = None
    batch_size: int = 20
    unlabelled_size: int | None = None
    scans_per_batch: int = 4
    lessons_per_step: int = 1
    learning_rate: float = 1e-4
    schedule: str = "constant"
    gradient_norm: float = 1.0
    patience: int = 0
    score_every: int = 250
    averaging: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        from .. import networks

        for name, choices in {"network": networks.available(), **_CHOICES}.items():
            if getattr(self, name) not in choices:
                raise InputError(f"{name} must be one of {', '.join(choices)}, but is {getattr(self, name)!r}.")
        if not isinstance(self.flips, bool):
            raise InputError(f"flips must be true or false, but is {self.flips!r}.")
        check_numbers(self, _RANGES, _RANGES.keys() - _FRACTIONAL, _OPTIONAL)

    def to_dict(self) -> dict[str, Any]:
        """JSON values by name; :meth:`from_dict` reads them."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> SliceSettings:
        """Settings from a JSON object; what it does not name has its default.

        Raises:
            InputError: an unknown name, or a value out of its range.
        """
        if not isinstance(values, dict):
            raise InputError("The settings of a training must be an object of names and values.")
        known = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise InputError(f"Unknown setting '{name}' of a training; known are: {', '.join(known)}.")
        return cls(**values)

    def steps_for(self, slices: int) -> int:
        """Optimiser steps for scans that have ``slices`` slices in all."""
        if self.epochs is None:
            return self.steps
        return max(1, math.ceil(self.epochs * slices / (self.batch_size * self.lessons_per_step)))
