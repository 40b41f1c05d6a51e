"""A label array as the segments of a segmentation node."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from .tissues import ClassStyle, isClass, segmentID
from .volumes import ijkToRas


def setSegments(segmentationNode, labels: np.ndarray, styles: list[ClassStyle], volumeNode) -> None:
    """Make the segments of ``segmentationNode`` the classes of ``labels``.

    With the same number of classes as before, names and colours stay as the user left them. Segments that the user
    added stay.

    :param labels: (I, J, K) uint8 on the grid of ``volumeNode``; 0 outside, 1..K.
    :param styles: one for each class.
    """
    segmentation = segmentationNode.GetSegmentation()
    representation = slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName()
    surface = slicer.vtkSegmentationConverter.GetClosedSurfaceRepresentationName()
    hadSurface = segmentation.ContainsRepresentation(surface)
    with slicer.util.NodeModify(segmentationNode):
        segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
        segmentationNode.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
        segmentation.SetSourceRepresentationName(representation)
        earlier = [name for name in segmentation.GetSegmentIDs() if isClass(name)]
        if len(earlier) != len(styles):
            for name in earlier:
                segmentation.RemoveSegment(name)
        # One image for all classes: they exclude each other, so one layer holds them.
        image = _labelImage(labels, ijkToRas(volumeNode))
        for label, style in enumerate(styles, start=1):
            segment = segmentation.GetSegment(segmentID(label))
            isNew = segment is None
            if isNew:
                segment = slicer.vtkSegment()
                segment.SetName(style.name)
                segment.SetColor(*style.color)
                segment.SetTag(segment.GetTerminologyEntryTagName(), style.terminology)
            segment.AddRepresentation(representation, image)
            segment.SetLabelValue(label)
            if isNew:
                segmentation.AddSegment(segment, segmentID(label))
        segmentation.CollapseBinaryLabelmaps(False)
        segmentation.InvalidateNonSourceRepresentations()
    segmentationNode.CreateDefaultDisplayNodes()
    if hadSurface:
        segmentationNode.CreateClosedSurfaceRepresentation()
    segmentationNode.Modified()


def adoptStyles(segmentationNode, styles: list[ClassStyle], replaceable: list[ClassStyle]) -> None:
    """Give ``styles`` to those segments that still look like ``replaceable``, hence were not edited by the user.

    The preview is drawn before the contrast of the scan is known; on a T2-like scan the order of tissues turns round.
    """
    segmentation = segmentationNode.GetSegmentation()
    for label, (style, old) in enumerate(zip(styles, replaceable, strict=True), start=1):
        segment = segmentation.GetSegment(segmentID(label))
        if segment is not None and style != old and segment.GetName() == old.name:
            segment.SetName(style.name)
            segment.SetColor(*style.color)
            segment.SetTag(segment.GetTerminologyEntryTagName(), style.terminology)


def snapshot(segmentationNode):
    """A copy of the segments, to be given back with :func:`restore`."""
    copy = slicer.vtkSegmentation()
    copy.DeepCopy(segmentationNode.GetSegmentation())
    return copy


def restore(segmentationNode, copy) -> None:
    """Undo every change of the segments since ``copy`` was taken."""
    with slicer.util.NodeModify(segmentationNode):
        segmentationNode.GetSegmentation().DeepCopy(copy)
    segmentationNode.Modified()


def _labelImage(labels: np.ndarray, ijkToRasMatrix: vtk.vtkMatrix4x4):
    image = slicer.vtkOrientedImageData()
    image.SetDimensions(*labels.shape)
    flat = np.ascontiguousarray(labels.transpose(2, 1, 0), dtype=np.uint8).ravel()
    image.GetPointData().SetScalars(numpy_to_vtk(flat, deep=True, array_type=vtk.VTK_UNSIGNED_CHAR))
    image.SetGeometryFromImageToWorldMatrix(ijkToRasMatrix)
    return image
