"""Voxels of segments on a volume's grid, read without touching more of them than asked for."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from .volumes import ijkToRas

Box = tuple[slice, slice, slice]
_SAME = 1e-4


def shapeOf(volumeNode) -> tuple[int, int, int]:
    """Number of voxels along I, J and K; zeros without an image."""
    image = volumeNode.GetImageData()
    return tuple(image.GetDimensions()) if image is not None else (0, 0, 0)


def labelsOnGrid(segmentationNode, values: dict[str, int], volumeNode, box: Box | None = None) -> np.ndarray:
    """A label for each voxel of a volume's grid, from segments that lie in the volume's own coordinates.

    :param values: the label (1 to 255) of each segment ID; other segments and missing ones count as nothing. Where two
        overlap, as the user may have made them, the higher label counts.
    :param box: the part of the grid to read, None for all of it.
    :returns: (i, j, k) uint8 of the size of ``box``, in the memory order of Slicer's arrays; 0 where no segment is.
    """
    box = box or _whole(volumeNode)
    i, j, k = (part.stop - part.start for part in box)
    result = np.zeros((k, j, i), dtype=np.uint8).transpose(2, 1, 0)
    matrix = ijkToRas(volumeNode)
    for image, labels in _layers(segmentationNode.GetSegmentation(), values):
        _putLayer(result, _onGrid(image, matrix), labels, box)
    return result


def makeImage(array: np.ndarray, corner: tuple[int, int, int], volumeNode):
    """A labelmap of its own for a segment.

    :param array: (i, j, k) bool or uint8.
    :param corner: where its first voxel lies on the grid of ``volumeNode``.
    :returns: vtkOrientedImageData in the volume's own coordinates.
    """
    image = slicer.vtkOrientedImageData()
    image.SetExtent(
        *[end for start, size in zip(corner, array.shape, strict=True) for end in (start, start + size - 1)]
    )
    flat = np.ascontiguousarray(array.transpose(2, 1, 0), dtype=np.uint8).ravel()
    image.GetPointData().SetScalars(numpy_to_vtk(flat, deep=True, array_type=vtk.VTK_UNSIGNED_CHAR))
    image.SetGeometryFromImageToWorldMatrix(ijkToRas(volumeNode))
    return image


def _whole(volumeNode) -> Box:
    first, second, third = (slice(0, size) for size in shapeOf(volumeNode))
    return first, second, third


def _layers(segmentation, values: dict[str, int]) -> list[tuple]:
    """The images that hold the segments, several in one where they do not overlap, each with the label (0 for none) of
    every value in it."""
    representation = slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName()
    layers: dict = {}
    for name in segmentation.GetSegmentIDs():
        segment = segmentation.GetSegment(name)
        image = segment.GetRepresentation(representation)
        if image is not None and image.GetPointData().GetScalars() is not None and not image.IsEmpty():
            layers.setdefault(image, {})[segment.GetLabelValue()] = values.get(name, 0)
    return [(image, labels) for image, labels in layers.items() if any(labels.values())]


def _onGrid(image, ijkToRasMatrix):
    """``image`` with voxels that are those of the grid; itself when it has them already, as long as nobody edited the
    segments on another grid and no file has mirrored an axis."""
    own = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(own)
    difference = slicer.util.arrayFromVTKMatrix(own) - slicer.util.arrayFromVTKMatrix(ijkToRasMatrix)
    if np.abs(difference).max() < _SAME:
        return image
    turned = slicer.vtkOrientedImageData()
    slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceGeometry(image, ijkToRasMatrix, turned)
    return turned


def _putLayer(result: np.ndarray, image, labels: dict[int, int], box: Box) -> None:
    """Write the labels of one layer into ``result``, which stands for ``box`` of the grid."""
    extent = image.GetExtent()
    overlap = [
        (max(part.start, low), min(part.stop, high + 1))
        for part, low, high in zip(box, extent[::2], extent[1::2], strict=True)
    ]
    if any(start >= stop for start, stop in overlap):
        return
    i, j, k = image.GetDimensions()
    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(k, j, i).transpose(2, 1, 0)
    source = voxels[tuple(slice(a - low, b - low) for (a, b), low in zip(overlap, extent[::2], strict=True))]
    target = result[tuple(slice(a - part.start, b - part.start) for (a, b), part in zip(overlap, box, strict=True))]
    np.maximum(target, _translated(source, labels), out=target)


def _translated(source: np.ndarray, labels: dict[int, int]) -> np.ndarray:
    """The values of a layer as labels. Looking each up takes ten times as long as the two usual cases: values that are
    the labels already, and one label for all."""
    if source.dtype == np.uint8 and all(value == label for value, label in labels.items()):
        return source
    if len(set(labels.values())) == 1:
        return (source != 0) * np.uint8(next(iter(labels.values())))
    table = np.zeros(1 + max(255, *labels), dtype=np.uint8)
    for value, label in labels.items():
        table[value] = label
    return table[source if source.dtype == np.uint8 else np.clip(source, 0, table.size - 1).astype(np.intp)]
