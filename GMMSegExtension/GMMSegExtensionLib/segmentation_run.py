"""One run from request to nodes: sends the arrays, follows the worker's events, writes the scene or undoes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import slicer
from slicer.i18n import tr as _

from . import volumes
from .engine_result import EngineResult
from .exchange import Exchange
from .request import SegmentationRequest
from .scene import setRun
from .scene_writer import SceneWriter
from .steps import Announce, Steps


def _ignore(*_arguments) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class RunListener:
    """What the owner of a run is told.

    :param progress: (fraction 0 to 1, stage, message, remaining seconds or None).
    :param preview: (segmentation node).
    :param finished: (:class:`SegmentationOutputs`).
    :param failed: (sentence, kind ``input``, ``memory``, ``unavailable`` or ``internal``, details).
    :param cancelled: (sentence that says why when it was not the user, else empty).
    :param noted: (sentence about the results that the user should read); comes before ``finished``.
    """

    progress: Callable = _ignore
    preview: Callable = _ignore
    finished: Callable = _ignore
    failed: Callable = _ignore
    cancelled: Callable = _ignore
    noted: Callable = _ignore


class SegmentationRun:
    """Follows one request, see :class:`EngineJob`; ``ended`` is true once nothing more will come.

    :raises ValueError: a node of the request cannot be used.
    """

    def __init__(self, request: SegmentationRequest, listener: RunListener) -> None:
        self._request = request
        self._listener = listener
        self._scene = slicer.mrmlScene
        self._writer = SceneWriter(request)
        self._exchange = Exchange()
        self.ended = False
        try:
            self.message = self._announce()
        except BaseException:
            self._exchange.remove()
            raise

    @property
    def id(self) -> str:
        return self._exchange.id

    @property
    def writesTo(self) -> tuple:
        """The volumes whose results are replaced."""
        return (self._request.inputVolume,)

    def lostSource(self) -> str:
        """The sentence for a source that is no longer in the scene, empty when all are there."""
        for node in self._request.sources:
            if self._scene is not slicer.mrmlScene or not self._scene.IsNodePresent(node):
                return _("'{name}' was removed, so its segmentation was cancelled.").format(name=volumes.name(node))
        return ""

    def prepareSteps(self) -> Steps[None]:
        """Write the arrays that the message names."""
        yield from self._exchange.writeSteps()

    def handle(self, event: dict) -> Steps | None:
        """React to one event of the worker; what takes longer comes as steps."""
        handler = {
            "progress": self._onProgress,
            "preview": self._onPreview,
            "done": self._onDone,
            "failed": self._onFailed,
            "cancelled": self._onCancelled,
        }.get(event["event"])
        return handler(event) if handler is not None and not self.ended else None

    def abandon(self, reason: str = "") -> None:
        """End the run here, whatever the worker still sends: the scene is as before."""
        if not self.ended:
            self._writer.undo()
            self._end()
            self._listener.cancelled(reason)

    def cleanUp(self) -> bool:
        """Delete the temporary files; false while the worker holds one of them."""
        return self._exchange.remove()

    def _onProgress(self, event: dict) -> None:
        self._listener.progress(
            event["fraction"], event.get("stage", ""), event.get("message", ""), event.get("remaining_seconds")
        )

    def _onPreview(self, event: dict) -> Steps | None:
        try:
            labels = self._exchange.take(event["labels"])
        except FileNotFoundError:
            return None  # the worker replaced it by a newer one before it was read
        return self._previewSteps(labels)

    def _previewSteps(self, labels: np.ndarray) -> Steps[None]:
        node = yield from self._writer.previewSteps(labels)
        if node is not None:
            self._listener.preview(node)

    def _onDone(self, event: dict) -> Steps[Announce]:
        result = EngineResult.of(event, self._exchange.open, self._request.outputs.posteriors)
        outputs = yield from self._writer.writeSteps(result)
        setRun(outputs.segmentation, self.id)
        note = self._note()
        self._writer.keep()
        self._end()

        def announce() -> None:
            if note:
                self._listener.noted(note)
            self._listener.finished(outputs)

        return announce

    def _note(self) -> str:
        if not self._writer.hasDroppedConfirmed:
            return ""
        text = _("What was confirmed of '{name}' were other classes, so its confirmations are gone; review it anew.")
        return text.format(name=volumes.name(self._request.inputVolume))

    def _announce(self) -> dict:
        request, exchange = self._request, self._exchange
        mask = None
        if request.maskSource == "given" and request.maskNode.IsA("vtkMRMLSegmentationNode"):
            mask = exchange.sendSegment("mask", request.maskNode, request.maskSegmentID, request.inputVolume)
        elif request.maskSource == "given":
            mask = exchange.sendVolume("mask", request.maskNode)
        return {
            "id": exchange.id,
            "job": "segment",
            "images": [exchange.sendVolume(f"image{index}", node) for index, node in enumerate(request.channels)],
            "mask": mask,
            "mask_source": request.maskSource,
            "settings": request.settings.to_dict(),
            "output": str(exchange.output),
        }

    def _onFailed(self, event: dict) -> None:
        self.fail(event.get("reason", ""), event.get("kind", "internal"), event.get("details", ""))

    def fail(self, reason: str, kind: str = "internal", details: str = "") -> None:
        """End the run with a sentence; the scene is as before."""
        if not self.ended:
            self._writer.undo()
            self._end()
            self._listener.failed(reason, kind, details)

    def _onCancelled(self, event: dict) -> None:
        self.abandon()

    def _end(self) -> None:
        self.ended = True
        self.cleanUp()
