"""Every setting of the experiments in one object, which one JSON file says. Free of torch."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from .. import networks
from ..errors import InputError
from ..safe_files import atomic

CONFIG = "config.json"
# What the cells and the options set themselves.
_OWN_TRAINING = ("network", "base_width", "learning", "beta", "gamma", "seed")
_OWN_UNSUPERVISED = ("mode", "device", "precision", "number_of_classes", "model", "entropy")


@dataclass(frozen=True)
class Sweep:
    """Figure 6: one network, one share of labelled persons, and the weights that are tried.

    Attributes:
        network: that is trained.
        share: of the persons learned from whose labels are used.
        betas: tried with the tables' gamma.
        gammas: tried with the tables' beta.
    """

    network: str = "modified_unet"
    share: float = 0.25
    betas: tuple[float, ...] = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
    gammas: tuple[float, ...] = (0.0, 1.0, 10.0, 80.0, 320.0)


@dataclass(frozen=True)
class ExperimentConfig:
    """Settings of all tables and figures. Field names are those of the JSON file.

    Attributes:
        preset: a name of :data:`PRESETS`, which gave the values that were not named.
        networks: names from ``gmmseg.networks.available()``, in the order of the tables.
        base_widths: feature maps of the first stage by network; None, or no entry, for the published width.
        shares: of the persons learned from whose labels are used.
        seeds: repetitions; each has its own division of the persons, labelled persons and first weights.
        test_share, validation_share: of the persons with labels.
        channels: names of the images that are used; None for what the data set usually has.
        beta, gamma: weights of the mixture's loss in the tables, for means over voxels.
        training: further choices of :class:`gmmseg.slicewise.settings.SliceSettings`.
        score_slices: every n-th slice of a test scan is judged.
        sweep: of figure 6.
        unsupervised: choices of :class:`gmmseg.settings.Settings` for table 5.
        unsupervised_scans: how many scans of each data set table 5 takes, evenly among all; None for all.

    Raises:
        InputError: at construction, when a value is of the wrong type or out of its range.
    """

    preset: str = "as-printed"
    networks: tuple[str, ...] = ()
    base_widths: Mapping[str, int | None] = field(default_factory=dict, hash=False)
    shares: tuple[float, ...] = (0.25, 0.5, 0.75)
    seeds: int = 3
    test_share: float = 0.2
    validation_share: float = 0.1
    channels: tuple[str, ...] | None = None
    beta: float = 1e-4
    gamma: float = 80.0
    training: Mapping[str, Any] = field(default_factory=dict, hash=False)
    score_slices: int = 1
    sweep: Sweep = Sweep()
    unsupervised: Mapping[str, Any] = field(default_factory=dict, hash=False)
    unsupervised_scans: int | None = None

    def __post_init__(self) -> None:
        known = networks.available()
        object.__setattr__(self, "networks", _texts("networks", self.networks or known))
        if self.channels is not None:
            object.__setattr__(self, "channels", _texts("channels", self.channels))
        for name in (*self.networks, self.sweep.network, *self.base_widths):
            if name not in known:
                raise InputError(f"There is no network '{name}'; choose one of: {', '.join(known)}.")
        _number("seeds", self.seeds, 1, 1000, whole=True)
        _number("score_slices", self.score_slices, 1, 1000, whole=True)
        if self.unsupervised_scans is not None:
            _number("unsupervised_scans", self.unsupervised_scans, 1, 10**6, whole=True)
        for name in ("test_share", "validation_share"):
            _number(name, getattr(self, name), 1e-6, 0.9)
        object.__setattr__(self, "shares", _numbers("shares", self.shares, 1e-6, 1.0))
        for name in ("beta", "gamma"):
            object.__setattr__(self, name, float(_number(name, getattr(self, name), 0, 1e6)))
        for name, width in self.base_widths.items():
            if width is not None:
                _number(f"the base width of {name}", width, 1, 512, whole=True)
        _foreign("training", self.training, _OWN_TRAINING)
        _foreign("unsupervised", self.unsupervised, _OWN_UNSUPERVISED)

    def to_dict(self) -> dict[str, Any]:
        """JSON values by name; every network's width is named."""
        values = dataclasses.asdict(self)
        values["base_widths"] = {name: self.base_widths.get(name) for name in networks.available()}
        return json.loads(json.dumps(values))

    @classmethod
    def from_dict(cls, values: Any) -> ExperimentConfig:
        """The configuration of a JSON object; a ``preset`` among its values gives what it does not name.

        Raises:
            InputError: an unknown name, or a value that cannot be used.
        """
        values = _named("The configuration", values, cls)
        preset = values.get("preset", "as-printed")
        if preset not in PRESETS:
            raise InputError(f"preset must be one of {', '.join(PRESETS)}, but is {preset!r}.")
        merged: dict[str, Any] = {**PRESETS[preset], **values}
        for name in ("base_widths", "training", "unsupervised", "sweep"):
            given = values.get(name, {})
            if not isinstance(given, Mapping):
                raise InputError(f"'{name}' of the configuration must be an object of names and values.")
            merged[name] = {**PRESETS[preset].get(name, {}), **given}
        sweep = _named("'sweep' of the configuration", merged["sweep"], Sweep)
        sweep |= {key: _numbers(key, sweep[key], 0, 1e6) for key in ("betas", "gammas") if key in sweep}
        _number("the share of the sweep", sweep.get("share", 0.25), 1e-6, 1.0)
        return cls(**{**merged, "sweep": Sweep(**sweep)})


