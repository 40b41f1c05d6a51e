"""The live chart of a fine-tuning: what each step's loss was made of."""

from __future__ import annotations

import math

import numpy as np
import slicer
from slicer.i18n import tr as _

from . import hierarchy, output_nodes, plot_nodes
from .own_views import PREFIX
from .plot_nodes import Chart, Curve

_VIEW = f"{PREFIX}Loss"
_ROLES = plot_nodes.Roles(output_nodes.LOSS_TABLE, output_nodes.LOSS_SERIES, output_nodes.LOSS_CHART)
_LABELS_COLOR, _MIXTURE_COLOR = (0.84, 0.37, 0.0), (0.0, 0.45, 0.7)


class LossChart:
    """A plot view in the panel, with the chart of one input volume.

    :param place: widget with a layout that takes the view.
    """

    def __init__(self, place) -> None:
        self._place = place
        self._points: list[tuple[float, float, float]] = []
        self._volume = None
        self._view = slicer.qMRMLPlotWidget()
        self._view.setMRMLScene(slicer.mrmlScene)
        place.layout().addWidget(self._view)
        place.visible = False

    def begin(self, volume) -> None:
        """Start an empty curve, which belongs to ``volume``."""
        self._volume = volume
        self.remove()

    def add(self, point: dict) -> None:
        """Append a point of the curve: ``step``, ``cross_entropy`` and ``mixture``, None for what is not there."""
        self._points.append((_number(point["step"]), _number(point["cross_entropy"]), _number(point["mixture"])))
        if self._volume is None or not slicer.mrmlScene.IsNodePresent(self._volume):
            return
        isNew = output_nodes.find(self._volume, _ROLES.chart) is None
        if isNew:
            # The panel has a legend: there is no room for one among the curves.
            plot_nodes.write(self._volume, _ROLES, self._chart()).SetLegendVisibility(False)
            self.show(self._volume)
        else:
            plot_nodes.writeValues(self._volume, _ROLES, self._chart())

    def show(self, volume) -> None:
        """Let the view show the chart of ``volume``, which may have come with the scene; hidden without any."""
        chart = output_nodes.find(volume, _ROLES.chart) if volume is not None else None
        self._place.visible = chart is not None
        if chart is not None:
            viewNode = _viewNode(chart)
            self._view.setMRMLPlotViewNode(viewNode)
            viewNode.SetPlotChartNodeID(chart.GetID())

    def remove(self) -> None:
        """Take the curve that was begun last out of the scene."""
        for role in (_ROLES.chart, _ROLES.series, _ROLES.table):
            for node in output_nodes.findAll(self._volume, role):
                slicer.mrmlScene.RemoveNode(node)
        if self._volume is not None and slicer.mrmlScene.IsNodePresent(self._volume):
            hierarchy.removeEmptyHelperFolder(self._volume)
        self._points = []
        self._place.visible = False

    def close(self) -> None:
        """Let go of the scene."""
        self._view.setMRMLPlotViewNode(None)
        self._view.setMRMLScene(None)

    def _chart(self) -> Chart:
        steps, labels, mixture = np.array(self._points).T
        return Chart(
            name=_("Fine-tuning"),
            title="",
            xTitle=_("Step"),
            yTitle=_("Loss"),
            x=steps,
            curves=(
                Curve(_("Labels (cross-entropy)"), labels, _LABELS_COLOR),
                Curve(_("Mixture"), mixture, _MIXTURE_COLOR),
            ),
        )


def _number(value) -> float:
    return math.nan if value is None else float(value)


def _viewNode(ownerNode):
    """The node of the plot view. It has an owner, so the application does not make a view of its own for it."""
    node = slicer.mrmlScene.GetNodeByID(f"vtkMRMLPlotViewNode{_VIEW}")
    if node is None:
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLPlotViewNode")
        node.UnRegister(None)
        node.SetLayoutName(_VIEW)
        node.SetLayoutLabel(_("Loss"))
        node.SetSaveWithScene(False)
        node.SetAndObserveParentLayoutNodeID(ownerNode.GetID())
        node = slicer.mrmlScene.AddNode(node)
    node.SetAndObserveParentLayoutNodeID(ownerNode.GetID())
    return node
