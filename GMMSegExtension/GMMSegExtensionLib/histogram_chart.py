"""Grey values in the brain before and after the correction, with the fitted Gaussians and their sum, as a chart."""

from __future__ import annotations

import numpy as np
from slicer.i18n import tr as _

from . import output_nodes, plot_nodes, volumes
from .inspected_channel import InspectedChannel
from .plot_nodes import Chart, Curve, Roles
from .tissues import segmentID

ROLES = Roles(output_nodes.HISTOGRAM_TABLE, output_nodes.HISTOGRAM_SERIES, output_nodes.HISTOGRAM_CHART)
# Greys and violet: none is the colour of a tissue.
_BEFORE, _AFTER, _SUM = (0.55, 0.55, 0.58), (0.10, 0.10, 0.12), (0.42, 0.24, 0.60)
_NO_SEGMENT = (0.5, 0.5, 0.5)
# Room for the legend at the right, as a multiple of the highest grey value: the peak of white matter is there.
_ROOM = 1.45


def update(channel: InspectedChannel):
    """Write the chart of a channel.

    :returns: its node, None when the results are of a version that did not count grey values.
    """
    wanted = chart(channel)
    return plot_nodes.write(channel.inputVolume, ROLES, wanted) if wanted is not None else None


def chart(channel: InspectedChannel) -> Chart | None:
    """What the chart shows, None when the report has no histogram of the channel."""
    channels = (channel.outputs.report.get("inspection") or {}).get("channels") or []
    if channel.index >= len(channels):
        return None
    shown = channels[channel.index]
    curves = [
        Curve(_("Before"), np.array(shown["before"]), _BEFORE, "dash"),
        Curve(_("After"), np.array(shown["after"]), _AFTER),
    ]
    for label, gaussian in enumerate(shown["gaussians"], start=1):
        name, color = _lookOf(channel.outputs.segmentation, label, gaussian["name"])
        curves.append(Curve(name, np.array(gaussian["counts"]), color))
    curves.append(Curve(_("Sum of the classes"), np.array(shown["sum"]), _SUM, "dot"))
    return Chart(
        name=_("{name} histogram").format(name=volumes.name(channel.inputVolume)),
        title=_("{channel} in the brain, before and after").format(channel=channel.name),
        xTitle=_("Intensity (units of the scan)"),
        yTitle=_("Voxels in a bin"),
        x=np.array(shown["intensity"]),
        curves=tuple(_distinct(curves)),
        xRange=(min(0.0, shown["intensity"][0]), _ROOM * shown["intensity"][-1]),
    )


def _lookOf(segmentation, label: int, name: str) -> tuple[str, tuple[float, float, float]]:
    """Name and colour of the segment of a class, as the user may have changed them."""
    segment = segmentation.GetSegmentation().GetSegment(segmentID(label))
    return (segment.GetName(), segment.GetColor()) if segment is not None else (name, _NO_SEGMENT)


def _distinct(curves: list[Curve]) -> list[Curve]:
    """Curves with names of their own: they name the columns of the table, and two segments may be called the same."""
    found: list[Curve] = []
    for curve in curves:
        taken = [other.name for other in found]
        number, name = 2, curve.name
        while name in taken:
            name, number = f"{curve.name} ({number})", number + 1
        found.append(Curve(name, curve.values, curve.color, curve.style, curve.width))
    return found
