"""The module's own slice and plot views, told from those of the user.

What the user's views show is the user's; what the module's own layouts show is the business of their panels alone.
"""

from __future__ import annotations

import slicer

# View names (singleton tags) of the module's own layouts begin so.
PREFIX = "GMMSeg"
# The view of the bias field that has the legend; only there when the bias field is inspected.
FIELD_VIEW = f"{PREFIX}Field"


def isOwn(node) -> bool:
    """Whether a view node, or the composite node of a slice view, belongs to one of the module's own layouts."""
    return (node.GetLayoutName() or "").startswith(PREFIX)


def usersComposites() -> list:
    """The composite nodes (which volumes a slice view shows) of all views but the module's own."""
    return [node for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode") if not isOwn(node)]


def usersViews() -> list:
    """The slice and 3-D view nodes of the user's layouts."""
    views = [*slicer.util.getNodesByClass("vtkMRMLSliceNode"), *slicer.util.getNodesByClass("vtkMRMLViewNode")]
    return [node for node in views if not isOwn(node)]


def sliceViewID(name: str) -> str:
    """ID of the node of the slice view called ``name``, whether the view is there already or not."""
    return f"vtkMRMLSliceNode{name}"


def composite(name: str):
    """The composite node of the slice view called ``name``, None as long as there is no such view."""
    return slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceCompositeNode{name}")
