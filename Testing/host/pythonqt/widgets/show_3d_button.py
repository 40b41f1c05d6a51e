"""qMRMLSegmentationShow3DButton: makes and shows the surfaces of a segmentation."""

from __future__ import annotations

from typing import Any

from PySide6 import QtWidgets
from slicer import vtkMRMLNode

from .base import stored

_SURFACE = "Closed surface"


class qMRMLSegmentationShow3DButton(QtWidgets.QPushButton):
    locked = stored("locked", bool, False)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__("Show 3D", parent)
        self._node: Any = None
        self.setCheckable(True)
        self.setEnabled(False)
        self.toggled.connect(self._show)

    def segmentationNode(self) -> Any:
        return self._node

    def setSegmentationNode(self, node: vtkMRMLNode) -> None:
        self._node = node
        self.setEnabled(node is not None)
        was_blocked = self.blockSignals(True)
        self.setChecked(node is not None and node.GetSegmentation().ContainsRepresentation(_SURFACE))
        self.blockSignals(was_blocked)

    def setLocked(self, locked: bool) -> None:
        self.locked = locked

    def _show(self, shown: bool) -> None:
        if self._node is None:
            return
        if shown:
            self._node.CreateClosedSurfaceRepresentation()
        else:
            self._node.RemoveClosedSurfaceRepresentation()
