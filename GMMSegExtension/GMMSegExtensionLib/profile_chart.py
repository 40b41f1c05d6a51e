"""Original, corrected and field along a line that the user drags, as a chart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from . import hierarchy, output_nodes, plot_nodes, volumes
from .inspected_channel import InspectedChannel
from .plot_nodes import Chart, Curve, Roles

ROLES = Roles(output_nodes.PROFILE_TABLE, output_nodes.PROFILE_SERIES, output_nodes.PROFILE_CHART)
_SAMPLES = 200
# Grey, near black and violet: none is the colour of a tissue.
_ORIGINAL, _CORRECTED, _FIELD = (0.55, 0.55, 0.58), (0.10, 0.10, 0.12), (0.42, 0.24, 0.60)
_LINE_COLOR = (1.0, 0.85, 0.10)
_MOST_PLACES = 20000


@dataclass(frozen=True)
class Profile:
    """Values along a line from its first to its second point, not finite outside the volume.

    :param distance: (N,) mm from the first point.
    :param original: (N,) in the units of the volume.
    :param corrected: (N,) in the units of the volume.
    :param field: (N,) factor.
    """

    distance: np.ndarray
    original: np.ndarray
    corrected: np.ndarray
    field: np.ndarray

    def asLists(self) -> dict:
        """Ready for JSON, which has no number for what is outside the volume: None."""

        def numbers(values: np.ndarray) -> list:
            return [float(value) if np.isfinite(value) else None for value in values]

        return {
            "distance_mm": numbers(self.distance),
            "original": numbers(self.original),
            "corrected": numbers(self.corrected),
            "field": numbers(self.field),
        }


def lineOf(inputNode):
    """The line that belongs to the input volume, None without one."""
    return output_nodes.find(inputNode, output_nodes.PROFILE_LINE)


def obtainLine(inputNode, overlayNode, viewIDs: tuple[str, ...]):
    """The line to drag: the earlier one, else a new one from the right to the left through the brain's middle.

    :param overlayNode: volume of which all voxels greater than 0 are the brain.
    :param viewIDs: of the views that draw it.
    """
    line = lineOf(inputNode)
    if line is None:
        title = _("{name} profile").format(name=volumes.name(inputNode))
        line = output_nodes.obtain(inputNode, output_nodes.PROFILE_LINE, title)
        hierarchy.placeInHelperFolder(line, inputNode)
    if not isComplete(line):
        line.RemoveAllControlPoints()
        for point in _acrossBrain(overlayNode):
            line.AddControlPointWorld(vtk.vtkVector3d(*point))
    line.CreateDefaultDisplayNodes()
    display = line.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.SetViewNodeIDs(viewIDs)
        display.SetVisibility(True)
        display.SetColor(*_LINE_COLOR)
        display.SetSelectedColor(*_LINE_COLOR)
        display.SetPropertiesLabelVisibility(False)  # its length would cover the image
        display.SetPointLabelsVisibility(False)
    return line


def isComplete(line) -> bool:
    """Whether a line has both of its points."""
    return line.GetNumberOfDefinedControlPoints() == 2


def brainCenter(overlayNode) -> np.ndarray:
    """(3,) world RAS mm of the brain's middle."""
    low, high = _brainBox(overlayNode)
    return (low + high) / 2


def sample(line, original, corrected, field) -> Profile:
    """Values of three volume nodes along a line with two points, each volume under its own transform."""
    ends = np.array([line.GetNthControlPointPositionWorld(index) for index in range(2)])
    share = np.linspace(0.0, 1.0, _SAMPLES)[:, None]
    points = ends[0] + share * (ends[1] - ends[0])
    values = [_probe(node, points) for node in (original, corrected, field)]
    return Profile(share[:, 0] * float(np.linalg.norm(ends[1] - ends[0])), *values)


def profileOf(channel: InspectedChannel) -> Profile | None:
    """The profile of a channel along the line of its volume, None without a line."""
    line = lineOf(channel.inputVolume)
    if line is None or not isComplete(line):
        return None
    return sample(line, channel.original, channel.corrected, channel.field)


