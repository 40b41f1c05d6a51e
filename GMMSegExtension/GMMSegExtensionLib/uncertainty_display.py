"""How an uncertainty map looks: brighter where the classes compete, with a legend."""

from __future__ import annotations

from slicer.i18n import tr as _

from . import color_maps

# Below, one of three classes has more than 99 % and the image itself is better seen.
_HIDDEN_BELOW = 0.05
# Lightness rises evenly from black over purple and orange to pale yellow (after matplotlib's inferno).
_COLORS = (
    (0.0, (0.00, 0.00, 0.02)),
    (64.0, (0.34, 0.06, 0.43)),
    (127.5, (0.73, 0.21, 0.33)),
    (191.0, (0.98, 0.56, 0.04)),
    (255.0, (0.99, 1.00, 0.64)),
)


def showAsUncertainty(volumeNode) -> None:
    """Give an uncertainty map's volume node its colours from 0 to 1, and the legend; sure voxels are not drawn."""
    colors = color_maps.ColorMap("uncertainty", _("Uncertainty (dark 0, bright 1)"), _COLORS)
    color_maps.show(volumeNode, colors, (0.0, 1.0), _("Uncertainty"), _HIDDEN_BELOW)
