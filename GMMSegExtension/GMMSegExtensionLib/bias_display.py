"""How a bias field looks: a diverging map symmetric about 1, with a legend."""

from __future__ import annotations

import numpy as np
from slicer.i18n import tr as _

from . import color_maps

_SMALLEST_HALF_RANGE = 0.02
# Set on a display node when the user chose the range of its colours: a new field then does not change it.
_CHOSEN_RANGE = "GMMSegExtension.chosenRange"
# Blue over light grey to red (after Moreland's cool-warm map): equal lightness steps on both sides of 1.
_COLORS = (
    (0.0, (0.23, 0.30, 0.75)),
    (64.0, (0.55, 0.69, 1.00)),
    (127.5, (0.87, 0.87, 0.87)),
    (191.0, (0.96, 0.60, 0.48)),
    (255.0, (0.71, 0.02, 0.15)),
)


def halfRange(values: np.ndarray) -> float:
    """Half width about 1 that shows field ``values``: reaches their 2nd and 98th percentile, at least 2 %."""
    if values.size == 0:
        return _SMALLEST_HALF_RANGE
    low, high = np.percentile(values, (2, 98))
    return float(max(abs(1.0 - low), abs(high - 1.0), _SMALLEST_HALF_RANGE))


def showAsBiasField(volumeNode, halfWidth: float, hideZero: bool = False) -> None:
    """Give a field's volume node the diverging map from 1 - ``halfWidth`` to 1 + ``halfWidth``, and the legend.

    A width that the user chose stays.

    :param hideZero: voxels of value 0 (outside the brain) are not drawn.
    """
    if isRangeChosen(volumeNode):
        halfWidth = halfWidthOf(volumeNode)
    colors = color_maps.ColorMap("biasField", _("Bias field (blue < 1 < red)"), _COLORS)
    color_maps.show(volumeNode, colors, (1.0 - halfWidth, 1.0 + halfWidth), _("Field"), 1e-3 if hideZero else None)


def halfWidthOf(volumeNode) -> float:
    """Half width about 1 that a field's volume node is drawn with."""
    return volumeNode.GetDisplayNode().GetWindow() / 2


def chooseHalfWidth(volumeNode, halfWidth: float) -> None:
    """Draw a field from 1 - ``halfWidth`` to 1 + ``halfWidth``, also when its values change."""
    display = volumeNode.GetDisplayNode()
    display.SetAttribute(_CHOSEN_RANGE, "1")
    display.SetWindowLevelMinMax(1.0 - halfWidth, 1.0 + halfWidth)


def fitHalfWidth(volumeNode, halfWidth: float) -> None:
    """Draw a field as far as its values ask for, and follow them from now on."""
    display = volumeNode.GetDisplayNode()
    display.RemoveAttribute(_CHOSEN_RANGE)
    display.SetWindowLevelMinMax(1.0 - halfWidth, 1.0 + halfWidth)


def isRangeChosen(volumeNode) -> bool:
    """Whether the user chose the range of a field's colours."""
    display = volumeNode.GetDisplayNode()
    return display is not None and bool(display.GetAttribute(_CHOSEN_RANGE))
