"""The log of a training: a CSV file with a line every so many steps."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from ..safe_files import atomic

LOG = "log.csv"
# Mean loss on data held out, which early stopping goes by.
HELD_OUT_LOSS = "held-out loss"
# Step of the lowest one so far, whose weights a training with patience gives.
BEST_STEP = "best step"
_OWN = ("step", "seconds", "rate", "loss", BEST_STEP)


def write_log(folder: Path, rows: Sequence[dict[str, float]]) -> None:
    """Writes the whole log; what is not a number is left empty.

    Raises:
        InputError: the file cannot be written.
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with atomic(folder / LOG) as beside, Path(beside).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows({k: _written(v) for k, v in row.items() if not math.isnan(v)} for row in rows)


def read_log(folder: Path) -> list[dict[str, float]]:
    """The lines of a training's log: ``step``, ``seconds``, ``rate``, ``loss``, and the lessons' figures in some.

    Those of a training that may stop early have ``best step`` beside the figures.
    """
    with (folder / LOG).open(newline="", encoding="utf-8") as file:
        return [{name: float(text) for name, text in row.items() if text} for row in csv.DictReader(file)]


def figures(row: dict[str, float]) -> dict[str, float]:
    """What of a line the lessons measured on data not trained on; empty for a line between two scorings."""
    return {name: value for name, value in row.items() if name not in _OWN}


def outcome(log: Sequence[dict[str, float]]) -> dict[str, float]:
    """The line of the weights that the training gave: the last one, or that of the lowest held-out loss."""
    last = log[-1]
    return next((row for row in log if row["step"] == last.get(BEST_STEP)), last)


def _written(value: float) -> str:
    """Steps in full, measures to six digits."""
    return str(value) if isinstance(value, int) else f"{value:.6g}"
