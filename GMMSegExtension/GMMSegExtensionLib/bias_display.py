"""How a bias field looks: a diverging map symmetric about 1, with a legend."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

_COLOR_NODE_ATTRIBUTE = "GMMSegExtension.biasFieldColors"
_SMALLEST_HALF_RANGE = 0.02
# Blue over light grey to red (after Moreland's cool-warm map): equal lightness steps on both sides of 1. Positions
# are 0 to 255, the domain that a volume's window is mapped to; other domains are not rescaled for transfer functions.
_COLORS = (
    (0.0, (0.23, 0.30, 0.75)),
    (64.0, (0.55, 0.69, 1.00)),
    (127.5, (0.87, 0.87, 0.87)),
    (191.0, (0.96, 0.60, 0.48)),
    (255.0, (0.71, 0.02, 0.15)),
)
_LEGEND_VIEW = "vtkMRMLSliceNodeRed"


def halfRange(values: np.ndarray) -> float:
    """Half width about 1 that shows field ``values``: reaches their 2nd and 98th percentile, at least 2 %."""
    if values.size == 0:
        return _SMALLEST_HALF_RANGE
    low, high = np.percentile(values, (2, 98))
    return float(max(abs(1.0 - low), abs(high - 1.0), _SMALLEST_HALF_RANGE))


def showAsBiasField(volumeNode, halfWidth: float, hideZero: bool = False) -> None:
    """Give a field's volume node the diverging map from 1 - ``halfWidth`` to 1 + ``halfWidth``, and the legend.

    :param hideZero: voxels of value 0 (outside the brain) are not drawn.
    """
    volumeNode.CreateDefaultDisplayNodes()
    display = volumeNode.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.SetAndObserveColorNodeID(_colorNode().GetID())
        display.SetAutoWindowLevel(False)
        display.SetWindowLevelMinMax(1.0 - halfWidth, 1.0 + halfWidth)
        display.SetAutoThreshold(False)
        display.SetApplyThreshold(hideZero)
        # Between the brain's rim and the zeros outside, interpolated values would draw a dark blue line.
        display.SetInterpolate(not hideZero)
        if hideZero:
            display.SetThreshold(1e-3, 1e3)
    _showLegend(volumeNode)


def _colorNode():
    """The scene's colour node for bias fields, made when there is none."""
    for node in slicer.util.getNodesByClass("vtkMRMLProceduralColorNode"):
        if node.GetAttribute(_COLOR_NODE_ATTRIBUTE):
            return node
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLProceduralColorNode", _("Bias field (blue < 1 < red)"))
    node.SetAttribute(_COLOR_NODE_ATTRIBUTE, "1")
    transfer = vtk.vtkColorTransferFunction()
    for position, color in _COLORS:
        transfer.AddRGBPoint(position, *color)
    node.SetAndObserveColorTransferFunction(transfer)
    return node


def _showLegend(volumeNode) -> None:
    # The class is known already inside the application; outside it the scene has to be told.
    if not slicer.mrmlScene.GetClassNameByTag("ColorLegendDisplay"):
        slicer.mrmlScene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(volumeNode)
    if legend is None:
        return
    with slicer.util.NodeModify(legend):
        # Without an explicit colour node and a switch of visibility the legend is not drawn.
        legend.SetAndObserveColorNodeID(volumeNode.GetDisplayNode().GetColorNodeID())
        legend.SetTitleText(_("Field"))
        legend.SetLabelFormat("%4.2f")
        legend.SetNumberOfLabels(5)
        legend.SetPosition(0.92, 0.5)
        legend.SetSize(0.1, 0.5)
        legend.GetTitleTextProperty().SetFontSize(12)
        legend.GetLabelTextProperty().SetFontSize(11)
        legend.SetViewNodeIDs([_LEGEND_VIEW])
    legend.SetVisibility(False)
    legend.SetVisibility(True)
