"""qMRMLNodeComboBox: the nodes of a scene, of some types, in a combo box.

Rows are as in Slicer: "None" where enabled, the nodes in the scene's order, a separator and the enabled actions. Which
row is current after nodes come and go is Qt's own doing, and so are the surprises (see the tests).
"""

from __future__ import annotations

from typing import Any

import vtk
from PySide6 import QtCore, QtGui, QtWidgets
from shiboken6 import Shiboken
from slicer import vtkMRMLNode, vtkMRMLScene

from .base import stored
from .combo_boxes import ctkComboBox
from .scene_watch import Observers

_ROLE = QtCore.Qt.ItemDataRole.UserRole
_NONE, _NODE, _SEPARATOR, _ACTION = "none", "node", "separator", "action"


class qMRMLNodeComboBox(QtWidgets.QWidget):
    currentNodeChanged = QtCore.Signal((object,), (bool,))
    currentNodeIDChanged = QtCore.Signal(str)
    nodeActivated = QtCore.Signal(object)
    nodeAdded = QtCore.Signal(object)
    nodeAddedByUser = QtCore.Signal(object)
    nodeAddedByUserAction = QtCore.Signal(object)
    nodeAboutToBeRemoved = QtCore.Signal(object)
    nodeAboutToBeEdited = QtCore.Signal(object)
    currentNodeRenamed = QtCore.Signal(str)

    addEnabled = stored("addEnabled", bool, True, "update_rows")
    removeEnabled = stored("removeEnabled", bool, True, "update_rows")
    editEnabled = stored("editEnabled", bool, False, "update_rows")
    renameEnabled = stored("renameEnabled", bool, False, "update_rows")
    noneEnabled = stored("noneEnabled", bool, False, "update_rows")
    noneDisplay = stored("noneDisplay", str, "None", "update_rows")
    hideChildNodeTypes = stored("hideChildNodeTypes", "QStringList", [], "update_rows")
    showChildNodeTypes = stored("showChildNodeTypes", bool, True, "update_rows")
    showHidden = stored("showHidden", bool, False, "update_rows")
    selectNodeUponCreation = stored("selectNodeUponCreation", bool, True)
    interactionNodeSingletonTag = stored("interactionNodeSingletonTag", str, "")

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._node_types: list[str] = []
        self._attributes: dict[str, tuple[str, str | None]] = {}
        self._labels: dict[str, str] = {}
        self._base_names: dict[str, str] = {}
        self._menu_actions: list[QtGui.QAction] = []
        self._requested_id = ""
        self._silent = False
        self._leaving: Any = None
        self._watched: list[Any] = []
        self._observers, self._node_observers = Observers(self), Observers(self)
        self.combo = self.make_combo_box()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.combo)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(QtWidgets.QSizePolicy(policy.Preferred, policy.Fixed))
        self.combo.setSizePolicy(policy.Expanding, policy.Expanding)
        self.combo.setMinimumContentsLength(8)
        self.combo.currentIndexChanged.connect(self._emit_current_node)
        self.combo.activated.connect(self._activate_row)
        self.setEnabled(False)
        self.update_rows()

    def make_combo_box(self) -> QtWidgets.QComboBox:
        return ctkComboBox(self)

    # scene
    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: vtkMRMLScene) -> None:
        if scene is self._scene:
            return
        previous_id = self.current_id() if self.nodeCount() else ""
        self._observers.remove()
        self._scene = scene
        if scene is not None:
            self._observe(scene)
        self._silent = True
        self.update_rows()
        if self.nodeCount() and self.combo.currentIndex() < 0:
            self.combo.setCurrentIndex(0)
        first_id = self.current_id()
        self.combo.setCurrentIndex(0 if self.noneEnabled else -1)
        self._silent = False
        self._set_current_id(previous_id or self._requested_id or first_id)
        self._requested_id = ""
        self.setEnabled(scene is not None)

    def _observe(self, scene: Any) -> None:
        self._observers.add(scene, vtkMRMLScene.NodeAddedEvent, "_take_node", with_node=True)
        self._observers.add(scene, vtkMRMLScene.NodeAboutToBeRemovedEvent, "_lose_node", with_node=True)
        self._observers.add(scene, vtkMRMLScene.EndImportEvent, "update_rows")
        self._observers.add(scene, vtkMRMLScene.EndCloseEvent, "update_rows")

    def _take_node(self, node: Any) -> None:
        if self._scene.IsImporting() or not self._is_of_types(node):
            return
        self.update_rows()
        if self._row_of(node.GetID()) >= 0:
            self.nodeAdded.emit(node)

    def _lose_node(self, node: Any) -> None:
        if self._scene.IsClosing() or not self._is_of_types(node):
            return
        if self._row_of(node.GetID()) >= 0:
            self.nodeAboutToBeRemoved.emit(node)
        self._leaving = node
        self.update_rows()
        self._leaving = None

    # rows
    def accepts(self, node: Any) -> bool:
        """Whether a node is one that this box shows."""
        if node is self._leaving or (node.GetHideFromEditors() and not self.showHidden):
            return False
        return not self._node_types or any(self._accepts_as(node, node_type) for node_type in self._node_types)

    def _accepts_as(self, node: Any, node_type: str) -> bool:
        if not node.IsA(node_type) or (not self.showChildNodeTypes and node.GetClassName() != node_type):
            return False
        if any(node.IsA(hidden) for hidden in self.hideChildNodeTypes):
            return False
        if node_type not in self._attributes:
            return True
        name, wanted = self._attributes[node_type]
        value = node.GetAttribute(name)
        return value is not None and (wanted is None or value == wanted)

    def _nodes_of_types(self) -> list[Any]:
        if self._scene is None:
            return []
        if len(self._node_types) == 1:  # the scene is quicker at it
            found = self._scene.GetNodesByClass(self._node_types[0])
            found.UnRegister(self._scene)
            return [found.GetItemAsObject(i) for i in range(found.GetNumberOfItems())]
        nodes = [self._scene.GetNthNode(i) for i in range(self._scene.GetNumberOfNodes())]
        return [node for node in nodes if self._is_of_types(node)]

    def _is_of_types(self, node: Any) -> bool:
        return any(node.IsA(node_type) for node_type in self._node_types or ["vtkMRMLNode"])

    def _watch(self, nodes: list[Any]) -> None:
        # an attribute or name that changes can show, hide or rename a row
        for node in self._watched:
            if node not in nodes:
                self._node_observers.remove(node)
        for node in nodes:
            if node not in self._watched:
                self._node_observers.add(node, vtk.vtkCommand.ModifiedEvent, "update_rows")
        self._watched = nodes

    def update_rows(self) -> None:
        if not Shiboken.isValid(self.combo):
            return
        candidates = self._nodes_of_types()
        self._watch(candidates)
        wanted = [(_NONE, "", self.noneDisplay)] if self.noneEnabled else []
        wanted += [(_NODE, n.GetID(), n.GetName() or "") for n in candidates if self.accepts(n)]
        wanted += self._action_rows()
        self._remove_rows_but({row[:2] for row in wanted})
        self._insert_and_rename_rows(wanted)
        if isinstance(self.combo, ctkComboBox):
            self.combo.defaultText = f"Select a {self.nodeTypeLabel((*self._node_types, '')[0])}"

    def _remove_rows_but(self, wanted: set[tuple[str, str]]) -> None:
        removed = False
        for row in reversed(range(self.combo.count())):
            if self._key(row) not in wanted:
                self.combo.removeItem(row)
                removed = True
        if removed and self.currentNode() is None:
            self.setCurrentNode(None)

    def _insert_and_rename_rows(self, wanted: list[tuple[str, str, str]]) -> None:
        for row, (kind, key, text) in enumerate(wanted):
            if row >= self.combo.count() or self._key(row) != (kind, key):
                self._insert_row(row, kind, key, text)
            elif self.combo.itemText(row) != text:
                self.combo.setItemText(row, text)
                if row == self.combo.currentIndex():
                    self._emit_current_node()

    def _insert_row(self, row: int, kind: str, key: str, text: str) -> None:
        current = self.combo.currentIndex()
        self.combo.insertItem(row, text)
        self.combo.setItemData(row, (kind, key), _ROLE)
        if kind == _SEPARATOR:
            self.combo.setItemData(row, "separator", QtCore.Qt.ItemDataRole.AccessibleDescriptionRole)
        if kind in (_ACTION, _SEPARATOR) and current < 0:
            # an empty combo box selects its first row; the actions never are
            self._silent, silent = True, self._silent
            self.combo.setCurrentIndex(-1)
            self._silent = silent

    def _action_rows(self) -> list[tuple[str, str, str]]:
        if self._scene is None:
            return []
        label = self.nodeTypeLabel(self._node_types[0] if len(self._node_types) == 1 else "")
        rows = [(_ACTION, "rename", f"Rename current {label}")] if self.renameEnabled else []
        rows += [(_ACTION, "edit", f"Edit current {label}")] if self.editEnabled else []
        if self.addEnabled:
            rows += [(_ACTION, f"create/{t}", f"Create new {self.nodeTypeLabel(t)}") for t in self._node_types]
        rows += [(_ACTION, "delete", f"Delete current {label}")] if self.removeEnabled else []
        rows += [(_ACTION, f"menu/{a.text()}", a.text()) for a in self._menu_actions]
        return [(_SEPARATOR, "", ""), *rows] if rows else []

    def _key(self, row: int) -> tuple[str, str]:
        return tuple(self.combo.itemData(row, _ROLE) or ("", ""))

    def _row_of(self, node_id: str | None) -> int:
        keys = [self._key(row) for row in range(self.combo.count())]
        return keys.index((_NODE, node_id)) if (_NODE, node_id) in keys else -1

    def _node_at(self, row: int) -> Any:
        kind, key = self._key(row) if row >= 0 else ("", "")
        return self._scene.GetNodeByID(key) if kind == _NODE and self._scene is not None else None

    # current node
    def current_id(self) -> str:
        node = self.currentNode()
        return node.GetID() if node is not None else ""

    def currentNode(self) -> Any:
        return self._node_at(self.combo.currentIndex())

    def setCurrentNode(self, node: vtkMRMLNode | str) -> None:
        self.setCurrentNodeID(node if isinstance(node, str) else node.GetID() or "" if node is not None else "")

    def setCurrentNodeID(self, node_id: str) -> None:
        if self._scene is None:
            self._requested_id = node_id
        self._set_current_id(node_id)

    def _set_current_id(self, node_id: str) -> None:
        row = self._row_of(node_id)
        if row < 0:
            self.combo.setCurrentIndex(0 if self.noneEnabled else -1)
        elif row != self.combo.currentIndex():
            self.combo.setCurrentIndex(row)
            self.nodeActivated.emit(self._node_at(row))

    def setCurrentNodeIndex(self, index: int) -> None:
        if index >= self.nodeCount():
            index = -1
        self.combo.setCurrentIndex(index + 1 if self.noneEnabled else index)

    def nodeFromIndex(self, index: int) -> Any:
        return self._node_at(index + 1 if self.noneEnabled else index)

    def nodeCount(self) -> int:
        return sum(self._key(row)[0] == _NODE for row in range(self.combo.count()))

    def _emit_current_node(self, *_: Any) -> None:
        if self._silent:
            return
        row = self.combo.currentIndex()
        node = self._node_at(row)
        if node is None and row >= 0 and self._key(row)[0] != _NONE:
            # never an action: rather the last node
            last = self.nodeFromIndex(self.nodeCount() - 1)
            if last is not None:
                self.setCurrentNode(last)
            return
        self.currentNodeChanged[object].emit(node)
        self.currentNodeChanged[bool].emit(node is not None)
        self.currentNodeIDChanged.emit(node.GetID() if node is not None else "")

    # actions
    def _activate_row(self, row: int) -> None:
        kind, key = self._key(row)
        if kind in (_NODE, _NONE):
            self.nodeActivated.emit(self._node_at(row))
        elif kind == _ACTION:
            self.trigger(key)

    def trigger(self, action: str) -> None:
        """Do what a row below the nodes says: "create/CLASS", "delete", "rename", "edit" or "menu/TEXT"."""
        name, _, argument = action.partition("/")
        if name == "create":
            node = self.addNode(argument)
            if node is not None:
                self.nodeAddedByUserAction.emit(node)
        elif name == "delete":
            self.removeCurrentNode()
        elif name == "rename":
            self.renameCurrentNode()
        elif name == "edit":
            self.editCurrentNode()
        else:
            next(a for a in self._menu_actions if a.text() == argument).trigger()

    def addNode(self, node_type: str = "") -> Any:
        node_type = node_type or (*self._node_types, "")[0]
        if node_type not in self._node_types or self._scene is None:
            return None
        node = self._scene.CreateNodeByClass(node_type)
        node.UnRegister(None)
        base_name = self._base_names.get(node_type) or node.GetDefaultNodeNamePrefix()
        node.SetName(self._scene.GetUniqueNameByString(base_name))
        for name, value in self._attributes.values():
            node.SetAttribute(name, value or "")
        node = self._scene.AddNode(node)
        if self.selectNodeUponCreation:
            self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def removeCurrentNode(self) -> None:
        if self.currentNode() is not None:
            self._scene.RemoveNode(self.currentNode())

    def renameCurrentNode(self) -> None:
        node = self.currentNode()
        if node is None:
            return
        name, accepted = QtWidgets.QInputDialog.getText(
            self, "Rename", "New name:", QtWidgets.QLineEdit.EchoMode.Normal, node.GetName()
        )
        if accepted and name:
            node.SetName(name)
            self.currentNodeRenamed.emit(name)

    def editCurrentNode(self) -> None:
        self.nodeAboutToBeEdited.emit(self.currentNode())

    def addMenuAction(self, action: QtGui.QAction) -> None:
        self._menu_actions.append(action)
        self.update_rows()

    # filter and names
    def addAttribute(self, node_type: str, name: str, value: Any = None) -> None:
        self._attributes[node_type] = (name, None if value is None else str(value))
        self.update_rows()

    def removeAttribute(self, node_type: str, name: str) -> None:
        self._attributes.pop(node_type, None)
        self.update_rows()

    def setNodeTypeLabel(self, label: str, node_type: str) -> None:
        self._labels[node_type] = label
        self.update_rows()

    def nodeTypeLabel(self, node_type: str) -> str:
        if self._labels.get(node_type):
            return self._labels[node_type]
        return (self._scene.GetTypeDisplayNameByClassName(node_type) if self._scene and node_type else "") or "node"

    def _set_node_types(self, node_types: list[str]) -> None:
        self._node_types = [node_type for node_type in node_types if node_type]
        self.update_rows()

    def _set_base_name(self, base_name: str) -> None:
        if not self._node_types:
            print("qMRMLNodeComboBox::setBaseName failed: no node types have been set yet")
        self._base_names.update(dict.fromkeys(self._node_types, base_name))

    nodeTypes = QtCore.Property("QStringList", lambda self: self._node_types, _set_node_types)
    baseName = QtCore.Property(str, lambda self: self._base_names.get((*self._node_types, "")[0], ""), _set_base_name)
    currentNodeID = QtCore.Property(str, current_id, setCurrentNodeID)
    currentNodeId = QtCore.Property(str, current_id, setCurrentNodeID)
    sizeAdjustPolicy = QtCore.Property(
        int,
        lambda self: self.combo.sizeAdjustPolicy().value,
        lambda self, v: self.combo.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy(v)),
    )
