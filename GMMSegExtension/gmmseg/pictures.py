"""Figures of a run: tissues on the image, the bias field, the uncertainty, before and after.

Every function gives a matplotlib Figure without touching pyplot's global state, so that they may be drawn in any
thread; :func:`png` turns one into bytes. Volumes are cut along anatomical axes in radiological convention: the
patient's right is on the viewer's left.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure

from .picture_panels import FOREGROUND, centre_of, corner_text, cuts, draw_grey, panels, window_of

# Far apart in hue and lightness, also for colour-blind readers (Okabe and Ito's set).
# The colours of the segments in Slicer (after Okabe and Ito, told apart with colour-vision deficiency too).
TISSUE_COLOURS = {"CSF": "#57b5e8", "GM": "#d65e00", "WM": "#f0e342"}
CLASS_COLOURS = ("#3b6fd4", "#56b4e9", "#1fa37e", "#8fce5a", "#f5e663", "#e69f00", "#d9572b", "#e0559b")
DIVERGING, RISING = "RdBu_r", "inferno"
LEAST_FIELD_RANGE = 0.02
# Uncertainty below which the image is shown alone: one of three classes has more than 99 % there.
LEAST_UNCERTAINTY = 0.05


def class_colours(names: Sequence[str]) -> list[str]:
    """A colour for each class: the tissues' own, else evenly chosen along the rainbow."""
    if set(names) <= set(TISSUE_COLOURS):
        return [TISSUE_COLOURS[name] for name in names]
    picked = np.linspace(0, len(CLASS_COLOURS) - 1, len(names)).round().astype(int)
    return [CLASS_COLOURS[index] for index in picked]


def segmentation(
    image: np.ndarray, labels: np.ndarray, affine: np.ndarray, names: Sequence[str], opacity: float = 0.55
) -> Figure:
    """Image above, and with the classes in colours below, on three orthogonal slices.

    Args:
        image: (I, J, K).
        labels: (I, J, K) 0 outside, 1..C.
        affine: (4, 4) voxel to RAS mm.
        names: of the C classes.
        opacity: of the colours.
    """
    mask = labels > 0
    centre = centre_of(mask)
    window = window_of(image, mask)
    colours = class_colours(names)
    palette = ListedColormap(colours)
    figure, rows = panels(image, affine, rows=2, bottom=0.35)
    for row, overlaid in zip(rows, (False, True), strict=True):
        for axes, grey, label in zip(row, cuts(image, affine, centre), cuts(labels, affine, centre), strict=True):
            draw_grey(axes, grey, window)
            if overlaid:
                shown = np.ma.masked_equal(label.pixels, 0)
                axes.imshow(
                    shown,
                    cmap=palette,
                    vmin=0.5,
                    vmax=len(names) + 0.5,
                    alpha=opacity,
                    aspect=label.aspect,
                    interpolation="nearest",
                )
    _legend(figure, names, colours)
    return figure


def bias_field(image: np.ndarray, field: np.ndarray, mask: np.ndarray, affine: np.ndarray) -> Figure:
    """The field over the image with a diverging map symmetric about 1, a colour bar and contour lines.

    Args:
        image: (I, J, K).
        field: (I, J, K), 1 where nothing is changed.
        mask: (I, J, K) bool; the field is hidden outside.
        affine: (4, 4) voxel to RAS mm.
    """
    reach = field_range(field, mask)
    figure, drawn = _overlaid(image, field, mask, affine, Normalize(1 - reach, 1 + reach), DIVERGING)
    for axes, shown in drawn:
        _draw_contours(axes, shown, reach)
    _colour_bar(figure, Normalize(1 - reach, 1 + reach), DIVERGING, "bias field (1 = unchanged)")
    return figure


def uncertainty(image: np.ndarray, entropy: np.ndarray, mask: np.ndarray, affine: np.ndarray) -> Figure:
    """The entropy over the image from 0 to 1, brighter where the classes compete, with a colour bar.

    Args:
        image: (I, J, K).
        entropy: (I, J, K) from 0 to 1; hidden where it is next to nothing.
        mask: (I, J, K) bool.
        affine: (4, 4) voxel to RAS mm.
    """
    figure, _ = _overlaid(image, entropy, mask, affine, Normalize(0, 1), RISING, LEAST_UNCERTAINTY)
    _colour_bar(figure, Normalize(0, 1), RISING, "uncertainty (0 = sure)")
    return figure


