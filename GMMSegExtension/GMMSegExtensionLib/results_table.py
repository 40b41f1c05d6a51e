"""The table of the classes: name and colour, millilitres, share, mean."""

from __future__ import annotations

from collections.abc import Callable

import qt
from slicer.i18n import tr as _

from .scene import SegmentationOutputs
from .tissues import segmentID

_NAME_COLUMN = 0
_ROW_HEIGHT = 22
_SWATCH_SIZE = 12
_COLUMN_WIDTHS = (150, 60, 50, 84)


class ResultsTable:
    """Shows the classes of a report with the names and colours that their segments have now.

    :param onNamesEdited: called with the list of class names after the user changed one.
    """

    def __init__(self, table, onNamesEdited: Callable[[list[str]], None]) -> None:
        self._table = table
        self._onNamesEdited = onNamesEdited
        self._outputs: SegmentationOutputs | None = None
        self._isFilling = False
        for column, width in enumerate(_COLUMN_WIDTHS):
            table.setColumnWidth(column, width)
        table.connect("cellChanged(int,int)", self._onCellChanged)

    def show(self, outputs: SegmentationOutputs | None) -> None:
        """Show the classes of ``outputs``; None lets go of the nodes."""
        self._outputs = outputs
        if outputs is not None:
            self.refresh()

    def refresh(self) -> None:
        """Show names and colours anew."""
        if self._isFilling or self._outputs is None:
            return
        table = self._table
        classes = self._outputs.report["classes"]
        self._isFilling = True
        try:
            table.rowCount = len(classes)
            for row, entry in enumerate(classes):
                table.setRowHeight(row, _ROW_HEIGHT)
                for column, item in enumerate(self._rowItems(entry, len(classes) != 3)):
                    table.setItem(row, column, item)
        finally:
            self._isFilling = False
        table.setFixedHeight(table.sizeHint.height())  # its contents': no scroll bar within the panel's

    def _rowItems(self, entry: dict, isNameEditable: bool) -> list:
        segment = self._segment(entry["label"])
        name = _item(segment.GetName() if segment is not None else entry["name"], isNameEditable)
        if segment is not None:
            name.setIcon(swatch(segment.GetColor()))
        means = " / ".join(f"{mean:.4g}" for mean in entry["mean"])
        numbers = [f"{entry['volume_ml']:.1f}", f"{entry['share_percent']:.1f}", means]
        items = [_item(number, False) for number in numbers]
        for item in items:
            item.setData(qt.Qt.TextAlignmentRole, qt.Qt.AlignRight | qt.Qt.AlignVCenter)
        return [name, *items]

    def _segment(self, label: int):
        return self._outputs.segmentation.GetSegmentation().GetSegment(segmentID(label))

    def _onCellChanged(self, row: int, column: int) -> None:
        if self._isFilling or column != _NAME_COLUMN:
            return
        segment = self._segment(row + 1)
        name = self._table.item(row, column).text().strip()
        if segment is not None and name:
            segment.SetName(name)
        self.refresh()
        self._onNamesEdited([self._table.item(index, _NAME_COLUMN).text() for index in range(self._table.rowCount)])


def swatch(color):
    """An icon of one colour (RGB, 0 to 1)."""
    pixmap = qt.QPixmap(_SWATCH_SIZE, _SWATCH_SIZE)
    pixmap.fill(qt.QColor(*(round(255 * part) for part in color)))
    return qt.QIcon(pixmap)


def _item(text: str, isEditable: bool):
    item = qt.QTableWidgetItem(text)
    flags = qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable
    item.setFlags(flags | qt.Qt.ItemIsEditable if isEditable else flags)
    item.setToolTip(_("Double-click to change the name.") if isEditable else text)
    return item
