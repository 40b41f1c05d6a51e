"""The files of the tables and figures: CSV, Markdown and PNG, from the cells that are finished."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..safe_files import atomic
from . import markdown, sweeps, tables, unlabelled_table
from .laboratory import Laboratory
from .markdown import NUMBERING
from .paper_figures import PaperFigure
from .plan import MEASURES, Experiment, cells
from .store import Cell, Result, ScanCell, TrainingCell
from .summary import PROTOCOLS, TISSUES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write(
    made: Experiment,
    laboratory: Laboratory,
    results: Mapping[Cell, Result | None],
    command: str,
    paper: Sequence[PaperFigure],
) -> list[Path]:
    """Writes one table or figure; what is not finished is shown as missing.

    Args:
        made: which.
        laboratory: for configuration, data and output folder.
        results: of all its cells.
        command: that made it, for the page.
        paper: the paper's own numbers.

    Returns:
        The files written.

    Raises:
        InputError: one cannot be written.
    """
    needed = cells([made], laboratory.config, dict(laboratory.data))
    own = markdown.of_cells(needed, results)
    makers: dict[str, Callable[[_Pages], None]] = {"table5": _unsupervised, "figure6": _sweep, "figure4": _qualitative}
    pages = _Pages(made, laboratory, own, command, list(paper))
    makers.get(made.name, _table)(pages)
    return pages.written


class _Pages:
    """What is needed to write an experiment's files, and those written."""

    def __init__(
        self,
        made: Experiment,
        laboratory: Laboratory,
        results: Mapping[Cell, Result | None],
        command: str,
        paper: list[PaperFigure],
    ) -> None:
        self.name, self.data, self.laboratory, self.results = made.name, made.data, laboratory, results
        self.config, self.out, self.paper = laboratory.config, laboratory.store.out, paper
        self.facts = markdown.facts(laboratory, results, command, made.data)
        self.written: list[Path] = []

    @property
    def trainings(self) -> list[TrainingCell]:
        return [cell for cell in self.results if isinstance(cell, TrainingCell)]

    def csv(self, rows: Sequence[Mapping[str, Any]]) -> None:
        with self._file(".csv") as beside, beside.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def png(self, figure: Figure, suffix: str = "") -> str:
        """Writes a chart; returns Markdown that shows it."""
        from ..pictures import png

        data = png(figure)
        with self._file(f"{suffix}.png") as beside:
            beside.write_bytes(data)
        return f"![{self.name}{suffix}]({self.written[-1].name})"

    def page(self, title: str, sections: Sequence[str], facts: Sequence[str] = ()) -> None:
        text = markdown.page(title, [*self.facts, *facts], [NUMBERING, *sections])
        with self._file(".md") as beside:
            beside.write_text(text, encoding="utf-8")

    def _file(self, ending: str) -> Any:
        self.written.append(self.out / f"{self.name}{ending}")
        return atomic(self.written[-1])


def _table(pages: _Pages) -> None:
    from . import charts

    measure = MEASURES[pages.name][0]
    found = tables.entries(pages.data[0], pages.config, pages.results, measure)
    pages.csv(tables.csv_rows(found))
    sections = [tables.explanation(found)]
    for protocol in found.protocols:
        suffix = "" if protocol == found.protocols[0] else f"_{protocol}"
        sections += [
            tables.section(found, protocol),
            pages.png(charts.levels(found, protocol), suffix),
            pages.png(charts.differences(found, protocol), f"{suffix}_difference"),
        ]
    name = tables.MEASURE_NAMES[measure]
    title = (
        f"Table {pages.name[-1]}: {name} of networks trained with cross-entropy, and with the mixture's loss beside it"
    )
    facts = [
        *markdown.training_facts(pages.laboratory, pages.trainings),
        markdown.loss_facts(pages.config.beta, pages.config.gamma),
    ]
    pages.page(title, [*sections, markdown.paper_section(pages.paper, pages.name)], facts)


def _unsupervised(pages: _Pages) -> None:
    from . import charts, unsupervised

    by_data = {
        data: [cell for cell in pages.results if isinstance(cell, ScanCell) and cell.data == data]
        for data in pages.data
    }
    found = {data: unlabelled_table.entries(own, pages.results) for data, own in by_data.items()}
    pages.csv([row for data, each in found.items() for row in unlabelled_table.csv_rows(data, each)])
    sections = [unlabelled_table.EXPLANATION]
    known = unlabelled_table.paper_f1(pages.paper)
    for protocol in PROTOCOLS:
        sections += [unlabelled_table.section(data, each, protocol) for data, each in found.items()]
        spreads = {
            (data, method, tissue): each.spreads[protocol, method, tissue, "f1"]
            for data, each in found.items()
            for method in unlabelled_table.METHOD_NAMES
            for tissue in TISSUES
        }
        drawing = charts.methods(spreads, unlabelled_table.METHOD_NAMES, known, f"F1, protocol {protocol}")
        sections.append(pages.png(drawing, "" if protocol == "all" else f"_{protocol}"))
    cell = next(cell for cell in pages.results if isinstance(cell, ScanCell) and cell.method == "with_bias")
    settings = unsupervised.settings_of(cell, pages.config)
    facts = [
        f"Network: {settings.network}, first stage's width {settings.base_width}, {settings.iterations} steps of "
        f"{settings.batch_size} slices on the scan itself, gamma {settings.gamma:g}, entropy weight "
        f"{settings.entropy_weight:g}; with bias: degree {settings.bias_degree}"
    ]
    title = "Table 5: segmentation without labels"
    pages.page(title, [*sections, markdown.paper_section(pages.paper, pages.name)], facts)


def _sweep(pages: _Pages) -> None:
    from . import charts

    found = sweeps.recalls(pages.data[0], pages.config, pages.results)
    pages.csv(sweeps.csv_rows(found))
    printed = {"beta": pages.config.beta, "gamma": pages.config.gamma}
    drawing = charts.sweep(found, printed, found["beta"][0.0])
    sections = [pages.png(drawing), sweeps.EXPLANATION, *sweeps.sections(found, pages.config)]
    facts = [*markdown.training_facts(pages.laboratory, pages.trainings), markdown.WEIGHTS]
    title = f"Figure 6: recall against beta and gamma ({pages.config.sweep.network})"
    pages.page(title, [*sections, markdown.paper_section(pages.paper, pages.name)], facts)


def _qualitative(pages: _Pages) -> None:
    from . import qualitative

    shown = qualitative.comparison(pages.data[0], pages.laboratory, pages.results)
    if shown is None:
        sections = ["No network has been trained with both losses yet, so there is nothing to be seen."]
    else:
        sections = [
            pages.png(qualitative.figure(shown)),
            f"{shown.data}, scan {shown.scan}, {shown.place}; seed 0 and the smallest share of labelled persons. Above "
            "the whole slice, below the window in which the two losses differ most, all networks together, with the "
            "share of the panel's brain voxels where they differ. The truth is coloured where there is a label.",
        ]
    facts = [
        *markdown.training_facts(pages.laboratory, pages.trainings),
        markdown.loss_facts(pages.config.beta, pages.config.gamma),
    ]
    pages.page("Figure 4: a slice by every network (this project's name for the paper's Fig. 4 and 5)", sections, facts)
