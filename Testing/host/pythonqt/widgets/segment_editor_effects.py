"""The effects of the segment editor, of which painting and erasing have options to show."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from PySide6 import QtCore, QtWidgets

from .segment_editor_effect import qSlicerSegmentEditorAbstractEffect
from .sliders import ctkSliderWidget


class qSlicerSegmentEditorPaintEffect(qSlicerSegmentEditorAbstractEffect):
    common_defaults = MappingProxyType(
        {
            "BrushMinimumAbsoluteDiameter": "0.01",
            "BrushMaximumAbsoluteDiameter": "100",
            "BrushAbsoluteDiameter": "5",
            "BrushRelativeDiameter": "3",
            "BrushDiameterIsRelative": "1",
            "BrushSphere": "0",
            "EditIn3DViews": "0",
            "BrushPixelMode": "0",
        }
    )
    own_defaults = MappingProxyType({"ColorSmudge": "0", "EraseAllSegments": "0"})

    def setup_options(self) -> None:
        self.diameter, self.sphere = ctkSliderWidget(), QtWidgets.QCheckBox("Sphere brush")
        self.diameter.maximum, self.diameter.value, self.diameter.suffix = 100.0, 3.0, "%"
        self.diameter.valueChanged.connect(self.updateMRMLFromGUI)
        self.sphere.toggled.connect(self.updateMRMLFromGUI)
        self.optionsLayout().addRow("Diameter:", self.diameter)
        self.optionsLayout().addRow("", self.sphere)

    def _diameter_name(self) -> str:
        return "BrushRelativeDiameter" if self.integerParameter("BrushDiameterIsRelative") else "BrushAbsoluteDiameter"

    def updateGUIFromMRML(self) -> None:
        blockers = [QtCore.QSignalBlocker(widget) for widget in (self.diameter, self.sphere)]
        self.diameter.suffix = "%" if self.integerParameter("BrushDiameterIsRelative") else " mm"
        self.diameter.value = self.doubleParameter(self._diameter_name())
        self.sphere.setChecked(bool(self.integerParameter("BrushSphere")))
        for blocker in blockers:
            blocker.unblock()

    def updateMRMLFromGUI(self) -> None:
        if self._node is not None:
            self.setCommonParameter(self._diameter_name(), self.diameter.value)
            self.setCommonParameter("BrushSphere", int(self.sphere.isChecked()))


class qSlicerSegmentEditorEraseEffect(qSlicerSegmentEditorPaintEffect):
    pass


class qSlicerSegmentEditorScissorsEffect(qSlicerSegmentEditorAbstractEffect):
    pass


class qSlicerSegmentEditorScriptedEffect(qSlicerSegmentEditorAbstractEffect):
    pass


class qSlicerSegmentEditorScriptedLabelEffect(qSlicerSegmentEditorAbstractEffect):
    pass


# The fourteen of a running Slicer, in its order.
_CLASSES: dict[str, type] = {
    "Threshold": qSlicerSegmentEditorScriptedEffect,
    "Paint": qSlicerSegmentEditorPaintEffect,
    "Draw": qSlicerSegmentEditorScriptedLabelEffect,
    "Erase": qSlicerSegmentEditorEraseEffect,
    "Level tracing": qSlicerSegmentEditorScriptedLabelEffect,
    "Grow from seeds": qSlicerSegmentEditorScriptedEffect,
    "Fill between slices": qSlicerSegmentEditorScriptedEffect,
    "Margin": qSlicerSegmentEditorScriptedEffect,
    "Hollow": qSlicerSegmentEditorScriptedEffect,
    "Smoothing": qSlicerSegmentEditorScriptedEffect,
    "Scissors": qSlicerSegmentEditorScissorsEffect,
    "Islands": qSlicerSegmentEditorScriptedEffect,
    "Logical operators": qSlicerSegmentEditorScriptedEffect,
    "Mask volume": qSlicerSegmentEditorScriptedEffect,
}
EFFECT_CLASSES = (
    *(qSlicerSegmentEditorAbstractEffect, qSlicerSegmentEditorPaintEffect, qSlicerSegmentEditorEraseEffect),
    *(qSlicerSegmentEditorScissorsEffect, qSlicerSegmentEditorScriptedEffect, qSlicerSegmentEditorScriptedLabelEffect),
)


def new_effects(logic: Any, parent: QtCore.QObject) -> list[qSlicerSegmentEditorAbstractEffect]:
    """One of each effect, belonging to an editor."""
    return [cls(name, logic, parent) for name, cls in _CLASSES.items()]
