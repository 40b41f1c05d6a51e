"""Charts of a bias correction: the histogram with the fitted Gaussians, and the profile along a line.

Like :mod:`gmmseg.pictures`, these give matplotlib Figures without touching pyplot's global state.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .pictures import class_colours

BEFORE, AFTER, VIOLET = "#8a8a8f", "#1d1d20", "#6a3d9a"
_SIZE = (9.0, 4.2)


def histogram(shown: Mapping[str, Any]) -> Figure:
    """Grey values in the brain before and after the correction, with the fitted Gaussians and their sum.

    Args:
        shown: one channel of a report's ``inspection``, see :func:`gmmseg.inspection.inspect`.
    """
    intensity = np.array(shown["intensity"])
    figure, axes = _empty_chart("intensity", "voxels in a bin")
    axes.plot(intensity, shown["before"], color=BEFORE, label="before", linestyle=":", linewidth=1.6)
    axes.plot(intensity, shown["after"], color=AFTER, label="after", linewidth=1.6)
    colours = class_colours([row["name"] for row in shown["gaussians"]])
    for row, colour in zip(shown["gaussians"], colours, strict=True):
        axes.fill_between(intensity, row["counts"], color=colour, alpha=0.35, linewidth=0)
        axes.plot(intensity, row["counts"], color=colour, linewidth=1.4, label=row["name"])
    axes.plot(intensity, shown["sum"], color=VIOLET, linewidth=1.4, linestyle="--", label="sum of classes")
    axes.set_xlim(intensity[0], intensity[-1])
    axes.set_ylim(bottom=0)
    _legend_above(axes, axes.get_lines())
    return figure


def profile(values: Mapping[str, Sequence[float | None]], channel: str = "") -> Figure:
    """Original and corrected along a line, and below them the field.

    Args:
        values: ``distance_mm``, ``original``, ``corrected`` and ``field``, equally long; None outside the volume.
        channel: its name.
    """
    distance, original, corrected, field = (
        np.array(values[key], dtype=float) for key in ("distance_mm", "original", "corrected", "field")
    )
    figure, axes = _empty_chart("distance along the line in mm", "intensity")
    axes.plot(distance, original, color=BEFORE, label=f"{channel} original".strip(), linestyle=":", linewidth=1.6)
    axes.plot(distance, corrected, color=AFTER, label=f"{channel} corrected".strip(), linewidth=1.6)
    beside = axes.twinx()
    beside.plot(distance, field, color=VIOLET, label="field (right axis)", linewidth=1.4, linestyle="--")
    beside.set_ylabel("bias field (1 = unchanged)", color=VIOLET)
    beside.spines[["top"]].set_visible(False)
    _legend_above(axes, [*axes.get_lines(), *beside.get_lines()])
    return figure


def svg(figure: Figure) -> bytes:
    """The figure as an SVG file's bytes, the same for the same figure: without date and with text as text."""
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "gmmseg"}):
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _empty_chart(across: str, upwards: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(across)
    axes.set_ylabel(upwards)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _legend_above(axes: Axes, lines: Sequence[Line2D]) -> None:
    """Where it can cover no curve."""
    titles = [str(line.get_label()) for line in lines]
    axes.legend(
        lines, titles, ncols=min(len(lines), 6), loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=9
    )
