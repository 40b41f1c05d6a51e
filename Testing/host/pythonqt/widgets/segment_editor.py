"""qMRMLSegmentEditorWidget, as far as handing it its nodes: no effect can be painted with here."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets
from slicer import vtkMRMLNode, vtkMRMLSegmentEditorNode

from .base import stored
from .mrml_widget import qMRMLWidget
from .segments_table import qMRMLSegmentsTableView

# The fourteen of a running Slicer, in its order.
_EFFECTS = (
    *("Threshold", "Paint", "Draw", "Erase", "Level tracing", "Grow from seeds", "Fill between slices", "Margin"),
    *("Hollow", "Smoothing", "Scissors", "Islands", "Logical operators", "Mask volume"),
)


class qMRMLSegmentEditorWidget(qMRMLWidget):
    currentSegmentIDChanged = QtCore.Signal(str)
    sourceVolumeNodeChanged = QtCore.Signal(object)
    masterVolumeNodeChanged = QtCore.Signal(object)
    segmentationNodeChanged = QtCore.Signal(object)

    addRemoveSegmentButtonsVisible = stored("addRemoveSegmentButtonsVisible", bool, True)
    autoShowMasterVolumeNode = stored("autoShowMasterVolumeNode", bool, True)
    autoShowSourceVolumeNode = stored("autoShowSourceVolumeNode", bool, True)
    defaultTerminologyEntry = stored("defaultTerminologyEntry", str, "")
    defaultTerminologyEntrySettingsKey = stored("defaultTerminologyEntrySettingsKey", str, "")
    effectButtonStyle = stored("effectButtonStyle", int, 3)
    effectColumnCount = stored("effectColumnCount", int, 2)
    jumpToSelectedSegmentEnabled = stored("jumpToSelectedSegmentEnabled", bool, False)
    maskingSectionVisible = stored("maskingSectionVisible", bool, True)
    masterVolumeNodeSelectorVisible = stored("masterVolumeNodeSelectorVisible", bool, True)
    maximumNumberOfUndoStates = stored("maximumNumberOfUndoStates", int, 10)
    readOnly = stored("readOnly", bool, False)
    segmentationNodeSelectorVisible = stored("segmentationNodeSelectorVisible", bool, True)
    show3DButtonVisible = stored("show3DButtonVisible", bool, True)
    sourceVolumeNodeSelectorVisible = stored("sourceVolumeNodeSelectorVisible", bool, True)
    specifyGeometryButtonVisible = stored("specifyGeometryButtonVisible", bool, True)
    switchToSegmentationsButtonVisible = stored("switchToSegmentationsButtonVisible", bool, True)
    undoEnabled = stored("undoEnabled", bool, True)
    unorderedEffectsVisible = stored("unorderedEffectsVisible", bool, True)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._editor_node: Any = None
        self._order: list[str] = []
        self._segmentation_node: Any = None
        self._volume_node: Any = None
        self.table = qMRMLSegmentsTableView(self)
        self.table.setObjectName("SegmentsTableView")
        self.table.opacityColumnVisible = False
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)
        self.table.selectionChanged.connect(self._take_selection)

    def scene_changed(self) -> None:
        self.table.setMRMLScene(self.mrmlScene())

    def setMRMLSegmentEditorNode(self, node: vtkMRMLSegmentEditorNode) -> None:
        self._editor_node = node
        if node is not None:
            self._show_segmentation(node.GetSegmentationNode())
            self._show_volume(node.GetSourceVolumeNode())

    def mrmlSegmentEditorNode(self) -> Any:
        return self._editor_node

    def setSegmentationNode(self, node: vtkMRMLNode) -> None:
        # without a parameter node Slicer's editor does nothing at all
        if self._editor_node is not None:
            self._editor_node.SetAndObserveSegmentationNode(node)
            self._show_segmentation(node)

    def _show_segmentation(self, node: Any) -> None:
        if node is not self._segmentation_node:
            self._segmentation_node = node
            self.table.setSegmentationNode(node)
            self.segmentationNodeChanged.emit(node)

    def setSegmentationNodeID(self, node_id: str) -> None:
        self.setSegmentationNode(self.mrmlScene().GetNodeByID(node_id) if self.mrmlScene() else None)

    def segmentationNode(self) -> Any:
        return self._segmentation_node

    def segmentationNodeID(self) -> str:
        return self._segmentation_node.GetID() if self._segmentation_node is not None else ""

    def setSourceVolumeNode(self, node: vtkMRMLNode) -> None:
        if self._editor_node is not None:
            self._editor_node.SetAndObserveSourceVolumeNode(node)
            self._show_volume(node)

    def _show_volume(self, node: Any) -> None:
        if node is not self._volume_node:
            self._volume_node = node
            self.sourceVolumeNodeChanged.emit(node)
            self.masterVolumeNodeChanged.emit(node)

    def setSourceVolumeNodeID(self, node_id: str) -> None:
        self.setSourceVolumeNode(self.mrmlScene().GetNodeByID(node_id) if self.mrmlScene() else None)

    def sourceVolumeNode(self) -> Any:
        return self._volume_node

    def sourceVolumeNodeID(self) -> str:
        return self._volume_node.GetID() if self._volume_node is not None else ""

    def currentSegmentID(self) -> str:
        return self._editor_node.GetSelectedSegmentID() or "" if self._editor_node is not None else ""

    def setCurrentSegmentID(self, segment_id: str) -> None:
        if self._editor_node is not None:
            self.table.setSelectedSegmentIDs([segment_id])

    def _take_selection(self, *_: Any) -> None:
        selected = self.table.selectedSegmentIDs()
        if self._editor_node is not None and selected and selected[0] != self.currentSegmentID():
            self._editor_node.SetSelectedSegmentID(selected[0])
            self.currentSegmentIDChanged.emit(selected[0])

    def availableEffectNames(self) -> list[str]:
        return list(_EFFECTS)

    def effectCount(self) -> int:
        return len(_EFFECTS)

    def setEffectNameOrder(self, order: list[str]) -> None:
        self._order = list(order)

    def effectNameOrder(self) -> list[str]:
        return list(self._order)

    def installKeyboardShortcuts(self, parent: QtWidgets.QWidget = None) -> None:
        """There are none: the stand-in has no views to work in."""

    def uninstallKeyboardShortcuts(self) -> None:
        """See `installKeyboardShortcuts`."""

    def setupViewObservations(self) -> None:
        """There are no views to observe."""

    def removeViewObservations(self) -> None:
        """See `setupViewObservations`."""

    def updateWidgetFromMRML(self) -> None:
        self.table.populate()

    def setReadOnly(self, read_only: bool) -> None:
        self.readOnly = read_only
        self.table.setReadOnly(read_only)

    def setMaskingSectionVisible(self, visible: bool) -> None:
        self.maskingSectionVisible = visible

    def setSegmentationNodeSelectorVisible(self, visible: bool) -> None:
        self.segmentationNodeSelectorVisible = visible

    def setSourceVolumeNodeSelectorVisible(self, visible: bool) -> None:
        self.sourceVolumeNodeSelectorVisible = visible

    def setSwitchToSegmentationsButtonVisible(self, visible: bool) -> None:
        self.switchToSegmentationsButtonVisible = visible

    def setAddRemoveSegmentButtonsVisible(self, visible: bool) -> None:
        self.addRemoveSegmentButtonsVisible = visible

    def setShow3DButtonVisible(self, visible: bool) -> None:
        self.show3DButtonVisible = visible

    def setSpecifyGeometryButtonVisible(self, visible: bool) -> None:
        self.specifyGeometryButtonVisible = visible

    def setUndoEnabled(self, enabled: bool) -> None:
        self.undoEnabled = enabled

    def setMaximumNumberOfUndoStates(self, count: int) -> None:
        self.maximumNumberOfUndoStates = count

    def setAutoShowSourceVolumeNode(self, show: bool) -> None:
        self.autoShowSourceVolumeNode = show
