"""The bias field of another degree, computed by the worker for a volume that is segmented already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import slicer
from slicer.i18n import tr as _

from . import bias_display, volumes
from .exchange import Exchange
from .inspected_channel import InspectedChannel, halfRange
from .result_arrays import ResultArrays
from .scene import SegmentationOutputs, runOf, setReport
from .steps import Announce, Steps


@dataclass(frozen=True)
class FieldListener:
    """What the owner of a run is told.

    :param finished: (seconds that the worker took).
    :param failed: (sentence); empty when the run was ended on purpose.
    """

    finished: Callable
    failed: Callable


class FieldRun:
    """Follows one request, see :class:`EngineJob`: the field, the corrected volumes and the report change.

    :raises ValueError: the results of the volume cannot be used.
    """

    def __init__(self, inputVolume, outputs: SegmentationOutputs, degree: int, listener: FieldListener) -> None:
        self._outputs = outputs
        self._listener = listener
        self._scene = slicer.mrmlScene
        self._input = inputVolume
        self._exchange = Exchange()
        self.ended = False
        try:
            self._arrays = ResultArrays(inputVolume, outputs, self._exchange)
            self.message = self._announce(degree)
        except BaseException:
            self._exchange.remove()
            raise

    @property
    def id(self) -> str:
        return self._exchange.id

    def lostSource(self) -> str:
        """The sentence for a node that is no longer in the scene, empty when all are there."""
        for node in self._arrays.nodes:
            if self._scene is not slicer.mrmlScene or not self._scene.IsNodePresent(node):
                return _("'{name}' was removed, so its field was not computed.").format(name=volumes.name(node))
        return ""

    def prepareSteps(self) -> Steps[None]:
        """Write the arrays that the message names."""
        yield from self._arrays.writeSteps()

    def handle(self, event: dict) -> Steps | None:
        """React to one event of the worker."""
        if self.ended:
            return None
        if event["event"] == "done":
            return self._writeSteps(event)
        if event["event"] == "failed":
            self.fail(event.get("reason", ""), event.get("kind", "internal"), event.get("details", ""))
        elif event["event"] == "cancelled":
            self.abandon()
        return None

    def fail(self, reason: str, kind: str = "internal", details: str = "") -> None:
        """End with a sentence; the scene is as before."""
        if not self.ended:
            self._end()
            self._listener.failed(reason)

    def abandon(self, reason: str = "") -> None:
        """End here, whatever the worker still sends; the scene is as before."""
        self.fail(reason)

    def cleanUp(self) -> bool:
        """Delete the temporary files; false while the worker holds one of them."""
        return self._exchange.remove()

    def _announce(self, degree: int) -> dict:
        arrays = self._arrays
        return {
            "id": self._exchange.id,
            "job": "field",
            "images": arrays.images(),
            "mask": arrays.mask(),
            "labels": arrays.labels(),
            "bias_degree": degree,
            "report": self._outputs.report,
            "run": runOf(self._outputs.segmentation),
            "output": str(self._exchange.output),
        }

    def _writeSteps(self, event: dict) -> Steps[Announce]:
        """All images first, then all nodes in one step: there is never one of them without the others."""
        fields, corrected = (self._exchange.open(event[name]) for name in ("bias_field", "corrected"))
        brain = volumes.voxels(self._arrays.overlay) > 0
        yield
        images = []
        for channel in self._arrays.channels:
            index = channel.index
            images.append((channel.field, (yield from volumes.imageSteps(fields[index]))))
            images.append((channel.corrected, (yield from volumes.imageSteps(corrected[index]))))
            if channel.overlay is not None:
                images.append((channel.overlay, (yield from volumes.imageSteps(fields[index], brain))))
        for node, image in images:
            volumes.setImage(node, image, self._input)
        setReport(self._outputs.segmentation, event["report"], runOf(self._outputs.segmentation))
        for channel in self._arrays.channels:
            _fitColors(channel)
        self._end()
        return lambda: self._listener.finished(event["seconds"])

    def _end(self) -> None:
        self.ended = True
        self.cleanUp()


def _fitColors(channel: InspectedChannel) -> None:
    """Let the colours reach as far as the new field does, unless the user chose how far."""
    if channel.overlay is None:
        return
    width = halfRange(channel.overlay)
    for node in (channel.field, channel.overlay):
        if node.GetDisplayNode() is not None and not bias_display.isRangeChosen(node):
            bias_display.fitHalfWidth(node, width)