def before_after(original: np.ndarray, corrected: np.ndarray, mask: np.ndarray, affine: np.ndarray) -> Figure:
    """Original above corrected, on the same slices and with the same window.

    Args:
        original: (I, J, K).
        corrected: (I, J, K) original divided by the field.
        mask: (I, J, K) bool.
        affine: (4, 4) voxel to RAS mm.
    """
    centre, window = centre_of(mask), window_of(original, mask)
    figure, rows = panels(original, affine, rows=2)
    for row, volume, name in zip(rows, (original, corrected), ("before", "after"), strict=True):
        for axes, grey in zip(row, cuts(volume, affine, centre), strict=True):
            draw_grey(axes, grey, window)
        corner_text(row[0], name)
    return figure


def png(figure: Figure, dpi: int = 110) -> bytes:
    """The figure as a PNG file's bytes."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_figure(
        buffer, dpi=dpi, format="png", facecolor=figure.get_facecolor(), metadata={"Software": None}
    )
    return buffer.getvalue()


def field_range(field: np.ndarray, mask: np.ndarray) -> float:
    """How far from 1 the colours reach: the 2nd to 98th percentile in the mask, at least 2 %."""
    inside = field[mask]
    if not inside.size:
        return LEAST_FIELD_RANGE
    return max(LEAST_FIELD_RANGE, float(np.abs(np.percentile(inside, (2, 98)) - 1).max()))


def _overlaid(
    image: np.ndarray,
    values: np.ndarray,
    mask: np.ndarray,
    affine: np.ndarray,
    scale: Normalize,
    colours: str,
    least: float = -np.inf,
) -> tuple[Figure, list[tuple[Axes, np.ma.MaskedArray]]]:
    """Values in colour over the image, in the mask and from ``least`` on; also the panels with what they show."""
    centre, window = centre_of(mask), window_of(image, mask)
    figure, (row,) = panels(image, affine, rows=1, right=1.0)
    drawn = []
    planes = zip(row, *(cuts(volume, affine, centre) for volume in (image, values, mask)), strict=True)
    for axes, grey, shade, inside in planes:
        draw_grey(axes, grey, window)
        shown = np.ma.masked_where(~inside.pixels.astype(bool) | (shade.pixels < least), shade.pixels)
        axes.imshow(shown, cmap=colours, norm=scale, alpha=0.62, aspect=shade.aspect, interpolation="nearest")
        drawn.append((axes, shown))
    return figure, drawn


def _colour_bar(figure: Figure, scale: Normalize, colours: str, title: str) -> None:
    """In the margin of one inch that :func:`_overlaid` leaves at the right."""
    width = figure.get_figwidth()
    axes = figure.add_axes((1 - 0.88 / width, 0.16, 0.16 / width, 0.68))
    bar = figure.colorbar(ScalarMappable(scale, colours), cax=axes)
    bar.set_label(title, color=FOREGROUND, fontsize=9)
    bar.ax.tick_params(colors=FOREGROUND, labelsize=8)
    bar.outline.set_edgecolor(FOREGROUND)


def _draw_contours(axes: Axes, field: np.ma.MaskedArray, reach: float) -> None:
    """Lines of equal field every quarter of the colour range, with their values."""
    if field.count() < 2 or np.ptp(field.compressed()) < 1e-4:
        return
    levels = 1 + reach * np.linspace(-1.5, 1.5, 13)
    lines = axes.contour(field, levels=levels, colors="#111111", linewidths=0.6, alpha=0.85)
    axes.clabel(lines, fmt="%.2f", fontsize=6)


def _legend(figure: Figure, names: Sequence[str], colours: Sequence[str]) -> None:
    width, height = figure.get_size_inches()
    size = 10 if len(names) < 6 else 8
    for index, (name, colour) in enumerate(zip(names, colours, strict=True)):
        x = 0.5 + (index - (len(names) - 1) / 2) * min(0.95 / width, 0.97 / len(names))
        figure.text(x, 0.17 / height, f"■ {name}", color=colour, fontsize=size, ha="center", va="center")
