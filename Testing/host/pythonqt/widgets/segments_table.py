"""qMRMLSegmentsTableView: the segments of a segmentation with visibility, colour, opacity and name."""

from __future__ import annotations

from typing import Any

import vtk
from PySide6 import QtCore, QtGui, QtWidgets
from slicer import vtkMRMLNode, vtkSegmentation

from .base import stored
from .mrml_widget import qMRMLWidget
from .scene_watch import Observers

_COLUMNS = ("", "", "Opacity", "Name")
_VISIBILITY, _COLOR, _OPACITY, _NAME = range(4)
_ROLE = QtCore.Qt.ItemDataRole.UserRole


class qMRMLSegmentsTableView(qMRMLWidget):
    selectionChanged = QtCore.Signal(QtCore.QItemSelection, QtCore.QItemSelection)
    segmentAboutToBeModified = QtCore.Signal(str)

    colorColumnVisible = stored("colorColumnVisible", bool, True, "_show_columns")
    opacityColumnVisible = stored("opacityColumnVisible", bool, True, "_show_columns")
    visibilityColumnVisible = stored("visibilityColumnVisible", bool, True, "_show_columns")
    layerColumnVisible = stored("layerColumnVisible", bool, False)
    statusColumnVisible = stored("statusColumnVisible", bool, False)
    filterBarVisible = stored("filterBarVisible", bool, False)
    headerVisible = stored("headerVisible", bool, True, "_show_columns")
    jumpToSelectedSegmentEnabled = stored("jumpToSelectedSegmentEnabled", bool, False)
    readOnly = stored("readOnly", bool, False, "populate")
    terminologySelectorAutoDisable = stored("terminologySelectorAutoDisable", bool, True)
    terminologySelectorOptionVisible = stored("terminologySelectorOptionVisible", bool, True)
    textFilter = stored("textFilter", str, "", "populate")
    useTerminologySelector = stored("useTerminologySelector", bool, True)
    useTerminologySelectorSettingsKey = stored("useTerminologySelectorSettingsKey", str, "")

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._segmentation_node: Any = None
        self._hidden: list[str] = []
        self._observers = Observers(self)
        self._filling = False
        self.table = QtWidgets.QTableWidget(0, len(_COLUMNS), self)
        self.table.setObjectName("SegmentsTable")
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        self.table.verticalHeader().setVisible(False)
        self.table.horizontalHeader().setStretchLastSection(True)
        for column, width in ((_VISIBILITY, 26), (_COLOR, 26), (_OPACITY, 60)):
            self.table.setColumnWidth(column, width)
        self.table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)
        self.table.selectionModel().selectionChanged.connect(self.selectionChanged)
        self.table.itemChanged.connect(self._take_edit)

    def setSegmentationNode(self, node: vtkMRMLNode) -> None:
        self._observers.remove()
        self._segmentation_node = node
        if node is not None:
            for event in ("SegmentAdded", "SegmentRemoved", "SegmentModified", "SegmentsOrderModified"):
                self._observers.add(node.GetSegmentation(), getattr(vtkSegmentation, event), "populate")
            if node.GetDisplayNode() is not None:
                self._observers.add(node.GetDisplayNode(), vtk.vtkCommand.ModifiedEvent, "populate")
        self.populate()

    def segmentationNode(self) -> Any:
        return self._segmentation_node

    def _segmentation(self) -> Any:
        return self._segmentation_node.GetSegmentation() if self._segmentation_node is not None else None

    def displayedSegmentIDs(self) -> list[str]:
        segmentation = self._segmentation()
        ids = segmentation.GetSegmentIDs() if segmentation is not None else []
        shown = [id_ for id_ in ids if id_ not in self._hidden]
        return [id_ for id_ in shown if self.textFilter.lower() in segmentation.GetSegment(id_).GetName().lower()]

    def populate(self) -> None:
        """Bring the rows up to date with the segmentation."""
        selected = self.selectedSegmentIDs()
        self._filling = True
        ids = self.displayedSegmentIDs()
        self.table.setRowCount(len(ids))
        for row, id_ in enumerate(ids):
            for column, item in enumerate(self._items(id_)):
                item.setData(_ROLE, id_)
                self.table.setItem(row, column, item)
        self._filling = False
        if selected:
            self.setSelectedSegmentIDs(selected)

    def _items(self, id_: str) -> list[QtWidgets.QTableWidgetItem]:
        segment = self._segmentation().GetSegment(id_)
        display = self._segmentation_node.GetDisplayNode()
        flags = QtCore.Qt.ItemFlag
        visibility, color, opacity, name = (QtWidgets.QTableWidgetItem() for _ in _COLUMNS)
        visible = display is None or display.GetSegmentVisibility(id_)
        visibility.setCheckState(QtCore.Qt.CheckState.Checked if visible else QtCore.Qt.CheckState.Unchecked)
        color.setBackground(QtGui.QColor.fromRgbF(*segment.GetColor()))
        opacity.setText(f"{display.GetSegmentOpacity3D(id_) if display is not None else 1.0:.2f}")
        name.setText(segment.GetName())
        for item in (visibility, color, opacity):
            item.setFlags(item.flags() & ~flags.ItemIsEditable)
        if self.readOnly:
            name.setFlags(name.flags() & ~flags.ItemIsEditable)
        return [visibility, color, opacity, name]

    def _take_edit(self, item: QtWidgets.QTableWidgetItem) -> None:
        if self._filling or self._segmentation_node is None:
            return
        id_, display = item.data(_ROLE), self._segmentation_node.GetDisplayNode()
        if item.column() == _NAME:
            self.segmentAboutToBeModified.emit(id_)
            self._segmentation().GetSegment(id_).SetName(item.text())
        elif item.column() == _VISIBILITY and display is not None:
            display.SetSegmentVisibility(id_, item.checkState() == QtCore.Qt.CheckState.Checked)

    def selectedSegmentIDs(self) -> list[str]:
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        return [self.segmentIDForRow(row) for row in rows]

    def setSelectedSegmentIDs(self, segment_ids: list[str]) -> None:
        selection = QtCore.QItemSelection()
        for row in range(self.table.rowCount()):
            if self.segmentIDForRow(row) in segment_ids:
                model = self.table.model()
                selection.select(model.index(row, 0), model.index(row, len(_COLUMNS) - 1))
        flag = QtCore.QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.table.selectionModel().select(selection, flag)

    def clearSelection(self) -> None:
        self.table.clearSelection()

    def rowForSegmentID(self, segment_id: str) -> int:
        ids = [self.segmentIDForRow(row) for row in range(self.table.rowCount())]
        return ids.index(segment_id) if segment_id in ids else -1

    def segmentIDForRow(self, row: int) -> str:
        item = self.table.item(row, _NAME)
        return item.data(_ROLE) if item is not None else ""

    def setHideSegments(self, segment_ids: list[str]) -> None:
        self._hidden = list(segment_ids)
        self.populate()

    def hideSegments(self) -> list[str]:
        return list(self._hidden)

    def tableWidget(self) -> QtWidgets.QTableView:
        return self.table

    def _show_columns(self) -> None:
        self.table.setColumnHidden(_VISIBILITY, not self.visibilityColumnVisible)
        self.table.setColumnHidden(_COLOR, not self.colorColumnVisible)
        self.table.setColumnHidden(_OPACITY, not self.opacityColumnVisible)
        self.table.horizontalHeader().setVisible(self.headerVisible)

    def setColorColumnVisible(self, visible: bool) -> None:
        self.colorColumnVisible = visible

    def setOpacityColumnVisible(self, visible: bool) -> None:
        self.opacityColumnVisible = visible

    def setVisibilityColumnVisible(self, visible: bool) -> None:
        self.visibilityColumnVisible = visible

    def setLayerColumnVisible(self, visible: bool) -> None:
        self.layerColumnVisible = visible

    def setStatusColumnVisible(self, visible: bool) -> None:
        self.statusColumnVisible = visible

    def setFilterBarVisible(self, visible: bool) -> None:
        self.filterBarVisible = visible

    def setHeaderVisible(self, visible: bool) -> None:
        self.headerVisible = visible

    def setReadOnly(self, read_only: bool) -> None:
        self.readOnly = read_only

    def setTextFilter(self, text: str) -> None:
        self.textFilter = text

    def setJumpToSelectedSegmentEnabled(self, enabled: bool) -> None:
        self.jumpToSelectedSegmentEnabled = enabled

    def setSelectionMode(self, mode: int) -> None:
        self.table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode(mode))

    segmentCount = QtCore.Property(int, lambda self: self.table.rowCount())
    selectionMode = QtCore.Property(int, lambda self: self.table.selectionMode().value, setSelectionMode)
