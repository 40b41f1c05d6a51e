"""qMRMLSpinBox, qMRMLSliderWidget and qMRMLRangeWidget: ctk's, which take their units from the scene."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets
from slicer import vtkMRMLScene

from .base import stored
from .ranges import ctkRangeWidget
from .sliders import ctkSliderWidget
from .spin_boxes import ctkDoubleSpinBox


class _WithUnits:
    """The scene and the quantity. The stand-in's scene defines no units, so nothing follows from them."""

    _scene: Any = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: vtkMRMLScene) -> None:
        self._scene = scene

    def setQuantity(self, quantity: str) -> None:
        self.quantity = quantity

    def setUnitAwareProperties(self, flags: int) -> None:
        self.unitAwareProperties = flags


class qMRMLSpinBox(_WithUnits, ctkDoubleSpinBox):
    quantity = stored("quantity", str, "")
    unitAwareProperties = stored("unitAwareProperties", int, 0x1F)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)


class qMRMLSliderWidget(_WithUnits, ctkSliderWidget):
    quantity = stored("quantity", str, "")
    unitAwareProperties = stored("unitAwareProperties", int, 0x1F)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)

    def setOrientation(self, orientation: QtCore.Qt.Orientation) -> None:
        self.slider.setOrientation(orientation)

    orientation = QtCore.Property(int, lambda self: self.slider.orientation, setOrientation)


class qMRMLRangeWidget(_WithUnits, ctkRangeWidget):
    quantity = stored("quantity", str, "")
    minimumHandlePalette = stored("minimumHandlePalette", QtGui.QPalette, QtGui.QPalette())
    maximumHandlePalette = stored("maximumHandlePalette", QtGui.QPalette, QtGui.QPalette())

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
