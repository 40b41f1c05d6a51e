"""Charts of the tables and of figure 6, as matplotlib Figures without pyplot's global state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .config import share_name
from .store import CE, EM, GMM_TV, WITH_BIAS, WITHOUT_BIAS
from .summary import TISSUES, Difference, Spread
from .tables import EVERY_NETWORK, LOSS_NAMES, MEASURE_NAMES, Entries

# Of Okabe and Ito, told apart with colour-vision deficiency too; shapes differ besides.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6b6b70"
LOSS_STYLES = {CE: (BLUE, "o", -0.16), GMM_TV: (ORANGE, "^", 0.16)}
METHOD_STYLES = {EM: (BLUE, "o", -0.22), WITHOUT_BIAS: (ORANGE, "^", 0.0), WITH_BIAS: (GREEN, "s", 0.22)}
TISSUE_STYLES = {1: ("#56B4E9", "o"), 2: (ORANGE, "^"), 3: ("#8a7a00", "s")}


def levels(found: Entries, protocol: str) -> Figure:
    """Both losses of every network: a panel for each tissue and share, error bars of one standard deviation."""
    figure, panels = _grid(found, f"{MEASURE_NAMES[found.measure]} (mean and sd over test scans)")
    for row, tissue in enumerate(TISSUES):
        for column, share in enumerate(found.shares):
            for loss, (colour, marker, shift) in LOSS_STYLES.items():
                spreads = [found.spreads[protocol, network, loss, share, tissue] for network in found.networks]
                _points(panels[row][column], _of_spreads(spreads), colour, marker, shift, LOSS_NAMES[loss])
    _legend(figure, panels[0][0], len(LOSS_STYLES))
    return figure


def differences(found: Entries, protocol: str) -> Figure:
    """What the mixture's loss adds: a panel for each tissue and share, error bars of one standard error over seeds."""
    networks = (*found.networks, EVERY_NETWORK)
    name = f"difference in {MEASURE_NAMES[found.measure]} (mean and standard error over seeds)"
    figure, panels = _grid(found, name, networks)
    for row, tissue in enumerate(TISSUES):
        for column, share in enumerate(found.shares):
            axes = panels[row][column]
            axes.axvline(0, color=GREY, linewidth=1)
            line = [found.differences[protocol, network, share, tissue] for network in networks]
            _points(axes, _of_differences(line), ORANGE, "^", 0.0, "CE + beta GMM_TV minus CE")
    _legend(figure, panels[0][0], 1)
    return figure


