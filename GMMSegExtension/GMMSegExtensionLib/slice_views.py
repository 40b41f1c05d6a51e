"""What the slice views show of the results of one input volume. Works on the scene, so also without a window."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from . import output_nodes
from .scene import SegmentationOutputs

_OVERLAY_OPACITY = 0.6


@dataclass(frozen=True)
class Shown:
    """What of the results is seen: one of segments, field and uncertainty over the image, or the image alone; and
    whether the corrected image takes the image's place."""

    segments: bool = False
    biasField: bool = False
    uncertainty: bool = False
    corrected: bool = False


def shown(outputs: SegmentationOutputs) -> Shown:
    """What the views show now."""
    display = outputs.segmentation.GetDisplayNode()
    layers = [
        (node.GetBackgroundVolumeID(), node.GetForegroundVolumeID())
        for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    ]
    correctedIDs = [node.GetID() for node in outputs.correctedVolumes]

    def isForeground(node) -> bool:
        return node is not None and any(foreground == node.GetID() for _, foreground in layers)

    return Shown(
        segments=display is not None and bool(display.GetVisibility()),
        biasField=isForeground(outputs.biasOverlay),
        uncertainty=isForeground(outputs.uncertainty),
        corrected=any(background in correctedIDs for background, _ in layers),
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
    slicer.util.setSliceViewerLayers(background=background, fit=isElsewhere and _hasViews())
    # Taken away before another is laid over: both have the same place.
    overlays = [(outputs.biasOverlay, wanted.biasField), (outputs.uncertainty, wanted.uncertainty)]
    for overlay, isWanted in sorted(overlays, key=lambda entry: entry[1]):
        _showOverlay(overlay, isWanted)


def showPreview(inputVolume, segmentationNode) -> None:
    """Let the segments of an unfinished run be seen, over the volume that they belong to."""
    display = segmentationNode.GetDisplayNode()
    if display is not None:
        display.SetVisibility(True)
    if not _isBackground(inputVolume, *output_nodes.findAll(inputVolume, output_nodes.CORRECTED)):
        slicer.util.setSliceViewerLayers(background=inputVolume, fit=_hasViews())


def _isBackground(*volumeNodes) -> bool:
    """Whether some view shows one of the volumes."""
    wanted = [node.GetID() for node in volumeNodes]
    views = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    return any(view.GetBackgroundVolumeID() in wanted for view in views)


def _hasViews() -> bool:
    return getattr(slicer, "app", None) is not None


def _showOverlay(overlay, isWanted: bool) -> None:
    """Lay a result over the views, or take it away; another foreground is the user's own and stays."""
    if overlay is None:
        return
    for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        if isWanted:
            view.SetForegroundVolumeID(overlay.GetID())
            view.SetForegroundOpacity(_OVERLAY_OPACITY)
        elif view.GetForegroundVolumeID() == overlay.GetID():
            view.SetForegroundVolumeID(None)
            view.SetForegroundOpacity(0.0)


def _shareWindow(inputVolume, correctedVolume) -> None:
    """Before and after are comparable only at one window and level, which the user may have changed since the run."""
    source, target = inputVolume.GetDisplayNode(), correctedVolume.GetDisplayNode()
    if source is not None and target is not None:
        target.SetAutoWindowLevel(False)
        target.SetWindowLevel(source.GetWindow(), source.GetLevel())
