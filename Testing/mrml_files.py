"""Nodes from files and files from nodes through Slicer's storage nodes, for what runs without the application."""

from __future__ import annotations

from pathlib import Path

import slicer

_STORAGE_BY_ENDING = {
    ".seg.nrrd": "vtkMRMLSegmentationStorageNode",
    ".vtk": "vtkMRMLModelStorageNode",
}


def load_volume(path: Path, name: str = ""):
    """A scalar volume node with the voxels of the file, shown with a window that suits the image."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name or path.name.split(".")[0])
    read_into(node, path)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    return node


def read_into(node, path: Path) -> None:
    """Reads ``path`` into ``node``; RuntimeError when that fails."""
    storage = _storage(path)
    storage.SetFileName(str(path))
    if not storage.ReadData(node):
        raise RuntimeError(f"{path} could not be read: {storage.GetUserMessages().GetAllMessagesAsString()}")


def write(node, path: Path) -> None:
    """Writes ``node`` to ``path``; RuntimeError when that fails."""
    storage = _storage(path)
    storage.SetFileName(str(path))
    if not storage.WriteData(node):
        raise RuntimeError(f"{path} could not be written: {storage.GetUserMessages().GetAllMessagesAsString()}")


def _storage(path: Path):
    for ending, class_name in _STORAGE_BY_ENDING.items():
        if path.name.endswith(ending):
            return getattr(slicer, class_name)()
    return slicer.vtkMRMLVolumeArchetypeStorageNode()
