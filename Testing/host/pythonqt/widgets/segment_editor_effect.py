"""What the segment editor's effects share: names, parameters and labelmaps. Strokes are made by `host.painting`.

An effect keeps its parameters as attributes of the editor's parameter node, under its name or, where several effects
share one, bare.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from PySide6 import QtCore, QtWidgets
from slicer import (
    vtkMRMLNode,
    vtkMRMLSegmentationNode,
    vtkMRMLSegmentEditorNode,
    vtkOrientedImageData,
    vtkSlicerSegmentEditorLogic,
)


class qSlicerSegmentEditorAbstractEffect(QtCore.QObject):
    ModificationModeSet = vtkSlicerSegmentEditorLogic.ModificationModeSet
    ModificationModeAdd = vtkSlicerSegmentEditorLogic.ModificationModeAdd
    ModificationModeRemove = vtkSlicerSegmentEditorLogic.ModificationModeRemove
    ModificationModeRemoveAll = vtkSlicerSegmentEditorLogic.ModificationModeRemoveAll

    common_defaults: Mapping[str, str] = MappingProxyType({})
    own_defaults: Mapping[str, str] = MappingProxyType({})

    def __init__(self, name: str, logic: Any, parent: QtCore.QObject = None) -> None:
        super().__init__(parent)
        self._name, self._logic = name, logic
        self._node: Any = None
        self._is_active = False
        self._per_segment = self._requires_segments = True
        self._frame = QtWidgets.QFrame()
        QtWidgets.QFormLayout(self._frame).setContentsMargins(0, 0, 0, 0)
        self._frame.setVisible(False)
        self.setup_options()

    def setup_options(self) -> None:
        """Fill the frame of options."""

    def activate(self) -> None:
        self._is_active = True
        self._frame.setVisible(True)
        self.updateGUIFromMRML()

    def deactivate(self) -> None:
        self._is_active = False
        self._frame.setVisible(False)

    def active(self) -> bool:
        return self._is_active

    def cleanup(self) -> None:
        """Nothing is observed."""

    def updateGUIFromMRML(self) -> None:
        """Show the parameters in the options."""

    def updateMRMLFromGUI(self) -> None:
        """Take the parameters from the options."""

    def parameterSetNode(self) -> Any:
        return self._node

    def setParameterSetNode(self, node: vtkMRMLSegmentEditorNode) -> None:
        self._node = node

    def set_defaults(self) -> None:
        for name, value in self.common_defaults.items():
            self.setCommonParameterDefault(name, value)
        for name, value in self.own_defaults.items():
            self.setParameterDefault(name, value)

    def scene(self) -> Any:
        return self._node.GetScene() if self._node is not None else None

    def optionsFrame(self) -> QtWidgets.QFrame:
        return self._frame

    def optionsLayout(self) -> QtWidgets.QFormLayout:
        return self._frame.layout()

    def selectEffect(self, name: str) -> None:
        self.parent().setActiveEffectByName(name)

    # parameters
    def parameter(self, name: str) -> str:
        if self._node is None:
            return ""
        value = self._node.GetAttribute(f"{self._name}.{name}") or self._node.GetAttribute(name)
        if value is None:
            _complain(f"Parameter named {name} cannot be found for effect {self._name}")
        return value or ""

    def integerParameter(self, name: str) -> int:
        return self._number(name, int)

    def doubleParameter(self, name: str) -> float:
        return self._number(name, float)

    def _number(self, name: str, kind: type) -> Any:
        if self._node is None:
            return kind()
        try:
            return kind(self.parameter(name))
        except ValueError:
            _complain(f"Parameter named {name} cannot be converted to {kind.__name__}!")
            return kind()

    def setParameter(self, name: str, value: str | int | float) -> None:
        self.setCommonParameter(f"{self._name}.{name}", value)

    def setCommonParameter(self, name: str, value: str | int | float) -> None:
        if self._node is None:
            _complain(f"Invalid segment editor parameter set node set to effect {self._name}")
            return
        text = f"{value:g}" if isinstance(value, float) else str(value)
        if text == (self._node.GetAttribute(name) or ""):
            return
        # as in Slicer: no ModifiedEvent, but one of its own
        was_silent = self._node.GetDisableModifiedEvent()
        self._node.SetDisableModifiedEvent(1)
        self._node.SetAttribute(name, text)
        self._node.SetDisableModifiedEvent(was_silent)
        self._node.InvokeCustomModifiedEvent(self._node.EffectParameterModified)

    def setParameterDefault(self, name: str, value: str | int | float) -> None:
        if not self.parameterDefined(name):
            self.setParameter(name, value)

    def setCommonParameterDefault(self, name: str, value: str | int | float) -> None:
        if not self.commonParameterDefined(name):
            self.setCommonParameter(name, value)

    def parameterDefined(self, name: str) -> bool:
        return self.commonParameterDefined(f"{self._name}.{name}")

    def commonParameterDefined(self, name: str) -> bool:
        return self._node is not None and bool(self._node.GetAttribute(name))

    def nodeReference(self, name: str) -> Any:
        if self._node is None:
            return None
        return self._node.GetNodeReference(f"{self._name}.{name}") or self._node.GetNodeReference(name)

    def setNodeReference(self, name: str, node: vtkMRMLNode) -> None:
        self.setCommonNodeReference(f"{self._name}.{name}", node)

    def setCommonNodeReference(self, name: str, node: vtkMRMLNode) -> None:
        self._node.SetNodeReferenceID(name, node.GetID() if node is not None else None)

    # labelmaps
    def modifierLabelmap(self) -> Any:
        return self._logic.GetModifierLabelmap()

    def defaultModifierLabelmap(self) -> Any:
        return self._logic.GetModifierLabelmap() if self._logic.ResetModifierLabelmapToDefault() else None

    def maskLabelmap(self) -> Any:
        return self._logic.GetMaskLabelmap() if self._logic.UpdateMaskLabelmap() else None

    def selectedSegmentLabelmap(self) -> Any:
        return self._logic.GetSelectedSegmentLabelmap() if self._logic.UpdateSelectedSegmentLabelmap() else None

    def referenceGeometryImage(self) -> Any:
        return self._logic.GetReferenceGeometryImage() if self._logic.UpdateReferenceGeometryImage() else None

    def sourceVolumeImageData(self) -> Any:
        return self._logic.GetAlignedSourceVolume() if self._logic.UpdateAlignedSourceVolume() else None

    def saveStateForUndo(self) -> None:
        self._logic.SaveStateForUndo()

    def modifySelectedSegmentByLabelmap(
        self, labelmap: vtkOrientedImageData, mode: int, extent: Any = None, bypass_masking: bool = False
    ) -> None:
        """The third argument is an extent of six, or says whether masks are ignored."""
        if isinstance(extent, bool):
            extent, bypass_masking = None, extent
        segment, node = self._node.GetSelectedSegmentID() or "", self._node.GetSegmentationNode()
        options = (self._per_segment, bypass_masking)
        if extent is None:
            self._logic.ModifySegmentByLabelmap(node, segment, labelmap, mode, *options)
        else:
            self._logic.ModifySegmentByLabelmap(node, segment, labelmap, mode, extent, *options)

    def modifySegmentByLabelmap(
        self,
        segmentation_node: vtkMRMLSegmentationNode,
        segment_id: str,
        labelmap: vtkOrientedImageData,
        mode: int,
        bypass_masking: bool = False,
    ) -> None:
        self._logic.ModifySegmentByLabelmap(
            segmentation_node, segment_id, labelmap, mode, self._per_segment, bypass_masking
        )

    def _set_per_segment(self, per_segment: bool) -> None:
        self._per_segment = per_segment

    def _set_requires_segments(self, required: bool) -> None:
        self._requires_segments = required

    name = QtCore.Property(str, lambda self: self._name)
    title = QtCore.Property(str, lambda self: self._name)
    perSegment = QtCore.Property(bool, lambda self: self._per_segment, _set_per_segment)
    requireSegments = QtCore.Property(bool, lambda self: self._requires_segments, _set_requires_segments)


def _complain(sentence: str) -> None:
    # As Slicer's qCritical: seen in the log, nothing raised.
    print(sentence, file=sys.stderr)
