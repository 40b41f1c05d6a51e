"""Which node of the scene is which result of which input.

Each result carries its role as an attribute and its input as a node reference. Both are saved with the scene and
follow their nodes when the scene is read into another one, so a rerun finds its earlier results and never piles up.
"""

from __future__ import annotations

import slicer

_ROLE = "GMMSegExtension.role"
_INPUT = "GMMSegExtension.input"
_CHANNEL = "GMMSegExtension.channel"
_INDEX = "GMMSegExtension.index"

SEGMENTATION = "segmentation"
BIAS_FIELD = "biasField"
BIAS_OVERLAY = "biasOverlay"
CORRECTED = "corrected"
POSTERIOR = "posterior"
UNCERTAINTY = "uncertainty"

CLASS_NAMES = {
    SEGMENTATION: "vtkMRMLSegmentationNode",
    BIAS_FIELD: "vtkMRMLScalarVolumeNode",
    BIAS_OVERLAY: "vtkMRMLScalarVolumeNode",
    CORRECTED: "vtkMRMLScalarVolumeNode",
    POSTERIOR: "vtkMRMLScalarVolumeNode",
    UNCERTAINTY: "vtkMRMLScalarVolumeNode",
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


def release(node) -> None:
    """Make ``node`` an ordinary node that later runs leave alone."""
    node.RemoveAttribute(_ROLE)
    node.RemoveAttribute(_INDEX)
    node.RemoveNodeReferenceIDs(_INPUT)
    node.RemoveNodeReferenceIDs(_CHANNEL)
