"""Pictures of the scene's slices as Slicer draws them, without a display.

Uses Slicer's own slice logic and displayable managers from slicer-core: volumes with window, level and colour map,
overlays, segments, model contours and the colour legend.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer
import vtk

from .off_screen_view import OffScreenView

ORIENTATIONS = ("Axial", "Coronal", "Sagittal")
# Names of the slice views in Slicer.
LAYOUT_NAMES = {"Axial": "Red", "Coronal": "Green", "Sagittal": "Yellow"}
_MANAGERS = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLColorLegendDisplayableManager",
)


@dataclass(frozen=True)
class Layers:
    """What a slice view shows: volume nodes, and the foreground's opacity from 0 to 1."""

    background: object
    foreground: object | None = None
    opacity: float = 0.0


class SliceView:
    """One slice view of ``slicer.mrmlScene``, drawn off screen.

    Args:
        application_logic: the scene's vtkSlicerApplicationLogic.
        orientation: one of :data:`ORIENTATIONS`.
        size: width and height in pixels.
    """

    def __init__(self, application_logic, orientation: str, size: tuple[int, int] = (480, 480)) -> None:
        self._size = size
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(application_logic)
        self._logic.SetMRMLScene(slicer.mrmlScene)
        self.node = self._logic.AddSliceNode(LAYOUT_NAMES[orientation])
        self.node.SetOrientation(orientation)
        self.node.SetDimensions(*size, 1)
        self._register(application_logic)
        self._view = OffScreenView(application_logic, self.node, _MANAGERS, size)

    def show(self, layers: Layers, center: np.ndarray, extent_mm: float) -> None:
        """Show ``layers`` on the slice through ``center`` (RAS mm), ``extent_mm`` across."""
        composite = self._logic.GetSliceCompositeNode()
        # Only with these flags does the legend's manager look for legends that were there before this view.
        composite.SetInteractionFlags(composite.BackgroundVolumeFlag | composite.ForegroundVolumeFlag)
        composite.SetBackgroundVolumeID(layers.background.GetID())
        composite.SetForegroundVolumeID(layers.foreground.GetID() if layers.foreground else None)
        composite.SetForegroundOpacity(layers.opacity)
        width, height = self._size
        scale = extent_mm / min(width, height)
        self.node.SetFieldOfView(width * scale, height * scale, 1)
        self.node.SetXYZOrigin(0, 0, 0)
        self.node.JumpSliceByCentering(*center)

    def pixels(self) -> np.ndarray:
        """(height, width, 3) uint8 of what the view shows, first row at the top."""
        self._logic.UpdatePipeline()
        # The pipeline's end is another filter for each set of layers.
        self._view.show_image(self._logic.GetImageDataConnection())
        return self._view.pixels()

    def close(self) -> None:
        """Lets go of the scene: the view's nodes leave it."""
        self._view.close()
        composite = self._logic.GetSliceCompositeNode()
        model = self._logic.GetSliceModelNode()
        display = self._logic.GetSliceModelDisplayNode()
        transform = self._logic.GetSliceModelTransformNode()
        self._application_slices.RemoveItem(self._logic)
        self._logic.SetMRMLScene(None)
        for node in (model, display, transform, composite, self.node):
            if node is not None and slicer.mrmlScene.IsNodePresent(node):
                slicer.mrmlScene.RemoveNode(node)

    def _register(self, application_logic) -> None:
        """The colour legend looks its view up here."""
        logics = application_logic.GetSliceLogics()
        if logics is None:
            logics = vtk.vtkCollection()
            application_logic.SetSliceLogics(logics)
        logics.AddItem(self._logic)
        self._application_slices = logics
