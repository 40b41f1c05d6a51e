"""Colour maps and legends of the volumes that the module shows over the image."""

from __future__ import annotations

from dataclasses import dataclass

import slicer
import vtk

from .own_views import FIELD_VIEW, sliceViewID

_ATTRIBUTE = "GMMSegExtension.colorMap"
_LEGEND_VIEWS = (sliceViewID("Red"), sliceViewID(FIELD_VIEW))


@dataclass(frozen=True)
class ColorMap:
    """A continuous colour map.

    :param key: tells the map's node from others in the scene.
    :param title: the node's name.
    :param colors: (position, RGB in 0 to 1). Positions are 0 to 255, the domain that a volume's window is mapped to;
        other domains are not rescaled for transfer functions.
    """

    key: str
    title: str
    colors: tuple[tuple[float, tuple[float, float, float]], ...]

    def node(self):
        """The scene's colour node of this map, made when there is none."""
        for node in slicer.util.getNodesByClass("vtkMRMLProceduralColorNode"):
            if node.GetAttribute(_ATTRIBUTE) == self.key:
                return node
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLProceduralColorNode", self.title)
        node.SetAttribute(_ATTRIBUTE, self.key)
        transfer = vtk.vtkColorTransferFunction()
        for position, color in self.colors:
            transfer.AddRGBPoint(position, *color)
        node.SetAndObserveColorTransferFunction(transfer)
        return node


def show(volumeNode, colorMap: ColorMap, window: tuple[float, float], legendTitle: str, hidden: float | None) -> None:
    """Draw ``volumeNode`` with ``colorMap`` from the lowest to the highest value of ``window``, with a legend.

    :param hidden: voxels of less than this are not drawn; None draws all.
    """
    volumeNode.CreateDefaultDisplayNodes()
    display = volumeNode.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.SetAndObserveColorNodeID(colorMap.node().GetID())
        display.SetAutoWindowLevel(False)
        display.SetWindowLevelMinMax(*window)
        display.SetAutoThreshold(False)
        display.SetApplyThreshold(hidden is not None)
        # Between the rim of what is drawn and the zeros around it, interpolated values would draw a line.
        display.SetInterpolate(hidden is None)
        if hidden is not None:
            display.SetThreshold(hidden, 1e3)
    _showLegend(volumeNode, legendTitle)


def renewLegend(volumeNode) -> None:
    """Let views that were made after the legend draw it too, unless the user has hidden it."""
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(volumeNode)
    if legend is not None and legend.GetVisibility():
        legend.SetVisibility(False)
        legend.SetVisibility(True)


def _showLegend(volumeNode, title: str) -> None:
    # The class is known already inside the application; outside it the scene has to be told.
    if not slicer.mrmlScene.GetClassNameByTag("ColorLegendDisplay"):
        slicer.mrmlScene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(volumeNode)
    if legend is None:
        return
    with slicer.util.NodeModify(legend):
        # Without an explicit colour node and a switch of visibility the legend is not drawn.
        legend.SetAndObserveColorNodeID(volumeNode.GetDisplayNode().GetColorNodeID())
        legend.SetTitleText(title)
        legend.SetLabelFormat("%4.2f")
        legend.SetNumberOfLabels(5)
        legend.SetPosition(0.92, 0.5)
        legend.SetSize(0.1, 0.5)
        legend.GetTitleTextProperty().SetFontSize(12)
        legend.GetLabelTextProperty().SetFontSize(11)
        legend.SetViewNodeIDs(_LEGEND_VIEWS)
    legend.SetVisibility(False)
    legend.SetVisibility(True)
