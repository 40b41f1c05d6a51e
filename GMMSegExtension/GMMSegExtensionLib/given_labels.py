"""Labels that somebody gives to learn from: a label map, or a segmentation with a segment for each tissue."""

from __future__ import annotations

import numpy as np
import slicer
from slicer.i18n import tr as _

from . import volumes
from .exchange import Exchange
from .segment_labels import shapeOf
from .tissues import TISSUE_NAMES, tissueOf


def announceLabels(exchange: Exchange, fileName: str, node, volumeNode) -> dict:
    """Announce the labels of ``node`` for ``volumeNode``; gives the entry of the message.

    :raises ValueError: it holds no labels of tissues, or is under a non-linear transform.
    """
    if not node.IsA("vtkMRMLSegmentationNode"):
        return exchange.sendVolume(fileName, node)  # the engine sees whether the grids and the values fit
    values = tissueSegments(node)

    def read() -> np.ndarray:
        return _labels(node, values, volumeNode)

    return exchange.sendWhenWritten(fileName, read, volumes.ijkToWorld(volumeNode), volumes.name(node))


def tissueSegments(segmentationNode) -> dict[str, int]:
    """Label, 1 CSF to 3 WM, of each segment that stands for a tissue by its terminology or its name.

    :raises ValueError: there is none.
    """
    segmentation = segmentationNode.GetSegmentation()
    tissues = {name: tissueOf(segmentation.GetSegment(name)) for name in segmentation.GetSegmentIDs()}
    values = {name: 1 + TISSUE_NAMES.index(tissue) for name, tissue in tissues.items() if tissue}
    if not values:
        raise ValueError(
            _("'{name}' has no segments to learn from; name them {tissues}.").format(
                name=volumes.name(segmentationNode), tissues=", ".join(TISSUE_NAMES)
            )
        )
    return values


def _labels(segmentationNode, values: dict[str, int], volumeNode) -> np.ndarray:
    """(I, J, K) uint8 on the grid of the volume; where two segments overlap the higher label counts."""
    labels = np.zeros(shapeOf(volumeNode)[::-1], dtype=np.uint8)
    for name, value in values.items():
        array = slicer.util.arrayFromSegmentBinaryLabelmap(segmentationNode, name, volumeNode)
        if array is not None:
            np.maximum(labels, np.uint8(value) * (array > 0), out=labels)
    return labels.transpose(2, 1, 0)
