"""A label array as the segments of a segmentation node."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import slicer

from .steps import Steps, slabs
from .tissues import ClassStyle, isClass, segmentID
from .volumes import ijkToRas, newImage

Box = tuple[slice, slice, slice]


def labelmapSteps(labels: np.ndarray, volumeNode, kept: np.ndarray | None = None) -> Steps:
    """One labelmap for all classes: they exclude each other. It is cut to the box around them, as Slicer's editor does.

    :param labels: (I, J, K) uint8 on the grid of ``volumeNode``; 0 outside, 1..K.
    :param kept: (I, J, K) uint8, labels that take the place of others where they are not 0.
    :returns: steps with a vtkOrientedImageData as outcome.
    """
    box = _boxAround(labels)
    yield
    if kept is not None:
        box = _union(box, _boxAround(kept))
        yield
    box = box or (slice(0, 1),) * 3  # nothing at all: one voxel of it
    image = slicer.vtkOrientedImageData()
    image.SetExtent(*[bound for part in box for bound in (part.start, part.stop - 1)])
    image.SetGeometryFromImageToWorldMatrix(ijkToRas(volumeNode))
    labels, kept = labels[box], None if kept is None else kept[box]
    _image, target = newImage(labels.shape, np.uint8, image)
    for part in slabs(labels):
        target[part] = labels[part] if kept is None else np.where(kept[part] > 0, kept[part], labels[part])
        yield
    return image


def setLabelmap(segmentationNode, labelmap, styles: list[ClassStyle], volumeNode) -> None:
    """Make the segments of ``segmentationNode`` the classes of a labelmap from :func:`labelmapSteps`. Takes no time.

    With the same number of classes as before, names and colours stay as the user left them. Segments that the user
    added stay. A surface for the 3-D views is gone afterwards.

    :param styles: one for each class.
    """
    segmentation = segmentationNode.GetSegmentation()
    representation = slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName()
    with slicer.util.NodeModify(segmentationNode):
        segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
        segmentationNode.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
        segmentation.SetSourceRepresentationName(representation)
        if countClasses(segmentationNode) != len(styles):
            for name in filter(isClass, segmentation.GetSegmentIDs()):
                _removeSegment(segmentation, name)
        for label, style in enumerate(styles, start=1):
            segment = segmentation.GetSegment(segmentID(label))
            isNew = segment is None
            if isNew:
                segment = slicer.vtkSegment()
                _setStyle(segment, style)
            segment.AddRepresentation(representation, labelmap)
            segment.SetLabelValue(label)
            if isNew:
                segmentation.AddSegment(segment, segmentID(label))
        segmentation.InvalidateNonSourceRepresentations()
    segmentationNode.CreateDefaultDisplayNodes()
    segmentationNode.Modified()


def countClasses(segmentationNode) -> int:
    """Number of segments that are classes, not the user's own."""
    return sum(map(isClass, segmentationNode.GetSegmentation().GetSegmentIDs()))


def adoptStyles(segmentationNode, styles: list[ClassStyle], replaceable: list[ClassStyle]) -> None:
    """Give ``styles`` to those segments that still look like ``replaceable``, hence were not edited by the user.

    The preview is drawn before the contrast of the scan is known; on a T2-like scan the order of tissues turns round.
    """
    segmentation = segmentationNode.GetSegmentation()
    for label, (style, old) in enumerate(zip(styles, replaceable, strict=True), start=1):
        segment = segmentation.GetSegment(segmentID(label))
        if segment is not None and style != old and segment.GetName() == old.name:
            _setStyle(segment, style)


def snapshot(segmentationNode):
    """A copy of the segments (vtkSegmentation), to be given back with :func:`restore`."""
    segmentation, copy = segmentationNode.GetSegmentation(), slicer.vtkSegmentation()
    copy.SetSourceRepresentationName(segmentation.GetSourceRepresentationName())
    _copyGeometry(segmentation, copy)
    copies: dict = {}
    for name in segmentation.GetSegmentIDs():
        segment = slicer.vtkSegment()
        _copySegment(segmentation.GetSegment(name), segment, copies)
        copy.AddSegment(segment, name)
    return copy


def restore(segmentationNode, copy) -> None:
    """Undo every change of the segments since ``copy`` was taken; what the user added meanwhile stays."""
    segmentation = segmentationNode.GetSegmentation()
    copies: dict = {}
    with slicer.util.NodeModify(segmentationNode):
        segmentation.SetSourceRepresentationName(copy.GetSourceRepresentationName())
        _copyGeometry(copy, segmentation)
        for name in segmentation.GetSegmentIDs():
            if isClass(name) and copy.GetSegment(name) is None:
                _removeSegment(segmentation, name)
        for index, name in enumerate(copy.GetSegmentIDs()):
            segment = segmentation.GetSegment(name)
            isNew = segment is None
            if isNew:
                segment = slicer.vtkSegment()
            _copySegment(copy.GetSegment(name), segment, copies)
            if isNew:
                segmentation.AddSegment(segment, name)
            segmentation.SetSegmentIndex(name, index)
    segmentationNode.Modified()


def restorer(segmentationNode) -> Callable[[], None]:
    """A function that brings back the segments as they are now, and their place in space."""
    copy, transformID = snapshot(segmentationNode), segmentationNode.GetTransformNodeID()
    role = segmentationNode.GetReferenceImageGeometryReferenceRole()
    referenceID = segmentationNode.GetNodeReferenceID(role)

    def bringBack() -> None:
        segmentationNode.SetAndObserveTransformNodeID(transformID)
        segmentationNode.SetNodeReferenceID(role, referenceID)
        restore(segmentationNode, copy)

    return bringBack


def _copySegment(source, target, copies: dict) -> None:
    """Make ``target`` what the segment ``source`` is.

    :param copies: of images and surfaces that several segments share.
    """
    target.DeepCopyMetadata(source)
    target.RemoveAllRepresentations()
    representations: list[str] = []
    source.GetContainedRepresentationNames(representations)
    for name in representations:
        data = source.GetRepresentation(name)
        key = data.GetAddressAsString("")
        if key not in copies:
            copies[key] = data.NewInstance()
            copies[key].DeepCopy(data)
        target.AddRepresentation(name, copies[key])


def _copyGeometry(source, target) -> None:
    """Let ``target`` have the reference geometry of ``source``; copying all parameters may take long."""
    name = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    target.SetConversionParameter(name, source.GetConversionParameter(name))


def _removeSegment(segmentation, name: str) -> None:
    # Without its image: Slicer would look for its voxels in it to take them out for the other segments.
    segmentation.GetSegment(name).RemoveAllRepresentations()
    segmentation.RemoveSegment(name)


def _setStyle(segment, style: ClassStyle) -> None:
    segment.SetName(style.name)
    segment.SetColor(*style.color)
    # Ours, not the terminology's: its colours of grey and white matter are nearly equal.
    segment.SetNameAutoGenerated(False)
    segment.SetColorAutoGenerated(False)
    if style.terminology:  # else the segment stays what Slicer makes it, "Tissue"
        segment.SetTag(segment.GetTerminologyEntryTagName(), style.terminology)


def _boxAround(labels: np.ndarray) -> Box | None:
    """The smallest box with all labels that are not 0, None without any."""
    inside = [labels.any(axis=tuple({0, 1, 2} - {axis})).nonzero()[0] for axis in range(3)]
    if not inside[0].size:
        return None
    return tuple(slice(int(part[0]), int(part[-1]) + 1) for part in inside)


def _union(one: Box | None, other: Box | None) -> Box | None:
    if one is None or other is None:
        return one or other
    return tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
