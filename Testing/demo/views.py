"""The demo's pictures of one segmented volume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import slicer
from gmmseg import picture_charts, pictures
from gmmseg.case import Result
from GMMSegExtensionLib import field_contours, output_nodes
from GMMSegExtensionLib.steps import finish
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .slice_pictures import LAYOUT_NAMES, ORIENTATIONS, Layers, SliceView

FIELD_OPACITY = 0.6
MARGIN = 1.15
_INCHES = 4.0


@dataclass(frozen=True)
class Segmented:
    """A volume node, what the extension's logic made of it, and the same as the engine's arrays."""

    volume: object
    outputs: object
    result: Result


def write_views(segmented: Segmented, application_logic, folder: Path) -> list[Path]:
    """Writes the PNG views of one volume and gives their paths. Nothing is shown over the images afterwards."""
    hide_everything()
    _set_window(segmented)
    contours = _contours(segmented)
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(segmented.outputs.biasOverlay)
    show_only = _Visibility(segmented.outputs.segmentation.GetDisplayNode(), contours, legend)
    original, corrected = Layers(segmented.volume), Layers(segmented.outputs.correctedVolumes[0])
    field = Layers(segmented.volume, segmented.outputs.biasOverlay, FIELD_OPACITY)

    def draw(name: str, rows: list[tuple[str, Layers]], before_row: Callable[[str], None]) -> Path:
        drawn = []
        for title, layers in rows:
            before_row(title)
            drawn.append([_slice(segmented, application_logic, layers, side) for side in ORIENTATIONS])
        path = folder / f"{name}.png"
        _save(drawn, [title for title, _ in rows], path)
        return path

    paths = [
        draw(
            "segments",
            [("image", original), ("segments", original)],
            lambda title: show_only(segments=title == "segments"),
        ),
        draw("bias_field", [("bias field", field)], lambda _: show_only(field=True)),
        draw("before_after", [("before", original), ("after", corrected)], lambda _: show_only()),
        _histogram(segmented.result, folder / "histogram.png"),
    ]
    show_only()
    return paths


def _contours(segmented: Segmented) -> list:
    """Lines of equal field, in every view."""
    outputs = segmented.outputs
    finish(field_contours.update(segmented.volume, outputs.biasFields[0], outputs.biasOverlay))
    return output_nodes.findAll(segmented.volume, output_nodes.FIELD_CONTOUR)


def hide_everything() -> None:
    """Hides the segments and contours of every volume: two heads may lie in the same place."""
    for class_name in ("vtkMRMLSegmentationDisplayNode", "vtkMRMLModelDisplayNode"):
        for display in slicer.util.getNodesByClass(class_name):
            display.SetVisibility(False)


def show_in_slicer(segmented: Segmented) -> None:
    """Makes the saved scene open with this volume and its segments in the three slice views."""
    hide_everything()
    segmented.outputs.segmentation.GetDisplayNode().SetVisibility(True)
    for layout_name in LAYOUT_NAMES.values():
        composite = slicer.vtkMRMLSliceCompositeNode()
        composite.SetSingletonTag(layout_name)
        composite.SetLayoutName(layout_name)
        slicer.mrmlScene.AddNode(composite).SetBackgroundVolumeID(segmented.volume.GetID())


class _Visibility:
    """Switches what lies over the image."""

    def __init__(self, segmentation_display, contours: list, legend) -> None:
        self._segmentation = segmentation_display
        self._contours = contours
        self._legend = legend

    def __call__(self, segments: bool = False, field: bool = False) -> None:
        self._segmentation.SetVisibility(segments)
        for model in self._contours:
            model.GetDisplayNode().SetVisibility(field)
        if self._legend is not None:
            self._legend.SetVisibility(field)


def _set_window(segmented: Segmented) -> None:
    """One window and level for original and corrected image, chosen for the original brain."""
    result = segmented.result
    low, high = pictures.window_of(result.corrected[0] * result.bias_field[0], result.brain_mask)
    for node in (segmented.volume, segmented.outputs.correctedVolumes[0]):
        node.GetDisplayNode().SetAutoWindowLevel(False)
        node.GetDisplayNode().SetWindowLevelMinMax(low, high)


def _slice(segmented: Segmented, application_logic, layers: Layers, orientation: str) -> np.ndarray:
    view = SliceView(application_logic, orientation)
    try:
        view.show(layers, *_centre_and_extent(segmented))
        return view.pixels()
    finally:
        view.close()


def _centre_and_extent(segmented: Segmented) -> tuple[np.ndarray, float]:
    """Middle of the brain in RAS mm, and the length of its longest side in mm."""
    to_ras = segmented.result.affine
    corners = np.argwhere(segmented.result.brain_mask)
    points = corners[:: max(1, len(corners) // 5000)] @ to_ras[:3, :3].T + to_ras[:3, 3]
    low, high = points.min(axis=0), points.max(axis=0)
    return (low + high) / 2, float((high - low).max()) * MARGIN


def _save(rows: list[list[np.ndarray]], titles: list[str], path: Path) -> None:
    figure = Figure(figsize=(_INCHES * len(rows[0]), _INCHES * len(rows)), facecolor="black")
    grid = figure.subplots(len(rows), len(rows[0]), squeeze=False)
    figure.subplots_adjust(0, 0, 1, 1, 0.01, 0.01)
    for line, images, title in zip(grid, rows, titles, strict=True):
        line[0].text(0.03, 0.97, title, color="white", fontsize=13, va="top", transform=line[0].transAxes)
        for axes, image in zip(line, images, strict=True):
            axes.imshow(image)
            axes.axis("off")
    FigureCanvasAgg(figure).print_png(path)


def _histogram(result: Result, path: Path) -> Path:
    figure = picture_charts.histogram(result.report["inspection"]["channels"][0])
    path.write_bytes(pictures.png(figure))
    return path
