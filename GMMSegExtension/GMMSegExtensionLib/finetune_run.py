"""One fine-tuning from request to nodes: sends a study, follows the worker, writes all results or undoes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from slicer.i18n import tr as _

from . import output_nodes, segments
from .engine_job import JobListener, SceneJob, unheard
from .engine_result import EngineResult
from .finetune_request import FinetuneRequest
from .scene_writer import SceneWriter
from .steps import Announce, Steps
from .taught import Taught, TaughtVolume

# Seconds: after a cancel it still segments the study with the best so far.
_PATIENCE = 120.0


@dataclass(frozen=True)
class FinetuneListener(JobListener):
    """What the owner of a run is told; ``finished`` comes with the :class:`Taught`.

    :param loss: (point of the loss curve: ``step``, ``cross_entropy``, ``mixture``, ``total``).
    :param preview: (volume node, segmentation node).
    """

    loss: Callable = unheard
    preview: Callable = unheard


class FinetuneRun(SceneJob):
    """Follows one request.

    :param cancelPatience: see :class:`EngineJob`; None when a cancel is to leave nothing.
    :raises ValueError: a node of the request cannot be used.
    """

    _listener: FinetuneListener

    def __init__(
        self,
        request: FinetuneRequest,
        listener: FinetuneListener,
        cancelPatience: float | None = _PATIENCE,
    ) -> None:
        self._request = request
        self.cancelPatience = cancelPatience
        self._segmentations = [request.segmentation(volume) for volume in request.volumes]
        self._writers = [SceneWriter(segmentation) for segmentation in self._segmentations]
        self._earlier: dict[int, object | None] = {}
        self._isHandedOver = False
        super().__init__(listener)

    @property
    def writesTo(self) -> tuple:
        return self._request.volumes

    def cleanUp(self) -> bool:
        """Delete the temporary files, unless the taught network lies among them."""
        return self._isHandedOver or super().cleanUp()

    def _sources(self) -> tuple:
        return self._request.sources

    def _lostSentence(self, name: str) -> str:
        return _("'{name}' was removed, so the fine-tuning was cancelled.").format(name=name)

    def _announce(self) -> dict:
        return self._request.message(self._exchange)

    def _handlers(self) -> dict[str, Callable[[dict], Steps | None]]:
        return {**super()._handlers(), "loss": self._onLoss}

    def _onLoss(self, event: dict) -> None:
        self._listener.loss(event)

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
        # By now they are in the scene, and the network beside them may wait for a decision for long.
        yield from self._exchange.removeArraysSteps()
        taught = Taught(studied, event, self._exchange)
        self._isHandedOver = True
        self._end()
        return lambda: self._listener.finished(taught)

    def _rememberEarlier(self, index: int) -> None:
        """Copy the segments of a volume, to be compared with, before they are written to for the first time."""
        if index not in self._earlier:
            node = output_nodes.find(self._request.volumes[index], output_nodes.SEGMENTATION)
            self._earlier[index] = segments.snapshot(node) if node is not None else None

    def _undo(self) -> None:
        for writer in self._writers:
            writer.undo()