def methods(
    spreads: Mapping[tuple[str, str, int], Spread | None],
    names: Mapping[str, str],
    paper: Mapping[int, float],
    measure: str,
) -> Figure:
    """Table 5: methods by tissue, a panel for each data set, with the paper's values as dashed lines.

    Args:
        spreads: by data set, method and tissue.
        names: of the methods.
        paper: the paper's value of the network with bias, by tissue.
        measure: for the axis.
    """
    data = list(dict.fromkeys(name for name, _, _ in spreads))
    figure = Figure(figsize=(4.2 * len(data) + 0.8, 4.0), layout="constrained")
    panels = figure.subplots(1, len(data), squeeze=False, sharey=True)[0]
    for axes, name in zip(panels, data, strict=True):
        for place, tissue in enumerate(TISSUES):
            for method, (colour, marker, shift) in METHOD_STYLES.items():
                found = spreads[name, method, tissue]
                if found is None:
                    continue
                label = names[method] if place == 0 else None
                x = place + shift
                axes.errorbar(x, found.mean, found.sd or 0, fmt=marker, color=colour, capsize=3, label=label)
            if tissue in paper:
                label = "paper, network with bias (IBSR)" if tissue == min(paper) else None
                axes.hlines(paper[tissue], place - 0.4, place + 0.4, GREY, "dashed", linewidth=1.2, label=label)
        axes.set_xticks(range(len(TISSUES)), list(TISSUES.values()))
        axes.set_title(name, fontsize=10)
        _plain(axes, "y")
    panels[0].set_ylabel(f"{measure} (mean and sd over scans)")
    handles = {
        label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure


def sweep(
    recalls: Mapping[str, Mapping[float, Mapping[int, Difference | None]]],
    printed: Mapping[str, float],
    reference: Mapping[int, Difference | None],
) -> Figure:
    """Figure 6: recall against beta and against gamma, error bars of one standard error over seeds.

    Args:
        recalls: by ``beta`` or ``gamma``, its value and tissue.
        printed: the tables' own beta and gamma, drawn as dotted lines.
        reference: cross-entropy alone by tissue, drawn as dashed lines.
    """
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    panels = figure.subplots(1, len(recalls), squeeze=False, sharey=True)[0]
    for axes, (weight, by_value) in zip(panels, recalls.items(), strict=True):
        positive = [value for value in by_value if value > 0]
        for tissue, (colour, marker) in TISSUE_STYLES.items():
            points = [(value, each[tissue]) for value, each in by_value.items() if each[tissue] is not None]
            known = [(value, each) for value, each in points if each is not None]
            x, y = [value for value, _ in known], [each.mean for _, each in known]
            errors = [each.error or 0.0 for _, each in known]
            axes.errorbar(x, y, errors, fmt=f"{marker}-", color=colour, capsize=3, label=TISSUES[tissue])
            level = reference.get(tissue)
            if level is not None:
                axes.axhline(level.mean, color=colour, linestyle="--", linewidth=0.9, alpha=0.8)
        axes.axvline(printed[weight], color=GREY, linestyle=":", linewidth=1.2)
        if positive:
            # Zero has its place beside the logarithmic rest.
            axes.set_xscale("symlog", linthresh=min(positive), linscale=0.6)
            left = -0.3 * min(positive) if 0.0 in by_value else 0.7 * min(positive)
            axes.set_xlim(left, 1.6 * max(by_value))
        axes.set_xticks(list(by_value), [f"{value:g}" for value in by_value])
        axes.minorticks_off()
        axes.set_xlabel(f"{weight} (weight of {'GMM + gamma TV' if weight == 'beta' else 'TV'}, no unit)")
        _plain(axes, "both")
    panels[0].set_ylabel("recall (mean and standard error over seeds)")
    panels[0].legend(frameon=False, fontsize=9, title="dashed: CE alone; dotted: as in the tables", title_fontsize=8)
    return figure


Points = list[tuple[float, float] | None]


def _grid(found: Entries, across: str, networks: Sequence[str] | None = None) -> tuple[Figure, list[list[Axes]]]:
    """A panel for each tissue (rows) and share (columns); networks from top to bottom."""
    names = found.networks if networks is None else networks
    columns = len(found.shares)
    figure = Figure(figsize=(3.3 * columns + 1.6, len(TISSUES) * (0.26 * len(names) + 0.7) + 1.1), layout="constrained")
    # A scale for each tissue: a network that has not learned the ventricles would hide what GM and WM differ by.
    panels = figure.subplots(len(TISSUES), columns, squeeze=False, sharex="row", sharey=True)
    for row, tissue in enumerate(TISSUES.values()):
        for column, share in enumerate(found.shares):
            axes = panels[row][column]
            axes.set_title(f"{tissue}, {share_name(share)} of the persons labelled", fontsize=9)
            axes.set_yticks(range(len(names)), names, fontsize=9)
            axes.set_ylim(len(names) - 0.5, -0.5)
            _plain(axes, "both")
    figure.supxlabel(across, fontsize=10)
    return figure, panels.tolist()


def _points(axes: Axes, points: Points, colour: str, marker: str, shift: float, label: str) -> None:
    known = [(index, point) for index, point in enumerate(points) if point is not None]
    axes.errorbar(
        [point[0] for _, point in known],
        [index + shift for index, _ in known],
        xerr=[point[1] for _, point in known],
        fmt=marker,
        color=colour,
        markersize=4.5,
        capsize=2.5,
        linewidth=1,
        label=label,
    )


def _of_spreads(spreads: Sequence[Spread | None]) -> Points:
    return [None if each is None else (each.mean, each.sd or 0.0) for each in spreads]


def _of_differences(line: Sequence[Difference | None]) -> Points:
    return [None if each is None else (each.mean, each.error or 0.0) for each in line]


def _legend(figure: Figure, axes: Axes, columns: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=columns, frameon=False, fontsize=9)


def _plain(axes: Axes, grid: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis=grid, alpha=0.25)  # type: ignore[arg-type]
