"""What ``gmmseg train --data`` is asked to do, checked before anything heavy is imported."""

from __future__ import annotations

import argparse
import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..model_card import check_name
from ..slicewise.settings import SliceSettings

_SHARES = ("test", "validation", "labelled")


@dataclass(frozen=True)
class SliceTrainingRequest:
    """One training of a network on the slices of a data set.

    Attributes:
        output: folder for the model, its checkpoint, log, curve and results.
        data: folder or manifest, see :func:`gmmseg.datasets.find`.
        settings: how to train.
        channels: names of the channels to learn from; None for what the layout usually has.
        test: share of the persons to judge by at the end.
        validation: share of the persons to measure on while learning.
        labelled: share of the other persons with labels who keep them; the others' scans are learned from without.
        name: of the model; None for the network's.
        device, precision: as in ``Settings``.
        source, licence: of the data, for the model's card.

    Raises:
        InputError: at construction, when a value is out of its range or options contradict each other.
    """

    output: Path
    data: Path
    settings: SliceSettings = dataclasses.field(default_factory=SliceSettings)
    channels: tuple[str, ...] | None = None
    test: Fraction = Fraction(1, 5)
    validation: Fraction = Fraction(1, 10)
    labelled: Fraction = Fraction(1)
    name: str | None = None
    device: str = "auto"
    precision: str = "auto"
    source: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        check_name(self.model)
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} must be a share from 0 to 1, but is {getattr(self, name)}.")
        if self.settings.patience and not self.validation:
            raise InputError("Patience needs persons to measure on; raise --validation, or leave --patience out.")
        if self.settings.learning == "unsupervised" and self.labelled != 1:
            raise InputError("Unsupervised learning uses no label; leave --labelled out.")
        if self.settings.learning != "unsupervised" and self.labelled == 0:
            raise InputError(
                f"Learning is {self.settings.learning}, which takes labels; raise --labelled, or give --learning "
                "unsupervised."
            )

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> SliceTrainingRequest:
        """The request that the given options make."""
        given = {name: value for name, value in vars(arguments).items() if name in cls.options()}
        chosen = {name: given.pop(name) for name in _names(SliceSettings) if name in given}
        values: dict[str, Any] = {**given, "output": Path(given["output"]), "data": Path(given["data"])}
        if "channels" in values:
            values["channels"] = tuple(values["channels"])
        return cls(**values, settings=SliceSettings(**chosen))

    @classmethod
    def options(cls) -> set[str]:
        """Names of the options that say something to this kind of training."""
        return (_names(cls) | _names(SliceSettings)) - {"settings"}

    @property
    def model(self) -> str:
        """What the model is to be called."""
        return self.settings.network if self.name is None else self.name


def _names(kind: type) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}
