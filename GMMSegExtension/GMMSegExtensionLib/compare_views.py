"""Before and after side by side: two linked slice views of the module's own, one with the earlier segments.

Works on the scene; without a layout manager there are no views, and nothing is shown.
"""

from __future__ import annotations

import qt
import slicer
from slicer.i18n import tr as _

from . import output_nodes, own_layouts, own_views, segments, volumes
from .own_layouts import COMPARE
from .own_views import PREFIX

BEFORE_VIEW, AFTER_VIEW = f"{PREFIX}Before", f"{PREFIX}After"
_VIEWS = (BEFORE_VIEW, AFTER_VIEW)
# Only views of one group follow each other.
_VIEW_GROUP = 5021


class CompareViews:
    """Switches to the layout and back; the earlier segments are a hidden node as long as there is something to compare.

    :param onLeft: called when the user has chosen another layout.
    """

    def __init__(self, onLeft) -> None:
        self._onLeft = onLeft
        self._before = None
        self._after = None
        self._afterViews: list[str] = []
        self._isSwapped = False
        manager = own_layouts.layoutManager()
        if manager is not None:
            manager.connect("layoutChanged(int)", self._onLayoutChanged)

    @staticmethod
    def obstacle() -> str:
        """The sentence that tells why there is nothing to be seen, empty when there is."""
        if own_layouts.layoutManager() is None:
            return _("This Slicer shows no views (it was started without its main window).")
        return ""

    @property
    def isOpen(self) -> bool:
        """Whether the two views are shown."""
        return own_layouts.isShown(COMPARE)

    @property
    def isSwapped(self) -> bool:
        """Whether before and after have changed places."""
        return self._isSwapped

    def open(self, volume, earlierSegments, segmentationNode) -> None:
        """Show both views.

        :param volume: the image below the segments.
        :param earlierSegments: vtkSegmentation of before, None when there was none.
        :param segmentationNode: the segments of now.
        """
        if self.obstacle():
            return
        self._forget()
        wasOpen = self.isOpen
        own_layouts.describe(COMPARE, _description())
        own_layouts.show(COMPARE)
        if earlierSegments is not None:
            self._before = _hiddenSegmentation(volume, earlierSegments, segmentationNode)
        self._after = segmentationNode
        display = segmentationNode.GetDisplayNode()
        self._afterViews = list(display.GetViewNodeIDs() or ())
        display.SetVisibility(True)
        self._isSwapped = False
        self._place()
        _showVolume(volume)
        if not wasOpen:
            # The views get their sizes when the application next handles events, and are then fitted once more.
            qt.QTimer.singleShot(0, self._fit)

    def close(self) -> None:
        """Give the user's layout back, unless the user has chosen another one, and forget the earlier segments."""
        self._forget()
        own_layouts.giveBack(COMPARE)

    def destroy(self) -> None:
        """Close, for good."""
        self.close()
        manager = own_layouts.layoutManager()
        if manager is not None:
            manager.disconnect("layoutChanged(int)", self._onLayoutChanged)

    def repair(self) -> None:
        """Undo what a scene that was saved in this layout brings along."""
        if self._after is not None:
            return
        for node in slicer.util.getNodesByClass("vtkMRMLSegmentationDisplayNode"):
            if own_views.sliceViewID(AFTER_VIEW) in (node.GetViewNodeIDs() or ()):
                node.RemoveAllViewNodeIDs()
        self.close()

    def swapBeforeAfter(self) -> bool:
        """Exchange the two views' segments; false when they are not shown."""
        if not self.isOpen or self._after is None:
            return False
        self._isSwapped = not self._isSwapped
        self._place()
        return True

    def _place(self) -> None:
        """Let each segmentation be seen in its own view; the later one also in all views of the user's layouts."""
        views = [own_views.sliceViewID(name) for name in _VIEWS]
        beforeView, afterView = reversed(views) if self._isSwapped else views
        usersViews = [node.GetID() for node in own_views.usersViews()]
        _setViews(self._after, self._afterViews or usersViews, afterView)
        _setViews(self._before, [], beforeView)
        for name, isBefore in ((BEFORE_VIEW, not self._isSwapped), (AFTER_VIEW, self._isSwapped)):
            node = slicer.mrmlScene.GetNodeByID(own_views.sliceViewID(name))
            if node is not None:
                node.SetLayoutLabel(_("Before") if isBefore else _("After"))

    def _fit(self) -> None:
        if self.isOpen and self._after is not None:
            _fitViews()

    def _forget(self) -> None:
        before, after = self._before, self._after
        self._before = self._after = None
        if before is not None and slicer.mrmlScene.IsNodePresent(before):
            slicer.mrmlScene.RemoveNode(before.GetDisplayNode())
            slicer.mrmlScene.RemoveNode(before)
        display = after.GetDisplayNode() if after is not None and slicer.mrmlScene.IsNodePresent(after) else None
        if display is not None:
            with slicer.util.NodeModify(display):
                display.RemoveAllViewNodeIDs()
                for identifier in self._afterViews:
                    display.AddViewNodeID(identifier)

    def _onLayoutChanged(self, layout: int) -> None:
        if layout != COMPARE and self._after is not None:
            self._forget()
            self._onLeft()


