"""One run from request to nodes: sends the arrays, follows the worker's events, writes the scene or undoes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import slicer
from slicer.i18n import tr as _

from . import volumes
from .exchange import Exchange
from .request import SegmentationRequest
from .scene import EngineResult, SceneWriter, SegmentationOutputs


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
    """

    progress: Callable = _ignore
    preview: Callable = _ignore
    finished: Callable = _ignore
    failed: Callable = _ignore
    cancelled: Callable = _ignore


class SegmentationRun:
    """Follows one request; ``ended`` is true once nothing more will come.

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
            self.message = self._exchange.send(request)
        except BaseException:
            self._exchange.remove()
            raise

    @property
    def id(self) -> str:
        return self._exchange.id

    def lostSource(self) -> str:
        """The sentence for a source that is no longer in the scene, empty when all are there."""
        for node in self._request.sources:
            if self._scene is not slicer.mrmlScene or not self._scene.IsNodePresent(node):
                return _("'{name}' was removed, so its segmentation was cancelled.").format(name=volumes.name(node))
        return ""

    def handle(self, event: dict) -> None:
        """React to one event of the worker."""
        handler = {
            "progress": self._onProgress,
            "preview": self._onPreview,
            "done": self._onDone,
            "failed": self._onFailed,
            "cancelled": self._onCancelled,
        }.get(event["event"])
        if handler is not None and not self.ended:
            handler(event)

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

    def _onPreview(self, event: dict) -> None:
        try:
            labels = self._exchange.take(event["labels"])
        except FileNotFoundError:
            return  # the worker replaced it by a newer one before it was read
        node = self._writer.preview(labels)
        if node is not None:
            self._listener.preview(node)

    def _onDone(self, event: dict) -> None:
        outputs = self._write(event)
        self._end()
        self._listener.finished(outputs)

    def _write(self, event: dict) -> SegmentationOutputs:
        take = self._exchange.take
        result = EngineResult(
            labels=take(event["labels"]),
            biasField=take(event["bias_field"]),
            corrected=take(event["corrected"]),
            brainMask=take(event["brain_mask"]).astype(bool),
            posteriors=take(event["posteriors"]) if self._request.outputs.posteriors else None,
            box=tuple(event["box"]),
            report=event["report"],
            entropy=take(event["entropy"]) if event.get("entropy") else None,
        )
        return self._writer.write(result)

    def _onFailed(self, event: dict) -> None:
        self.fail(event.get("reason", ""), event.get("kind", "internal"), event.get("details", ""))

    def fail(self, reason: str, kind: str = "internal", details: str = "") -> None:
        """End the run with a sentence; the scene is as before."""
        self._writer.undo()
        self._end()
        self._listener.failed(reason, kind, details)

    def _onCancelled(self, event: dict) -> None:
        self.abandon()

    def _end(self) -> None:
        self.ended = True
        self.cleanUp()