# Of the paper: Adam 1e-4, batch 20, 200 epochs, beta 1e-10 for sums over about 1.3e6 voxels (1e-4 for means), gamma 80.
PRESETS: dict[str, dict[str, Any]] = {
    "as-printed": {
        "preset": "as-printed",
        "training": {
            "epochs": 200,
            "batch_size": 20,
            "learning_rate": 1e-4,
            "schedule": "constant",
            "entropy_weight": 0.0,
            "flips": False,
            "gradient_norm": 0.0,
        },
        "unsupervised": {"preset": "as-printed"},
    },
    # The same experiment in small: narrow networks, few steps at a higher rate, some of the slices judged, and weights
    # that do something in so few steps.
    "quick": {
        "preset": "quick",
        "base_widths": {
            "modified_unet": 8,
            "unet": 8,
            "unetpp": 8,
            "trmfcn": 6,
            "vit": 8,
            "transunet": 8,
            "mtunet": 8,
        },
        "beta": 0.01,
        "gamma": 0.1,
        "training": {
            "steps": 200,
            "batch_size": 4,
            "unlabelled_size": 2,
            "scans_per_batch": 4,
            "learning_rate": 5e-3,
            "schedule": "cosine",
            "score_every": 10_000,
        },
        "score_slices": 4,
        "sweep": {"network": "unet", "betas": [1e-4, 1e-3, 1e-2, 1e-1, 1.0], "gammas": [0, 0.1, 1, 10, 80]},
        "unsupervised": {"base_width": 16, "iterations": 120},
        "unsupervised_scans": 5,
    },
}


def preset(name: str) -> ExperimentConfig:
    """The configuration of one of :data:`PRESETS`."""
    return ExperimentConfig.from_dict({"preset": name})


def read(path: Path) -> ExperimentConfig:
    """The configuration in a file.

    Raises:
        InputError: it cannot be read, is no JSON, or holds something that cannot be used.
    """
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror}); check the name.") from error
    except ValueError as error:
        raise InputError(f"'{path}' is no valid JSON ({error}); correct it.") from error
    return ExperimentConfig.from_dict(values)


def write(config: ExperimentConfig, folder: Path) -> None:
    """Writes ``config.json`` into the folder.

    Raises:
        InputError: it cannot be written.
    """
    with atomic(folder / CONFIG) as beside:
        beside.write_text(json.dumps(config.to_dict(), indent=2) + "\n", encoding="utf-8")


def share_name(share: float | Fraction) -> str:
    """Such as ``1/4``."""
    exact = Fraction(share).limit_denominator(100)
    return f"{exact.numerator}/{exact.denominator}"


def _named(what: str, values: Any, kind: type) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise InputError(f"{what} must be an object of names and values.")
    known = [each.name for each in dataclasses.fields(kind)]
    for name in values:
        if name not in known:
            raise InputError(f"{what} has the unknown setting '{name}'; known are: {', '.join(known)}.")
    return dict(values)


def _foreign(what: str, values: Mapping[str, Any], own: tuple[str, ...]) -> None:
    for name in own:
        if name in values:
            raise InputError(f"'{name}' is not for '{what}' in the configuration; the experiments set it themselves.")


def _texts(name: str, values: Any) -> tuple[str, ...]:
    if not isinstance(values, (list, tuple)) or not values or not all(isinstance(value, str) for value in values):
        raise InputError(f"{name} must be a list of names, but is {values!r}.")
    return tuple(dict.fromkeys(values))


def _numbers(name: str, values: Any, lowest: float, highest: float) -> tuple[float, ...]:
    if not isinstance(values, (list, tuple)) or not values:
        raise InputError(f"{name} must be a list of numbers, but is {values!r}.")
    return tuple(sorted({float(_number(name, value, lowest, highest)) for value in values}))


def _number(name: str, value: Any, lowest: float, highest: float, whole: bool = False) -> float:
    """The value, if it is a number within the limits."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not lowest <= value <= highest or (whole and not isinstance(value, int)):
        kind = "a whole number" if whole else "a number"
        raise InputError(f"{name} must be {kind} from {lowest:g} to {highest:g}, but is {value!r}.")
    return value
