"""Charts as nodes of the scene: a table, one series for each curve, and the chart that shows them.

Written to the same nodes each time, in the folder of helper nodes below the input.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer

from . import hierarchy, output_nodes

_FONT_SIZES = {"Title": 14, "AxisTitle": 12, "AxisLabel": 11, "Legend": 11}


@dataclass(frozen=True)
class Roles:
    """The roles (see :mod:`output_nodes`) of a chart's nodes."""

    table: str
    series: str
    chart: str


@dataclass(frozen=True)
class Curve:
    """One curve of a chart.

    :param name: in the legend; unique in its chart.
    :param values: (N,), not finite where there is none.
    :param color: RGB in 0 to 1.
    :param style: ``solid``, ``dash`` or ``dot``.
    :param width: of the line, in pixels.
    """

    name: str
    values: np.ndarray
    color: tuple[float, float, float]
    style: str = "solid"
    width: float = 2.0


@dataclass(frozen=True)
class Chart:
    """What a chart shows.

    :param name: of its nodes.
    :param title: above it.
    :param xTitle: of the horizontal axis, with the unit.
    :param yTitle: of the vertical axis.
    :param x: (N,) positions.
    :param curves: over ``x``.
    :param xRange: ends of the horizontal axis, so that the legend has room beside the curves; None fits them.
    """

    name: str
    title: str
    xTitle: str
    yTitle: str
    x: np.ndarray
    curves: tuple[Curve, ...]
    xRange: tuple[float, float] | None = None


def write(inputNode, roles: Roles, chart: Chart):
    """Write ``chart`` to the nodes that ``roles`` name; returns the vtkMRMLPlotChartNode."""
    table = _node(inputNode, roles.table, chart.name)
    _fill(table, chart)
    series = [_series(inputNode, roles, index, chart, table) for index in range(len(chart.curves))]
    for left in output_nodes.findAll(inputNode, roles.series):
        if left not in series:
            slicer.mrmlScene.RemoveNode(left)
    node = _node(inputNode, roles.chart, chart.name)
    wanted = [entry.GetID() for entry in series]
    with slicer.util.NodeModify(node):
        if _seriesIDs(node) != wanted:
            node.RemoveAllPlotSeriesNodeIDs()
            for identifier in wanted:
                node.AddAndObservePlotSeriesNodeID(identifier)
        node.SetTitle(chart.title)
        node.SetXAxisTitle(chart.xTitle)
        node.SetYAxisTitle(chart.yTitle)
        node.SetXAxisRangeAuto(chart.xRange is None)
        if chart.xRange is not None:
            node.SetXAxisRange(*chart.xRange)
        node.SetLegendVisibility(True)
        node.SetGridVisibility(True)
        # Slicer's own sizes leave little room for the curves in a view that shares the window with four others.
        for part, size in _FONT_SIZES.items():
            getattr(node, f"Set{part}FontSize")(size)
    return node


def writeValues(inputNode, roles: Roles, chart: Chart) -> None:
    """Change the numbers of a chart that is there already, as often as the mouse moves or a step is done."""
    table = output_nodes.find(inputNode, roles.table)
    if table is None or output_nodes.find(inputNode, roles.chart) is None:
        write(inputNode, roles, chart)
    else:
        _fill(table, chart)


def show(chartNode, viewName: str) -> None:
    """Let the plot view called ``viewName`` show a chart, or none; does nothing when there is no such view."""
    view = slicer.mrmlScene.GetNodeByID(f"vtkMRMLPlotViewNode{viewName}")
    if view is not None:
        view.SetPlotChartNodeID(chartNode.GetID() if chartNode is not None else None)


def _fill(table, chart: Chart) -> None:
    columns = [np.asarray(values, dtype=float) for values in (chart.x, *(curve.values for curve in chart.curves))]
    with slicer.util.NodeModify(table):
        slicer.util.updateTableFromArray(table, columns, [chart.xTitle, *(curve.name for curve in chart.curves)])


def _series(inputNode, roles: Roles, index: int, chart: Chart, table):
    curve = chart.curves[index]
    node = _node(inputNode, roles.series, curve.name, index)
    with slicer.util.NodeModify(node):
        node.SetName(curve.name)  # what the legend says
        node.SetAndObserveTableNodeID(table.GetID())
        node.SetXColumnName(chart.xTitle)
        node.SetYColumnName(curve.name)
        node.SetPlotType(node.PlotTypeScatter)
        node.SetMarkerStyle(node.MarkerStyleNone)
        node.SetLineStyle(getattr(node, f"LineStyle{curve.style.capitalize()}"))
        node.SetLineWidth(curve.width)
        node.SetColor(*curve.color)
    return node


def _node(inputNode, role: str, name: str, index: int = 0):
    node = output_nodes.obtain(inputNode, role, name, index=index)
    hierarchy.placeInHelperFolder(node, inputNode)
    return node


def _seriesIDs(chartNode) -> list[str]:
    return [chartNode.GetNthPlotSeriesNodeID(index) for index in range(chartNode.GetNumberOfPlotSeriesNodes())]
