"""The table of a series: what is ticked, and the results."""

from __future__ import annotations

from collections.abc import Callable

import qt

from . import series_summary
from .series_summary import SummaryRow

_ROW_HEIGHT = 22
_TITLE_WIDTH, _NOTE_WIDTH, _CLASS_WIDTH, _FIELD_WIDTH = 110, 64, 60, 76
_NOTE_COLUMN = 1


class SeriesTable:
    """Rows are known by their keys, so that ticks stay when the list changes.

    :param onTicked: called after a row was ticked or unticked.
    :param onChosen: called with the key of a row that was double-clicked.
    """

    def __init__(self, table, onTicked: Callable[[], None], onChosen: Callable[[str], None]) -> None:
        self._table = table
        self._onTicked = onTicked
        self._onChosen = onChosen
        self._keys: list[str] = []
        self._rows: dict[str, SummaryRow] = {}
        self._isFilling = False
        self._isCheckable = True
        table.connect("itemChanged(QTableWidgetItem*)", self._onItemChanged)
        table.connect("cellDoubleClicked(int,int)", self._onDoubleClicked)

    def fill(self, rows: list[tuple[str, SummaryRow]], isTicked: bool) -> None:
        """Show these rows.

        :param rows: key and content of each.
        :param isTicked: whether rows that were not there before are ticked.
        """
        known, ticked = set(self._keys), set(self.ticked())
        self._keys = [key for key, _row in rows]
        self._rows = dict(rows)
        self._build({key for key in self._keys if (key in ticked if key in known else isTicked)})

    def ticked(self) -> list[str]:
        """Keys of the rows that are ticked."""
        return [key for index, key in enumerate(self._keys) if self._table.item(index, 0).checkState() == qt.Qt.Checked]

    def tickAll(self, isTicked: bool) -> None:
        """Tick every row or none."""
        self._build(set(self._keys) if isTicked else set())
        self._onTicked()

    def setRow(self, key: str, row: SummaryRow) -> None:
        """Show another content of a row."""
        if key in self._rows:
            self._rows[key] = row
            self._build(set(self.ticked()))

    def setNote(self, key: str, note: str) -> None:
        """Show another note of a row."""
        if key in self._rows:
            self._isFilling = True
            item = self._table.item(self._keys.index(key), _NOTE_COLUMN)
            item.setText(note)
            item.setToolTip(note)
            self._isFilling = False

    def setCheckable(self, isCheckable: bool) -> None:
        """Whether the user may tick rows now."""
        if isCheckable != self._isCheckable:
            self._isCheckable = isCheckable
            self._build(set(self.ticked()))

    def _build(self, ticked: set[str]) -> None:
        table = self._table
        names = series_summary.classNames(self._rows.values())
        titles = series_summary.header(names)
        self._isFilling = True
        try:
            table.columnCount = len(titles)
            table.rowCount = len(self._keys)
            table.setHorizontalHeaderLabels(titles)
            widths = [_TITLE_WIDTH, _NOTE_WIDTH, *[_CLASS_WIDTH] * len(names), _FIELD_WIDTH]
            for column, width in enumerate(widths):
                table.setColumnWidth(column, width)
            for index, key in enumerate(self._keys):
                table.setRowHeight(index, _ROW_HEIGHT)
                for column, text in enumerate(series_summary.cells(self._rows[key], names)):
                    table.setItem(index, column, self._item(text, column == 0, key in ticked))
        finally:
            self._isFilling = False

    def _item(self, text: str, isTitle: bool, isTicked: bool):
        item = qt.QTableWidgetItem(text)
        item.setToolTip(text)
        flags = qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable
        if isTitle:
            item.setFlags(flags | qt.Qt.ItemIsUserCheckable if self._isCheckable else flags)
            item.setCheckState(qt.Qt.Checked if isTicked else qt.Qt.Unchecked)
        else:
            item.setFlags(flags)
        return item

    def _onItemChanged(self, _item) -> None:
        if not self._isFilling:
            self._onTicked()

    def _onDoubleClicked(self, row: int, _column: int) -> None:
        self._onChosen(self._keys[row])
