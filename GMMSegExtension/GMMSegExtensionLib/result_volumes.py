"""Which volumes a result gives, where their voxels come from and how they look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import slicer
from slicer.i18n import tr as _

from . import bias_display, output_nodes, uncertainty_display, volumes
from .engine_result import EngineResult
from .request import SegmentationRequest
from .steps import Steps
from .tissues import ClassStyle

# The field's percentiles are known from these well enough.
_ENOUGH_VOXELS = 100_000


@dataclass(frozen=True)
class PlannedVolume:
    """A volume node to come.

    :param role, channelNode, index: tell it from other results, see :func:`output_nodes.obtain`.
    :param title: the node's name when it is new.
    :param image: makes its voxels.
    :param show: called with the node; sets how it looks.
    :param chosenNode: the node that the user wants it in.
    :param isHelper: whether it is put into the folder of helpers.
    """

    role: str
    title: str
    image: Steps
    show: Callable
    channelNode: object
    index: int = 0
    chosenNode: object | None = None
    isHelper: bool = False


def plannedVolumes(
    request: SegmentationRequest, result: EngineResult, styles: list[ClassStyle]
) -> Steps[list[PlannedVolume]]:
    """The volumes that ``result`` gives in answer to ``request``.

    :param styles: of the classes.
    """
    planned: list[PlannedVolume] = []
    for channel in range(len(request.channels)):
        halfWidth = _halfWidth(result, channel)
        yield
        planned += [_field(request, result, channel, halfWidth), _corrected(request, result, channel)]
        if channel == 0:
            planned.append(_overlay(request, result, halfWidth))
    if result.entropy is not None:
        planned.append(_uncertainty(request, result))
    if request.outputs.posteriors and result.posteriors is not None:
        planned += _posteriors(request, result, styles)
    return planned


def _field(request: SegmentationRequest, result: EngineResult, channel: int, halfWidth: float) -> PlannedVolume:
    channelNode = request.channels[channel]
    return PlannedVolume(
        output_nodes.BIAS_FIELD,
        _("{name} bias field").format(name=volumes.name(channelNode)),
        volumes.imageSteps(result.biasField[channel]),
        lambda node: _showField(node, halfWidth),
        channelNode,
        chosenNode=request.outputs.biasField if channel == 0 else None,
    )


def _corrected(request: SegmentationRequest, result: EngineResult, channel: int) -> PlannedVolume:
    channelNode = request.channels[channel]
    return PlannedVolume(
        output_nodes.CORRECTED,
        _("{name} corrected").format(name=volumes.name(channelNode)),
        volumes.imageSteps(result.corrected[channel]),
        lambda node: _copyWindow(channelNode, node),
        channelNode,
        chosenNode=request.outputs.correctedVolume if channel == 0 else None,
    )


def _overlay(request: SegmentationRequest, result: EngineResult, halfWidth: float) -> PlannedVolume:
    """The first field cut to the brain: the field itself is smooth everywhere and would cover the whole view."""
    return PlannedVolume(
        output_nodes.BIAS_OVERLAY,
        _("{name} bias field in the brain").format(name=volumes.name(request.inputVolume)),
        volumes.imageSteps(result.biasField[0], mask=result.brainMask),
        lambda node: _showField(node, halfWidth, hideZero=True),
        request.inputVolume,
        isHelper=True,
    )


def _uncertainty(request: SegmentationRequest, result: EngineResult) -> PlannedVolume:
    return PlannedVolume(
        output_nodes.UNCERTAINTY,
        _("{name} uncertainty").format(name=volumes.name(request.inputVolume)),
        volumes.imageSteps(result.entropy),
        uncertainty_display.showAsUncertainty,
        request.inputVolume,
    )


def _posteriors(
    request: SegmentationRequest, result: EngineResult, styles: list[ClassStyle]
) -> Iterator[PlannedVolume]:
    inputNode = request.inputVolume
    for index, style in enumerate(styles):
        yield PlannedVolume(
            output_nodes.POSTERIOR,
            _("{name} probability of {tissue}").format(name=volumes.name(inputNode), tissue=style.name),
            volumes.imageSteps(result.posteriors[index], box=result.box, shape=result.labels.shape),
            _showProbability,
            inputNode,
            index=index,
            isHelper=True,
        )


def _halfWidth(result: EngineResult, channel: int) -> float:
    """From some of the voxels: the field is smooth, and a file need not be read for it as a whole."""
    step = max(1, round((result.brainMask.size / _ENOUGH_VOXELS) ** (1 / 3)))
    some = (slice(None, None, step),) * 3
    return bias_display.halfRange(result.biasField[channel][some][result.brainMask[some]])


def _showField(volumeNode, halfWidth: float, hideZero: bool = False) -> None:
    if bias_display.isRangeChosen(volumeNode):
        halfWidth = bias_display.halfWidthOf(volumeNode)
    bias_display.showAsBiasField(volumeNode, halfWidth, hideZero)


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


def _showProbability(volumeNode) -> None:
    volumeNode.CreateDefaultDisplayNodes()
    display = volumeNode.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.SetAutoWindowLevel(False)
        display.SetWindowLevelMinMax(0.0, 1.0)
