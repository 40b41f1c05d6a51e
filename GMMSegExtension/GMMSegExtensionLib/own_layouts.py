"""The module's own layouts of views, and the way back to the user's."""

from __future__ import annotations

import slicer

INSPECT, COMPARE = 8741, 5021
_OWN = (INSPECT, COMPARE)
# On the layout node, so that a scene that was saved meanwhile still knows it.
_USERS_LAYOUT = "GMMSegExtension.usersLayout"


def layoutManager():
    """The application's layout manager, None without a main window."""
    application = getattr(slicer, "app", None)
    return application.layoutManager() if application is not None else None


def layoutNode():
    """The node that says which layout is shown, None without views."""
    manager = layoutManager()
    return manager.layoutLogic().GetLayoutNode() if manager is not None else None


def isShown(layout: int) -> bool:
    """Whether ``layout`` is the one that is seen."""
    node = layoutNode()
    return node is not None and node.GetViewArrangement() == layout


def describe(layout: int, description: str) -> None:
    """Make a layout known; a scene that was saved in it and read elsewhere has only its number."""
    node = layoutNode()
    if node is not None and not node.IsLayoutDescription(layout):
        node.AddLayoutDescription(layout, description)


def show(layout: int) -> None:
    """Switch to a layout that was described. From one of the module's own to another, the user's stays remembered."""
    node = layoutNode()
    if node is None or node.GetViewArrangement() == layout:
        return
    if node.GetViewArrangement() not in _OWN:
        node.SetAttribute(_USERS_LAYOUT, str(node.GetViewArrangement()))
    layoutManager().setLayout(layout)


def giveBack(layout: int) -> None:
    """Switch from ``layout`` to the user's, unless another one is seen already."""
    node = layoutNode()
    if node is not None and node.GetViewArrangement() == layout:
        layoutManager().setLayout(int(node.GetAttribute(_USERS_LAYOUT) or node.SlicerLayoutConventionalView))
