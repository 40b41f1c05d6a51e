"""What the segment editor does about its nodes: parameter node, segmentation, source volume, as in Slicer's source."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6 import QtCore, QtWidgets
from slicer import vtkMRMLNode, vtkMRMLSegmentEditorNode

import host.scene

from .base import stored
from .mrml_widget import qMRMLWidget
from .scene_watch import Observers
from .segment_editor_effects import new_effects
from .segment_editor_form import SegmentEditorForm

_OF_SEGMENTATION = ("SegmentAdded", "SegmentRemoved", "ContainedRepresentationNamesModified")


class SegmentEditorNodes(qMRMLWidget):
    """The base of qMRMLSegmentEditorWidget, which adds effects, undo and the display of both."""

    sourceVolumeNodeChanged = QtCore.Signal(object)
    masterVolumeNodeChanged = QtCore.Signal(object)
    segmentationNodeChanged = QtCore.Signal(object)

    autoShowSourceVolumeNode = stored("autoShowSourceVolumeNode", bool, True)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self.logic = slicer.vtkSlicerSegmentEditorLogic()
        self._node: Any = None
        self._segmentation_node: Any = None
        self._volume_node: Any = None
        self._observers = Observers(self)
        self.form = SegmentEditorForm(self)
        self.effects = new_effects(self.logic, self)
        self.form.segmentation.currentNodeChanged.connect(self._take_segmentation)
        self.form.volume.currentNodeChanged.connect(self._take_volume)

    def show_state(self) -> None:
        """For the derived widget: show segment, effect and undo; the parameter node is there."""

    def show_parameters(self) -> None:
        for effect in self.effects:
            effect.updateGUIFromMRML()

    def setActiveEffect(self, effect: Any) -> None:
        raise NotImplementedError

    # scene and parameter node
    def scene_changed(self) -> None:
        scene = self.mrmlScene()
        blockers = [QtCore.QSignalBlocker(selector) for selector in (self.form.segmentation, self.form.volume)]
        self.form.segmentation.setMRMLScene(scene)
        self.form.volume.setMRMLScene(scene)
        self.form.table.setMRMLScene(scene)
        for blocker in blockers:
            blocker.unblock()
        self.logic.SetMRMLApplicationLogic(host.scene.current().application_logic)
        self.logic.SetMRMLScene(scene)
        if scene is not None:
            self._observers.add(scene, scene.EndCloseEvent, "_after_close")
            self._observers.add(scene, scene.EndBatchProcessEvent, "_after_batch")
        self.updateWidgetFromMRML()

    def _after_close(self) -> None:
        self._initialize_node()
        self.updateWidgetFromMRML()

    def _after_batch(self) -> None:
        # Slicer takes what its selectors hold after a scene was loaded: perhaps another segmentation than before.
        if self._node is not None:
            if self._node.GetSegmentationNode() is not self.form.segmentation.currentNode():
                self.setSegmentationNode(self.form.segmentation.currentNode())
            if self._node.GetSourceVolumeNode() is not self.form.volume.currentNode():
                self.setSourceVolumeNode(self.form.volume.currentNode())
        self.updateWidgetFromMRML()

    def setMRMLSegmentEditorNode(self, node: vtkMRMLSegmentEditorNode) -> None:
        if node is self._node:
            return
        if self._node is not None:
            self._observers.remove(self._node)
        self._node = node
        self.logic.SetSegmentEditorNode(node)
        if node is not None:
            self._observers.add(node, "ModifiedEvent", "updateWidgetFromMRML")
            self._observers.add(node, node.EffectParameterModified, "show_parameters")
            self._initialize_node()
            self.updateWidgetFromMRML()

    def _initialize_node(self) -> None:
        if self._node is None:
            return
        was = self._node.StartModify()
        for effect in self.effects:
            effect.setParameterSetNode(self._node)
            effect.set_defaults()
        self._node.EndModify(was)

    def mrmlSegmentEditorNode(self) -> Any:
        return self._node

    def updateWidgetFromMRML(self) -> None:
        scene = self.mrmlScene()
        if scene is None or scene.IsClosing() or scene.IsBatchProcessing():
            return
        for part in (self.form.segmentation, self.form.volume, self.form.effects_box, self.form.options):
            part.setEnabled(self._node is not None)
        if self._node is None:
            return
        was = self._node.StartModify()
        self._show_segmentation()
        self._show_volume()
        self.show_state()
        self._node.EndModify(was)

    # segmentation
    def setSegmentationNode(self, node: vtkMRMLNode) -> None:
        # without a parameter node Slicer's editor does nothing at all
        if self._node is not None and self.logic.GetSegmentationNode() is not node:
            self.logic.SetSegmentationNode(node)
            self.setActiveEffect(None)

    def _take_segmentation(self, node: Any) -> None:
        if self.mrmlScene() is not None and not self.mrmlScene().IsBatchProcessing():
            self.setSegmentationNode(node)

    def _show_segmentation(self) -> None:
        node = self.logic.GetSegmentationNode()
        if node is not self.form.segmentation.currentNode():
            blocker = QtCore.QSignalBlocker(self.form.segmentation)
            self.form.segmentation.setCurrentNode(node)
            blocker.unblock()
        if node is self._segmentation_node:
            return
        if self._segmentation_node is not None:
            self._observers.remove(self._segmentation_node)
            self._observers.remove(self._segmentation_node.GetSegmentation())
        self._segmentation_node = node
        self.form.table.setSegmentationNode(node)
        self.form.show_3d.setSegmentationNode(node)
        if node is not None:
            self._observers.add(node, "ModifiedEvent", "updateWidgetFromMRML")
            for event in _OF_SEGMENTATION:
                self._observers.add(node.GetSegmentation(), getattr(slicer.vtkSegmentation, event), "_list_segments")
            self.form.volume.setCurrentNode(node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()))
            node.CreateDefaultDisplayNodes()
            if node.GetSegmentation().GetNumberOfSegments():
                self.form.table.setSelectedSegmentIDs([node.GetSegmentation().GetNthSegmentID(0)])
            self.hideLabelLayer()
        self._list_segments()
        self.segmentationNodeChanged.emit(node)

    def _list_segments(self) -> None:
        node = self._segmentation_node
        self.form.list_mask_segments(node.GetSegmentation() if node is not None else None)
        self.form.add.setEnabled(self.logic.CanAddSegments())

    def setSegmentationNodeID(self, node_id: str) -> None:
        self.setSegmentationNode(self.mrmlScene().GetNodeByID(node_id) if self.mrmlScene() else None)

    def segmentationNode(self) -> Any:
        return self.form.segmentation.currentNode() if self._node is not None else None

    def segmentationNodeID(self) -> str:
        return self.segmentationNode().GetID() if self.segmentationNode() is not None else ""

    def segmentationNodeSelectorAddAttribute(self, node_type: str, name: str, value: Any = None) -> None:
        self.form.segmentation.addAttribute(node_type, name, value)

    def segmentationNodeSelectorRemoveAttribute(self, node_type: str, name: str) -> None:
        self.form.segmentation.removeAttribute(node_type, name)

    # source volume
    def setSourceVolumeNode(self, node: vtkMRMLNode) -> None:
        if self._node is not None:
            self.logic.SetSourceVolumeNode(node)

    def _take_volume(self, node: Any) -> None:
        if self.mrmlScene() is not None and not self.mrmlScene().IsBatchProcessing():
            self.setSourceVolumeNode(node)

    def _show_volume(self) -> None:
        node = self.logic.GetSourceVolumeNode()
        if self._node.GetSegmentationNode() is None or node is self._volume_node:
            return
        self._volume_node = node
        blocker = QtCore.QSignalBlocker(self.form.volume)
        self.form.volume.setCurrentNode(node)
        blocker.unblock()
        if node is not None and self.autoShowSourceVolumeNode:
            self.showSourceVolumeInSliceViewers()
        self.sourceVolumeNodeChanged.emit(node)
        self.masterVolumeNodeChanged.emit(node)

    def _composites(self) -> list[Any]:
        manager = slicer.app.layoutManager() if hasattr(slicer, "app") else None
        logics = manager.mrmlSliceLogics() if manager is not None else ()
        shown = [logic for logic in logics if self.logic.IsSegmentationDisplayableInView(logic.GetSliceNode())]
        return [(logic, logic.GetSliceCompositeNode()) for logic in shown if logic.GetSliceCompositeNode() is not None]

    def hideLabelLayer(self) -> None:
        for _, composite in self._composites():
            composite.SetLabelVolumeID(None)

    def showSourceVolumeInSliceViewers(self, force_background: bool = False, fit: bool = False) -> None:
        node = self._node.GetSourceVolumeNode() if self._node is not None else None
        for logic, composite in self._composites() if node is not None else ():
            layers = (composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID())
            if force_background or node.GetID() not in layers:
                composite.SetBackgroundVolumeID(node.GetID())
                composite.SetForegroundVolumeID(None)
                composite.SetLabelVolumeID(None)
            if fit:
                logic.FitSliceToBackground()

    def setSourceVolumeNodeID(self, node_id: str) -> None:
        self.setSourceVolumeNode(self.mrmlScene().GetNodeByID(node_id) if self.mrmlScene() else None)

    def sourceVolumeNodeSelectorAddAttribute(self, node_type: str, name: str, value: Any = None) -> None:
        self.form.volume.addAttribute(node_type, name, value)

    def sourceVolumeNodeSelectorRemoveAttribute(self, node_type: str, name: str) -> None:
        self.form.volume.removeAttribute(node_type, name)

    def sourceVolumeNode(self) -> Any:
        return self.logic.GetSourceVolumeNode() if self._node is not None else None

    def sourceVolumeNodeID(self) -> str:
        return self.sourceVolumeNode().GetID() if self.sourceVolumeNode() is not None else ""
