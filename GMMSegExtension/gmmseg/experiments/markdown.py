"""Markdown of tables and of what every page states: data, command, settings, machine, time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..datasets import Subject
from . import paper_figures
from .config import CONFIG, share_name
from .division import divided
from .laboratory import Laboratory
from .paper_figures import PaperFigure
from .store import Cell, Result, TrainingCell
from .summary import Difference, Spread

MISSING = "-"
_SMALL = {
    "quick": " (the experiment in small: narrow networks, few steps, so that levels are below what they could be)"
}
NUMBERING = (
    "The paper's printed tables are not at hand in full. What its tables hold is this project's reading: 1 and 2 are "
    "recall and IoU of trained networks on the first data set (IBSR there), 3 and 4 the same on the second "
    "(MRBrainS18), 5 is segmentation without labels."
)
CSF_NOTE = (
    "Where only the ventricles' CSF is labelled by hand, CSF predicted in the sulci counts as wrong under *all*; look "
    "at *labelled* then. GM is to be read together with WM: voxels of sulcal CSF called GM raise some of its scores."
)
WEIGHTS = (
    "Losses are means over voxels. The paper sums: its beta of 1e-10 over about 1.3 million voxels is read as 1e-4; "
    "gamma weighs a term of the same kind and keeps its value."
)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column is text, the others are numbers."""
    lines = [header, [":--", *["--:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def spread_text(spread: Spread | None) -> str:
    """Such as ``0.812 ± 0.031``."""
    if spread is None:
        return MISSING
    return f"{spread.mean:.3f}" + ("" if spread.sd is None else f" ± {spread.sd:.3f}")


def difference_text(difference: Difference | None) -> str:
    """Such as ``+0.004 ± 0.002``."""
    if difference is None:
        return MISSING
    return f"{difference.mean:+.3f}" + ("" if difference.error is None else f" ± {difference.error:.3f}")


def page(title: str, facts: Sequence[str], sections: Sequence[str]) -> str:
    """A whole page; facts become a list."""
    return "\n\n".join([f"# {title}", "\n".join(f"- {fact}" for fact in facts), *map(str.rstrip, sections)]) + "\n"


def paper_section(figures: Sequence[PaperFigure], name: str) -> str:
    """The paper's own numbers beside the table ``name``."""
    known = paper_figures.of(list(figures), name)
    rows = [(figure.row, figure.column, f"{figure.value:g}", figure.note) for figure in known]
    head = f"## The paper's own numbers\n\n{paper_figures.HONESTY}\n\n"
    return head + table(("row", "column", "value", "note"), rows)


def facts(laboratory: Laboratory, results: Mapping[Any, Result | None], command: str, data: Sequence[str]) -> list[str]:
    """What every page states."""
    config = laboratory.config
    finished = [result for result in results.values() if result]
    small = _SMALL.get(config.preset, "")
    lines = [f"Data: {data_text(name, laboratory.data[name])}" for name in data]
    lines += [
        f"Command: `{command}`",
        f"Configuration: preset `{config.preset}`{small}; `{CONFIG}` beside this page says every setting",
        f"Cells finished: {len(finished)} of {len(results)}"
        + ("" if len(finished) == len(results) else f"; what is missing is shown as {MISSING}"),
    ]
    seeds = {cell.seed for cell, result in results.items() if result and isinstance(cell, TrainingCell)}
    if any(isinstance(cell, TrainingCell) for cell in results):
        lines.append(f"Seeds: {len(seeds)} of {config.seeds}; each divides the persons anew")
    if finished:
        devices, precisions, versions = (
            _counted(result[name] for result in finished) for name in ("device", "precision", "version")
        )
        seconds = duration(sum(result["seconds"] for result in finished))
        lines.append(
            f"Made on {devices} in {precisions}, gmmseg {versions}, {_days(finished)}, {seconds} of computing in all"
        )
    return lines


def training_facts(laboratory: Laboratory, cells: Sequence[TrainingCell]) -> list[str]:
    """How networks were trained and persons divided."""
    from .supervised import settings_of

    config, (data, *_) = laboratory.config, [cell.data for cell in cells]
    widths = {cell.network: config.base_widths.get(cell.network) for cell in cells}
    settings = settings_of(cells[0], config)
    length = f"{settings.epochs} epochs" if settings.epochs else f"{settings.steps} steps"
    judged = "every slice" if config.score_slices == 1 else f"one slice in {config.score_slices}"
    named = ", ".join(f"{name} {'as published' if width is None else width}" for name, width in widths.items())
    return [
        division_text(data, laboratory, sorted({cell.share for cell in cells})),
        f"Training: Adam, rate {settings.learning_rate:g} ({settings.schedule}), {length} of {settings.batch_size} "
        f"labelled slices; entropy weight {settings.entropy_weight:g}; {judged} of the test scans judged",
        f"First stage's width: {named}",
    ]


def division_text(data: str, laboratory: Laboratory, shares: Sequence[Fraction]) -> str:
    """How many persons are learned from, with labels or without, and are judged."""
    counts = [divided(data, laboratory.data[data], laboratory.config, 0, share).persons() for share in shares]
    with_labels = ", ".join(
        f"{persons[0]} ({share_name(share)})" for persons, share in zip(counts, shares, strict=True)
    )
    learned, (_, _, validation, test) = sum(counts[0][:2]), counts[0]
    return (
        f"Divided by persons: {test} to judge by, {validation} to measure on meanwhile, {learned} to learn from, of "
        f"whom with labels {with_labels}. Cross-entropy alone (CE) learns from these; CE + beta GMM_TV from the scans "
        "of the others as well. Both have the same labelled persons, first weights and labelled slices, so that they "
        "are pairs"
    )


def data_text(name: str, subjects: Sequence[Subject]) -> str:
    """A data set in words."""
    persons = len({subject.group for subject in subjects})
    known = sum(subject.labels_path is not None for subject in subjects)
    channels = ", ".join(subjects[0].channels)
    outlines = "; brains outlined by their labels" if any(subject.outlined_by_hand for subject in subjects) else ""
    return f"`{name}`: {len(subjects)} scans of {persons} persons, {known} with labels; channels {channels}{outlines}"


def loss_facts(config_beta: float, config_gamma: float) -> str:
    """The weights of the mixture's loss, and how they are read."""
    return f"beta {config_beta:g}, gamma {config_gamma:g}. {WEIGHTS}"


def duration(seconds: float) -> str:
    """Such as ``1 h 12 min``."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _counted(texts: Iterable[str]) -> str:
    """Each different text, the most frequent first."""
    return " and ".join(text for text, _ in Counter(texts).most_common())


def _days(results: Sequence[Result]) -> str:
    days = sorted({result["date"] for result in results if "date" in result})
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}" if days else "date unknown"


def of_cells(cells: Iterable[Cell], results: Mapping[Cell, Result | None]) -> dict[Cell, Result | None]:
    """Results of these cells only."""
    return {cell: results.get(cell) for cell in cells}
