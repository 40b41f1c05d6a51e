"""A picture of what a user sees: the views of the current layout, beside the module's panel where there is one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from PIL import Image, ImageDraw

from .layout_tree import Box, Place, places
from .lettering import font
from .view_pictures import draw_plot, draw_slice, draw_table, draw_three_d

BAR = 22
_FRAME = (60, 60, 60)
_LEAST = 16


def window_picture(application_or_environment: Any, path: str | Path, size: tuple[int, int] = (1440, 860)) -> Path:
    """Writes a PNG of the module's panel and the views beside it, and gives its path.

    Args:
        application_or_environment: a `host.application.StandInApplication`, whose shown panel is drawn on the left, or
            a `host.scene.Environment`, of which only the views are drawn.
        path: the file to write.
        size: width and height of the picture in pixels; a taller panel is cut off at the bottom, as by its scroll bar.
    """
    environment = getattr(application_or_environment, "environment", application_or_environment)
    page = Image.new("RGB", size, (239, 239, 239))
    left = 0
    if getattr(application_or_environment, "selected_module", ""):
        panel = _panel(application_or_environment)
        page.paste(panel, (0, 0))
        left = panel.width + 6
    page.paste(Image.fromarray(layout_picture(environment, (size[0] - left, size[1]))), (left, 0))
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.save(path)
    return path


def layout_picture(environment: Any, size: tuple[int, int]) -> np.ndarray:
    """(height, width, 3) uint8 of the views of the scene's current layout."""
    node = slicer.mrmlScene.GetNodeByID("vtkMRMLLayoutNodevtkMRMLLayoutNode")
    page = Image.new("RGB", size, _FRAME)
    for place in places(_description(node), size):
        view = slicer.mrmlScene.GetNodeByID(f"{place.class_name}{place.tag}")
        if view is not None and min(place.box.width, place.box.height - BAR) >= _LEAST:
            _draw_place(environment, page, place, view)
    return np.asarray(page)


def view_picture(environment: Any, view_node: Any, size: tuple[int, int]) -> np.ndarray:
    """(height, width, 3) uint8 of one view, without its bar."""
    logic = environment.application_logic
    if view_node.IsA("vtkMRMLSliceNode"):
        slice_logic = logic.GetSliceLogic(view_node)
        if slice_logic is None:
            raise ValueError(f"No layout shows the slice view {view_node.GetName()}.")
        return draw_slice(logic, slice_logic, size)
    if view_node.IsA("vtkMRMLPlotViewNode"):
        return draw_plot(view_node, size)
    if view_node.IsA("vtkMRMLTableViewNode"):
        return draw_table(view_node, size)
    return draw_three_d(logic, view_node, size)


def _description(node: Any) -> str:
    return node.GetCurrentLayoutDescription() or node.GetLayoutDescription(node.GetViewArrangement())


def _draw_place(environment: Any, page: Image.Image, place: Place, view: Any) -> None:
    box = place.box
    pixels = view_picture(environment, view, (box.width, box.height - BAR))
    page.paste(Image.fromarray(pixels), (box.left, box.top + BAR))
    _draw_bar(ImageDraw.Draw(page), box, view)


def _draw_bar(pen: ImageDraw.ImageDraw, box: Box, view: Any) -> None:
    """The coloured bar above a view, with its label and what it shows."""
    color = tuple(round(255 * part) for part in view.GetLayoutColor())
    pen.rectangle((box.left, box.top, box.left + box.width - 1, box.top + BAR - 1), fill=color)
    ink = "black" if sum(color) > 380 else "white"
    pen.text((box.left + 8, box.top + 4), f"{view.GetLayoutLabel() or ''}   {_shown(view)}", fill=ink, font=font(12))


def _shown(view: Any) -> str:
    if view.IsA("vtkMRMLSliceNode"):
        letter = {"Axial": "S", "Sagittal": "R", "Coronal": "A"}.get(view.GetOrientation(), "")
        return f"{letter}: {view.GetSliceOffset():.1f} mm" if letter else view.GetOrientation()
    if view.IsA("vtkMRMLPlotViewNode"):
        return view.GetPlotChartNode().GetName() if view.GetPlotChartNode() is not None else ""
    return ""


def _panel(application: Any) -> Image.Image:
    with tempfile.TemporaryDirectory() as folder:
        application.save_screenshot(Path(folder) / "panel.png")
        with Image.open(Path(folder) / "panel.png") as panel:
            return panel.convert("RGB")
