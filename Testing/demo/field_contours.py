"""Lines of equal bias field as models that slice views draw where they cut them."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)
MOST_LINES = 8
# A Legendre field is smooth: every third voxel carries it.
STRIDE = 3


def add_contours(field_node, brain_mask: np.ndarray) -> list:
    """A model node for each level of the field, seen in slice views only.

    The field is contoured where it is smooth, everywhere, and the surfaces are then cut by the mask: contours of a
    field set to 0 outside would outline the brain.

    Args:
        field_node: volume node with the field, not cut to the brain.
        brain_mask: (I, J, K) bool on its grid.
    """
    field = slicer.util.arrayFromVolume(field_node).transpose(2, 1, 0)
    mask_image = _image(brain_mask[::STRIDE, ::STRIDE, ::STRIDE].astype(np.float32))
    field_image = _image(field[::STRIDE, ::STRIDE, ::STRIDE].astype(np.float32))
    return [
        _model(field_node, f"{field_node.GetName()} {level:.2f}", _surface(field_image, mask_image, level))
        for level in levels(field[brain_mask])
    ]


def levels(values: np.ndarray) -> list[float]:
    """Levels that the field reaches within the mask, at the finest of :data:`STEPS` that gives few lines."""
    low, high = (float(value) for value in np.percentile(values, (1, 99)))
    step = next((step for step in STEPS if (high - low) / step <= MOST_LINES), STEPS[-1])
    first, last = int(np.ceil((low - 1) / step)), int(np.floor((high - 1) / step))
    return [1 + index * step for index in range(first, last + 1)]


def _image(array: np.ndarray) -> vtk.vtkImageData:
    """``array`` in voxel coordinates of the full grid."""
    image = vtk.vtkImageData()
    image.SetDimensions(*array.shape)
    image.SetSpacing(STRIDE, STRIDE, STRIDE)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(array.transpose(2, 1, 0)).ravel(), deep=True))
    return image


def _surface(field_image: vtk.vtkImageData, mask_image: vtk.vtkImageData, level: float) -> vtk.vtkPolyData:
    contour = vtk.vtkFlyingEdges3D()
    contour.ComputeScalarsOff()
    contour.SetInputData(field_image)
    contour.SetValue(0, level)
    inside = vtk.vtkProbeFilter()
    inside.SetInputConnection(contour.GetOutputPort())
    inside.SetSourceData(mask_image)
    cut = vtk.vtkClipPolyData()
    cut.SetInputConnection(inside.GetOutputPort())
    cut.SetValue(0.5)
    cut.Update()
    surface = vtk.vtkPolyData()
    surface.SetPoints(cut.GetOutput().GetPoints())
    surface.SetPolys(cut.GetOutput().GetPolys())
    return surface


def _model(field_node, name: str, surface: vtk.vtkPolyData):
    to_ras = vtk.vtkMatrix4x4()
    field_node.GetIJKToRASMatrix(to_ras)
    transform = vtk.vtkTransform()
    transform.SetMatrix(to_ras)
    place = vtk.vtkTransformPolyDataFilter()
    place.SetTransform(transform)
    place.SetInputData(surface)
    place.Update()
    model = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", name)
    model.SetAndObservePolyData(place.GetOutput())
    model.SetAndObserveTransformNodeID(field_node.GetTransformNodeID())
    model.CreateDefaultDisplayNodes()
    display = model.GetDisplayNode()
    display.SetColor(0.05, 0.05, 0.05)
    display.SetVisibility2D(True)
    display.SetVisibility3D(False)
    display.SetSliceIntersectionThickness(2)
    return model
