"""The benchmark's charts as PNG files, small enough to be kept beside its tables."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from .cases import TISSUES
from .figures import Record, score
from .reliability import Curve
from .summary import values

LARGEST_FILE = 150_000
# Colours that the colour-blind tell apart (Okabe and Ito).
_TISSUE_COLOURS = {"CSF": "#0072B2", "GM": "#E69F00", "WM": "#009E73"}
_METHOD_COLOURS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# Truth whose CSF is not the whole of the CSF says nothing about CSF.
_PARTIAL_CSF = ("manual15", "heads")
_COLUMNS = 2


def dice(path: Path, records: Mapping[str, Mapping[str, Mapping[str, Record]]]) -> bool:
    """Dice by data set and method: a dot for each scan, a bar at the mean. Protocol ``all``.

    Args:
        path: PNG file to write.
        records: by data set, method and scan.

    Returns:
        Whether there was anything to draw.
    """
    drawn = {dataset: _drawable(dataset, methods) for dataset, methods in records.items()}
    drawn = {dataset: methods for dataset, methods in drawn.items() if methods}
    if not drawn:
        return False
    rows = -(-len(drawn) // _COLUMNS)
    heights = [
        max(len(methods) for methods in list(drawn.values())[_COLUMNS * row :][:_COLUMNS]) for row in range(rows)
    ]
    figure = Figure(figsize=(10, 0.9 * rows + 0.36 * sum(heights)), layout="constrained")
    axes = figure.subplots(rows, _COLUMNS, squeeze=False, height_ratios=[height + 1 for height in heights]).ravel()
    for panel, (dataset, methods) in zip(axes, drawn.items(), strict=False):
        _draw_dice(panel, dataset, methods)
    for panel in axes[len(drawn) :]:
        panel.set_axis_off()
    handles = [axes[0].plot([], [], "o", color=colour, label=tissue)[0] for tissue, colour in _TISSUE_COLOURS.items()]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles), frameon=False)
    figure.suptitle("Dice of each scan (dots) and mean (bars)", x=0.01, ha="left")
    _save(figure, path)
    return True


def reliability(path: Path, curves: Mapping[str, Mapping[str, Curve]]) -> bool:
    """Fraction of right voxels against confidence: one panel for each group of data sets, one line for each method.

    Args:
        path: PNG file to write.
        curves: by group and method.

    Returns:
        Whether there was anything to draw.
    """
    drawn = {group: by_method for group, by_method in curves.items() if by_method}
    if not drawn:
        return False
    colours = _colours(method for by_method in drawn.values() for method in by_method)
    figure = Figure(figsize=(3.6 * len(drawn) + 0.4, 4.0), layout="constrained")
    axes = figure.subplots(1, len(drawn), squeeze=False, sharex=True, sharey=True).ravel()
    for panel, (group, by_method) in zip(axes, drawn.items(), strict=True):
        panel.plot([0.3, 1], [0.3, 1], ":", color="0.5", linewidth=1)
        for method, curve in by_method.items():
            panel.plot(curve.confidence, curve.right, "o-", color=colours[method], label=method, markersize=4)
        panel.set(
            title=group, xlabel="confidence (highest posterior)", xlim=(0.3, 1.01), ylim=(0.3, 1.01), aspect="equal"
        )
        panel.legend(loc="upper left", fontsize="small", frameon=False)
        panel.grid(alpha=0.3)
    axes[0].set_ylabel("fraction of voxels that are right")
    _save(figure, path)
    return True


def _drawable(dataset: str, methods: Mapping[str, Mapping[str, Record]]) -> dict[str, dict[str, list[float]]]:
    """Dice of the scans by method and tissue, where there is any."""
    tissues = {label: name for label, name in TISSUES.items() if name != "CSF" or dataset not in _PARTIAL_CSF}
    found = {
        method: {
            name: [value for value in values(score("dice", label), scans).values() if value is not None]
            for label, name in tissues.items()
        }
        for method, scans in methods.items()
    }
    return {method: by_tissue for method, by_tissue in found.items() if any(by_tissue.values())}


def _draw_dice(panel: Axes, dataset: str, methods: Mapping[str, Mapping[str, list[float]]]) -> None:
    for row, by_tissue in enumerate(methods.values()):
        for index, (tissue, scans) in enumerate(by_tissue.items()):
            height = row + 0.22 * (index - (len(by_tissue) - 1) / 2)
            if scans:
                mean = sum(scans) / len(scans)
                panel.plot(scans, [height] * len(scans), "o", color=_TISSUE_COLOURS[tissue], markersize=3.5, alpha=0.5)
                panel.plot([mean] * 2, [height - 0.11, height + 0.11], color=_TISSUE_COLOURS[tissue], linewidth=2.5)
    panel.set_yticks(range(len(methods)), list(methods))
    panel.invert_yaxis()
    panel.set_title(dataset, loc="left", fontsize="medium")
    panel.grid(axis="x", alpha=0.3)


def _colours(methods) -> dict[str, str]:
    names = list(dict.fromkeys(methods))
    return {name: _METHOD_COLOURS[index % len(_METHOD_COLOURS)] for index, name in enumerate(names)}


def _save(figure: Figure, path: Path) -> None:
    """Writes a palette PNG, coarser until it is small enough."""
    for dots_per_inch in (130, 110, 90, 70, 50):
        drawn, packed = io.BytesIO(), io.BytesIO()
        figure.savefig(drawn, format="png", dpi=dots_per_inch)
        Image.open(drawn).convert("RGB").quantize(64).save(packed, format="png", optimize=True)
        if packed.tell() <= LARGEST_FILE:
            break
    path.write_bytes(packed.getvalue())
