"""Where results stand in the subject hierarchy: beside their input, helpers in a folder below it."""

from __future__ import annotations

import slicer
import vtk
from slicer.i18n import tr as _

from .volumes import name

_FOLDER_ATTRIBUTE = "GMMSegExtension.helpersOf"


def placeBeside(node, inputNode) -> None:
    """Give ``node`` the parent that ``inputNode`` has (patient, study or folder)."""
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    if tree is not None:
        parent = tree.GetItemParent(_item(tree, inputNode))
        _move(tree, _item(tree, node), parent or tree.GetSceneItemID())


def placeInHelperFolder(node, inputNode) -> None:
    """Put ``node`` into the folder of helper nodes below ``inputNode``, made when there is none."""
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    if tree is None:
        return
    inputItem = _item(tree, inputNode)
    _move(tree, _item(tree, node), _helperFolder(tree, inputItem, inputNode))


def removeEmptyHelperFolder(inputNode) -> None:
    """Take the folder of helper nodes away when nothing is left in it."""
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item = tree.GetItemByDataNode(inputNode) if tree is not None else 0
    folder = _existingHelperFolder(tree, item) if item else 0
    if folder and tree.GetNumberOfItemChildren(folder) == 0:
        tree.RemoveItem(folder)


def _helperFolder(tree, inputItem: int, inputNode) -> int:
    folder = _existingHelperFolder(tree, inputItem)
    if folder:
        return folder
    folder = tree.CreateFolderItem(inputItem, _("{name} segmentation helpers").format(name=name(inputNode)))
    tree.SetItemAttribute(folder, _FOLDER_ATTRIBUTE, "1")
    tree.SetItemExpanded(folder, False)
    return folder


def _existingHelperFolder(tree, inputItem: int) -> int:
    """0 when there is none."""
    children = vtk.vtkIdList()
    tree.GetItemChildren(inputItem, children)
    for position in range(children.GetNumberOfIds()):
        child = children.GetId(position)
        if tree.GetItemAttribute(child, _FOLDER_ATTRIBUTE):
            return child
    return 0


def _item(tree, node) -> int:
    # The application makes items for new nodes by itself; outside it nobody does.
    return tree.GetItemByDataNode(node) or tree.CreateItem(tree.GetSceneItemID(), node)


def _move(tree, item: int, parent: int) -> None:
    if tree.GetItemParent(item) != parent:
        tree.SetItemParent(item, parent)
