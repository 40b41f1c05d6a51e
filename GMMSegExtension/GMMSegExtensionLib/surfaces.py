"""Surfaces of segments for the 3-D views. :func:`make` may run in a thread: VTK filters let Python go on meanwhile."""

from __future__ import annotations

import slicer
import vtk

# Making surfaces takes seconds, so who replaces segments only notes that they had some, and the panel makes new ones.
_LOST = "GMMSegExtension.surfaces"
_REPLACED, _AWAY = "replaced", "away"
# As Slicer's own conversion does by default: smooths the steps of the voxels, keeps gyri.
_PASS_BAND = 0.05
_SMOOTHING_ITERATIONS = 20
_SEEN_THROUGH = 0.2


def rememberThem(segmentationNode) -> None:
    """Note that the segments have surfaces, for who replaces the segments: :func:`areLost` then tells afterwards."""
    if exist(segmentationNode):
        segmentationNode.SetAttribute(_LOST, _REPLACED)


def areLost(segmentationNode) -> bool:
    """Whether the segments had surfaces before they were replaced, and have none now."""
    return segmentationNode.GetAttribute(_LOST) == _REPLACED and not exist(segmentationNode)


def forgetThem(segmentationNode) -> None:
    """The surfaces were made anew, or are no longer wanted."""
    segmentationNode.RemoveAttribute(_LOST)


def putAway(segmentationNode) -> None:
    """Take the surfaces away for as long as segments are edited: Slicer would make them anew at every stroke."""
    if exist(segmentationNode):
        remove(segmentationNode)
        segmentationNode.SetAttribute(_LOST, _AWAY)


def bringBack(segmentationNode) -> None:
    """The edit is over: surfaces that were put away are lost now, so that they are made anew."""
    if segmentationNode.GetAttribute(_LOST) == _AWAY:
        segmentationNode.SetAttribute(_LOST, _REPLACED)


def exist(segmentationNode) -> bool:
    """Whether the segments have surfaces."""
    return bool(segmentationNode.GetSegmentation().ContainsRepresentation(_representation()))


def sources(segmentationNode) -> dict[str, tuple]:
    """What :func:`make` needs for each segment: its ID, then (image, label in the image).

    The images share their voxels with the segments, so this takes no time; when the segments are edited meanwhile the
    surfaces are out of date, but nothing else happens.
    """
    found = {}
    for identifier, image in _images(segmentationNode):
        shared = slicer.vtkOrientedImageData()
        shared.ShallowCopy(image)
        found[identifier] = (shared, segmentationNode.GetSegmentation().GetSegment(identifier).GetLabelValue())
    return found


def version(segmentationNode) -> tuple:
    """Differs after the voxels of the segments were changed."""
    return tuple((name, image.GetMTime()) for name, image in _images(segmentationNode))


def make(image, label: int) -> vtk.vtkPolyData:
    """The smooth closed surface of the voxels with ``label``, with normals, in the space of the segmentation node.

    Takes about a second for a brain of 256 x 256 x 176 voxels, during which other threads run.

    :param image: vtkOrientedImageData.
    :returns: an empty surface when no voxel has the label.
    """
    padded = _Step(vtk.vtkImageConstantPad(), _onIndices(image))
    extent = image.GetExtent()
    # A segment that reaches the border of the image would be left open there.
    grown = [bound + (1 if index % 2 else -1) for index, bound in enumerate(extent)]
    padded.filter.SetOutputWholeExtent(*grown)
    padded.filter.SetConstant(0)
    contour = _Step(vtk.vtkDiscreteFlyingEdges3D(), padded.output())
    contour.filter.SetValue(0, label)
    contour.filter.ComputeNormalsOff()
    contour.filter.ComputeGradientsOff()
    contour.filter.ComputeScalarsOff()
    placed = _Step(vtk.vtkTransformPolyDataFilter(), contour.output())
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    transform = vtk.vtkTransform()
    transform.SetMatrix(matrix)
    placed.filter.SetTransform(transform)
    smooth = _Step(vtk.vtkWindowedSincPolyDataFilter(), placed.output())
    smooth.filter.SetNumberOfIterations(_SMOOTHING_ITERATIONS)
    smooth.filter.SetPassBand(_PASS_BAND)
    smooth.filter.NormalizeCoordinatesOn()
    smooth.filter.BoundarySmoothingOff()
    smooth.filter.FeatureEdgeSmoothingOff()
    smooth.filter.NonManifoldSmoothingOn()
    surface = smooth.output()
    if matrix.Determinant() < 0:  # a mirrored image turns the triangles inside out
        surface = _Step(vtk.vtkReverseSense(), surface).output()
    normals = _Step(vtk.vtkPolyDataNormals(), surface)
    normals.filter.SplittingOff()
    normals.filter.ConsistencyOff()
    return normals.output()


def put(segmentationNode, segmentID: str, surface: vtk.vtkPolyData) -> None:
    """Give a segment its surface."""
    segment = segmentationNode.GetSegmentation().GetSegment(segmentID)
    if segment is not None:
        segment.AddRepresentation(_representation(), surface)


def announce(segmentationNode) -> None:
    """Let the 3-D views draw surfaces that were put in one by one."""
    segmentation = segmentationNode.GetSegmentation()
    segmentation.InvokeEvent(slicer.vtkSegmentation.ContainedRepresentationNamesModified)
    display = segmentationNode.GetDisplayNode()
    if display is not None:
        display.SetVisibility3D(True)
        display.SetPreferredDisplayRepresentationName3D(_representation())


def seeThrough(segmentationNode, segmentIDs: list[str]) -> None:
    """Make segments that enclose the others transparent in 3-D, unless their opacity there was changed."""
    display = segmentationNode.GetDisplayNode()
    for identifier in segmentIDs if display is not None else ():
        if display.GetSegmentOpacity3D(identifier) == 1.0:
            display.SetSegmentOpacity3D(identifier, _SEEN_THROUGH)


def remove(segmentationNode) -> None:
    """Take the surfaces away."""
    segmentationNode.GetSegmentation().RemoveRepresentation(_representation())


def _images(segmentationNode) -> list[tuple]:
    """(segment ID, vtkOrientedImageData) of the segments that have voxels."""
    segmentation = segmentationNode.GetSegmentation()
    name = slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName()
    pairs = [(each, segmentation.GetSegment(each).GetRepresentation(name)) for each in segmentation.GetSegmentIDs()]
    return [(each, image) for each, image in pairs if image is not None and image.GetNumberOfPoints() > 0]


def _representation() -> str:
    return slicer.vtkSegmentationConverter.GetClosedSurfaceRepresentationName()


def _onIndices(image) -> vtk.vtkImageData:
    """The image in voxel coordinates: VTK's filters know nothing of the direction of its axes."""
    plain = vtk.vtkImageData()
    plain.ShallowCopy(image)
    plain.SetSpacing(1, 1, 1)
    plain.SetOrigin(0, 0, 0)
    plain.SetDirectionMatrix(1, 0, 0, 0, 1, 0, 0, 0, 1)
    return plain


class _Step:
    """One filter of a pipeline, which is run when its output is asked for and then let go."""

    def __init__(self, filter_, data) -> None:
        self.filter = filter_
        self.filter.SetInputData(data)

    def output(self):
        self.filter.Update()
        return self.filter.GetOutput()
