"""qMRMLWidget: a widget that knows the scene. The root of a module's .ui file."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets
from slicer import vtkMRMLScene


class qMRMLWidget(QtWidgets.QWidget):
    mrmlSceneChanged = QtCore.Signal(object)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._scene: Any = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: vtkMRMLScene) -> None:
        if scene is not self._scene:
            self._scene = scene
            self.scene_changed()
            self.mrmlSceneChanged.emit(scene)

    def scene_changed(self) -> None:
        """For derived widgets: take up the new scene."""
