"""What a series may consist of, and how one of it is looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import slicer

from . import output_nodes, sequence_results, slice_views
from .parameters import requestOf
from .request import ChosenOutputs, SegmentationRequest
from .scene import outputsOf
from .series_items import SequenceFrame, SequenceItem, SeriesItem, VolumeItem
from .slice_views import Shown


def itemsOf(browser, isLookedAt: Callable[[object], bool], frame: SequenceFrame) -> list[SeriesItem]:
    """The time points of the volumes that ``browser`` steps through, or the volumes of the scene when it is None.

    :param isLookedAt: see :class:`VolumeItem`.
    :param frame: see :class:`SequenceItem`.
    """
    if browser is None:
        return [VolumeItem(node, isLookedAt) for node in _volumesOfScene()]
    sequence = sequence_results.volumeSequenceOf(browser)
    count = sequence.GetNumberOfDataNodes() if sequence is not None else 0
    return [SequenceItem(browser, sequence, number, frame) for number in range(count)]


def requests(parameters) -> Callable[[object], SegmentationRequest]:
    """A function that gives the request for a volume node, with the settings that the panel has now.

    Each volume is segmented alone, into outputs of its own.

    :raises ValueError: a setting cannot be used.
    """
    chosen = requestOf(parameters)
    outputs = ChosenOutputs(posteriors=chosen.outputs.posteriors)
    return lambda volumeNode: dataclasses.replace(chosen, inputVolume=volumeNode, furtherVolumes=(), outputs=outputs)


def lookAt(browser, key: str):
    """Show one of :func:`itemsOf` with its segments; gives the volume node, None when it is gone."""
    if browser is not None:
        sequence = sequence_results.volumeSequenceOf(browser)
        if sequence is None:
            return None
        browser.SetSelectedItemNumber(sequence.GetItemNumberFromIndexValue(key, True))
        volume = sequence_results.proxyOf(browser, sequence)
    else:
        volume = slicer.mrmlScene.GetNodeByID(key)
    if volume is None:
        return None
    for other in filter(None, map(outputsOf, _volumesOfScene())):
        if other.segmentation.GetDisplayNode() is not None:
            other.segmentation.GetDisplayNode().SetVisibility(False)
    outputs = outputsOf(volume)
    if outputs is not None:
        slice_views.show(volume, outputs, Shown(segments=True))
    return volume


def _volumesOfScene() -> list:
    """Grey-scale volumes that are no results."""
    return [
        node
        for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        if node.GetClassName() == "vtkMRMLScalarVolumeNode"
        and not node.GetHideFromEditors()
        and output_nodes.inputOf(node) is None
        and node.GetImageData() is not None
    ]
