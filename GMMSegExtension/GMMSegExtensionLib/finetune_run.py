"""One fine-tuning from request to nodes: sends a study, follows the worker, writes all results or undoes them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import slicer
from slicer.i18n import tr as _

from . import output_nodes, segments, volumes
from .engine_result import EngineResult
from .exchange import Exchange
from .finetune_request import FinetuneRequest
from .scene_writer import SceneWriter
from .steps import Announce, Steps
from .taught import Taught, TaughtVolume


def _ignore(*_arguments) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class FinetuneListener:
    """What the owner of a run is told.

    :param progress: (fraction 0 to 1, stage, message, remaining seconds or None).
    :param loss: (point of the loss curve: ``step``, ``cross_entropy``, ``mixture``, ``total``).
    :param preview: (volume node, segmentation node).
    :param finished: (:class:`Taught`).
    :param failed: (sentence, kind ``input``, ``memory``, ``unavailable`` or ``internal``, details).
    :param cancelled: (sentence that says why when it was not the user, else empty).
    """

    progress: Callable = _ignore
    loss: Callable = _ignore
    preview: Callable = _ignore
    finished: Callable = _ignore
    failed: Callable = _ignore
    cancelled: Callable = _ignore


class FinetuneRun:
    """Follows one request, see :class:`EngineJob`; ``ended`` is true once nothing more will come.

    :raises ValueError: a node of the request cannot be used.
    """

    # Seconds that the worker may take to answer a cancel: it still segments the study with the best so far.
    cancelPatience = 120.0

    def __init__(self, request: FinetuneRequest, listener: FinetuneListener) -> None:
        self._request = request
        self._listener = listener
        self._scene = slicer.mrmlScene
        self._segmentations = [request.segmentation(volume) for volume in request.volumes]
        self._writers = [SceneWriter(segmentation) for segmentation in self._segmentations]
        self._earlier: dict[int, object | None] = {}
        self._exchange = Exchange()
        self._isHandedOver = False
        self.ended = False
        try:
            self.message = request.message(self._exchange)
        except BaseException:
            self._exchange.remove()
            raise

    @property
    def id(self) -> str:
        return self._exchange.id

    @property
    def writesTo(self) -> tuple:
        """The volumes whose results are replaced."""
        return self._request.volumes

    def lostSource(self) -> str:
        """The sentence for a source that is no longer in the scene, empty when all are there."""
        for node in self._request.sources:
            if self._scene is not slicer.mrmlScene or not self._scene.IsNodePresent(node):
                return _("'{name}' was removed, so the fine-tuning was cancelled.").format(name=volumes.name(node))
        return ""

    def prepareSteps(self) -> Steps[None]:
        """Write the arrays that the message names."""
        yield from self._exchange.writeSteps()

    def handle(self, event: dict) -> Steps | None:
        """React to one event of the worker; what takes longer comes as steps."""
        handler = {
            "progress": self._onProgress,
            "loss": self._onLoss,
            "preview": self._onPreview,
            "done": self._onDone,
            "failed": self._onFailed,
            "cancelled": self._onCancelled,
        }.get(event["event"])
        return handler(event) if handler is not None and not self.ended else None

    def abandon(self, reason: str = "") -> None:
        """End the run here, whatever the worker still sends: the scene is as before."""
        if not self.ended:
            self._undo()
            self._listener.cancelled(reason)

    def fail(self, reason: str, kind: str = "internal", details: str = "") -> None:
        """End the run with a sentence; the scene is as before."""
        if not self.ended:
            self._undo()
            self._listener.failed(reason, kind, details)

    def cleanUp(self) -> bool:
        """Delete the temporary files, unless the taught network lies among them; false while one of them is held."""
        return self._isHandedOver or self._exchange.remove()

    def _onProgress(self, event: dict) -> None:
        self._listener.progress(
            event["fraction"], event.get("stage", ""), event.get("message", ""), event.get("remaining_seconds")
        )

    def _onLoss(self, event: dict) -> None:
        self._listener.loss(event)

    def _onPreview(self, event: dict) -> Steps | None:
        try:
            labels = self._exchange.take(event["labels"])
        except FileNotFoundError:
            return None  # the worker replaced it by a newer one before it was read
        return self._previewSteps(event.get("subject", 0), labels)

    def _previewSteps(self, subject: int, labels: np.ndarray) -> Steps[None]:
        self._rememberEarlier(subject)
        yield
        node = yield from self._writers[subject].previewSteps(labels)
        if node is not None:
            self._listener.preview(self._request.volumes[subject], node)

    def _onDone(self, event: dict) -> Steps[Announce]:
        for index, (writer, subject) in enumerate(zip(self._writers, event["subjects"], strict=True)):
            self._rememberEarlier(index)
            yield
            hasPosteriors = self._segmentations[index].outputs.posteriors
            yield from writer.writeSteps(EngineResult.of(subject, self._exchange.open, hasPosteriors))
        studied = tuple(
            TaughtVolume(volume, writer, self._earlier[index])
            for index, (volume, writer) in enumerate(zip(self._request.volumes, self._writers, strict=True))
        )
        yield from self._removeArrays()
        taught = Taught(studied, event, self._exchange)
        self._isHandedOver = True
        self.ended = True
        return lambda: self._listener.finished(taught)

    def _removeArrays(self) -> Steps[None]:
        """Delete what is in the scene by now: the network beside it may wait for a decision for long."""
        for path in list(self._exchange.folder.rglob("*.npy")):
            with contextlib.suppress(OSError):
                path.unlink()
            yield

    def _rememberEarlier(self, index: int) -> None:
        """Copy the segments of a volume, to be compared with, before they are written to for the first time."""
        if index not in self._earlier:
            node = output_nodes.find(self._request.volumes[index], output_nodes.SEGMENTATION)
            self._earlier[index] = segments.snapshot(node) if node is not None else None

    def _onFailed(self, event: dict) -> None:
        self.fail(event.get("reason", ""), event.get("kind", "internal"), event.get("details", ""))

    def _onCancelled(self, event: dict) -> None:
        self.abandon()

    def _undo(self) -> None:
        for writer in self._writers:
            writer.undo()
        self.ended = True
        self.cleanUp()
