"""How a class's probability map looks when it is laid over the image: brighter where the class is likelier."""

from __future__ import annotations

from slicer.i18n import tr as _

from . import color_maps

# Below, the class is as good as excluded and the image itself is better seen.
_HIDDEN_BELOW = 0.02
# Lightness rises evenly from dark violet over green to yellow (after matplotlib's viridis).
_COLORS = (
    (0.0, (0.27, 0.00, 0.33)),
    (64.0, (0.23, 0.32, 0.55)),
    (127.5, (0.13, 0.57, 0.55)),
    (191.0, (0.37, 0.79, 0.38)),
    (255.0, (0.99, 0.91, 0.14)),
)


def showAsProbability(volumeNode, className: str) -> None:
    """Give a probability volume its colours from 0 to 1, and a legend with the name of its class."""
    colors = color_maps.ColorMap("probability", _("Probability (dark 0, bright 1)"), _COLORS)
    color_maps.show(volumeNode, colors, (0.0, 1.0), _("P({name})").format(name=className), _HIDDEN_BELOW)
