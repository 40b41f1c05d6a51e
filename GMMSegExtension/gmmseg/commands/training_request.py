"""What ``gmmseg train`` is asked to do, checked before anything heavy is imported."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..model_card import LIMITS, check_name
from ..safe_files import atomic

RECORD = "training.json"
DEFAULT_WIDTH = 32
# A model that already knows much forgets less with smaller steps.
LEARNING_RATE, CONTINUED_LEARNING_RATE = 1e-3, 2e-4
_RANGES: dict[str, tuple[float, float]] = {
    "steps": (1, 10_000_000),
    "base_width": LIMITS["base_width"],
    "extent": (16, 256),
    "gamma": (0.0, 1e6),
    "seed": (0, 2**31 - 1),
    "loaders": (0, 64),
}


@dataclass(frozen=True)
class TrainingRequest:
    """One training.

    Attributes:
        output: folder for the model, its checkpoint, log and curve.
        label_maps: folder of label maps to make synthetic scans from; None to train on ``scans``.
        scans: files and folders of unlabelled scans.
        hold_out: names of label maps or scans to measure on instead of training on them.
        steps: optimiser steps in all.
        base_width: feature maps of the network's first stage; None for those of ``start``, else 32.
        extent: edge of a patch: mm of anatomy in a synthetic one, voxels in one of a scan.
        learning_rate: None for 1e-3, or 2e-4 with ``start``.
        gamma: weight of the total variation, scans only.
        seed: of the network's first weights and of the patches.
        loaders: processes that draw patches; 0 draws them in between.
        name: of the model.
        start: name of a model, or a file of weights, to start from.
        device, precision: as in ``Settings``.
        source, licence: of the data, for the model's card.

    Raises:
        InputError: at construction, when a value is out of its range or options contradict each other.
    """

    output: Path
    label_maps: Path | None = None
    scans: tuple[str, ...] = ()
    hold_out: tuple[str, ...] = ()
    steps: int = 4000
    base_width: int | None = None
    extent: int = 96
    learning_rate: float | None = None
    gamma: float = 0.1
    seed: int = 0
    loaders: int = 1
    name: str = "t1-fast"
    start: str | None = None
    device: str = "auto"
    precision: str = "auto"
    source: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        check_name(self.name)
        if (self.label_maps is None) == (not self.scans):
            raise InputError("Training needs either label maps or scans; give --label-maps or --scans.")
        for name, (lowest, highest) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not lowest <= value <= highest:
                raise InputError(f"{_spoken(name)} must be from {lowest:g} to {highest:g}, but is {value:g}.")
        if self.learning_rate is not None and not (self.learning_rate > 0 and math.isfinite(self.learning_rate)):
            raise InputError(f"learning rate must be above 0, but is {self.learning_rate:g}.")

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> TrainingRequest:
        """The request that the given options make."""
        given: dict[str, Any] = {name: getattr(arguments, name) for name in cls.options() if hasattr(arguments, name)}
        for name in ("scans", "hold_out"):
            given[name] = tuple(given.get(name) or ())
        for name in ("output", "label_maps"):
            given[name] = None if given.get(name) is None else Path(given[name])
        return cls(**given)

    @classmethod
    def options(cls) -> set[str]:
        """Names of the options that say something to this kind of training."""
        return {field.name for field in dataclasses.fields(cls)}

    @property
    def rate(self) -> float:
        """The learning rate to use."""
        if self.learning_rate is not None:
            return self.learning_rate
        return LEARNING_RATE if self.start is None else CONTINUED_LEARNING_RATE

    @property
    def kind(self) -> str:
        """``synthetic`` or ``cohort``."""
        return "cohort" if self.label_maps is None else "synthetic"


def check_record(folder: Path, record: dict[str, Any], begun: bool) -> None:
    """Sees that a folder's training is the one asked for, and keeps ``record`` when there is none yet.

    Args:
        folder: of the training.
        record: what of the request decides the outcome, JSON values by name; steps may change.
        begun: whether the folder holds a checkpoint.

    Raises:
        InputError: the folder holds another training, or its record cannot be read.
    """
    path = folder / RECORD
    if begun and path.exists():
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
            changed = next((name for name in record if before[name] != record[name]), None)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"'{path}' is damaged; train into another folder.") from error
        if changed:
            raise InputError(
                f"The training in '{folder}' was begun with {_spoken(changed)} {_shown(before[changed])}, not "
                f"{_shown(record[changed])}; give the former again, or train into another folder."
            )
    else:
        with atomic(path) as beside:
            beside.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def check_options(arguments: argparse.Namespace, known: Collection[str], others: Collection[str], source: str) -> None:
    """Sees that no option was given that says nothing to the chosen kind of training.

    Args:
        arguments: the namespace; options that were not given are not in it, or None.
        known: names of the options of the chosen kind.
        others: those of the other kinds.
        source: the option that chose the kind.

    Raises:
        InputError: one was.
    """
    for name in sorted(set(others) - set(known)):
        if getattr(arguments, name, None) is not None:
            option = name.replace("_", "-")
            raise InputError(f"--{option} says nothing to a training with {source}; leave it out.")


def how_to_go_on(folder: Path, done: int) -> str:
    """What to say after a training was cancelled with ``done`` steps kept."""
    if done == 0:
        return f"Cancelled before the first step; '{folder}' holds no model."
    return f"Cancelled after {done} steps, which are kept in '{folder}'; give the same command again to go on."


def split(names: list[str], hold_out: tuple[str, ...], what: str) -> tuple[list[str], list[str]]:
    """Names to train on and names to hold out.

    Args:
        names: that are there.
        hold_out: those wanted to be held out.
        what: plural of what they name, for messages.

    Raises:
        InputError: one to hold out is not there, or none is left.
    """
    unknown = [name for name in hold_out if name not in names]
    if unknown:
        raise InputError(f"There is no '{unknown[0]}' among the {what} to hold out; there are: {', '.join(names)}.")
    kept = [name for name in names if name not in hold_out]
    if not kept:
        raise InputError(f"All {what} are held out, so none is left to train on; hold out fewer.")
    return kept, [name for name in names if name in hold_out]


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} ({', '.join(map(str, value))})" if value else "none"
    return "none" if value is None else str(value)
