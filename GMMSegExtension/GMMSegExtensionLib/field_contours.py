"""Lines of equal bias field: surfaces that the slice view of the field draws where it cuts them."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util.numpy_support import numpy_to_vtk

from . import hierarchy, output_nodes, volumes
from .steps import Steps

_STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
_MOST_LINES = 9
# A Legendre field of degree 6 bends over centimetres: a sample every 3 mm carries it.
_SAMPLE_MM = 3.0
_COLOR = (0.05, 0.05, 0.05)
_LEVEL = "GMMSegExtension.level"


def update(inputNode, fieldNode, overlayNode, viewIDs: tuple[str, ...] = ()) -> Steps[None]:
    """Make the contours of a field, one surface at a step.

    The field is contoured where it is smooth, everywhere, and the surfaces are then cut by the brain: contours of a
    field set to 0 outside would outline the brain.

    :param inputNode: the volume whose results these are.
    :param fieldNode: volume node with the field, not cut to the brain.
    :param overlayNode: the same field, 0 outside the brain.
    :param viewIDs: of the views that draw the contours; all slice views when empty.
    """
    field = volumes.voxels(fieldNode)
    strides = _strides(fieldNode)
    coarse = np.ascontiguousarray(field[tuple(slice(None, None, step) for step in strides)], dtype=np.float32)
    brain = volumes.voxels(overlayNode)[tuple(slice(None, None, step) for step in strides)] > 0
    images = _image(coarse, strides), _image(brain.astype(np.float32), strides)
    toRas = volumes.ijkToRas(fieldNode)
    wanted = levels(coarse[brain])
    for index, level in enumerate(wanted):
        node = _node(inputNode, fieldNode, index, level)
        node.SetAndObservePolyData(_surface(*images, level, toRas))
        _display(node, level, viewIDs)
        yield
    remove(inputNode, keep=len(wanted))


def levels(values: np.ndarray) -> list[float]:
    """Levels that field ``values`` reach, multiples of the finest step about 1 that gives few lines."""
    if values.size == 0:
        return []
    low, high = (float(value) for value in np.percentile(values, (1, 99)))
    step = next((step for step in _STEPS if (high - low) / step <= _MOST_LINES), _STEPS[-1])
    first, last = int(np.ceil((low - 1) / step)), int(np.floor((high - 1) / step))
    return [round(1 + index * step, 4) for index in range(first, last + 1)]


def interval(shown: list[float]) -> float | None:
    """The step between the levels, None with fewer than two."""
    return round(shown[1] - shown[0], 4) if len(shown) > 1 else None


def levelsOf(inputNode) -> list[float]:
    """The levels whose contours the scene holds, from low to high."""
    nodes = output_nodes.findAll(inputNode, output_nodes.FIELD_CONTOUR)
    return sorted(float(node.GetAttribute(_LEVEL)) for node in nodes)


def areVisible(inputNode) -> bool:
    """Whether contours that the scene holds are shown."""
    nodes = output_nodes.findAll(inputNode, output_nodes.FIELD_CONTOUR)
    return any(node.GetDisplayNode() is not None and node.GetDisplayNode().GetVisibility() for node in nodes)


def setVisible(inputNode, isVisible: bool) -> None:
    """Show or hide the contours that the scene holds."""
    for node in output_nodes.findAll(inputNode, output_nodes.FIELD_CONTOUR):
        if node.GetDisplayNode() is not None:
            node.GetDisplayNode().SetVisibility(isVisible)


def remove(inputNode, keep: int = 0) -> None:
    """Take the contours out of the scene, but for the first ``keep``."""
    for node in output_nodes.findAll(inputNode, output_nodes.FIELD_CONTOUR):
        if output_nodes.indexOf(node) >= keep:
            for owned in (node.GetDisplayNode(), node.GetStorageNode(), node):
                if owned is not None:
                    slicer.mrmlScene.RemoveNode(owned)


def _strides(volumeNode) -> tuple[int, int, int]:
    spacing = volumeNode.GetSpacing()
    return tuple(max(1, round(_SAMPLE_MM / size)) for size in spacing)


def _image(array: np.ndarray, strides: tuple[int, int, int]) -> vtk.vtkImageData:
    """Samples in voxel coordinates of the full grid."""
    image = vtk.vtkImageData()
    image.SetDimensions(*array.shape)
    image.SetSpacing(*strides)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(array.transpose(2, 1, 0)).ravel(), deep=True))
    return image


def _surface(fieldImage, brainImage, level: float, toRas: vtk.vtkMatrix4x4) -> vtk.vtkPolyData:
    contour = vtk.vtkFlyingEdges3D()
    contour.ComputeScalarsOff()
    contour.ComputeNormalsOff()
    contour.SetInputData(fieldImage)
    contour.SetValue(0, level)
    inside = vtk.vtkProbeFilter()
    inside.SetInputConnection(contour.GetOutputPort())
    inside.SetSourceData(brainImage)
    cut = vtk.vtkClipPolyData()
    cut.SetInputConnection(inside.GetOutputPort())
    cut.SetValue(0.5)
    transform = vtk.vtkTransform()
    transform.SetMatrix(toRas)
    place = vtk.vtkTransformPolyDataFilter()
    place.SetTransform(transform)
    place.SetInputConnection(cut.GetOutputPort())
    place.Update()
    surface = vtk.vtkPolyData()
    surface.SetPoints(place.GetOutput().GetPoints())
    surface.SetPolys(place.GetOutput().GetPolys())
    return surface


def _node(inputNode, fieldNode, index: int, level: float):
    title = _("{name} = {level}").format(name=volumes.name(fieldNode), level=f"{level:.3f}".rstrip("0").rstrip("."))
    node = output_nodes.obtain(inputNode, output_nodes.FIELD_CONTOUR, title, index=index)
    node.SetName(title)
    node.SetAttribute(_LEVEL, repr(level))
    node.SetAndObserveTransformNodeID(fieldNode.GetTransformNodeID())
    hierarchy.placeInHelperFolder(node, inputNode)
    return node


def _display(node, level: float, viewIDs: tuple[str, ...]) -> None:
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.SetColor(*_COLOR)
        display.SetVisibility(True)
        display.SetVisibility2D(True)
        display.SetVisibility3D(False)
        # Where nothing was corrected the line is thicker.
        display.SetSliceIntersectionThickness(4 if level == 1.0 else 2)
        display.SetViewNodeIDs(viewIDs)
