"""What may change under the reviewing user: the views are moved, nodes of the results deleted, the scene closed."""

from __future__ import annotations

from collections.abc import Callable

import slicer
import vtk
from slicer.util import VTKObservationMixin

from . import review_slices
from .undo_log import isInScene


class ReviewWatch(VTKObservationMixin):
    """Follows the slice views and some nodes.

    :param onMoved: called when a view shows another slice.
    :param onLost: called when one of the nodes has been deleted.
    :param onSceneClosed: called when the scene is empty again.
    """

    def __init__(
        self, onMoved: Callable[[], None], onLost: Callable[[], None], onSceneClosed: Callable[[], None]
    ) -> None:
        super().__init__()
        self._onMoved, self._onLost, self._onSceneClosed = onMoved, onLost, onSceneClosed
        self._nodes: list = []

    def observe(self, hasResults: bool) -> None:
        """Follow the scene that is open now; its views and nodes when there are results to be reviewed."""
        self.removeObservers()
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.EndCloseEvent, self._onEndClose)
        if hasResults:
            self.addObserver(scene, scene.NodeRemovedEvent, self._onNodeRemoved)
            for view in review_slices.sliceNodes():
                self.addObserver(view, vtk.vtkCommand.ModifiedEvent, self._onViewModified)

    def setNodes(self, *nodes) -> None:
        """The nodes by whose end something has to change; None stands for none."""
        self._nodes = [node for node in nodes if node is not None]

    def close(self) -> None:
        """Follow nothing more."""
        self._nodes = []
        self.removeObservers()

    def _onViewModified(self, _caller=None, _event=None) -> None:
        self._onMoved()

    def _onNodeRemoved(self, _caller=None, _event=None) -> None:
        if not slicer.mrmlScene.IsClosing() and not all(isInScene(node) for node in self._nodes):
            self._onLost()

    def _onEndClose(self, _caller=None, _event=None) -> None:
        self._onSceneClosed()
