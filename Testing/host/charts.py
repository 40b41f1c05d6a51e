"""Plot charts of the scene, drawn by VTK off screen as Slicer's plot views draw them. No Qt.

chart = Chart()
chart.show(plot_chart_node)
pixels = chart.pixels((500, 300))
chart.write_svg("histogram.svg", (500, 300))
"""

from __future__ import annotations

import atexit
import functools
from pathlib import Path

import numpy as np
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from host.scene import slicer

_SERIES = slicer.vtkMRMLPlotSeriesNode
_BARS = (_SERIES.PlotTypeBar, _SERIES.PlotTypeScatterBar)
_LINES = {
    _SERIES.LineStyleNone: vtk.vtkPen.NO_PEN,
    _SERIES.LineStyleSolid: vtk.vtkPen.SOLID_LINE,
    _SERIES.LineStyleDash: vtk.vtkPen.DASH_LINE,
    _SERIES.LineStyleDot: vtk.vtkPen.DOT_LINE,
    _SERIES.LineStyleDashDot: vtk.vtkPen.DASH_DOT_LINE,
    _SERIES.LineStyleDashDotDot: vtk.vtkPen.DASH_DOT_DOT_LINE,
}
_MARKERS = {
    _SERIES.MarkerStyleNone: vtk.vtkPlotLine.NONE,
    _SERIES.MarkerStyleCross: vtk.vtkPlotLine.CROSS,
    _SERIES.MarkerStylePlus: vtk.vtkPlotLine.PLUS,
    _SERIES.MarkerStyleSquare: vtk.vtkPlotLine.SQUARE,
    _SERIES.MarkerStyleCircle: vtk.vtkPlotLine.CIRCLE,
    _SERIES.MarkerStyleDiamond: vtk.vtkPlotLine.DIAMOND,
}
_UNDRAWABLE = (vtk.VTK_STRING, vtk.VTK_BIT)


class Screen:
    """The one window off screen in which all charts are drawn: making one takes a tenth of a second."""

    def __init__(self) -> None:
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.SetMultiSamples(8)
        self._grabber = vtk.vtkWindowToImageFilter()
        self._grabber.SetInput(self.window)
        self._grabber.ReadFrontBufferOff()
        atexit.register(self.window.Finalize)
        self._warm_up()

    def _warm_up(self) -> None:
        """A chart with text, for the driver to make what it needs."""
        chart, actor, renderer = vtk.vtkChartXY(), vtk.vtkContextActor(), vtk.vtkRenderer()
        chart.SetTitle("0")
        actor.GetScene().AddItem(chart)
        renderer.AddActor(actor)
        self.window.AddRenderer(renderer)
        self.show(renderer, (200, 100))
        self.window.RemoveRenderer(renderer)

    def show(self, renderer: vtk.vtkRenderer, size: tuple[int, int]) -> None:
        """Draw one renderer of those in the window."""
        renderers = self.window.GetRenderers()
        for index in range(renderers.GetNumberOfItems()):
            renderers.GetItemAsObject(index).SetDraw(renderers.GetItemAsObject(index) is renderer)
        self.window.SetSize(*size)
        self.window.Render()

    def pixels(self) -> np.ndarray:
        """(height, width, 3) uint8, first row at the top."""
        self._grabber.Modified()
        self._grabber.Update()
        image = self._grabber.GetOutput()
        width, height, _ = image.GetDimensions()
        return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1].copy()


@functools.cache
def screen() -> Screen:
    """The screen, made when first needed."""
    return Screen()


