"""What is confirmed as arrays, for whoever learns from it or keeps it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import output_nodes
from .segment_labels import Box, labelsOnGrid, shapeOf
from .tissues import isClass, labelOf


@dataclass(frozen=True)
class Confirmed:
    """How many voxels of the brain are confirmed, each counted once, and how many it has."""

    voxels: int
    brain: int


def brainLabels(inputVolume, box: Box | None = None) -> np.ndarray:
    """(I, J, K) uint8 labels of the result with the user's corrections; 0 outside the brain and without a result.

    :param box: read this part of the grid only, and give an array of its size.
    """
    node = output_nodes.find(inputVolume, output_nodes.SEGMENTATION)
    if node is None:
        return _zeros(inputVolume, box)
    values = {name: labelOf(name) for name in node.GetSegmentation().GetSegmentIDs() if isClass(name)}
    return labelsOnGrid(node, values, inputVolume, box)


def confirmedMask(inputVolume) -> np.ndarray:
    """(I, J, K) bool, true where the user has confirmed the labels."""
    node = output_nodes.find(inputVolume, output_nodes.CONFIRMED)
    if node is None:
        return _zeros(inputVolume).view(bool)
    return labelsOnGrid(node, dict.fromkeys(node.GetSegmentation().GetSegmentIDs(), 1), inputVolume).view(bool)


def confirmedLabels(inputVolume) -> np.ndarray:
    """(I, J, K) uint8 labels that the user has confirmed, 0 for not confirmed."""
    labels = brainLabels(inputVolume)
    labels *= confirmedMask(inputVolume).view(np.uint8)  # by bool it would take ten times as long
    return labels


def countConfirmed(inputVolume) -> Confirmed:
    """How much of the brain is confirmed."""
    labels = brainLabels(inputVolume)
    brain = np.count_nonzero(labels)
    labels *= confirmedMask(inputVolume).view(np.uint8)
    return Confirmed(int(np.count_nonzero(labels)), int(brain))


def _zeros(inputVolume, box: Box | None = None) -> np.ndarray:
    shape = shapeOf(inputVolume) if box is None else tuple(part.stop - part.start for part in box)
    return np.zeros(shape, dtype=np.uint8, order="F")
