"""Figure 4: one slice of a test scan, its truth, and what each network makes of it with either loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from nibabel.orientations import io_orientation
from scipy import ndimage

from ..picture_panels import BACKGROUND, FOREGROUND, cuts, window_of
from ..pictures import TISSUE_COLOURS
from .laboratory import Laboratory
from .plan import exact, pair
from .store import CE, GMM_TV, Cell, Result, TrainingCell
from .supervised import SLICES, division_of
from .tables import LOSS_NAMES

# Edge of the zoomed window as a share of the brain's larger extent, and in pixels at least.
_ZOOM, _LEAST_ZOOM = 0.3, 8
_MARGIN = 3
# Inches.
_TILE, _HEADER, _LEGEND, _GAP = 1.55, 0.3, 0.3, 0.02
Box = tuple[slice, slice]


@dataclass(frozen=True)
class Comparison:
    """One slice, rows downwards and columns to the viewer's right.

    Attributes:
        data, scan: what it is of.
        place: such as ``axial slice 40``.
        aspect: height over width of a pixel.
        image: (rows, columns) intensities.
        mask: (rows, columns) bool brain.
        truth: (rows, columns) uint8 labels, 0 unlabelled.
        predicted: the same of each network, by network and loss.
    """

    data: str
    scan: str
    place: str
    aspect: float
    image: np.ndarray
    mask: np.ndarray
    truth: np.ndarray
    predicted: Mapping[str, Mapping[str, np.ndarray]]


def comparison(data: str, laboratory: Laboratory, results: Mapping[Cell, Result | None]) -> Comparison | None:
    """The slice kept of the first test scan of seed 0 at the smallest share of labelled persons.

    Returns:
        None as long as no pair of cells is finished, or their slices are not there any more.
    """
    config = laboratory.config
    share = exact(config.shares)[0]
    pairs = {network: pair(data, network, share, config, 0) for network in config.networks}
    done = {network: cells for network, cells in pairs.items() if all(results.get(each) for each in cells.values())}
    if not done:
        return None
    any_cell = next(iter(done.values()))[CE]
    subject = division_of(any_cell, config, laboratory.data[data]).test[0]
    result = results[any_cell]
    assert result is not None
    slices = {
        network: {loss: _kept(laboratory, cell, results[cell], subject.id) for loss, cell in cells.items()}
        for network, cells in done.items()
    }
    place = result.get("slices", {}).get(subject.id)
    known = {
        network: {loss: each for loss, each in by_loss.items() if each is not None}
        for network, by_loss in slices.items()
    }
    whole = {network: by_loss for network, by_loss in known.items() if len(by_loss) == len(LOSS_NAMES)}
    if place is None or not whole:
        return None
    case = subject.case()
    image, truth = case.images[0], subject.labels(case.images[0])
    assert truth is not None
    grey, aspect, title = _cut(image.array, image.affine, place)
    labels, _, _ = _cut(truth.array, image.affine, place)
    mask, _, _ = _cut(subject.evaluation_mask(image).array, image.affine, place)
    predicted = {
        network: {
            loss: _cut(_in_place(each, image.array.shape, place), image.affine, place)[0]
            for loss, each in by_loss.items()
        }
        for network, by_loss in whole.items()
    }
    return Comparison(data, subject.id, f"{title} slice {place['index']}", aspect, grey, mask > 0, labels, predicted)


def figure(shown: Comparison) -> Figure:
    """Columns: image with truth, then the networks. Rows: the whole slice of either loss, then the window of either."""
    whole, window = _brain_box(shown.mask), zoom_window(shown)
    rows = [(box, loss) for box in (whole, window) for loss in (CE, GMM_TV)]
    networks: list[str | None] = [None, *shown.predicted]
    tall = [_TILE * shown.aspect * _length(box[0]) / _length(box[1]) for box, _ in rows]
    width, height = len(networks) * _TILE, sum(tall) + _HEADER + _LEGEND
    drawing = Figure(figsize=(width, height), facecolor=BACKGROUND)
    levels = window_of(shown.image, shown.mask)
    for column, network in enumerate(networks):
        top = _HEADER
        for (box, loss), tile in zip(rows, tall, strict=True):
            top += tile
            place = (column * _TILE + _GAP, height - top + _GAP, _TILE - 2 * _GAP, tile - 2 * _GAP)
            axes = drawing.add_axes((place[0] / width, place[1] / height, place[2] / width, place[3] / height))
            axes.set_axis_off()
            axes.imshow(shown.image[box], cmap="gray", vmin=levels[0], vmax=levels[1], aspect=shown.aspect)
            _draw_panel(axes, shown, network, loss, box)
            if box is whole:
                _draw_window(axes, whole, window)
        name = f"{shown.data} {shown.scan}" if network is None else network
        middle = (column + 0.5) * _TILE / width
        drawing.text(middle, 1 - 0.5 * _HEADER / height, name, color=FOREGROUND, fontsize=9, ha="center", va="center")
    _legend(drawing, width, height)
    return drawing


def _draw_panel(axes: Axes, shown: Comparison, network: str | None, loss: str, box: Box) -> None:
    """The truth or a prediction over the image that is drawn already, and what it is."""
    if network is None:
        labels, title = (None, "image") if loss == CE else (shown.truth, "truth")
    else:
        labels, title = shown.predicted[network][loss], LOSS_NAMES[loss]
    if labels is not None:
        palette = ListedColormap(list(TISSUE_COLOURS.values()))
        coloured = np.ma.masked_equal(labels[box], 0)
        axes.imshow(coloured, cmap=palette, vmin=0.5, vmax=3.5, aspect=shown.aspect, interpolation="nearest")
    axes.text(0.03, 0.97, title, transform=axes.transAxes, **_text_style("top"))
    if network is not None and loss == GMM_TV:
        by_loss = shown.predicted[network]
        differing = (by_loss[CE] != by_loss[GMM_TV])[box]
        share = float(differing[shown.mask[box]].mean()) if shown.mask[box].any() else 0.0
        axes.text(0.03, 0.03, f"{share:.1%} differ", transform=axes.transAxes, **_text_style("bottom"))


def zoom_window(shown: Comparison) -> Box:
    """Where the two losses differ most, all networks together; the middle of the brain where they do not."""
    whole = _brain_box(shown.mask)
    extent = max(side.stop - side.start for side in whole)
    edge = max(_LEAST_ZOOM, round(_ZOOM * extent))
    edges = [min(edge, side.stop - side.start) for side in whole]
    differing = np.zeros(shown.mask.shape)
    for by_loss in shown.predicted.values():
        differing += (by_loss[CE] != by_loss[GMM_TV]) & shown.mask
    if differing.any():
        density = ndimage.uniform_filter(differing, size=edges, mode="constant")
        centre = np.unravel_index(int(density.argmax()), density.shape)
    else:
        centre = tuple((side.start + side.stop) // 2 for side in whole)
    first, second = (
        slice(start, start + size)
        for start, size in (
            (min(max(int(middle) - size // 2, side.start), side.stop - size), size)
            for middle, size, side in zip(centre, edges, whole, strict=True)
        )
    )
    return first, second


def _kept(laboratory: Laboratory, cell: TrainingCell, result: Result | None, scan: str) -> np.ndarray | None:
    """The slice that a cell keeps of a scan."""
    place = (result or {}).get("slices", {}).get(scan)
    if place is None:
        return None
    try:
        with np.load(laboratory.store.folder(cell) / SLICES, allow_pickle=False) as file:
            return file[place["array"]]
    except (OSError, ValueError, KeyError):
        return None


def _in_place(labels: np.ndarray, shape: tuple[int, ...], place: Mapping[str, int]) -> np.ndarray:
    """(I, J, K) volume that holds one slice."""
    volume = np.zeros(shape, dtype=labels.dtype)
    volume[(slice(None),) * place["axis"] + (place["index"],)] = labels
    return volume


def _cut(volume: np.ndarray, affine: np.ndarray, place: Mapping[str, int]) -> tuple[np.ndarray, float, str]:
    """The slice as it is looked at, the aspect of its pixels, and the plane's name."""
    centre = [n // 2 for n in volume.shape]
    centre[place["axis"]] = place["index"]
    across = int(io_orientation(affine)[place["axis"], 0])
    plane = cuts(volume, affine, centre)[2 - across]
    return np.ascontiguousarray(plane.pixels), plane.aspect, plane.title


def _brain_box(mask: np.ndarray) -> Box:
    """The brain with a margin; everything where there is none."""
    found = ndimage.find_objects(mask.astype(np.uint8))
    if not found:
        return slice(0, mask.shape[0]), slice(0, mask.shape[1])
    rows, columns = (
        slice(max(side.start - _MARGIN, 0), min(side.stop + _MARGIN, length))
        for side, length in zip(found[0], mask.shape, strict=True)
    )
    return rows, columns


def _length(side: slice) -> int:
    return side.stop - side.start


def _draw_window(axes: Axes, whole: Box, window: Box) -> None:
    corner = (window[1].start - whole[1].start - 0.5, window[0].start - whole[0].start - 0.5)
    size = (window[1].stop - window[1].start, window[0].stop - window[0].start)
    axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor="white", linewidth=1))


def _text_style(vertical: str) -> dict:
    box = {"facecolor": BACKGROUND, "alpha": 0.65, "pad": 1.2, "linewidth": 0}
    return {"color": FOREGROUND, "fontsize": 6.5, "ha": "left", "va": vertical, "bbox": box}


def _legend(drawing: Figure, width: float, height: float) -> None:
    for index, (name, colour) in enumerate(TISSUE_COLOURS.items()):
        x, y = 0.5 + (index - 1) * 0.7 / width, 0.5 * _LEGEND / height
        drawing.text(x, y, f"■ {name}", color=colour, fontsize=9, ha="center", va="center")