def _hiddenSegmentation(volume, earlierSegments, likeNode):
    """A segmentation node that neither lists nor saved scenes show; looks like ``likeNode``."""
    title = _("{name} before").format(name=volumes.name(volume))
    node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentationNode")
    node.UnRegister(None)
    node.SetName(title)
    node.SetHideFromEditors(True)
    node.SetSaveWithScene(False)
    node = slicer.mrmlScene.AddNode(node)
    output_nodes.obtain(volume, output_nodes.BEFORE, title, chosenNode=node)
    node.SetAndObserveTransformNodeID(likeNode.GetTransformNodeID())
    segments.restore(node, earlierSegments)
    node.CreateDefaultDisplayNodes()
    display, like = node.GetDisplayNode(), likeNode.GetDisplayNode()
    display.SetSaveWithScene(False)
    with slicer.util.NodeModify(display):
        display.SetVisibility3D(False)
        display.SetOpacity(like.GetOpacity())
        display.SetOpacity2DFill(like.GetOpacity2DFill())
        display.SetOpacity2DOutline(like.GetOpacity2DOutline())
        display.SetVisibility2DFill(like.GetVisibility2DFill())
        display.SetVisibility2DOutline(like.GetVisibility2DOutline())
    return node


def _setViews(segmentationNode, others: list[str], own: str) -> None:
    display = segmentationNode.GetDisplayNode() if segmentationNode is not None else None
    if display is None:
        return
    with slicer.util.NodeModify(display):
        display.RemoveAllViewNodeIDs()
        for identifier in (*others, own):
            display.AddViewNodeID(identifier)


def _showVolume(volume) -> None:
    for name in _VIEWS:
        composite = own_views.composite(name)
        if composite is None:
            continue
        with slicer.util.NodeModify(composite):
            composite.SetBackgroundVolumeID(volume.GetID())
            composite.SetForegroundVolumeID(None)
            composite.SetLabelVolumeID(None)
        # Hot: the other follows while the mouse still moves.
        composite.SetLinkedControl(True)
        composite.SetHotLinkedControl(True)
    _fitViews()


def _fitViews() -> None:
    """Both views at the user's axial slice, or in the middle of the volume."""
    users = slicer.mrmlScene.GetNodeByID(own_views.sliceViewID("Red"))
    for name in _VIEWS:
        widget = own_layouts.layoutManager().sliceWidget(name)
        if widget is None:
            continue
        widget.sliceLogic().FitSliceToBackground()
        if users is not None and users.GetOrientation() == widget.mrmlSliceNode().GetOrientation():
            widget.sliceLogic().SetSliceOffset(users.GetSliceOffset())


def _description() -> str:
    slices = "".join(
        f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">'
        '<property name="orientation" action="default">Axial</property>'
        f'<property name="viewlabel" action="default">{label}</property>'
        f'<property name="viewcolor" action="default">{color}</property>'
        f'<property name="viewgroup" action="default">{_VIEW_GROUP}</property>'
        "</view></item>"
        for name, label, color in ((BEFORE_VIEW, _("Before"), "#8C8C91"), (AFTER_VIEW, _("After"), "#3B6FD4"))
    )
    return f'<layout type="horizontal" split="true">{slices}</layout>'
