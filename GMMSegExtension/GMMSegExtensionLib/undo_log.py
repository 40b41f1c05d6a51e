"""What was changed in the scene, so that it can be taken back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import slicer

from .steps import Steps, finish

Action = Callable[[], None]


class UndoLog:
    """Collects actions that take changes back, and does them in reverse order.

    Each action must bear that its nodes are gone: the user may delete them, or close the scene, at any time.
    """

    def __init__(self) -> None:
        self._actions: list[Action] = []

    def add(self, action: Action) -> None:
        """Remember how to take a change back that is about to be made."""
        self._actions.append(action)

    @contextlib.contextmanager
    def newNodes(self) -> Iterator[None]:
        """Nodes that are added to the scene meanwhile are removed by :meth:`undo`."""
        earlier = set(slicer.mrmlScene.GetNodes())
        try:
            yield
        finally:
            for node in slicer.mrmlScene.GetNodes():
                if node not in earlier:
                    self.add(_removal(node))

    def undo(self) -> None:
        """Take everything back."""
        finish(self.undoSteps())

    def undoSteps(self) -> Steps[None]:
        """Take everything back, one action at a step."""
        while self._actions:
            self._actions.pop()()
            yield

    def forget(self) -> None:
        """Let everything stay; the nodes are no longer held."""
        self._actions.clear()


def _removal(node) -> Action:
    return lambda: removeFromScene(node)


def isInScene(node) -> bool:
    """Whether a node is there and in the scene still."""
    return node is not None and bool(slicer.mrmlScene.IsNodePresent(node))


def removeFromScene(node) -> None:
    """Remove a node unless it is gone already."""
    if isInScene(node):
        slicer.mrmlScene.RemoveNode(node)
