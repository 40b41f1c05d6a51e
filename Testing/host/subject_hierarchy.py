"""Files data nodes in the subject hierarchy, which in Slicer is work of the (Qt) subject hierarchy plugins."""

from __future__ import annotations

import slicer
import vtk

# Which plugin owns which class, in Slicer's order: a label map is also a scalar volume.
_OWNERS = (
    ("vtkMRMLLabelMapVolumeNode", "LabelMaps"),
    ("vtkMRMLScalarVolumeNode", "Volumes"),
    ("vtkMRMLSegmentationNode", "Segmentations"),
    ("vtkMRMLModelNode", "Models"),
    ("vtkMRMLMarkupsNode", "Markups"),
    ("vtkMRMLTransformNode", "Transforms"),
    ("vtkMRMLTableNode", "Tables"),
    ("vtkMRMLPlotChartNode", "Plots"),
    ("vtkMRMLPlotSeriesNode", "Plots"),
    ("vtkMRMLTextNode", "Texts"),
)


class SubjectHierarchyKeeper:
    """Adds an item for each data node that is shown to users and removes it with the node."""

    def __init__(self, scene: slicer.vtkMRMLScene) -> None:
        self._scene = scene
        resolve = slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy
        events = {
            scene.NodeAddedEvent: self._on_node_added,
            scene.NodeAboutToBeRemovedEvent: self._on_node_about_to_be_removed,
            scene.NodeRemovedEvent: self._on_node_removed,
            scene.EndImportEvent: self._on_nodes_came_at_once,
            scene.EndBatchProcessEvent: self._on_nodes_came_at_once,
            scene.EndCloseEvent: lambda *_: resolve(scene),
        }
        # High priority: the hierarchy is true before widgets look at it.
        self._tags = [scene.AddObserver(event, callback, 10.0) for event, callback in events.items()]
        resolve(scene)

    def stop(self) -> None:
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._tags.clear()

    def _hierarchy(self):
        return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self._scene)

    def _file(self, node) -> None:
        owner = next((plugin for kind, plugin in _OWNERS if node.IsA(kind)), None)
        if owner is None or node.GetHideFromEditors():
            return
        hierarchy = self._hierarchy()
        if not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node, owner)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_added(self, scene, event, node) -> None:
        if node.IsA("vtkMRMLSubjectHierarchyNode"):
            slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(scene)
        elif not scene.IsImporting():
            self._file(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_about_to_be_removed(self, scene, event, node) -> None:
        if scene.IsClosing() or node.IsA("vtkMRMLSubjectHierarchyNode"):
            return
        hierarchy = self._hierarchy()
        item = hierarchy.GetItemByDataNode(node)
        if item:
            hierarchy.RemoveItem(item, False, False)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_removed(self, scene, event, node) -> None:
        if not scene.IsClosing() and node.IsA("vtkMRMLSubjectHierarchyNode"):
            self._on_nodes_came_at_once()

    def _on_nodes_came_at_once(self, *_) -> None:
        slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(self._scene)
        for index in range(self._scene.GetNumberOfNodes()):
            self._file(self._scene.GetNthNode(index))
