"""The results of a series as a table, for the panel, the clipboard and a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from slicer.i18n import tr as _


@dataclass(frozen=True)
class SummaryRow:
    """One case: its name, the engine's report (None without results) and what there is to say."""

    title: str
    report: dict | None
    note: str = ""

    @property
    def remark(self) -> str:
        """What became of it, or the first warning of its report."""
        warnings = (self.report or {}).get("warnings") or []
        return self.note or (warnings[0] if warnings else "")

    def volume(self, className: str) -> float | None:
        """Millilitres of a class, None when there is no such class."""
        classes = (self.report or {}).get("classes", [])
        return next((entry["volume_ml"] for entry in classes if entry["name"] == className), None)

    def fieldRange(self) -> tuple[float, float] | None:
        """Lowest and highest value of the first channel's bias field, None when none was corrected."""
        fields = [field for field in (self.report or {}).get("bias_field") or [] if field["applied"]]
        return (fields[0]["min"], fields[0]["max"]) if fields else None


def classNames(rows: Iterable[SummaryRow]) -> list[str]:
    """The names of all classes, in the order of the reports."""
    names = [entry["name"] for row in rows for entry in (row.report or {}).get("classes", [])]
    return list(dict.fromkeys(names))


def header(names: list[str]) -> list[str]:
    """Titles of the columns of :func:`cells`."""
    return [_("Volume"), _("Note"), *[_("{name} (ml)").format(name=name) for name in names], _("Bias field")]


def cells(row: SummaryRow, names: list[str]) -> list[str]:
    """The texts of one row; empty where there is no result."""
    volumes = [row.volume(name) for name in names]
    field = row.fieldRange()
    return [
        row.title,
        row.remark,
        *["" if volume is None else f"{volume:.1f}" for volume in volumes],
        "" if field is None else f"{field[0]:.2f}–{field[1]:.2f}",
    ]


def asText(rows: list[SummaryRow], delimiter: str) -> str:
    """The table with its header, for a spreadsheet; values that hold the delimiter are quoted."""
    names = classNames(rows)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header(names))
    writer.writerows(cells(row, names) for row in rows)
    return text.getvalue()
