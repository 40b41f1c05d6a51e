"""Table 5: precision, recall, F1 and Jaccard of segmentations without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import markdown
from .paper_figures import PaperFigure
from .store import EM, METHODS, WITH_BIAS, WITHOUT_BIAS, Cell, Result, ScanCell
from .summary import PROTOCOLS, TISSUES, Difference, Spread, Values, difference_over_scans, spread, values

METHOD_NAMES = {EM: "GMM-EM", WITHOUT_BIAS: "network without bias", WITH_BIAS: "network with bias"}
MEASURES = {"precision": "precision", "recall": "recall", "f1": "F1", "jaccard": "Jaccard"}
# Minuend and subtrahend of the compared methods.
PAIRS = ((WITHOUT_BIAS, EM), (WITH_BIAS, EM), (WITH_BIAS, WITHOUT_BIAS))
# What each column of the paper's table 5 is here.
_PAPER_COLUMNS = {f"{name} F1": tissue for tissue, name in TISSUES.items()}


@dataclass(frozen=True)
class MethodEntries:
    """Everything that table 5 shows of one data set.

    Attributes:
        spreads: by protocol, method, tissue and measure.
        differences: by protocol, pair of methods, tissue and measure: the first minus the second, paired by scan.
    """

    spreads: Mapping[tuple[str, str, int, str], Spread | None]
    differences: Mapping[tuple[str, tuple[str, str], int, str], Difference | None]


def entries(cells: Sequence[ScanCell], results: Mapping[Cell, Result | None]) -> MethodEntries:
    """Summarises the cells of one data set."""
    spreads: dict[tuple[str, str, int, str], Spread | None] = {}
    differences: dict[tuple[str, tuple[str, str], int, str], Difference | None] = {}
    for protocol in PROTOCOLS:
        for tissue in TISSUES:
            for measure in MEASURES:
                scores = {m: _scores(cells, results, m, (protocol, tissue, measure)) for m in METHODS}
                for method, found in scores.items():
                    spreads[protocol, method, tissue, measure] = spread(found)
                for first, second in PAIRS:
                    paired = difference_over_scans(scores[second], scores[first])
                    differences[protocol, (first, second), tissue, measure] = paired
    return MethodEntries(spreads, differences)


def _scores(
    cells: Sequence[ScanCell], results: Mapping[Cell, Result | None], method: str, what: tuple[str, int, str]
) -> Values:
    found: Values = {}
    for cell in cells:
        if cell.method == method:
            found |= values({0: results.get(cell)}, *what)
    return found


def csv_rows(data: str, found: MethodEntries) -> list[dict[str, Any]]:
    """Every number, a line each."""
    rows = []
    for (protocol, method, tissue, measure), each in found.spreads.items():
        rows.append(
            {
                "data": data,
                "protocol": protocol,
                "row": METHOD_NAMES[method],
                "tissue": TISSUES[tissue],
                "measure": MEASURES[measure],
                "mean": f"{each.mean:.6g}" if each else "",
                "sd": f"{each.sd:.6g}" if each and each.sd is not None else "",
                "standard_error": "",
                "scans": each.count if each else 0,
            }
        )
    for (protocol, (first, second), tissue, measure), paired in found.differences.items():
        rows.append(
            {
                "data": data,
                "protocol": protocol,
                "row": f"{METHOD_NAMES[first]} minus {METHOD_NAMES[second]}",
                "tissue": TISSUES[tissue],
                "measure": MEASURES[measure],
                "mean": f"{paired.mean:.6g}" if paired else "",
                "sd": "",
                "standard_error": f"{paired.error:.6g}" if paired and paired.error is not None else "",
                "scans": paired.count if paired else 0,
            }
        )
    return rows


def section(data: str, found: MethodEntries, protocol: str) -> str:
    """The table of a data set under one protocol in Markdown."""
    columns = [(tissue, measure) for tissue in TISSUES for measure in MEASURES]
    header = ["method", *(f"{TISSUES[tissue]} {MEASURES[measure]}" for tissue, measure in columns), "scans"]
    rows = []
    for method in METHODS:
        line = [found.spreads[protocol, method, *column] for column in columns]
        count = max(each.count if each else 0 for each in line)
        rows.append([METHOD_NAMES[method], *map(markdown.spread_text, line), str(count)])
    for pair in PAIRS:
        paired = [found.differences[protocol, pair, *column] for column in columns]
        texts = [f"*{markdown.difference_text(each)}*" if each else markdown.MISSING for each in paired]
        count = max(each.count if each else 0 for each in paired)
        rows.append([f"*{METHOD_NAMES[pair[0]]} minus {METHOD_NAMES[pair[1]]}*", *texts, str(count)])
    return f"## {data}, protocol *{protocol}*\n\n{markdown.table(header, rows)}"


EXPLANATION = (
    "Mean ± standard deviation over scans. *Differences*: on the same scans, mean ± its standard error over scans. No "
    f"label was used to segment: classes are named CSF, GM, WM from dark to bright in T1. {markdown.CSF_NOTE}"
)


def paper_f1(figures: Sequence[PaperFigure]) -> dict[int, float]:
    """The paper's F1 of the network with bias, by tissue."""
    return {
        _PAPER_COLUMNS[figure.column]: figure.value
        for figure in figures
        if figure.table == "table5" and figure.row == METHOD_NAMES[WITH_BIAS] and figure.column in _PAPER_COLUMNS
    }