class Chart:
    """A vtkChartXY that shows what a vtkMRMLPlotChartNode and its series and tables say."""

    def __init__(self) -> None:
        self.chart = vtk.vtkChartXY()
        self.scene = vtk.vtkContextScene()
        self.scene.AddItem(self.chart)
        self._actor = vtk.vtkContextActor()
        self._actor.SetScene(self.scene)
        self._renderer = vtk.vtkRenderer()
        self._renderer.SetBackground(1, 1, 1)
        self._renderer.AddActor(self._actor)
        self.scene.SetRenderer(self._renderer)
        screen().window.AddRenderer(self._renderer)

    def close(self) -> None:
        screen().window.RemoveRenderer(self._renderer)

    def show(self, chart_node) -> None:
        """Bring the chart up to date with a vtkMRMLPlotChartNode; None empties it."""
        self.chart.ClearPlots()
        if chart_node is None:
            return
        for series in series_of(chart_node):
            plot = _plot(series)
            if plot is not None:
                self.chart.AddPlot(plot)
        self._dress(chart_node)
        self.scene.SetDirty(True)

    def _dress(self, node) -> None:
        family = self.chart.GetTitleProperties().GetFontFamilyFromString(node.GetFontType() or "Arial")
        self.chart.SetTitle((node.GetTitle() or "") if node.GetTitleVisibility() else "")
        self.chart.SetShowLegend(node.GetLegendVisibility())
        for text, size in (
            (self.chart.GetTitleProperties(), node.GetTitleFontSize()),
            (self.chart.GetLegend().GetLabelProperties(), node.GetLegendFontSize()),
        ):
            text.SetFontFamily(family)
            text.SetFontSize(size)
        self._dress_axis(node, vtk.vtkAxis.BOTTOM, "X", family)
        self._dress_axis(node, vtk.vtkAxis.LEFT, "Y", family)

    def _dress_axis(self, node, position: int, letter: str, family: int) -> None:
        def of_node(name: str):
            return getattr(node, f"Get{letter}Axis{name}")()

        axis = self.chart.GetAxis(position)
        axis.SetTitle((of_node("Title") or "") if of_node("TitleVisibility") else "")
        axis.SetLogScale(bool(of_node("LogScale")))
        if of_node("RangeAuto"):
            axis.SetBehavior(vtk.vtkAxis.AUTO)
        else:
            axis.SetBehavior(vtk.vtkAxis.FIXED)
            axis.SetUnscaledRange(*of_node("Range"))
        axis.SetGridVisible(bool(node.GetGridVisibility()))
        for text, size in (
            (axis.GetTitleProperties(), node.GetAxisTitleFontSize()),
            (axis.GetLabelProperties(), node.GetAxisLabelFontSize()),
        ):
            text.SetFontFamily(family)
            text.SetFontSize(size)

    def render(self, size: tuple[int, int]) -> None:
        """Draw the chart, width and height in pixels."""
        self.chart.RecalculateBounds()
        screen().show(self._renderer, size)

    def pixels(self, size: tuple[int, int]) -> np.ndarray:
        """(height, width, 3) uint8 of the chart drawn at ``size`` (width, height)."""
        self.render(size)
        return screen().pixels()

    def write_svg(self, path: str | Path, size: tuple[int, int]) -> None:
        """The chart as ``path`` with the ending .svg, whatever ending was given, as Slicer does it."""
        self.render(size)
        # Slicer has vtkGL2PSExporter, which takes half a second and crashes off screen.
        exporter = vtk.vtkSVGExporter()
        exporter.SetRenderWindow(screen().window)
        exporter.SetActiveRenderer(self._renderer)
        exporter.SetFileName(str(Path(path).with_suffix(".svg")))
        exporter.Update()


def series_of(chart_node) -> list:
    """The series nodes of a chart that are there."""
    nodes = [chart_node.GetNthPlotSeriesNode(index) for index in range(chart_node.GetNumberOfPlotSeriesNodes())]
    return [node for node in nodes if node is not None]


def _plot(series):
    """A vtkPlot of a series; None where the table lacks what the series asks for."""
    table = series.GetTableNode().GetTable() if series.GetTableNode() is not None else None
    if table is None:
        return None
    x_name, y_name = series.GetXColumnName(), series.GetYColumnName()
    needed = [y_name, x_name] if series.IsXColumnRequired() else [y_name]
    columns = [table.GetColumnByName(name) if name else None for name in needed]
    if any(column is None or column.GetDataType() in _UNDRAWABLE for column in columns):
        return None
    plot = vtk.vtkPlotBar() if series.GetPlotType() in _BARS else vtk.vtkPlotLine()
    plot.SetUseIndexForXSeries(not series.IsXColumnRequired())
    plot.SetInputData(table, x_name if series.IsXColumnRequired() else y_name, y_name)
    plot.SetLabel(series.GetName() or y_name)
    plot.SetColorF(*series.GetColor())
    plot.SetWidth(series.GetLineWidth())
    plot.GetPen().SetOpacityF(series.GetOpacity())
    plot.GetBrush().SetOpacityF(series.GetOpacity())
    is_bar = series.GetPlotType() == _SERIES.PlotTypeBar
    plot.GetPen().SetLineType(vtk.vtkPen.SOLID_LINE if is_bar else _LINES[series.GetLineStyle()])
    if plot.IsA("vtkPlotLine"):
        plot.SetMarkerSize(series.GetMarkerSize())
        plot.SetMarkerStyle(_MARKERS[series.GetMarkerStyle()])
    return plot
