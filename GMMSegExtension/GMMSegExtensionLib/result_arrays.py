"""The results of a run on their way back to the worker, for what it computes from them."""

from __future__ import annotations

import numpy as np
from slicer.i18n import tr as _

from . import volumes
from .exchange import Exchange
from .inspected_channel import InspectedChannel, channelsOf
from .scene import SegmentationOutputs
from .segment_labels import labelsOnGrid, shapeOf
from .steps import Steps, slabs
from .tissues import segmentID


class ResultArrays:
    """What the scene holds of a run, announced to an :class:`Exchange` and written by :meth:`writeSteps`.

    :raises ValueError: a part of the results is missing, or under a non-linear transform.
    """

    def __init__(self, inputVolume, outputs: SegmentationOutputs, exchange: Exchange) -> None:
        self.channels = channelsOf(inputVolume, outputs)
        obstacle = _obstacle(outputs, self.channels)
        if obstacle:
            raise ValueError(obstacle)
        self._input, self._outputs, self._exchange = inputVolume, outputs, exchange
        self.overlay = self.channels[0].overlay
        shape = shapeOf(inputVolume)
        # In the memory order of Slicer's arrays, so that they are written as they lie.
        self._labels = np.zeros(shape[::-1], dtype=np.uint8).transpose(2, 1, 0)

    @property
    def nodes(self) -> tuple:
        """All nodes that are read."""
        channels = [node for channel in self.channels for node in (channel.original, channel.corrected, channel.field)]
        return (self._input, self._outputs.segmentation, self.overlay, *channels)

    def images(self) -> list[dict]:
        """Entries of the message: the channels as they were given."""
        return [self._exchange.sendVolume(f"image{c.index}", c.original) for c in self.channels]

    def fields(self) -> list[dict]:
        """Entries of the message: the field of each channel."""
        return [self._exchange.sendVolume(f"field{c.index}", c.field) for c in self.channels]

    def corrected(self) -> list[dict]:
        """Entries of the message: each channel divided by its field."""
        return [self._exchange.sendVolume(f"corrected{c.index}", c.corrected) for c in self.channels]

    def mask(self) -> dict:
        """Entry of the message: the field cut to the brain, which is 0 exactly outside of it."""
        return self._exchange.sendVolume("mask", self.overlay)

    def labels(self) -> dict:
        """Entry of the message: the classes as the user has corrected them."""
        affine, name = volumes.ijkToWorld(self._input), volumes.name(self._outputs.segmentation)
        return self._exchange.sendArray("labels", self._labels, affine, name)

    def writeSteps(self) -> Steps[None]:
        """Write everything that was announced."""
        classes = len(self._outputs.report["classes"])
        values = {segmentID(label): label for label in range(1, classes + 1)}
        for part in slabs(self._labels):
            box = tuple(slice(*where.indices(size)[:2]) for where, size in zip(part, self._labels.shape, strict=True))
            self._labels[part] = labelsOnGrid(self._outputs.segmentation, values, self._input, box)
            yield
        yield from self._exchange.writeSteps()


def _obstacle(outputs: SegmentationOutputs, channels: list[InspectedChannel]) -> str:
    if len(channels) < len(outputs.report.get("bias_field") or [None]) or channels[0].overlay is None:
        return _("A part of the results, or a channel, was deleted; segment again to get it back.")
    return ""
