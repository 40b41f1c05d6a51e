"""Slices of volumes as panels of a figure, in radiological convention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from nibabel.orientations import apply_orientation, axcodes2ornt, io_orientation, ornt_transform
from scipy import ndimage

BACKGROUND = "#0d0d0f"
FOREGROUND = "#d8d8dc"
# Inches.
PANEL_HEIGHT, FIGURE_WIDTH = 3.2, 12.0


@dataclass(frozen=True)
class Cut:
    """One slice through a volume, ready to draw: rows run downwards, columns to the viewer's right.

    Attributes:
        pixels: (rows, columns).
        spacing: height and width of a pixel in mm.
        sides: letters at the left, right, top and bottom edge.
        title: name of the plane.
    """

    pixels: np.ndarray
    spacing: tuple[float, float]
    sides: tuple[str, str, str, str]
    title: str

    @property
    def aspect(self) -> float:
        """Height over width of a pixel."""
        return self.spacing[0] / self.spacing[1]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in mm."""
        rows, columns = self.pixels.shape
        return columns * self.spacing[1], rows * self.spacing[0]


def cuts(volume: np.ndarray, affine: np.ndarray, centre: Sequence[int] | None = None) -> list[Cut]:
    """Axial, coronal and sagittal slice of a volume in radiological convention.

    Args:
        volume: (I, J, K).
        affine: (4, 4) voxel to RAS mm; oblique volumes are cut along their own axes.
        centre: (3,) voxel that the slices pass through; the middle when None.
    """
    centre = tuple(n // 2 for n in volume.shape) if centre is None else tuple(int(index) for index in centre)
    # Left, anterior, superior increasing: columns then run from the patient's right to the left.
    to_las = ornt_transform(io_orientation(affine), axcodes2ornt("LAS"))
    volume = apply_orientation(volume, to_las)
    spacing, position = np.empty(3), [0, 0, 0]
    for axis, (target, flip) in enumerate(to_las.astype(int)):
        spacing[target] = np.linalg.norm(np.asarray(affine)[:3, axis])
        length = volume.shape[target]
        position[target] = centre[axis] if flip > 0 else length - 1 - centre[axis]
    x, y, z = position
    return [
        Cut(volume[:, :, z].T[::-1], (spacing[1], spacing[0]), ("R", "L", "A", "P"), "axial"),
        Cut(volume[:, y, :].T[::-1], (spacing[2], spacing[0]), ("R", "L", "S", "I"), "coronal"),
        Cut(volume[x, ::-1, :].T[::-1], (spacing[2], spacing[1]), ("A", "P", "S", "I"), "sagittal"),
    ]


def centre_of(mask: np.ndarray) -> tuple[int, int, int]:
    """Voxel in the middle of the mask; of the volume when the mask is empty."""
    if not mask.any():
        return tuple(n // 2 for n in mask.shape)
    return tuple(round(value) for value in ndimage.center_of_mass(mask))


def window_of(image: np.ndarray, mask: np.ndarray) -> tuple[float, float]:
    """(black, white) grey values that show the brain well."""
    values = image[mask] if mask.any() else image.ravel()
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    # Black is 0 for the usual images without negative values, so that background and air look like themselves.
    low, high = (float(value) for value in np.percentile(values, (0.5, 99.7)))
    low = min(low, max(float(values.min()), 0.0))
    return (low, high) if high > low else (low, low + 1.0)


def panels(
    volume: np.ndarray, affine: np.ndarray, rows: int, right: float = 0.0, bottom: float = 0.05
) -> tuple[Figure, list[list[Axes]]]:
    """Dark figure with ``rows`` rows of three panels shaped like the slices; margins in inches."""
    planes = cuts(volume, affine)
    shapes = [plane.size for plane in planes]
    tallest = max(height for _, height in shapes)
    scale = min(PANEL_HEIGHT / tallest, (FIGURE_WIDTH - right) / sum(width for width, _ in shapes))
    top, gap, tile = 0.3, 0.05, tallest * scale
    width = sum(width for width, _ in shapes) * scale + 4 * gap + right
    height = rows * (tile + gap) + top + bottom
    figure = Figure(figsize=(width, height), facecolor=BACKGROUND)
    lines: list[list[Axes]] = []
    for row in range(rows):
        left, lower, line = gap, bottom + (rows - 1 - row) * (tile + gap), []
        for plane, (plane_width, plane_height) in zip(planes, shapes, strict=True):
            wide, tall = plane_width * scale, plane_height * scale
            place = (left / width, (lower + (tile - tall) / 2) / height, wide / width, tall / height)
            axes = figure.add_axes(place)
            axes.set_axis_off()
            if row == 0:
                figure.text(
                    (left + wide / 2) / width,
                    1 - 0.5 * top / height,
                    plane.title,
                    color=FOREGROUND,
                    fontsize=10,
                    ha="center",
                    va="center",
                )
            line.append(axes)
            left += wide + gap
        lines.append(line)
    return figure, lines


def draw_grey(axes: Axes, cut: Cut, window: tuple[float, float]) -> None:
    """The slice in grey between the window's black and white, with the letters of its sides."""
    axes.imshow(cut.pixels, cmap="gray", vmin=window[0], vmax=window[1], aspect=cut.aspect, interpolation="nearest")
    left, right, top, bottom = cut.sides
    for x, y, letter in ((0.02, 0.5, left), (0.98, 0.5, right), (0.5, 0.97, top), (0.5, 0.03, bottom)):
        axes.text(x, y, letter, transform=axes.transAxes, color="#9fd0ff", fontsize=8, ha="center", va="center")


def corner_text(axes: Axes, text: str) -> None:
    """``text`` in the panel's upper left corner."""
    axes.text(0.03, 0.95, text, transform=axes.transAxes, color=FOREGROUND, fontsize=10, va="top")
