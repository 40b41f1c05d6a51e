"""The course of a training as a picture: loss and figures on held-out data over steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..pictures import TISSUE_COLOURS, png
from ..safe_files import atomic
from .training_log import figures, read_log

CURVE = "curve.png"
_OTHER_COLOURS = ("#6a3d9a", "#1fa37e", "#d9572b", "#3b6fd4")


def write(folder: Path) -> None:
    """Draws a training's log into its folder.

    Raises:
        InputError: the picture cannot be written.
    """
    data = png(figure(read_log(folder)))
    with atomic(folder / CURVE) as beside:
        beside.write_bytes(data)


def figure(log: Sequence[dict[str, float]]) -> Figure:
    """The picture of a log's lines, see :func:`gmmseg.learning.model_training.read_log`."""
    scores = list(dict.fromkeys(name for row in log for name in figures(row)))
    # Dice and free energy have no common scale.
    groups = [["loss"]]
    dice = [name for name in scores if name.startswith("dice")]
    groups += [dice] if dice else []
    groups += [[name] for name in scores if name not in dice]
    drawing = Figure(figsize=(7.5, 2.4 * len(groups) + 0.6), layout="constrained")
    panels = drawing.subplots(len(groups), 1, sharex=True, squeeze=False)[:, 0]
    for axes, names in zip(panels, groups, strict=True):
        for index, name in enumerate(names):
            _draw(axes, log, name, TISSUE_COLOURS.get(name.removeprefix("dice "), _OTHER_COLOURS[index]))
        held_out = "" if names[0] in ("loss", "held-out loss") else ", held out"
        axes.set_ylabel(("Dice" if names == dice else names[0]) + held_out)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    if dice:
        panels[groups.index(dice)].legend(frameon=False, fontsize=9, loc="lower right")
    panels[-1].set_xlabel("step")
    return drawing


def _draw(axes: Axes, log: Sequence[dict[str, float]], name: str, colour: str) -> None:
    known = [row for row in log if name in row]
    marker = "" if name == "loss" and len(known) > 1 else "o"
    axes.plot(
        [row["step"] for row in known],
        [row[name] for row in known],
        color=colour,
        linewidth=1.4,
        marker=marker,
        markersize=3,
        label=name.removeprefix("dice "),
    )
