"""The paper's own numbers, as far as they are known here, to be shown beside ours."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError

KNOWN = Path(__file__).with_name("paper_figures.csv")
# Rows of this table are shown with every table.
REFERENCE = "reference"
_COLUMNS = ("table", "row", "column", "value", "note")
HONESTY = (
    "The paper's other printed numbers are not in this project; rows with columns table, row, column, value and note "
    "can be added with `--paper FILE.csv`."
)


@dataclass(frozen=True)
class PaperFigure:
    """One number of the paper.

    Attributes:
        table: such as ``table5``; :data:`REFERENCE` for one to compare every table with.
        row: such as ``network with bias``.
        column: such as ``GM F1``.
        value: from 0 to 1.
        note: what it was measured on.
    """

    table: str
    row: str
    column: str
    value: float
    note: str


def read(path: Path | None = None) -> list[PaperFigure]:
    """The known numbers, and those of a user's file beside them.

    Args:
        path: CSV with the columns table, row, column, value, note; None for the known ones alone.

    Raises:
        InputError: the file cannot be read, or a line of it cannot be used.
    """
    return _read(KNOWN) + ([] if path is None else _read(Path(path)))


def of(figures: list[PaperFigure], table: str) -> list[PaperFigure]:
    """Those of a table, and the references."""
    return [figure for figure in figures if figure.table in (table, REFERENCE)]


def _read(path: Path) -> list[PaperFigure]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror}); check the name.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"'{path}' is no text in UTF-8; save it as CSV UTF-8.") from error
    lines = csv.DictReader(text.splitlines())
    missing = [name for name in _COLUMNS[:4] if name not in (lines.fieldnames or ())]
    if missing:
        raise InputError(f"'{path}' has no column '{missing[0]}'; its columns must be {', '.join(_COLUMNS)}.")
    figures = []
    for line in lines:
        try:
            value = float(line["value"])
        except (TypeError, ValueError):
            raise InputError(
                f"The value '{line['value']}' in line {lines.line_num} of '{path}' is no number; correct it."
            ) from None
        figures.append(PaperFigure(line["table"], line["row"], line["column"], value, line.get("note") or ""))
    return figures
