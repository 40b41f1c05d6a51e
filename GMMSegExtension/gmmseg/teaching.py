"""How a trained model is taught by corrections: the choices, and what is learned from. Free of torch and numpy."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import InputError
from .ranges import check_numbers

if TYPE_CHECKING:
    from .case import Case, Volume

_RANGES: dict[str, tuple[float, float]] = {
    "alpha": (0.0, 1e6),
    "beta": (0.0, 1e6),
    "gamma": (0.0, 1e6),
    "retention": (0.0, 1e6),
    "steps": (1, 100_000),
    "learning_rate": (1e-8, 1.0),
    "held_out": (0.0, 0.5),
    "seed": (0, 2**31 - 1),
}
_WHOLE = ("steps", "seed")


@dataclass(frozen=True)
class Teaching:
    """Choices of a fine-tuning.

    The loss is eq 3.5, alpha * cross-entropy on labelled voxels + beta * (GMM + gamma * TV) on all voxels, and
    retention * the Kullback-Leibler divergence from what the model said before, on unlabelled voxels: what nobody
    corrected shall not be forgotten (Z. Li and D. Hoiem, "Learning without Forgetting", 2016).

    Attributes:
        alpha, beta, gamma: weights of eq 3.5, for means over voxels.
        retention: weight of what was known before.
        steps: optimiser steps.
        learning_rate: AdamW's largest step size.
        held_out: share of the labelled voxels that is not learned from, to judge by.
        seed: of patches and held-out voxels.

    Raises:
        InputError: at construction, when a value is out of its range.
    """

    alpha: float = 1.0
    beta: float = 1e-4
    gamma: float = 0.1
    retention: float = 0.3
    steps: int = 60
    learning_rate: float = 7e-4
    held_out: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        check_numbers(self, _RANGES, _WHOLE)

    @classmethod
    def from_dict(cls, values: Any) -> Teaching:
        """Choices from a JSON object; what it does not name has its default.

        Raises:
            InputError: an unknown name, or a value out of its range.
        """
        if not isinstance(values, dict):
            raise InputError("'teaching' must be an object of names and values.")
        known = {field.name for field in dataclasses.fields(cls)}
        for name in values:
            if name not in known:
                raise InputError(f"Unknown choice '{name}' of a fine-tuning; known are: {', '.join(sorted(known))}.")
        return cls(**values)


@dataclass(frozen=True)
class Subject:
    """A head to learn from, with or without labels.

    Attributes:
        name: what messages call it.
        case: its scans.
        labels: on the first image's grid, 0 where unlabelled, 1..K by increasing class mean; None for no labels.
    """

    name: str
    case: Case
    labels: Volume | None = None
