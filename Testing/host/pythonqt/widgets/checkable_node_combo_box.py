"""qMRMLCheckableNodeComboBox: any number of nodes, ticked."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets
from slicer import vtkMRMLNode

from .combo_boxes import ctkCheckableComboBox
from .node_combo_box import qMRMLNodeComboBox


class qMRMLCheckableNodeComboBox(qMRMLNodeComboBox):
    checkedNodesChanged = QtCore.Signal()

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self.addEnabled = self.removeEnabled = False
        self.combo.checkedIndexesChanged.connect(self.checkedNodesChanged)

    def make_combo_box(self) -> QtWidgets.QComboBox:
        return ctkCheckableComboBox(self)

    def checkedNodes(self) -> list:
        nodes = [self._node_at(index.row()) for index in self.combo.checkedIndexes()]
        return [node for node in nodes if node is not None]

    def uncheckedNodes(self) -> list:
        checked = self.checkedNodes()
        nodes = [self.nodeFromIndex(index) for index in range(self.nodeCount())]
        return [node for node in nodes if node not in checked]

    def allChecked(self) -> bool:
        return not self.uncheckedNodes()

    def noneChecked(self) -> bool:
        return not self.checkedNodes()

    def _item(self, node: Any) -> Any:
        row = self._row_of(node.GetID() if node is not None else "")
        return self.combo.model().item(row) if row >= 0 else None

    def checkState(self, node: vtkMRMLNode) -> QtCore.Qt.CheckState:
        item = self._item(node)
        return item.checkState() if item is not None else QtCore.Qt.CheckState.Unchecked

    def setCheckState(self, node: vtkMRMLNode, state: QtCore.Qt.CheckState) -> None:
        item = self._item(node)
        if item is not None:
            item.setCheckState(state)

    def check(self, node: vtkMRMLNode) -> None:
        self.setCheckState(node, QtCore.Qt.CheckState.Checked)

    def uncheck(self, node: vtkMRMLNode) -> None:
        self.setCheckState(node, QtCore.Qt.CheckState.Unchecked)

    def setUserCheckable(self, node: vtkMRMLNode, checkable: bool) -> None:
        item = self._item(node)
        if item is not None:
            flag = QtCore.Qt.ItemFlag.ItemIsUserCheckable
            item.setFlags(item.flags() | flag if checkable else item.flags() & ~flag)
