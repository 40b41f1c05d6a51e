"""Makes surfaces in a thread while the application goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable

import qt
import slicer

from . import surfaces

_TICK_MILLISECONDS = 30
# Python threads of the application run while its own Python waits: this long at each tick.
_WAIT_SECONDS = 0.01
# A thread inside a filter while the application unloads Python would crash it; one surface takes about a second.
_END_SECONDS = 10.0


class SurfaceMaker:
    """Makes the surfaces of one segmentation at a time.

    The node is known by its ID only, so it may be deleted and the scene closed at any time.

    :param onChanged: called when the work begins, goes on or ends.
    """

    def __init__(self, onChanged: Callable[[], None]) -> None:
        self._onChanged = onChanged
        self._work: _Work | None = None
        self._nodeID = ""
        self._put = 0
        self._version: tuple = ()
        self._timer = qt.QTimer()
        self._timer.setInterval(_TICK_MILLISECONDS)
        self._timer.connect("timeout()", self._tick)
        # The next scene may have a node of the same ID.
        self._scene = slicer.mrmlScene
        self._tag = self._scene.AddObserver(self._scene.StartCloseEvent, self._onSceneClose)

    def progressOf(self, segmentationNode) -> tuple[int, int] | None:
        """How many surfaces of how many are made of this segmentation, None when none is being made."""
        if self._work is None or segmentationNode is None or segmentationNode.GetID() != self._nodeID:
            return None
        return self._put, self._work.count

    def start(self, segmentationNode) -> None:
        """Begin, dropping what was under way."""
        self._nodeID = segmentationNode.GetID()
        self._begin(segmentationNode)
        self._onChanged()

    def stop(self, segmentationNode) -> None:
        """Take the surfaces away, or make them no longer."""
        surfaces.forgetThem(segmentationNode)
        self.close()
        surfaces.remove(segmentationNode)
        self._onChanged()

    def close(self) -> None:
        """Drop what is under way; the thread ends by itself after the surface it is at."""
        self._timer.stop()
        if self._work is not None:
            self._work.drop()
        self._work = None

    def end(self) -> None:
        """For good: drop what is under way, and wait for the surface that the thread is at."""
        work = self._work
        self.close()
        self._timer.disconnect("timeout()", self._tick)
        self._scene.RemoveObserver(self._tag)
        if work is not None:
            work.wait(_END_SECONDS)

    def _onSceneClose(self, _caller=None, _event=None) -> None:
        if self._work is not None:
            self.close()
            self._onChanged()

    def _begin(self, segmentationNode) -> None:
        self.close()
        self._put = 0
        self._version = surfaces.version(segmentationNode)
        self._work = _Work(surfaces.sources(segmentationNode))
        self._timer.start()

    def _tick(self) -> None:
        node = slicer.mrmlScene.GetNodeByID(self._nodeID)
        if node is None:
            self.close()
            self._onChanged()
            return
        self._work.wait(_WAIT_SECONDS)
        made = self._work.take()
        if made is not None:
            surfaces.put(node, *made)
            self._put += 1
        elif self._work.hasEnded:
            self._end(node)
        else:
            return
        self._onChanged()

    def _end(self, segmentationNode) -> None:
        if surfaces.version(segmentationNode) != self._version:  # edited or segmented anew meanwhile
            self._begin(segmentationNode)
            return
        self.close()
        surfaces.forgetThem(segmentationNode)
        surfaces.announce(segmentationNode)
        _centreViews()


def _centreViews() -> None:
    """Let the 3-D views look at what is there now."""
    manager = slicer.app.layoutManager()
    if manager is not None:
        for index in range(manager.threeDViewCount):
            manager.threeDWidget(index).threeDView().resetFocalPoint()


class _Work:
    """A thread that turns images into surfaces, and what it has made so far."""

    def __init__(self, images: dict[str, tuple]) -> None:
        self.count = len(images)
        self._images = images
        self._made: list[tuple] = []
        self._isDropped = False
        self._thread = threading.Thread(target=self._run, name="gmmseg-surfaces", daemon=True)
        self._thread.start()

    @property
    def hasEnded(self) -> bool:
        return not self._thread.is_alive() and not self._made

    def wait(self, seconds: float) -> None:
        self._thread.join(seconds)

    def take(self) -> tuple | None:
        """(segment ID, surface) of one more segment, None when none is ready."""
        return self._made.pop(0) if self._made else None

    def drop(self) -> None:
        self._isDropped = True

    def _run(self) -> None:
        for identifier, (image, label) in self._images.items():
            if self._isDropped:
                return
            self._made.append((identifier, surfaces.make(image, label)))
