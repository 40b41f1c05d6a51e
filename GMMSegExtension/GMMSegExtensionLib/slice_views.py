"""What the slice views show of the results of one input volume. Works on the scene, so also without a window."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from . import output_nodes
from .scene import SegmentationOutputs

_FIELD_OPACITY = 0.6


@dataclass(frozen=True)
class Shown:
    """What of the results is seen: the segments, the field over the image, the corrected image in place of it."""

    segments: bool
    biasField: bool
    corrected: bool


def shown(outputs: SegmentationOutputs) -> Shown:
    """What the views show now."""
    display = outputs.segmentation.GetDisplayNode()
    layers = [
        (node.GetBackgroundVolumeID(), node.GetForegroundVolumeID())
        for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    ]
    correctedIDs = [node.GetID() for node in outputs.correctedVolumes]
    overlayID = outputs.biasOverlay.GetID() if outputs.biasOverlay is not None else None
    return Shown(
        segments=display is not None and bool(display.GetVisibility()),
        biasField=overlayID is not None and any(foreground == overlayID for _, foreground in layers),
        corrected=any(background in correctedIDs for background, _ in layers),
    )


def show(inputVolume, outputs: SegmentationOutputs, wanted: Shown) -> None:
    """Let the views show ``wanted``; segments and field exclude each other where the caller says so."""
    display = outputs.segmentation.GetDisplayNode()
    if display is not None:
        display.SetVisibility(wanted.segments)
    background = inputVolume
    if wanted.corrected and outputs.correctedVolumes:
        background = outputs.correctedVolumes[0]
        _shareWindow(inputVolume, background)
    isElsewhere = not _isBackground(inputVolume, *outputs.correctedVolumes)
    slicer.util.setSliceViewerLayers(background=background, fit=isElsewhere and _hasViews())
    _showOverlay(outputs.biasOverlay, wanted.biasField)


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
    """Lay the field over the views, or take it away; another foreground is the user's own and stays."""
    if overlay is None:
        return
    for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        if isWanted:
            view.SetForegroundVolumeID(overlay.GetID())
            view.SetForegroundOpacity(_FIELD_OPACITY)
        elif view.GetForegroundVolumeID() == overlay.GetID():
            view.SetForegroundVolumeID(None)
            view.SetForegroundOpacity(0.0)


def _shareWindow(inputVolume, correctedVolume) -> None:
    """Before and after are comparable only at one window and level, which the user may have changed since the run."""
    source, target = inputVolume.GetDisplayNode(), correctedVolume.GetDisplayNode()
    if source is not None and target is not None:
        target.SetAutoWindowLevel(False)
        target.SetWindowLevel(source.GetWindow(), source.GetLevel())
