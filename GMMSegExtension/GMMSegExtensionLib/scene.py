"""Results of a run as nodes of the scene."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import slicer
from slicer.i18n import tr as _

from . import bias_display, hierarchy, output_nodes, segments, uncertainty_display, volumes
from .request import SegmentationRequest
from .tissues import classStyles

_REPORT = "GMMSegExtension.report"


@dataclass(frozen=True)
class EngineResult:
    """Arrays of the worker's ``done`` event on the input's grid.

    :param labels: (I, J, K) uint8, 0 outside the mask.
    :param biasField: (D, I, J, K) float32, one for each channel.
    :param corrected: (D, I, J, K) float32.
    :param brainMask: (I, J, K) bool.
    :param posteriors: (K, i, j, k) float32 inside ``box``, or None when they were not asked for.
    :param box: three (start, stop) pairs.
    :param report: the engine's report.
    :param entropy: (I, J, K) float32, 0 to 1, or None when it was not asked for.
    """

    labels: np.ndarray
    biasField: np.ndarray
    corrected: np.ndarray
    brainMask: np.ndarray
    posteriors: np.ndarray | None
    box: tuple
    report: dict
    entropy: np.ndarray | None = None

    def posteriorOnGrid(self, index: int) -> np.ndarray:
        """(I, J, K) float32 posterior of class ``index`` (0-based)."""
        full = np.zeros(self.labels.shape, dtype=np.float32)
        full[tuple(slice(start, stop) for start, stop in self.box)] = self.posteriors[index]
        return full

    def fieldInBrain(self, channel: int) -> np.ndarray:
        """(I, J, K) field of one channel, 0 outside the brain."""
        return np.where(self.brainMask, self.biasField[channel], np.float32(0))


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


class SceneWriter:
    """Writes one run's previews and results; what was there before can be brought back until the end."""

    def __init__(self, request: SegmentationRequest) -> None:
        self._request = request
        self._previewNode = None
        self._earlierSegments = None
        self._earlierTransformID = None
        self._hadSurface = False

    def preview(self, labels: np.ndarray):
        """Show labels of an unfinished run in the segmentation node, which is returned."""
        if self._previewNode is None:
            self._beginPreview()
        if not _isInScene(self._previewNode):
            return None  # the user deleted it meanwhile: the results will get a new one
        segments.setSegments(self._previewNode, labels, self._styles(), self._request.inputVolume)
        return self._previewNode

    def undo(self) -> None:
        """Bring back what the preview replaced."""
        node, self._previewNode = self._previewNode, None
        if not _isInScene(node):
            return
        if self._earlierSegments is None:
            slicer.mrmlScene.RemoveNode(node)
        else:
            node.SetAndObserveTransformNodeID(self._earlierTransformID)
            segments.restore(node, self._earlierSegments)

    def write(self, result: EngineResult) -> SegmentationOutputs:
        """Put all results into the scene, beside the input."""
        self._writeSegmentation(result)
        for channel, node in enumerate(self._request.channels):
            self._writeChannel(channel, node, result)
        self._writeOverlay(result)
        self._writePosteriors(result)
        self._writeUncertainty(result)
        return outputsOf(self._request.inputVolume)

    def _beginPreview(self) -> None:
        request = self._request
        existing = request.outputs.segmentation or output_nodes.find(request.inputVolume, output_nodes.SEGMENTATION)
        if existing is not None:
            self._earlierSegments = segments.snapshot(existing)
            self._earlierTransformID = existing.GetTransformNodeID()
            self._hadSurface = segments.hasSurface(existing)
            self._previewNode = existing
        else:
            self._previewNode = self._segmentationNode()

    def _segmentationNode(self):
        request = self._request
        title = _("{name} segmentation").format(name=volumes.name(request.inputVolume))
        chosen = request.outputs.segmentation if _isInScene(request.outputs.segmentation) else None
        node = output_nodes.obtain(request.inputVolume, output_nodes.SEGMENTATION, title, chosenNode=chosen)
        hierarchy.placeBeside(node, request.inputVolume)
        return node

    def _styles(self, report: dict | None = None):
        engineNames = [entry["name"] for entry in report["classes"]] if report else None
        names = list(self._request.classNames)
        return classStyles(self._request.settings.number_of_classes, engineNames, names)

    def _writeSegmentation(self, result: EngineResult) -> None:
        node = self._segmentationNode()
        hadSurface = self._hadSurface or segments.hasSurface(node)
        segments.setSegments(node, result.labels, self._styles(result.report), self._request.inputVolume)
        segments.adoptStyles(node, self._styles(result.report), self._styles())
        if hadSurface:
            node.CreateClosedSurfaceRepresentation()
        node.SetAttribute(_REPORT, json.dumps(result.report))

    def _writeChannel(self, channel: int, channelNode, result: EngineResult) -> None:
        chosen = self._request.outputs
        field = self._volume(
            output_nodes.BIAS_FIELD, _("{name} bias field"), channelNode, chosen.biasField if channel == 0 else None
        )
        volumes.setVoxels(field, result.biasField[channel], self._request.inputVolume)
        bias_display.showAsBiasField(field, self._halfRange(result, channel))
        corrected = self._volume(
            output_nodes.CORRECTED, _("{name} corrected"), channelNode, chosen.correctedVolume if channel == 0 else None
        )
        volumes.setVoxels(corrected, result.corrected[channel], self._request.inputVolume)
        _copyWindow(channelNode, corrected)

    def _writeOverlay(self, result: EngineResult) -> None:
        """The first field cut to the brain: the field itself is smooth everywhere and would cover the whole view."""
        node = self._volume(output_nodes.BIAS_OVERLAY, _("{name} bias field in the brain"), self._request.inputVolume)
        volumes.setVoxels(node, result.fieldInBrain(0), self._request.inputVolume)
        bias_display.showAsBiasField(node, self._halfRange(result, 0), hideZero=True)
        hierarchy.placeInHelperFolder(node, self._request.inputVolume)

    def _writePosteriors(self, result: EngineResult) -> None:
        """A probability volume for each class when asked for; those of earlier runs would contradict the segments."""
        inputNode = self._request.inputVolume
        earlier = output_nodes.findAll(inputNode, output_nodes.POSTERIOR)
        written = []
        if self._request.outputs.posteriors and result.posteriors is not None:
            for index, style in enumerate(self._styles(result.report)):
                title = _("{name} probability of {tissue}").format(name=volumes.name(inputNode), tissue=style.name)
                node = output_nodes.obtain(inputNode, output_nodes.POSTERIOR, title, index=index)
                volumes.setVoxels(node, result.posteriorOnGrid(index), inputNode)
                _showRange(node, 0.0, 1.0)
                hierarchy.placeInHelperFolder(node, inputNode)
                written.append(node)
        for node in earlier:
            if node not in written:
                slicer.mrmlScene.RemoveNode(node)

    def _writeUncertainty(self, result: EngineResult) -> None:
        """The uncertainty map when there is one; that of an earlier run would contradict the segments."""
        inputNode = self._request.inputVolume
        if result.entropy is not None:
            node = self._volume(output_nodes.UNCERTAINTY, _("{name} uncertainty"), inputNode)
            volumes.setVoxels(node, result.entropy, inputNode)
            uncertainty_display.showAsUncertainty(node)
            return
        for node in output_nodes.findAll(inputNode, output_nodes.UNCERTAINTY):
            slicer.mrmlScene.RemoveNode(node)

    def _volume(self, role: str, title: str, channelNode, chosenNode=None):
        node = output_nodes.obtain(
            self._request.inputVolume,
            role,
            title.format(name=volumes.name(channelNode)),
            channelNode,
            chosenNode=chosenNode if _isInScene(chosenNode) else None,
        )
        hierarchy.placeBeside(node, self._request.inputVolume)
        return node

    @staticmethod
    def _halfRange(result: EngineResult, channel: int) -> float:
        return bias_display.halfRange(result.biasField[channel][result.brainMask])


def _copyWindow(sourceNode, targetNode) -> None:
    """Show ``targetNode`` with the window and level of ``sourceNode``, so that before and after can be compared."""
    targetNode.CreateDefaultDisplayNodes()
    source, target = sourceNode.GetDisplayNode(), targetNode.GetDisplayNode()
    if source is None:
        return
    with slicer.util.NodeModify(target):
        target.SetAndObserveColorNodeID(source.GetColorNodeID())
        target.SetAutoWindowLevel(False)
        target.SetWindowLevel(source.GetWindow(), source.GetLevel())


def _showRange(volumeNode, low: float, high: float) -> None:
    volumeNode.CreateDefaultDisplayNodes()
    display = volumeNode.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.SetAutoWindowLevel(False)
        display.SetWindowLevelMinMax(low, high)


def _isInScene(node) -> bool:
    return node is not None and bool(slicer.mrmlScene.IsNodePresent(node))
