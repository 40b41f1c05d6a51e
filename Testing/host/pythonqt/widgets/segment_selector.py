"""qMRMLSegmentSelectorWidget: a segmentation, and a segment of it (or several)."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets
from slicer import vtkMRMLNode, vtkSegmentation

from .combo_boxes import ctkCheckableComboBox
from .mrml_widget import qMRMLWidget
from .node_combo_box import qMRMLNodeComboBox
from .scene_watch import Observers


class qMRMLSegmentSelectorWidget(qMRMLWidget):
    currentNodeChanged = QtCore.Signal((object,), (bool,))
    currentSegmentChanged = QtCore.Signal(str)
    segmentSelectionChanged = QtCore.Signal(object)
    nodeAboutToBeEdited = QtCore.Signal(object)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._segmentation_node: Any = None
        self._current_id, self._selected_ids, self._multiple, self._horizontal = "", [], False, False
        self._observers = Observers(self)
        self.nodes = qMRMLNodeComboBox(self)
        self.nodes.setObjectName("MRMLNodeComboBox_Segmentation")
        self.nodes.nodeTypes = ["vtkMRMLSegmentationNode"]
        self.nodes.addEnabled = self.nodes.removeEnabled = False
        self.segments = QtWidgets.QComboBox(self)
        self.segments.setObjectName("comboBox_Segment")
        self.checkable_segments = ctkCheckableComboBox(self)
        self.checkable_segments.setObjectName("CheckableComboBox_Segment")
        self._layout = QtWidgets.QBoxLayout(QtWidgets.QBoxLayout.Direction.TopToBottom, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.nodes, self.segments, self.checkable_segments):
            self._layout.addWidget(part)
        self.nodes.currentNodeChanged[object].connect(self._take_node)
        self.nodes.currentNodeChanged[object].connect(lambda node: self.currentNodeChanged[object].emit(node))
        self.nodes.currentNodeChanged[bool].connect(lambda there: self.currentNodeChanged[bool].emit(there))
        self.segments.currentIndexChanged.connect(self._take_segment)
        self.checkable_segments.checkedIndexesChanged.connect(self._take_selection)
        self.populate()

    def scene_changed(self) -> None:
        self.nodes.setMRMLScene(self.mrmlScene())

    def _take_node(self, node: Any) -> None:
        if node is self._segmentation_node:
            return
        self._observers.remove()
        self._segmentation_node = node
        if node is not None:
            for event in ("SegmentAdded", "SegmentRemoved", "SegmentModified"):
                number = getattr(vtkSegmentation, event)
                self._observers.add(node.GetSegmentation(), number, "populate")
        self.populate()

    def _segments(self) -> list[tuple[str, str]]:
        if self._segmentation_node is None:
            return []
        segmentation = self._segmentation_node.GetSegmentation()
        return [(id_, segmentation.GetSegment(id_).GetName()) for id_ in segmentation.GetSegmentIDs()]

    def populate(self) -> None:
        """Fill the box with the segmentation's segments; keeps the current one while it is there, else the first."""
        listed = self._segments()
        box = self.checkable_segments if self._multiple else self.segments
        was_blocked = box.blockSignals(True)
        box.clear()
        if self.noneEnabled and not self._multiple and listed:
            box.addItem("None", "")
        for id_, name in listed:
            box.addItem(name, id_)
        box.setCurrentIndex(-1)
        box.blockSignals(was_blocked)
        self.segments.setVisible(bool(listed) and not self._multiple)
        self.checkable_segments.setVisible(bool(listed) and self._multiple)
        if self._multiple:
            self.setSelectedSegmentIDs(self._selected_ids)
        elif listed:
            self._restore_segment([id_ for id_, _ in listed])

    def _restore_segment(self, ids: list[str]) -> None:
        known = self._current_id in ids or (self.noneEnabled and not self._current_id)
        was_blocked = self.segments.blockSignals(known)
        self.segments.setCurrentIndex(self.segments.findData(self._current_id if known else ids[0]))
        self.segments.blockSignals(was_blocked)

    def _take_segment(self, index: int) -> None:
        if self._segmentation_node is not None:
            self._current_id = self.segments.itemData(index) or ""
            self.currentSegmentChanged.emit(self._current_id)

    def _take_selection(self) -> None:
        if self._segmentation_node is not None:
            rows = [index.row() for index in self.checkable_segments.checkedIndexes()]
            self._selected_ids = [self.checkable_segments.itemData(row) for row in rows]
            self.segmentSelectionChanged.emit(list(self._selected_ids))

    def currentNode(self) -> Any:
        return self.nodes.currentNode()

    def currentNodeID(self) -> str:
        return self.nodes.current_id()

    def setCurrentNode(self, node: vtkMRMLNode) -> None:
        self.nodes.setCurrentNode(node)

    def setCurrentNodeID(self, node_id: str) -> None:
        self.nodes.setCurrentNodeID(node_id)

    def currentSegmentID(self) -> str:
        return "" if self._multiple else self._current_id

    def selectedSegmentIDs(self) -> list[str]:
        return list(self._selected_ids) if self._multiple else []

    def segmentIDs(self) -> list[str]:
        # of the box for several segments only, as in Slicer
        return [self.checkable_segments.itemData(row) for row in range(self.checkable_segments.count())]

    def setCurrentSegmentID(self, segment_id: str) -> None:
        if self._multiple:
            return
        index = 0 if not segment_id and self.noneEnabled else self.segments.findData(segment_id)
        if index >= 0:
            self.segments.setCurrentIndex(index)

    def setSelectedSegmentIDs(self, segment_ids: list[str]) -> None:
        if not self._multiple or self._segmentation_node is None:
            return
        box = self.checkable_segments
        was_blocked = box.blockSignals(True)
        for row in range(box.count()):
            checked = box.itemData(row) in segment_ids
            state = QtCore.Qt.CheckState.Checked if checked else QtCore.Qt.CheckState.Unchecked
            box.setCheckState(box.model().index(row, 0), state)
        box.blockSignals(was_blocked)
        valid = [id_ for id_ in segment_ids if box.findData(id_) >= 0]
        changed, self._selected_ids = valid != self._selected_ids, valid
        if changed:
            self._take_selection()

    def _set_none_enabled(self, enabled: bool) -> None:
        self.nodes.noneEnabled = enabled
        self.populate()

    def _set_multiple(self, multiple: bool) -> None:
        self._multiple = multiple
        self._current_id, self._selected_ids = "", []
        self.populate()

    def _set_horizontal(self, horizontal: bool) -> None:
        self._horizontal = horizontal
        direction = QtWidgets.QBoxLayout.Direction
        self._layout.setDirection(direction.LeftToRight if horizontal else direction.TopToBottom)

    def _set_edit_enabled(self, enabled: bool) -> None:
        self.nodes.editEnabled = enabled

    def _set_select_upon_creation(self, select: bool) -> None:
        self.nodes.selectNodeUponCreation = select

    noneEnabled = QtCore.Property(bool, lambda self: self.nodes.noneEnabled, _set_none_enabled)
    multiSelection = QtCore.Property(bool, lambda self: self._multiple, _set_multiple)
    horizontalLayout = QtCore.Property(bool, lambda self: self._horizontal, _set_horizontal)
    editEnabled = QtCore.Property(bool, lambda self: self.nodes.editEnabled, _set_edit_enabled)
    selectNodeUponCreation = QtCore.Property(
        bool, lambda self: self.nodes.selectNodeUponCreation, _set_select_upon_creation
    )
    segmentationNodeSelectorVisible = QtCore.Property(
        bool, lambda self: self.nodes.isVisible(), lambda self, visible: self.nodes.setVisible(visible)
    )
