"""Which node of the scene is which result of which input.

Each result carries its role as an attribute and its input as a node reference. Both are saved with the scene and
follow their nodes when the scene is read into another one, so a rerun finds its earlier results and never piles up.
"""

from __future__ import annotations

from collections.abc import Callable

import slicer

_PREFIX = "GMMSegExtension."
_ROLE = _PREFIX + "role"
_INPUT = _PREFIX + "input"
_CHANNEL = _PREFIX + "channel"
_INDEX = _PREFIX + "index"

SEGMENTATION = "segmentation"
BIAS_FIELD = "biasField"
BIAS_OVERLAY = "biasOverlay"
CORRECTED = "corrected"
POSTERIOR = "posterior"
UNCERTAINTY = "uncertainty"
CONFIRMED = "confirmed"
REGION_BOX = "regionBox"
FIELD_CONTOUR = "fieldContour"
HISTOGRAM_TABLE, HISTOGRAM_SERIES, HISTOGRAM_CHART = "histogramTable", "histogramSeries", "histogramChart"
PROFILE_LINE = "profileLine"
PROFILE_TABLE, PROFILE_SERIES, PROFILE_CHART = "profileTable", "profileSeries", "profileChart"
BEFORE = "beforeTeaching"
LOSS_TABLE, LOSS_SERIES, LOSS_CHART = "lossTable", "lossSeries", "lossChart"

CLASS_NAMES = {
    SEGMENTATION: "vtkMRMLSegmentationNode",
    BIAS_FIELD: "vtkMRMLScalarVolumeNode",
    BIAS_OVERLAY: "vtkMRMLScalarVolumeNode",
    CORRECTED: "vtkMRMLScalarVolumeNode",
    POSTERIOR: "vtkMRMLScalarVolumeNode",
    UNCERTAINTY: "vtkMRMLScalarVolumeNode",
    CONFIRMED: "vtkMRMLSegmentationNode",
    REGION_BOX: "vtkMRMLMarkupsROINode",
    FIELD_CONTOUR: "vtkMRMLModelNode",
    HISTOGRAM_TABLE: "vtkMRMLTableNode",
    HISTOGRAM_SERIES: "vtkMRMLPlotSeriesNode",
    HISTOGRAM_CHART: "vtkMRMLPlotChartNode",
    PROFILE_LINE: "vtkMRMLMarkupsLineNode",
    PROFILE_TABLE: "vtkMRMLTableNode",
    PROFILE_SERIES: "vtkMRMLPlotSeriesNode",
    PROFILE_CHART: "vtkMRMLPlotChartNode",
    BEFORE: "vtkMRMLSegmentationNode",
    LOSS_TABLE: "vtkMRMLTableNode",
    LOSS_SERIES: "vtkMRMLPlotSeriesNode",
    LOSS_CHART: "vtkMRMLPlotChartNode",
}


def find(inputNode, role: str, channelNode=None, index: int = 0):
    """The node with ``role`` made from ``inputNode``, or None.

    :param channelNode: the channel that it belongs to, ``inputNode`` itself when None.
    :param index: tells apart results of one role, such as the posteriors of the classes.
    """
    if inputNode is None:
        return None
    channelNode = channelNode or inputNode
    for node in slicer.util.getNodesByClass(CLASS_NAMES[role]):
        if (
            node.GetAttribute(_ROLE) == role
            and node.GetNodeReference(_INPUT) is inputNode
            and node.GetNodeReference(_CHANNEL) is channelNode
            and node.GetAttribute(_INDEX) == str(index)
        ):
            return node
    return None


def findAll(inputNode, role: str) -> list:
    """All nodes with ``role`` made from ``inputNode``."""
    return [
        node
        for node in slicer.util.getNodesByClass(CLASS_NAMES[role])
        if node.GetAttribute(_ROLE) == role and node.GetNodeReference(_INPUT) is inputNode
    ]


def inputOf(node):
    """The input that a result was made from, or None when the node is no result."""
    return node.GetNodeReference(_INPUT) if node is not None and node.GetAttribute(_ROLE) else None


def channelOf(node):
    """The channel that a result belongs to, or None when the node is no result."""
    return node.GetNodeReference(_CHANNEL) if node is not None and node.GetAttribute(_ROLE) else None


def roleOf(node) -> str:
    """The role of a result, empty when the node is no result."""
    return node.GetAttribute(_ROLE) or ""


def indexOf(node) -> int:
    """Which of the results of its role a node is, such as the class of a posterior."""
    return int(node.GetAttribute(_INDEX) or 0)


def obtain(inputNode, role: str, name: str, channelNode=None, index: int = 0, chosenNode=None):
    """The node to write a result to: the one the user chose, else the earlier one, else a new one called ``name``."""
    channelNode = channelNode or inputNode
    earlier = find(inputNode, role, channelNode, index)
    node = chosenNode or earlier
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass(CLASS_NAMES[role], name)
    if earlier is not None and earlier is not node:
        release(earlier)
    node.SetAttribute(_ROLE, role)
    node.SetAttribute(_INDEX, str(index))
    node.SetNodeReferenceID(_INPUT, inputNode.GetID())
    node.SetNodeReferenceID(_CHANNEL, channelNode.GetID())
    return node


def restorer(node) -> Callable[[], None]:
    """A function that makes ``node`` the result again that it is now, or the ordinary node, with its attributes."""
    attributes = {name: node.GetAttribute(name) for name in node.GetAttributeNames() if name.startswith(_PREFIX)}
    references = {role: node.GetNodeReferenceID(role) for role in (_INPUT, _CHANNEL)}

    def restore() -> None:
        for name in node.GetAttributeNames():
            if name.startswith(_PREFIX) and name not in attributes:
                node.RemoveAttribute(name)
        for name, value in attributes.items():
            node.SetAttribute(name, value)
        for role, identifier in references.items():
            if identifier:
                node.SetNodeReferenceID(role, identifier)
            else:
                node.RemoveNodeReferenceIDs(role)

    return restore


def release(node) -> None:
    """Make ``node`` an ordinary node that later runs leave alone."""
    node.RemoveAttribute(_ROLE)
    node.RemoveAttribute(_INDEX)
    node.RemoveNodeReferenceIDs(_INPUT)
    node.RemoveNodeReferenceIDs(_CHANNEL)
