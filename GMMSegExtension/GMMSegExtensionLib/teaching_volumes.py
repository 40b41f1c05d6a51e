"""The list of volumes to teach with: the input, always, and those that the user ticks."""

from __future__ import annotations

import qt
import slicer
from slicer.i18n import tr as _

from . import volumes
from .finetune_request import confirmedCount, volumeObstacle
from .output_nodes import inputOf
from .tooltips import paragraphs

_USE, _NAME, _CONFIRMED = range(3)
_COLUMN_WIDTHS = (34, 190, 72)
_ROW_HEIGHT = 22
_MOST_ROWS_SEEN = 5


class TeachingVolumes:
    """A table of the scene's scalar volumes that are no results; the ticked ones are ``teachingVolumes``."""

    def __init__(self, table) -> None:
        self._table = table
        self._parameters = None
        self._rows: list = []
        self._isFilling = False
        for column, width in enumerate(_COLUMN_WIDTHS):
            table.setColumnWidth(column, width)
        table.connect("cellChanged(int,int)", self._onCellChanged)

    def setParameters(self, parameters) -> None:
        """Use another parameter node, or none, which empties the table."""
        self._parameters = parameters

    def volumes(self) -> tuple:
        """The volumes to teach with, the input first; empty without an input."""
        parameters = self._parameters
        if parameters is None or parameters.inputVolume is None:
            return ()
        return (parameters.inputVolume, *(node for node in self._ticked() if node is not parameters.inputVolume))

    def show(self, modelContrast: str = "", isLocked: bool = False) -> None:
        """Fill the table anew.

        :param modelContrast: kind of scan that the model knows; others cannot be ticked.
        :param isLocked: a run is under way, nothing can be changed.
        """
        self._rows = self._candidates()
        ticked = self.volumes()
        table = self._table
        self._isFilling = True
        try:
            table.rowCount = len(self._rows)
            for row, node in enumerate(self._rows):
                table.setRowHeight(row, _ROW_HEIGHT)
                for column, item in enumerate(self._items(node, node in ticked, modelContrast, isLocked)):
                    table.setItem(row, column, item)
        finally:
            self._isFilling = False
        header = table.horizontalHeader().height or _ROW_HEIGHT
        table.setFixedHeight(header + _ROW_HEIGHT * min(max(len(self._rows), 1), _MOST_ROWS_SEEN) + 4)

    def _candidates(self) -> list:
        if self._parameters is None or self._parameters.inputVolume is None:
            return []
        inputVolume = self._parameters.inputVolume
        others = [
            node
            for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
            if node.GetClassName() == "vtkMRMLScalarVolumeNode"
            and not node.GetHideFromEditors()
            and node is not inputVolume
            and inputOf(node) is None
        ]
        return [inputVolume, *others]

    def _ticked(self) -> list:
        return [node for node in self._parameters.teachingVolumes if node is not None]

    def _items(self, node, isTicked: bool, modelContrast: str, isLocked: bool) -> list:
        isInput = node is self._parameters.inputVolume
        obstacle = volumeObstacle(node, modelContrast)
        count = confirmedCount(node)
        canChange = not isInput and not isLocked and (isTicked or not obstacle)
        use = _item("", isEnabled=canChange, isCheckable=True)
        use.setCheckState(qt.Qt.Checked if isTicked else qt.Qt.Unchecked)
        use.setToolTip(paragraphs(_useToolTip(isInput, isLocked, isTicked, obstacle)))
        name = _item(volumes.name(node), isEnabled=True)
        name.setToolTip(paragraphs(volumes.name(node), obstacle))
        confirmed = _item(f"{count:,}", isEnabled=True)
        confirmed.setData(qt.Qt.TextAlignmentRole, qt.Qt.AlignRight | qt.Qt.AlignVCenter)
        confirmed.setToolTip(paragraphs(_confirmedToolTip(count)))
        return [use, name, confirmed]

    def _onCellChanged(self, row: int, column: int) -> None:
        if self._isFilling or self._parameters is None or column != _USE:
            return
        node = self._rows[row]
        isTicked = self._table.item(row, _USE).checkState() == qt.Qt.Checked
        others = [other for other in self._ticked() if other is not node]
        self._parameters.teachingVolumes = [*others, node] if isTicked else others


def _item(text: str, isEnabled: bool, isCheckable: bool = False):
    item = qt.QTableWidgetItem(text)
    flags = qt.Qt.ItemIsEnabled if isEnabled else qt.Qt.NoItemFlags
    item.setFlags(flags | qt.Qt.ItemIsUserCheckable if isCheckable and isEnabled else flags)
    return item


def _useToolTip(isInput: bool, isLocked: bool, isTicked: bool, obstacle: str) -> str:
    if isInput:
        return _("The volume chosen above always takes part.")
    if isLocked:
        return _("Cannot be changed while the network learns or waits for your decision.")
    if obstacle:
        return obstacle
    return _("Teach with this volume, too; it gets new results.") if not isTicked else _("Leave this volume out.")


def _confirmedToolTip(count: int) -> str:
    if count:
        return _("Voxels that you have confirmed; they teach the network their labels.")
    return _("Nothing is confirmed here: the volume teaches by its brightness alone.")
