"""The results of a run that the scene holds."""

from __future__ import annotations

import json
from dataclasses import dataclass

from . import output_nodes

_REPORT = "GMMSegExtension.report"
_RUN = "GMMSegExtension.run"


@dataclass(frozen=True)
class SegmentationOutputs:
    """The nodes that hold the results of one input volume, one field and corrected volume for each channel."""

    segmentation: object
    biasFields: tuple
    correctedVolumes: tuple
    biasOverlay: object | None
    posteriors: tuple
    uncertainty: object | None
    report: dict


def outputsOf(inputVolume) -> SegmentationOutputs | None:
    """The results that the scene holds of ``inputVolume``, also after it was saved and loaded; None without any."""
    segmentation = output_nodes.find(inputVolume, output_nodes.SEGMENTATION)
    text = segmentation.GetAttribute(_REPORT) if segmentation is not None else None
    if not text:
        return None
    return SegmentationOutputs(
        segmentation,
        tuple(output_nodes.findAll(inputVolume, output_nodes.BIAS_FIELD)),
        tuple(output_nodes.findAll(inputVolume, output_nodes.CORRECTED)),
        output_nodes.find(inputVolume, output_nodes.BIAS_OVERLAY),
        tuple(output_nodes.findAll(inputVolume, output_nodes.POSTERIOR)),
        output_nodes.find(inputVolume, output_nodes.UNCERTAINTY),
        json.loads(text),
    )


def setReport(segmentationNode, report: dict, run: str | None = None) -> None:
    """Keep the engine's report of a run with its segments, and the run's id when the worker still knows it by that."""
    segmentationNode.SetAttribute(_REPORT, json.dumps(report))
    segmentationNode.SetAttribute(_RUN, run)


def reportOf(segmentationNode) -> dict | None:
    """The engine's report of the run that made the segments, None when they come from elsewhere."""
    text = segmentationNode.GetAttribute(_REPORT)
    return json.loads(text) if text else None


def setRun(segmentationNode, run: str) -> None:
    """Keep the id of the run that made the segments: the worker may still know what it found."""
    segmentationNode.SetAttribute(_RUN, run)


def runOf(segmentationNode) -> str | None:
    """The id of the run that made the segments, None when they come from elsewhere."""
    return segmentationNode.GetAttribute(_RUN)
