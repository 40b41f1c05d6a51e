"""The card of a model: what it is, what it was made from and under which terms. Free of torch and numpy."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from . import networks
from .errors import InputError

# Of the card's fields; a newer one may mean things that this program would get wrong.
FORMAT_VERSION = 1
DATA_ENTRIES = ("name", "source", "licence", "use")
LIMITS = {"base_width": (1, 512), "in_channels": (1, 16)}
MOST_CLASSES = 64
# What mode "fast" shows a network and hears from it, see gmmseg.prior_input.
PRIOR_CHANNELS = 5
PRIOR_CLASSES = ("CSF", "GM", "WM")
# Stands for the model that the user has chosen as default, see gmmseg.own_models.
RESERVED = "default"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class ModelCard:
    """Everything about a model but its weights.

    Attributes:
        name: what settings and commands call it; also the stem of its two files.
        title: the name for people, one line.
        network: a name from ``gmmseg.networks.available_volume()``, or for a network of slices ``available()``.
        base_width: feature maps of the network's first stage.
        in_channels: D, channels of the volume that the network sees.
        classes: names of the tissues, in the order of the network's outputs.
        contrast: kind of scan that it knows, such as ``T1``.
        training: how it was trained, in words.
        data: what it was trained on, each a dictionary of the texts ``name``, ``source``, ``licence`` and ``use``.
        label_use: a sentence on the part that manual or other labels had in it.
        settings: of the training, JSON values.
        figures: what was measured, JSON values: numbers by name, nested where there are many.
        version: of the format of the card.
        created: day of its making, YYYY-MM-DD; filled in when it is saved.
        sha256: of the weights file, hexadecimal; filled in when it is saved.

    Raises:
        InputError: at construction, when a value is of the wrong type or out of its range, or the version is newer.
    """

    name: str
    title: str
    network: str
    base_width: int
    in_channels: int
    classes: tuple[str, ...]
    contrast: str
    training: str
    data: tuple[dict[str, str], ...]
    label_use: str
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    figures: dict[str, Any] = dataclasses.field(default_factory=dict)
    version: int = FORMAT_VERSION
    created: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        check_name(self.name)
        _check_version(self.name, self.version)
        for field in dataclasses.fields(self):
            _check(self.name, field.name, str(field.type), getattr(self, field.name))
        if not 2 <= len(self.classes) <= MOST_CLASSES:
            _refuse(self.name, f"classes must have 2 to {MOST_CLASSES} names")
        if any(set(entry) != set(DATA_ENTRIES) for entry in self.data):
            _refuse(self.name, f"each entry of data must have the texts {', '.join(DATA_ENTRIES)} and no others")

    @property
    def is_of_slices(self) -> bool:
        """Whether it is a network of slices, for ``gmmseg predict``; others are for mode "fast"."""
        return self.network in networks.available()

    def check_usable(self) -> None:
        """Sees that the method "fast" can ask the model.

        Raises:
            InputError: the network would see or tell something else.
        """
        if self.is_of_slices:
            raise InputError(
                f"The model '{self.name}' is a network of slices, which the method 'fast' cannot ask; segment scans "
                "with it by gmmseg predict."
            )
        if (self.in_channels, self.classes) != (PRIOR_CHANNELS, PRIOR_CLASSES):
            raise InputError(
                f"The model '{self.name}' was not made for this program (input channels {self.in_channels}, classes "
                f"{', '.join(self.classes)}, not {PRIOR_CHANNELS} and {', '.join(PRIOR_CLASSES)}); choose another one."
            )

    def to_json(self) -> str:
        """The card as JSON text that :meth:`from_json` reads; numbers that JSON cannot hold become null."""
        from .report import plain

        return json.dumps(plain(dataclasses.asdict(self)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str, name: str) -> ModelCard:
        """The card of the model ``name``.

        Raises:
            InputError: ``text`` is no JSON object, lacks an entry or has a foreign one, a value is not right, the
                card is of another model, or its format is newer than this program.
        """
        try:
            values = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError):
            _refuse(name, "it is not valid JSON")
        if not isinstance(values, dict):
            _refuse(name, "it must be a JSON object")
        # First, because a newer format may have other entries.
        _check_version(name, values.get("version", FORMAT_VERSION))
        fields = {field.name for field in dataclasses.fields(cls)}
        missing, foreign = sorted(fields - set(values)), sorted(set(values) - fields)
        if missing:
            _refuse(name, f"its entry '{missing[0]}' is missing")
        if foreign:
            _refuse(name, f"it has an entry '{foreign[0]}', which no card has")
        if values["name"] != name:
            _refuse(name, f"its name is {values['name']!r}, and files must be called as the model")
        for entry in ("classes", "data"):
            if isinstance(values[entry], list):
                values[entry] = tuple(values[entry])
        return cls(**values)


def check_name(name: str) -> None:
    """Sees that ``name`` can be a model's, and thus a file's.

    Raises:
        InputError: it is no text, has characters that could lead out of the models' folder, or stands for something.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InputError(
            "The name of a model has up to 64 letters, digits, dots, hyphens and underscores and begins with a letter "
            f"or digit, but is {name!r}; give such a name, without folder and extension."
        )
    if name.casefold() == RESERVED:
        raise InputError(f"No model can have the name '{name}', which stands for your default model; choose another.")


def _check_version(name: str, version: Any) -> None:
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        _refuse(name, f"version must be a whole number from 1, but is {version!r}")
    if version > FORMAT_VERSION:
        raise InputError(
            f"The model '{name}' is for a newer gmmseg (its card has format {version}, this one reads up to "
            f"{FORMAT_VERSION}); update gmmseg."
        )


def _check(name: str, field: str, annotation: str, value: Any) -> None:
    if annotation == "int":
        low, high = LIMITS.get(field, (1, FORMAT_VERSION))
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            _refuse(name, f"{field} must be a whole number from {low} to {high}, but is {value!r}")
    elif annotation == "str":
        if not isinstance(value, str):
            _refuse(name, f"{field} must be a text, but is {value!r}")
    elif annotation == "tuple[str, ...]":
        if not isinstance(value, tuple) or not all(isinstance(item, str) and item for item in value):
            _refuse(name, f"{field} must be a list of texts")
    elif annotation == "tuple[dict[str, str], ...]":
        if not isinstance(value, tuple) or not all(_is_texts(item) for item in value):
            _refuse(name, f"{field} must be a list of objects of texts")
    elif not isinstance(value, dict):
        _refuse(name, f"{field} must be an object")


def _is_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _refuse(name: str, fault: str) -> NoReturn:
    raise InputError(f"The card of the model '{name}' cannot be used ({fault}); copy or train the model again.")
