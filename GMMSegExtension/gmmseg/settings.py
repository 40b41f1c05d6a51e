"""The settings of one run: one validated, serialisable object that panel, command line and worker share.

Free of torch and numpy, so that the panel can show defaults and limits before anything heavy is imported.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import sys
from dataclasses import dataclass
from typing import Any

from .errors import InputError

MODES = ("fast", "train", "em")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")

# (lowest, highest) accepted value of each number.
LIMITS: dict[str, tuple[float, float]] = {
    "number_of_classes": (2, 8),
    "beta": (0.0, 10.0),
    "gamma": (0.0, 1000.0),
    "bias_degree": (0, 6),
    "entropy_weight": (0.0, 1.0),
    "base_width": (2, 128),
    "iterations": (1, 100_000),
    "learning_rate": (1e-7, 1.0),
    "batch_size": (1, 256),
    "seed": (0, 2**31 - 1),
}


@dataclass(frozen=True)
class Settings:
    """How one volume is segmented. Field names are the command line's, the panel's and the JSON file's.

    Attributes:
        number_of_classes: K, the number of tissue classes (2 to 8).
        mode: ``fast`` refines a shipped model's prior with the mixture, ``train`` learns on this scan without
            labels (the paper's mode), ``em`` is the classical Gaussian mixture with bias field.
        model: a name from ``gmmseg.models.available()``. Acts in ``fast``.
        beta: weight of the mixture's loss beside cross-entropy (eq 3.5), per-voxel means. Acts only where
            labels are used.
        gamma: weight of the total variation of the posteriors (eq 3.4), dimensionless. Acts in ``train``.
        bias_degree: highest total degree of the Legendre bias field (eq 3.6); 0 means no correction.
        entropy_weight: tau of the free energy; 0 is the loss as printed, 1 the evidence lower bound.
        network: a name from ``gmmseg.networks.available()``. Acts in ``train``.
        base_width: feature maps of the network's first stage.
        iterations: optimiser steps of ``train``, warm-up included.
        learning_rate: Adam's step size.
        batch_size: slices per step.
        entropy: whether the result gets a map of each voxel's uncertainty, see :mod:`gmmseg.uncertainty`.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        precision: arithmetic of the network: ``auto``, ``float32``, ``bfloat16`` or ``float16``.
        seed: start of the random numbers; same input, settings, seed and device give the same labels.
        preset: name of the preset these settings came from, for the report.

    Raises:
        InputError: at construction, when a value is out of its range or of the wrong type.
    """

    number_of_classes: int = 3
    mode: str = "fast"
    model: str = "t1-fast"
    beta: float = 1e-4
    gamma: float = 0.1
    bias_degree: int = 5
    entropy_weight: float = 1.0
    network: str = "modified_unet"
    base_width: int = 8
    iterations: int = 200
    learning_rate: float = 2e-3
    batch_size: int = 8
    entropy: bool = False
    device: str = "auto"
    precision: str = "auto"
    seed: int = 0
    preset: str = "default"

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _typed(field.name, field.type, getattr(self, field.name)))
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name} must lie between {low:.10g} and {high:.10g}, but is {value!r}.")
        _one_of("mode", self.mode, MODES)
        _one_of("precision", self.precision, PRECISIONS)
        _one_of("preset", self.preset, tuple(PRESETS))
        if not _DEVICE.fullmatch(self.device):
            raise InputError(f"device must be auto, cpu, cuda, cuda:N or mps, but is '{self.device}'.")

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Settings from plain JSON values; a ``preset`` among them gives the values not named.

        Raises:
            InputError: unknown name, wrong type or value out of range.
        """
        if not isinstance(values, dict):
            raise InputError("Settings must be a JSON object of names and values.")
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InputError(f"Unknown setting '{unknown[0]}'; known are: {', '.join(sorted(known))}.")
        preset = values.get("preset", "default")
        _one_of("preset", preset, tuple(PRESETS))
        return cls(**{**PRESETS[preset], **values})

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Settings from JSON text; see :meth:`from_dict`."""
        try:
            values = json.loads(text)
        except ValueError as error:
            raise InputError(f"The settings are not valid JSON: {error}.") from error
        return cls.from_dict(values)

    def to_json(self) -> str:
        """The settings as JSON text that :meth:`from_json` reads."""
        return json.dumps(self.to_dict(), indent=2)


# Values that differ from the dataclass defaults. "as-printed" holds the paper's own numbers: its gamma of 80
# smooths the cortex away unless beta all but switches it off, and it is linear in the posteriors.
PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "as-printed": {
        "preset": "as-printed",
        "mode": "train",
        "gamma": 80.0,
        "bias_degree": 3,
        "entropy_weight": 0.0,
        "base_width": 64,
        "iterations": 2000,
        "learning_rate": 1e-4,
        "batch_size": 20,
    },
}


def _typed(name: str, annotation: Any, value: Any) -> Any:
    """``value`` as the annotated type; whole floats pass as int, nothing else is bent."""
    kind = {"int": int, "float": float, "str": str, "bool": bool}[str(annotation)]
    if kind in (str, bool):
        if isinstance(value, kind):
            return value
    elif not isinstance(value, bool) and isinstance(value, (int, float)):
        if abs(value) > sys.float_info.max or math.isnan(value):
            raise InputError(f"{name} must be a finite number.")
        if kind is float or float(value).is_integer():
            return kind(value)
    wanted = {"int": "a whole number", "float": "a number", "str": "a text", "bool": "true or false"}[str(annotation)]
    raise InputError(f"{name} must be {wanted}, but is {value!r}.")


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"{name} must be one of {', '.join(choices)}, but is {value!r}.")
