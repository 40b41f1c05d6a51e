"""The box in the views that says which region is to be confirmed."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from . import hierarchy, output_nodes, review_slices, volumes

_SIDE_MM = 30.0
_COLOR = (0.20, 0.85, 0.35)


def boxOf(inputVolume):
    """The box node of a volume, None before it was shown for the first time."""
    return output_nodes.find(inputVolume, output_nodes.REGION_BOX)


def isShown(inputVolume) -> bool:
    """Whether the views show the box."""
    node = boxOf(inputVolume)
    return node is not None and node.GetDisplayNode() is not None and bool(node.GetDisplayNode().GetVisibility())


def show(inputVolume, voxel: tuple[int, int, int]):
    """Show the box around a voxel, 30 mm wide or as the user has made it; returns its node.

    :raises ValueError: the volume is under a non-linear transform.
    """
    node = boxOf(inputVolume)
    if node is None:
        title = _("{name} region to confirm").format(name=volumes.name(inputVolume))
        node = output_nodes.obtain(inputVolume, output_nodes.REGION_BOX, title)
        node.SetSize(_SIDE_MM, _SIDE_MM, _SIDE_MM)
        hierarchy.placeInHelperFolder(node, inputVolume)
    node.CreateDefaultDisplayNodes()
    node.SetCenterWorld(*review_slices.position(inputVolume, voxel))
    display = node.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.SetColor(*_COLOR)
        display.SetSelectedColor(*_COLOR)
        display.SetPropertiesLabelVisibility(False)
        display.SetFillOpacity(0.1)
        display.SetVisibility(True)
    return node


def hide(inputVolume) -> None:
    """Take the box out of the views; it stays where it is."""
    node = boxOf(inputVolume)
    if node is not None and node.GetDisplayNode() is not None:
        node.GetDisplayNode().SetVisibility(False)
