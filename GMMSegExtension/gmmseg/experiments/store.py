"""Cells of the tables, their names, and the folder that each keeps its result in."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..safe_files import atomic, file_name

RESULT, BEGUN = "result.json", "begun.json"
CE, GMM_TV = "ce", "gmm_tv"
EM, WITHOUT_BIAS, WITH_BIAS = "em", "without_bias", "with_bias"
LOSSES = (CE, GMM_TV)
METHODS = (EM, WITHOUT_BIAS, WITH_BIAS)
# What a result has at least.
_NEEDED = ("key", "decisive", "scores", "seconds", "device", "precision", "version")


@dataclass(frozen=True)
class TrainingCell:
    """One training: a network, a loss and the persons that a seed gives it.

    Attributes:
        data: name of the data set.
        network: name of the network.
        loss: a name of :data:`LOSSES`.
        share: of the persons learned from whose labels are used.
        beta, gamma: weights of the mixture's loss; 0 with cross-entropy alone.
        seed: decides division, labelled persons, first weights and slices. Cells of one seed are pairs.
    """

    data: str
    network: str
    loss: str
    share: Fraction
    beta: float
    gamma: float
    seed: int

    @property
    def key(self) -> str:
        """Name of its folder under ``cells``."""
        weights = f"-beta{self.beta:g}-gamma{self.gamma:g}" if self.loss == GMM_TV else ""
        share = f"{self.share.numerator}of{self.share.denominator}"
        return f"{file_name(self.data)}/{self.network}-{self.loss}{weights}-{share}-seed{self.seed}"


@dataclass(frozen=True)
class ScanCell:
    """One scan segmented without labels.

    Attributes:
        data: name of the data set.
        method: a name of :data:`METHODS`.
        scan: the scan's id.
    """

    data: str
    method: str
    scan: str

    @property
    def key(self) -> str:
        """Name of its folder under ``cells``."""
        return f"{file_name(self.data)}/unsupervised-{self.method}-{file_name(self.scan)}"


Cell = TrainingCell | ScanCell
Result = dict[str, Any]


@dataclass(frozen=True)
class Store:
    """Results by cell.

    Attributes:
        out: the experiments' output folder.
    """

    out: Path

    def folder(self, cell: Cell) -> Path:
        """Of a cell, whether it is there or not."""
        return self.out / "cells" / cell.key

    def load(self, cell: Cell) -> Result | None:
        """The result of a finished cell; None of one that is not, or whose result is damaged."""
        try:
            result = json.loads((self.folder(cell) / RESULT).read_text(encoding="utf-8"))
            whole = result["key"] == cell.key and all(name in result for name in _NEEDED)
            for protocols in result["scores"].values():
                whole = whole and {"all", "labelled"} <= set(protocols)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return result if whole else None

    def matching(self, cell: Cell, decisive: Result) -> Result | None:
        """As :meth:`load`, but the result must have been made as it would be now.

        Raises:
            InputError: other settings or other scans decided it.
        """
        result = self.load(cell)
        if result is None:
            return None
        before = _flat(result["decisive"])
        for name, value in _flat(plain(decisive)).items():
            # A choice that the record does not know is younger than it; it was then as its default is now.
            if before.get(name, value) != value:
                raise InputError(
                    f"The cell '{cell.key}' in '{self.out}' was made with {_told(name, before[name])}, not "
                    f"{_told(name, value)}; give the former again, or use another output folder."
                )
        return result

    def begin(self, cell: Cell, decisive: Result) -> Path:
        """The folder of a cell that is not finished, with its checkpoint if it was begun with the same ``decisive``.

        What was begun with other settings or scans goes, and so does all beside a damaged result: a checkpoint may
        have learned from scans that would now be judged.

        Raises:
            InputError: the folder cannot be written to.
        """
        folder, begun = self.folder(cell), plain(decisive)
        if (folder / RESULT).exists() or _json(folder / BEGUN) != begun:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        with atomic(folder / BEGUN) as beside:
            beside.write_text(json.dumps(begun), encoding="utf-8")
        return folder

    def finish(self, cell: Cell, result: Result) -> None:
        """Writes the result; the cell is then finished.

        Raises:
            InputError: it cannot be written.
        """
        with atomic(self.folder(cell) / RESULT) as beside:
            text = json.dumps(plain({"key": cell.key, **result}), indent=1, allow_nan=False)
            beside.write_text(text + "\n", encoding="utf-8")


def _json(path: Path) -> Any:
    """What a file holds; None where it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def plain(value: Any) -> Any:
    """``value`` as JSON gives it back; numbers that it cannot hold are None."""
    from ..report import plain as plain_values

    return json.loads(json.dumps(plain_values(value), allow_nan=False))


def _flat(values: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return flat


def _told(name: str, value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} scans ({', '.join(map(str, value[:4]))}{', ...' if len(value) > 4 else ''}) for '{name}'"
    return f"{name.rpartition('.')[2]} {value}"
