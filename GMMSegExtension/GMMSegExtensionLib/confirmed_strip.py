"""The strip of confirmed slices: a table with a row for each confirmation."""

from __future__ import annotations

import qt
from slicer.i18n import tr as _

from .confirmations import ALL, SLICE, Entry
from .review_slices import orientationLabel

_COLUMN_WIDTHS = (130, 70, 90)
_ROW_HEIGHT = 20
_MOST_ROWS_SEEN = 5


class ConfirmedStrip:
    """Shows confirmations.

    :param table: QTableWidget with three columns.
    :param onChosen: called with the entry that was clicked.
    :param onDelete: called when the Delete key was pressed in the table.
    """

    def __init__(self, table, onChosen, onDelete) -> None:
        self._table = table
        self._onChosen = onChosen
        self._entries: list[Entry] = []
        for column, width in enumerate(_COLUMN_WIDTHS):
            table.setColumnWidth(column, width)
        table.connect("cellClicked(int,int)", self._onCellClicked)
        # For the table alone: Delete means other things elsewhere in the window.
        self._deleteKey = qt.QShortcut(qt.QKeySequence("Del"), table)
        self._deleteKey.setContext(qt.Qt.WidgetShortcut)
        self._deleteKey.connect("activated()", onDelete)
        self._fill()

    @property
    def entries(self) -> list[Entry]:
        """Those shown."""
        return self._entries

    def show(self, entries: list[Entry]) -> None:
        """Show these; nothing happens when they are shown already."""
        if entries != self._entries:
            self._entries = entries
            self._fill()

    def selected(self) -> list[Entry]:
        """The entries that the user has chosen."""
        rows = sorted({index.row() for index in self._table.selectedIndexes()})
        return [self._entries[row] for row in rows if row < len(self._entries)]

    def _fill(self) -> None:
        table = self._table
        table.clearSelection()
        table.rowCount = len(self._entries)
        for row, entry in enumerate(self._entries):
            table.setRowHeight(row, _ROW_HEIGHT)
            for column, text in enumerate(_texts(entry)):
                table.setItem(row, column, _item(text, isNumber=column > 0))
        header = table.horizontalHeader().height or _ROW_HEIGHT
        table.setFixedHeight(header + _ROW_HEIGHT * min(max(len(self._entries), 1), _MOST_ROWS_SEEN) + 4)

    def _onCellClicked(self, row: int, _column: int) -> None:
        if row < len(self._entries):
            self._onChosen(self._entries[row])


def _texts(entry: Entry) -> tuple[str, str, str]:
    if entry.kind == SLICE and entry.orientation:
        return orientationLabel(entry.orientation), str(entry.index), f"{entry.voxels:,}"
    return (_("All of the brain") if entry.kind == ALL else entry.name), "", f"{entry.voxels:,}"


def _item(text: str, isNumber: bool):
    item = qt.QTableWidgetItem(text)
    item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable)
    if isNumber:
        item.setData(qt.Qt.TextAlignmentRole, qt.Qt.AlignRight | qt.Qt.AlignVCenter)
    return item