def chart(inputNode, profile: Profile, mean: float, channelName: str) -> Chart:
    """What the chart shows of a profile: all as a share of the brain's ``mean``, so that one axis fits the field too.

    :param mean: of the corrected volume in the brain.
    """
    scale = mean or 1.0
    return Chart(
        name=_("{name} profile").format(name=volumes.name(inputNode)),
        title=_("{channel} along the line").format(channel=channelName),
        xTitle=_("Distance (mm)"),
        yTitle=_("Share of the brain's mean; field"),
        x=profile.distance,
        curves=(
            Curve(_("Original"), profile.original / scale, _ORIGINAL, "dash"),
            Curve(_("Corrected"), profile.corrected / scale, _CORRECTED),
            Curve(_("Field"), profile.field, _FIELD, width=3.0),
        ),
    )


def meanInBrain(report: dict, channel: int) -> float:
    """Mean of the corrected channel over the brain, from the means and shares of the classes."""
    classes = report["classes"]
    share = sum(entry["share_percent"] for entry in classes) or 1.0
    return sum(entry["mean"][channel] * entry["share_percent"] for entry in classes) / share


def update(channel: InspectedChannel):
    """Write the chart of a channel along the line; returns its node, None without a line."""
    profile = profileOf(channel)
    if profile is None:
        return None
    mean = meanInBrain(channel.outputs.report, channel.index)
    return plot_nodes.write(channel.inputVolume, ROLES, chart(channel.inputVolume, profile, mean, channel.name))


def _probe(node, points: np.ndarray) -> np.ndarray:
    """(N,) values between the voxels of a volume node at (N, 3) world points, nan outside."""
    image = node.GetImageData()
    if image is None:
        return np.full(len(points), np.nan)
    local = points
    parent = node.GetParentTransformNode()
    if parent is not None:
        fromWorld = vtk.vtkGeneralTransform()
        parent.GetTransformFromWorld(fromWorld)
        local = np.array([fromWorld.TransformPoint(*point) for point in points])
    toIjk = vtk.vtkMatrix4x4()
    node.GetRASToIJKMatrix(toIjk)
    matrix = slicer.util.arrayFromVTKMatrix(toIjk)
    places = vtk.vtkPoints()
    places.SetData(numpy_to_vtk(np.ascontiguousarray(local @ matrix[:3, :3].T + matrix[:3, 3]), deep=True))
    at = vtk.vtkPolyData()
    at.SetPoints(places)
    probe = vtk.vtkProbeFilter()
    probe.SetInputData(at)
    probe.SetSourceData(image)
    probe.Update()
    result = probe.GetOutput().GetPointData()
    values = vtk_to_numpy(result.GetArray(image.GetPointData().GetScalars().GetName())).astype(float)
    inside = vtk_to_numpy(result.GetArray(probe.GetValidPointMaskArrayName())) > 0
    return np.where(inside, values, np.nan)


def _acrossBrain(overlayNode) -> tuple[np.ndarray, np.ndarray]:
    """Two (3,) world points on the brain's right and left side, in its middle otherwise."""
    low, high = _brainBox(overlayNode)
    middle = (low + high) / 2
    return np.array([high[0], *middle[1:]]), np.array([low[0], *middle[1:]])


def _brainBox(overlayNode) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest world RAS mm of the brain; of the volume when there is none."""
    array = volumes.voxels(overlayNode)
    stride = max(1, round((array.size / _MOST_PLACES) ** (1 / 3)))
    found = np.argwhere(array[::stride, ::stride, ::stride] > 0) * stride
    if len(found) == 0:
        bounds = np.zeros(6)
        overlayNode.GetRASBounds(bounds)
        return bounds[::2], bounds[1::2]
    matrix = _ijkToWorld(overlayNode)
    world = found @ matrix[:3, :3].T + matrix[:3, 3]
    return world.min(axis=0), world.max(axis=0)


def _ijkToWorld(node) -> np.ndarray:
    """The volume's matrix to world mm, that of its own space when it is under a non-linear transform."""
    parent = node.GetParentTransformNode()
    if parent is None or parent.IsTransformToWorldLinear():
        return volumes.ijkToWorld(node)
    return slicer.util.arrayFromVTKMatrix(volumes.ijkToRas(node))
