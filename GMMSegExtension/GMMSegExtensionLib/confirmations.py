"""Voxels whose label the user has confirmed: slice by slice, in boxes, or all of the brain.

Each confirmation is a segment of one segmentation node that belongs to the input volume, so it is saved, loaded and
deleted like anything else in the scene. It says *where* labels count as known; *which* they are says the result, as it
is when asked for: a correction after confirming counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from gmmseg.box_region import box_region
from slicer.i18n import tr as _

from . import hierarchy, output_nodes, volumes
from .confirm_history import ConfirmHistory
from .confirmed_voxels import Confirmed, brainLabels, confirmedLabels, confirmedMask, countConfirmed
from .review_slices import orientationLabel
from .segment_labels import Box, labelsOnGrid, makeImage, shapeOf
from .slice_planes import SlicePlanes

__all__ = [
    "ALL",
    "REGION",
    "SLICE",
    "Confirmations",
    "Confirmed",
    "Entry",
    "brainLabels",
    "confirmedLabels",
    "confirmedMask",
    "countConfirmed",
]

SLICE, REGION, ALL = "slice", "region", "all"

_ORDER = (SLICE, REGION, ALL)
_KIND = "GMMSegExtension.kind"
_PLANE = "GMMSegExtension.plane"
_NUMBER = "GMMSegExtension.number"
_VOXELS = "GMMSegExtension.voxels"
_COLOR = (0.20, 0.85, 0.35)


@dataclass(frozen=True)
class Entry:
    """One confirmation.

    :param id: of its segment.
    :param name: as in "Axial 87"; slices are counted from 0 as in Slicer's data probe.
    :param kind: ``SLICE``, ``REGION`` or ``ALL``.
    :param voxels: number of voxels.
    :param orientation: axial, coronal or sagittal for a slice, else empty.
    :param axis, index: the array axis that a slice lies across and its number along it; -1 for the others.
    """

    id: str
    name: str
    kind: str
    voxels: int
    orientation: str = ""
    axis: int = -1
    index: int = -1


class Confirmations:
    """The confirmations of one input volume.

    :param history: remembers the steps for :meth:`undo`; keep it as long as the user may want to go back.
    """

    def __init__(self, inputVolume, history: ConfirmHistory | None = None) -> None:
        self._inputVolume = inputVolume
        self._history = history or ConfirmHistory()

    @property
    def node(self):
        """The segmentation node of the confirmations, None while there are none."""
        return output_nodes.find(self._inputVolume, output_nodes.CONFIRMED)

    @property
    def history(self) -> ConfirmHistory:
        """The steps so far."""
        return self._history

    @property
    def lastStep(self) -> str:
        """What :meth:`undo` will revert, as in "Confirm Axial 87"; empty when there is nothing."""
        return self._history.lastStep

    def entries(self) -> list[Entry]:
        """Slices by orientation and number, then regions, then all."""
        node = self.node
        if node is None:
            return []
        segmentation, planes = node.GetSegmentation(), SlicePlanes(self._inputVolume)
        found = [_entry(name, segmentation.GetSegment(name), planes) for name in segmentation.GetSegmentIDs()]
        return sorted((entry for entry in found if entry is not None), key=_place)

    def entryOf(self, axis: int, index: int) -> Entry | None:
        """The confirmation of the slice ``index`` across an array axis."""
        return next((entry for entry in self.entries() if (entry.axis, entry.index) == (axis, index)), None)

    def addSlice(self, axis: int, index: int) -> Entry:
        """Confirm the brain voxels of one slice; an earlier confirmation of it is replaced.

        :param axis: the array axis that numbers the slice, 0 for I.
        :raises ValueError: there is no brain in it.
        """
        planes, size = SlicePlanes(self._inputVolume), shapeOf(self._inputVolume)
        name = _sliceName(planes, axis, index)
        if not 0 <= index < size[axis]:
            raise ValueError(_("There is no slice {name}; choose one inside the volume.").format(name=name))
        first, second, third = (
            slice(index, index + 1) if number == axis else slice(0, size[number]) for number in range(3)
        )
        box = (first, second, third)
        mask = brainLabels(self._inputVolume, box) > 0
        if not mask.any():
            raise ValueError(_("No brain in slice {name}; go to one that crosses the brain.").format(name=name))
        earlier = self.entryOf(axis, index)
        tags = {_KIND: SLICE, _PLANE: planes.text(axis, index)}
        return self._put(earlier.id if earlier else self._newID(SLICE), name, mask, box, tags)

    def addRegion(self, roiNode) -> Entry:
        """Confirm the brain voxels whose centres lie in a box, tilted or not.

        :raises ValueError: there is no brain in it, or the volume is under a non-linear transform.
        """
        boxToWorld = slicer.util.arrayFromVTKMatrix(roiNode.GetObjectToWorldMatrix())
        toBox = np.linalg.inv(boxToWorld) @ volumes.ijkToWorld(self._inputVolume)
        box, inside = box_region(shapeOf(self._inputVolume), toBox, roiNode.GetSize())
        mask = inside & (brainLabels(self._inputVolume, box) > 0)
        if not mask.any():
            raise ValueError(_("No brain in the box; move it over the part that you have looked at."))
        number = self._nextNumber()
        name = _("Region {number}").format(number=number)
        return self._put(self._newID(REGION), name, mask, box, {_KIND: REGION, _NUMBER: str(number)})

    def addAll(self) -> Entry:
        """Confirm every brain voxel; the other confirmations stay.

        :raises ValueError: there is no brain.
        """
        first, second, third = (slice(0, size) for size in shapeOf(self._inputVolume))
        mask = brainLabels(self._inputVolume) > 0
        if not mask.any():
            raise ValueError(_("There is no segmentation to confirm; segment the volume first."))
        earlier = next((entry.id for entry in self.entries() if entry.kind == ALL), None)
        return self._put(earlier or self._newID(ALL), _("All"), mask, (first, second, third), {_KIND: ALL})

    def remove(self, *identifiers: str) -> None:
        """Take confirmations back in one step; the labels stay. Those that are gone already are passed over."""
        names = {entry.id: entry.name for entry in self.entries() if entry.id in identifiers}
        if not names:
            return
        segmentation = self.node.GetSegmentation()
        segments = {name: segmentation.GetSegment(name) for name in names}
        self._history.remember(_("Remove {names}").format(names=", ".join(names.values())), segments)
        for name in segments:
            segmentation.RemoveSegment(name)
        self._removeEmptyNode()

    def undo(self) -> str:
        """Revert the last confirmation or removal.

        :returns: what was reverted, as in "Confirm Axial 87"; empty when there was nothing to revert.
        """
        if not self._history.canUndo:
            return ""
        title = self._history.undo(self._obtainNode().GetSegmentation())
        self._removeEmptyNode()
        return title

    @property
    def isShown(self) -> bool:
        """Whether the slice views outline the confirmed voxels."""
        node = self.node
        return node is not None and node.GetDisplayNode() is not None and bool(node.GetDisplayNode().GetVisibility())

    def setShown(self, isShown: bool) -> None:
        """Outline the confirmed voxels in the slice views, or not."""
        if self.node is not None:
            node = self._obtainNode()  # which follows the input to where it is now
            node.CreateDefaultDisplayNodes()
            node.GetDisplayNode().SetVisibility(isShown)

    def centre(self, identifier: str) -> tuple[int, int, int] | None:
        """The voxel in the middle of a confirmation; None when it is gone or empty."""
        node = self.node
        if node is None:
            return None
        inside = labelsOnGrid(node, {identifier: 1}, self._inputVolume)
        if not inside.any():
            return None
        lines = (inside.any(axis=(1, 2)), inside.any(axis=(0, 2)), inside.any(axis=(0, 1)))
        i, j, k = (int(np.flatnonzero(line)[[0, -1]].sum()) // 2 for line in lines)
        return i, j, k

    def _put(self, identifier: str, name: str, mask: np.ndarray, box: Box, tags: dict[str, str]) -> Entry:
        segmentation = self._obtainNode().GetSegmentation()
        earlier = segmentation.GetSegment(identifier)
        self._history.remember(_("Confirm {name}").format(name=name), {identifier: earlier})
        # A labelmap of its own, no larger than the slice or box: adding to a shared one would touch the whole grid.
        segment = _newSegment(name, {**tags, _VOXELS: str(int(np.count_nonzero(mask)))})
        corner = (box[0].start, box[1].start, box[2].start)
        representation = slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName()
        segment.AddRepresentation(representation, makeImage(mask, corner, self._inputVolume))
        if earlier is not None:
            segmentation.RemoveSegment(identifier)
        segmentation.AddSegment(segment, identifier)
        return next(entry for entry in self.entries() if entry.id == identifier)

    def _obtainNode(self):
        inputVolume = self._inputVolume
        isNew = self.node is None
        title = _("{name} confirmed").format(name=volumes.name(inputVolume))
        node = output_nodes.obtain(inputVolume, output_nodes.CONFIRMED, title)
        if node.GetTransformNodeID() != inputVolume.GetTransformNodeID():
            node.SetAndObserveTransformNodeID(inputVolume.GetTransformNodeID())
        if isNew:
            representation = slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName()
            node.GetSegmentation().SetSourceRepresentationName(representation)
            node.SetReferenceImageGeometryParameterFromVolumeNode(inputVolume)
            _showAsHiddenOutline(node)
            hierarchy.placeInHelperFolder(node, inputVolume)
        return node

    def _removeEmptyNode(self) -> None:
        node = self.node
        if node is not None and node.GetSegmentation().GetNumberOfSegments() == 0:
            slicer.mrmlScene.RemoveNode(node)

    def _newID(self, kind: str) -> str:
        node = self.node
        return node.GetSegmentation().GenerateUniqueSegmentID(kind) if node is not None else kind

    def _nextNumber(self) -> int:
        node = self.node
        if node is None:
            return 1
        segmentation = node.GetSegmentation()
        texts = [_tag(segmentation.GetSegment(name), _NUMBER) for name in segmentation.GetSegmentIDs()]
        return 1 + max((int(text) for text in texts if text.isdigit()), default=0)


def _newSegment(name: str, tags: dict[str, str]):
    segment = slicer.vtkSegment()
    segment.SetName(name)
    segment.SetColor(*_COLOR)
    segment.SetNameAutoGenerated(False)
    segment.SetColorAutoGenerated(False)
    for key, value in tags.items():
        segment.SetTag(key, value)
    return segment


def _entry(identifier: str, segment, planes: SlicePlanes) -> Entry | None:
    """None for a segment that somebody added in another module."""
    kind = _tag(segment, _KIND)
    if kind not in _ORDER:
        return None
    voxels = int(_tag(segment, _VOXELS) or 0)
    plane = planes.parse(_tag(segment, _PLANE)) if kind == SLICE else None
    if plane is None:
        return Entry(identifier, segment.GetName(), kind, voxels)
    # The segment's own name is of the day it was made; a file may have turned the order of the slices round since.
    axis, index = plane
    return Entry(identifier, _sliceName(planes, axis, index), kind, voxels, planes.orientation(axis), axis, index)


def _sliceName(planes: SlicePlanes, axis: int, index: int) -> str:
    return _("{orientation} {index}").format(orientation=orientationLabel(planes.orientation(axis)), index=index)


def _place(entry: Entry) -> tuple:
    # "Region 10" after "Region 9".
    return _ORDER.index(entry.kind), entry.orientation, entry.index, len(entry.name), entry.name


def _tag(segment, key: str) -> str:
    value = vtk.reference("")
    return str(value) if segment.GetTag(key, value) else ""


def _showAsHiddenOutline(node) -> None:
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.SetVisibility(False)
        display.SetVisibility2DFill(False)
        display.SetVisibility2DOutline(True)
        display.SetVisibility3D(False)
