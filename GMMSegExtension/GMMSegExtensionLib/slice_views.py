"""What the user's slice views show of the results of one input volume. Works on the scene, so also without a window."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from . import output_nodes, own_views, posterior_overlay
from .scene import SegmentationOutputs
from .tissues import segmentID

_OVERLAY_OPACITY = 0.6
_OPACITY_ATTRIBUTE = "GMMSegExtension.overlayOpacity"


@dataclass(frozen=True)
class Shown:
    """What of the results is seen.

    :param segments: whether the segments are drawn.
    :param biasField: whether the bias field lies over the image; at most one overlay is there at a time.
    :param uncertainty: whether the uncertainty map does.
    :param corrected: whether the corrected image takes the image's place.
    :param probability: the class (0-based) whose probability map lies over the image, None when none does.
    """

    segments: bool = False
    biasField: bool = False
    uncertainty: bool = False
    corrected: bool = False
    probability: int | None = None


def shown(outputs: SegmentationOutputs) -> Shown:
    """What the views show now."""
    display = outputs.segmentation.GetDisplayNode()
    layers = [(node.GetBackgroundVolumeID(), node.GetForegroundVolumeID()) for node in own_views.usersComposites()]
    correctedIDs = [node.GetID() for node in outputs.correctedVolumes]

    def isForeground(node) -> bool:
        return node is not None and any(foreground == node.GetID() for _, foreground in layers)

    return Shown(
        segments=display is not None and bool(display.GetVisibility()),
        biasField=isForeground(outputs.biasOverlay),
        uncertainty=isForeground(outputs.uncertainty),
        corrected=any(background in correctedIDs for background, _ in layers),
        probability=next((output_nodes.indexOf(node) for node in outputs.posteriors if isForeground(node)), None),
    )


def show(inputVolume, outputs: SegmentationOutputs, wanted: Shown) -> None:
    """Let the views show ``wanted``."""
    display = outputs.segmentation.GetDisplayNode()
    if display is not None:
        display.SetVisibility(wanted.segments)
    background = inputVolume
    if wanted.corrected and outputs.correctedVolumes:
        background = outputs.correctedVolumes[0]
        _shareWindow(inputVolume, background)
    isElsewhere = not _isBackground(inputVolume, *outputs.correctedVolumes)
    _setBackground(background, fit=isElsewhere)
    _hideSegmentsOfOthers(inputVolume)
    overlays = [(outputs.biasOverlay, wanted.biasField), (outputs.uncertainty, wanted.uncertainty)]
    for node in outputs.posteriors:
        isWanted = output_nodes.indexOf(node) == wanted.probability
        if isWanted:
            posterior_overlay.showAsProbability(node, className(outputs, wanted.probability))
        overlays.append((node, isWanted))
    # Taken away before another is laid over: all have the same place.
    for overlay, isWanted in sorted(overlays, key=lambda entry: entry[1]):
        _showOverlay(overlay, isWanted, overlayOpacity(outputs))


def showPreview(inputVolume, segmentationNode) -> None:
    """Let the segments of an unfinished run be seen, over the volume that they belong to."""
    display = segmentationNode.GetDisplayNode()
    if display is not None:
        display.SetVisibility(True)
    _hideSegmentsOfOthers(inputVolume)
    if not _isBackground(inputVolume, *output_nodes.findAll(inputVolume, output_nodes.CORRECTED)):
        _setBackground(inputVolume, fit=True)


def overlayOpacity(outputs: SegmentationOutputs) -> float:
    """How opaque overlays of these results are, 0 to 1; saved with the scene."""
    return float(outputs.segmentation.GetAttribute(_OPACITY_ATTRIBUTE) or _OVERLAY_OPACITY)


def setOverlayOpacity(outputs: SegmentationOutputs, opacity: float) -> None:
    """Make the overlay that is seen, and later ones, as opaque as ``opacity`` (0 to 1)."""
    outputs.segmentation.SetAttribute(_OPACITY_ATTRIBUTE, f"{opacity:.3f}")
    overlays = [node for node in (outputs.biasOverlay, outputs.uncertainty, *outputs.posteriors) if node is not None]
    identifiers = [node.GetID() for node in overlays]
    for view in own_views.usersComposites():
        if view.GetForegroundVolumeID() in identifiers:
            view.SetForegroundOpacity(opacity)


def className(outputs: SegmentationOutputs, index: int) -> str:
    """What the class (0-based) is called now."""
    segment = outputs.segmentation.GetSegmentation().GetSegment(segmentID(index + 1))
    if segment is not None:
        return segment.GetName()
    classes = outputs.report.get("classes", [])
    return classes[index]["name"] if index < len(classes) else str(index + 1)


def _hideSegmentsOfOthers(inputVolume) -> None:
    """Two heads may lie in the same place, and the segments of one would cover the other."""
    for node in slicer.util.getNodesByClass(output_nodes.CLASS_NAMES[output_nodes.SEGMENTATION]):
        isOthers = output_nodes.inputOf(node) not in (None, inputVolume)
        if isOthers and output_nodes.roleOf(node) == output_nodes.SEGMENTATION and node.GetDisplayNode() is not None:
            node.GetDisplayNode().SetVisibility(False)


def _isBackground(*volumeNodes) -> bool:
    """Whether some view shows one of the volumes."""
    wanted = [node.GetID() for node in volumeNodes]
    return any(view.GetBackgroundVolumeID() in wanted for view in own_views.usersComposites())


def _setBackground(volumeNode, fit: bool) -> None:
    for view in own_views.usersComposites():
        view.SetBackgroundVolumeID(volumeNode.GetID())
    # Outside the application, and without its main window, there is nothing to fit.
    application = getattr(slicer, "app", None)
    manager = application.layoutManager() if application is not None else None
    if not fit or manager is None:
        return
    for name in manager.sliceViewNames():
        if not name.startswith(own_views.PREFIX):
            manager.sliceWidget(name).sliceLogic().FitSliceToBackground()


def _showOverlay(overlay, isWanted: bool, opacity: float) -> None:
    """Lay a result over the views, or take it away; another foreground is the user's own and stays."""
    if overlay is None:
        return
    for view in own_views.usersComposites():
        if isWanted:
            view.SetForegroundVolumeID(overlay.GetID())
            view.SetForegroundOpacity(opacity)
        elif view.GetForegroundVolumeID() == overlay.GetID():
            view.SetForegroundVolumeID(None)
            view.SetForegroundOpacity(0.0)


def _shareWindow(inputVolume, correctedVolume) -> None:
    """Before and after are comparable only at one window and level, which the user may have changed since the run."""
    source, target = inputVolume.GetDisplayNode(), correctedVolume.GetDisplayNode()
    if source is not None and target is not None:
        target.SetAutoWindowLevel(False)
        target.SetWindowLevel(source.GetWindow(), source.GetLevel())
