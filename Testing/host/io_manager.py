"""Reading and writing of nodes and scenes behind `slicer.util.loadVolume`, `saveNode`, `loadScene` and the like."""

from __future__ import annotations

from pathlib import Path

import slicer

from host import scene
from host.facade import Facade

# Type of file as in Slicer -> class of the node, class of its storage node.
_KINDS = {
    "VolumeFile": ("vtkMRMLScalarVolumeNode", "vtkMRMLVolumeArchetypeStorageNode"),
    "SegmentationFile": ("vtkMRMLSegmentationNode", "vtkMRMLSegmentationStorageNode"),
    "TableFile": ("vtkMRMLTableNode", "vtkMRMLTableStorageNode"),
}


class qSlicerCoreIOManager(Facade):
    """Knows volumes, segmentations, tables and scenes (.mrb)."""

    def fileType(self, path: str) -> str:
        name = Path(path).name
        if name.endswith((".mrb", ".mrml")):
            return "SceneFile"
        if ".seg." in name:
            return "SegmentationFile"
        return "TableFile" if name.endswith((".tsv", ".csv")) else "VolumeFile"

    def loadNodes(self, file_type: str, properties: dict, loaded=None, messages=None) -> bool:
        path = properties["fileName"]
        if file_type == "SceneFile":
            scene.load_scene(path, clear=properties.get("clear", False))
            return True
        node_class, storage_class = _KINDS[file_type]
        if file_type == "VolumeFile" and properties.get("labelmap"):
            node_class = "vtkMRMLLabelMapVolumeNode"
        node = slicer.mrmlScene.CreateNodeByClass(node_class)
        node.UnRegister(None)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(properties.get("name") or Path(path).name.split(".")[0]))
        slicer.mrmlScene.AddNode(node)
        storage = slicer.mrmlScene.AddNewNodeByClass(storage_class)
        storage.SetFileName(path)
        if not storage.ReadData(node):
            slicer.mrmlScene.RemoveNode(storage)
            slicer.mrmlScene.RemoveNode(node)
            return False
        node.SetAndObserveStorageNodeID(storage.GetID())
        if node.IsA("vtkMRMLDisplayableNode"):
            node.CreateDefaultDisplayNodes()
        if loaded is not None:
            loaded.AddItem(node)
        return True

    def fileWriterFileType(self, node) -> str:
        return next(kind for kind, (node_class, _) in _KINDS.items() if node.IsA(node_class))

    def saveNodes(self, file_type: str, properties: dict, messages=None) -> bool:
        if file_type == "SceneFile":
            scene.save_scene(properties["fileName"])
            return True
        node = slicer.mrmlScene.GetNodeByID(properties["nodeID"])
        if node.GetStorageNode() is None:
            node.AddDefaultStorageNode()
        node.GetStorageNode().SetFileName(properties["fileName"])
        return bool(node.GetStorageNode().WriteData(node))
