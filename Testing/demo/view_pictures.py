"""Pictures of the views of a layout as Slicer draws them: slice, 3-D, plot and table views by their MRML nodes.

Slicer's own displayable managers draw volumes, segments, contours, legends, markups and surfaces; no display is needed.
"""

from __future__ import annotations

import numpy as np
from host.charts import Chart
from PIL import Image, ImageDraw

from .lettering import font
from .off_screen_view import OffScreenView

_SLICE_MANAGERS = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
)
_THREE_D_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
)
_ROW = 22


def draw_slice(application_logic, logic, size: tuple[int, int]) -> np.ndarray:
    """(height, width, 3) uint8 of what a vtkMRMLSliceLogic shows; the slice node takes the size on, as in a window."""
    logic.ResizeSliceNode(*size)
    logic.UpdatePipeline()
    view = OffScreenView(application_logic, logic.GetSliceNode(), _SLICE_MANAGERS, size)
    _let_legends_be_found(logic.GetSliceCompositeNode())
    view.show_image(logic.GetImageDataConnection())
    try:
        return view.pixels()
    finally:
        view.close()


def _let_legends_be_found(composite) -> None:
    # The legend's manager looks for legends that were there before it when the layers change, by these flags.
    composite.SetInteractionFlags(composite.BackgroundVolumeFlag | composite.ForegroundVolumeFlag)
    composite.Modified()


def draw_three_d(application_logic, node, size: tuple[int, int]) -> np.ndarray:
    """(height, width, 3) uint8 of a vtkMRMLViewNode with everything that is visible in it in sight."""
    view = OffScreenView(application_logic, node, _THREE_D_MANAGERS, size)
    view.renderer.SetBackground(node.GetBackgroundColor())
    view.renderer.SetBackground2(node.GetBackgroundColor2())
    view.renderer.GradientBackgroundOn()
    # surfaces seen through one another
    view.window.SetMultiSamples(0)
    view.window.SetAlphaBitPlanes(1)
    view.renderer.SetUseDepthPeeling(True)
    view.renderer.ResetCamera()
    view.renderer.GetActiveCamera().Zoom(1.4)
    view.renderer.ResetCameraClippingRange()
    try:
        return view.pixels()
    finally:
        view.close()


def draw_plot(node, size: tuple[int, int]) -> np.ndarray:
    """(height, width, 3) uint8 of the chart of a vtkMRMLPlotViewNode; white without one."""
    chart_node = node.GetPlotChartNode()
    if chart_node is None:
        return np.full((size[1], size[0], 3), 255, dtype=np.uint8)
    chart = Chart()
    try:
        chart.show(chart_node)
        return chart.pixels(size)
    finally:
        chart.close()


def draw_table(node, size: tuple[int, int]) -> np.ndarray:
    """(height, width, 3) uint8 of the table of a vtkMRMLTableViewNode, columns of one width."""
    page = Image.new("RGB", size, "white")
    table = node.GetTableNode().GetTable() if node.GetTableNode() is not None else None
    if table is None or not table.GetNumberOfColumns():
        return np.asarray(page)
    pen, width = ImageDraw.Draw(page), size[0] / table.GetNumberOfColumns()
    pen.rectangle((0, 0, size[0], _ROW), fill="#dddddd")
    for column in range(table.GetNumberOfColumns()):
        texts = [table.GetColumnName(column) or ""]
        texts += [table.GetValue(row, column).ToString() for row in range(table.GetNumberOfRows())]
        for row, text in enumerate(texts):
            pen.text((column * width + 4, row * _ROW + 4), text, fill="black", font=font(12))
            pen.line((0, (row + 1) * _ROW, size[0], (row + 1) * _ROW), fill="#cccccc")
    return np.asarray(page)
