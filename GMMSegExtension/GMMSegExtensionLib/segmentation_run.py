"""One run from request to nodes: sends the arrays, follows the worker's events, writes the scene or undoes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from slicer.i18n import tr as _

from . import volumes
from .engine_job import JobListener, SceneJob, unheard
from .engine_result import EngineResult
from .request import SegmentationRequest
from .scene import setRun
from .scene_writer import SceneWriter
from .steps import Announce, Steps


@dataclass(frozen=True)
class RunListener(JobListener):
    """What the owner of a run is told; ``finished`` comes with the :class:`SegmentationOutputs`.

    :param preview: (segmentation node).
    :param noted: (sentence about the results that the user should read); comes before ``finished``.
    """

    preview: Callable = unheard
    noted: Callable = unheard


class SegmentationRun(SceneJob):
    """Follows one request.

    :raises ValueError: a node of the request cannot be used.
    """

    _listener: RunListener

    def __init__(self, request: SegmentationRequest, listener: RunListener) -> None:
        self._request = request
        self._writer = SceneWriter(request)
        super().__init__(listener)

    @property
    def writesTo(self) -> tuple:
        return (self._request.inputVolume,)

    def _sources(self) -> tuple:
        return self._request.sources

    def _lostSentence(self, name: str) -> str:
        return _("'{name}' was removed, so the segmentation was cancelled.").format(name=name)

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

    def _previewSteps(self, subject: int, labels: np.ndarray) -> Steps[None]:
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

    def _undo(self) -> None:
        self._writer.undo()
