"""The table of a field's numbers: its range, and how even the tissues are before and after the correction."""

from __future__ import annotations

import qt
from slicer.i18n import tr as _

_ROW_HEIGHT = 22
_COLUMN_WIDTHS = (148, 58, 58, 50)
_NUMBERS = 3


def prepare(table) -> None:
    """Set what does not change."""
    for column, width in enumerate(_COLUMN_WIDTHS):
        table.setColumnWidth(column, width)
    table.rowCount = len(_measures()) + 1
    for row in range(table.rowCount):
        table.setRowHeight(row, _ROW_HEIGHT)
    table.setSpan(0, 1, 1, _NUMBERS)
    table.setFixedHeight(table.horizontalHeader().sizeHint.height() + table.rowCount * _ROW_HEIGHT + 2)


def fill(table, report: dict, channel: int) -> None:
    """Show the numbers of one channel of a report; a dash where there is none."""
    field = report["bias_field"][channel]
    _put(table, 0, 0, _("Field min, median, max"))
    _put(table, 0, 1, f"{field['min']:.3f}    {field['median']:.3f}    {field['max']:.3f}")
    evenness = homogeneity(report, channel)
    for row, (title, key, isShare) in enumerate(_measures(), start=1):
        before, after = evenness.get(f"{key}_before"), evenness.get(f"{key}_after")
        _put(table, row, 0, title)
        _put(table, row, 1, _text(before, isShare))
        _put(table, row, 2, _text(after, isShare))
        _put(table, row, 3, _change(before, after))


def homogeneity(report: dict, channel: int) -> dict:
    """CV in WM and GM and CJV of a channel, before and after; empty without white and grey matter."""
    channels = (report.get("inspection") or {}).get("channels") or []
    if channel < len(channels):
        return channels[channel]["homogeneity"] or {}
    # Results of an earlier version have those of the first channel alone.
    return (report.get("homogeneity") if channel == 0 else None) or {}


def _measures() -> tuple[tuple[str, str, bool], ...]:
    """Title, key in the report, and whether it is a share, shown in per cent."""
    return (
        (_("Variation in WM (CV)"), "cv_wm", True),
        (_("Variation in GM (CV)"), "cv_gm", True),
        (_("Both, joint (CJV)"), "cjv", False),
    )


def _text(value: float | None, isShare: bool) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f} %" if isShare else f"{value:.3f}"


def _change(before: float | None, after: float | None) -> str:
    return f"{100 * (after - before) / before:+.0f} %" if before and after is not None else "–"


def _put(table, row: int, column: int, text: str) -> None:
    item = qt.QTableWidgetItem(text)
    item.setFlags(qt.Qt.ItemIsEnabled)
    item.setToolTip(table.toolTip)
    if column:
        item.setData(qt.Qt.TextAlignmentRole, qt.Qt.AlignRight | qt.Qt.AlignVCenter)
    table.setItem(row, column, item)
