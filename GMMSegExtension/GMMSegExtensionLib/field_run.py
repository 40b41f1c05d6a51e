"""The bias field of another degree, computed by the worker for a volume that is segmented already."""

from __future__ import annotations

from slicer.i18n import tr as _

from . import bias_display, volumes
from .engine_job import JobListener
from .inspected_channel import InspectedChannel, halfRange
from .result_arrays import ResultArrays
from .results_job import ResultsJob
from .scene import SegmentationOutputs, runOf, setReport
from .steps import Announce, Steps


class FieldRun(ResultsJob):
    """The field, the corrected volumes and the report change.

    :param listener: its ``finished`` comes with the seconds that the worker took.
    :raises ValueError: the results of the volume cannot be used.
    """

    def __init__(self, inputVolume, outputs: SegmentationOutputs, degree: int, listener: JobListener) -> None:
        self._degree = degree
        super().__init__(inputVolume, outputs, listener)

    def _lostSentence(self, name: str) -> str:
        return _("'{name}' was removed, so its field was not computed.").format(name=name)

    def _ask(self, arrays: ResultArrays) -> dict:
        return {
            "job": "field",
            "images": arrays.images(),
            "bias_degree": self._degree,
            "run": runOf(self._outputs.segmentation),
            "output": str(self._exchange.output),
        }

    def _onDone(self, event: dict) -> Steps[Announce]:
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


def _fitColors(channel: InspectedChannel) -> None:
    """Let the colours reach as far as the new field does, unless the user chose how far."""
    if channel.overlay is None:
        return
    width = halfRange(channel.overlay)
    for node in (channel.field, channel.overlay):
        if node.GetDisplayNode() is not None and not bias_display.isRangeChosen(node):
            bias_display.fitHalfWidth(node, width)
