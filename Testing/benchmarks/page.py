"""The benchmark's page: every table and chart from the stored records, as Markdown, PNG and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from gmmseg.report import plain

from . import charts, goals, reliability, scaling, tables
from .cases import BenchmarkCase
from .comparison import METHOD, Scans, paired_differences, speed_ratios
from .figures import Record
from .goals import Goal
from .summary import Records, Summaries, arranged, summarise

TABLES, SUMMARY, DICE_CHART, RELIABILITY_CHART = "tables.md", "results-summary.json", "dice.png", "reliability.png"
PANEL = "panel"

# By the beginning of a data set's name: what its truth is worth.
_NOTES = {
    "phantoms": "Truth: the label maps the phantoms were made from, with the true field.",
    "manual15": (
        "Truth: manual labels. Their CSF is the ventricles only, so figures of CSF say little; their GM contains sulcal"
        " CSF, so GM is to be read together with WM and the volumes."
    ),
    "brainweb": "Truth: simulated, with sulcal CSF.",
    "heads": "Whole heads, whose brain is to be found first. Truth, where there is any: FreeSurfer.",
}
_PROTOCOLS = (
    "*all* compares every voxel of the mask (a voxel without label counts as background), *labelled* only voxels with"
    " a label; where every voxel has one they are the same and given once. Figures: mean ± standard deviation over"
    " scans; the worst scan is named."
)


def write(folder: Path, cases: Sequence[BenchmarkCase], results: Mapping[str, Record]) -> str:
    """Writes the page, its summary and its charts into ``folder``.

    Args:
        folder: gets ``tables.md``, ``results-summary.json``, and ``dice.png`` and ``reliability.png`` where there is
            something to draw. It is made if need be.
        cases: the scans to report on.
        results: record by ``dataset/scan/method``; beside these ``scaling/mm/method`` and ``panel``.

    Returns:
        The page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    records = arranged(cases, results)
    summaries = summarise(records)
    aims = goals.all_goals(summaries, records)
    curves = {group: reliability.curves(scans) for group, scans in _groups(records).items()}
    sizes = scaling.records(results)
    drawn = {
        DICE_CHART: charts.dice(folder / DICE_CHART, records),
        RELIABILITY_CHART: charts.reliability(folder / RELIABILITY_CHART, curves),
    }
    parts = [
        "# Benchmark",
        _machine(records),
        _section("## Goals", goals.as_table(aims)),
        f"![Dice by data set and method]({DICE_CHART})" if drawn[DICE_CHART] else "",
        _PROTOCOLS,
        *(_dataset(dataset, summaries[dataset], records[dataset]) for dataset in records),
        _reliability(curves, drawn[RELIABILITY_CHART]),
        _section("## Cost by number of voxels", scaling.as_table(sizes)),
        _panel(results.get(PANEL)),
        _appendix(records),
    ]
    text = "\n\n".join(part for part in parts if part) + "\n"
    (folder / TABLES).write_text(text, encoding="utf-8")
    (folder / SUMMARY).write_text(json.dumps(_summary(records, summaries, aims, curves, sizes)))
    return text


def _dataset(dataset: str, summaries: Summaries, scans: Scans) -> str:
    note = next((text for beginning, text in _NOTES.items() if dataset.startswith(beginning)), "")
    return _joined(
        f"## {dataset}",
        note,
        tables.missing(scans),
        _section("**Dice**", tables.dice(summaries)),
        _section("**Precision, recall, F1, Jaccard**", tables.details(summaries)),
        _section("**Bias field:** CV of true over estimated field", tables.field_error(summaries)),
        _section(
            "**Evenness** inside the eroded true tissues, before → after correction", tables.correction(summaries)
        ),
        _section(
            "**Volumes and cost:** mean volumes, median seconds, largest peak memory", tables.resources(summaries)
        ),
        tables.speed(speed_ratios(scans)),
        _section(
            f"**Paired differences:** mode {METHOD} minus each other method on the same scans, mean [95 % bootstrap"
            " interval over subjects]",
            tables.paired(paired_differences(scans)) if max(map(len, scans.values())) > 1 else "",
        ),
    )


def _reliability(curves: Mapping[str, Mapping[str, reliability.Curve]], drawn: bool) -> str:
    sections = [_section(f"**{group}**", reliability.as_table(found)) for group, found in curves.items()]
    return _section(
        "## Are voxels that the method is 90 % sure of right 90 % of the time?",
        _joined(f"![Reliability curves]({RELIABILITY_CHART})" if drawn else "", *sections),
    )


def _appendix(records: Records) -> str:
    parts = []
    for dataset, scans in records.items():
        parts += [_section(f"### {dataset}", tables.every_scan(scans))]
    return _section("## Every scan", _joined(*parts))


def _machine(records: Records) -> str:
    """Cores and threads, when all runs on the CPU had the same."""
    found = {
        (record["cores"], record["threads"])
        for methods in records.values()
        for scans in methods.values()
        for record in scans.values()
        if record.get("cores") and record.get("threads")
    }
    words = " or ".join(
        f"{cores} CPU cores with {threads} thread{'s' if threads > 1 else ''}" for cores, threads in sorted(found)
    )
    return f"Every run in a process of its own on {words}." if words else ""


def _panel(panel: Record | None) -> str:
    if not panel:
        return ""
    torch = "imported" if panel["torch_imported"] else "not imported"
    return f"Panel: first paint after {panel['first_paint_seconds']:.2f} s, torch {torch}."


def _groups(records: Records) -> dict[str, dict[str, dict[str, Record]]]:
    """Records by method and scan, all phantoms as one group."""
    groups: dict[str, dict[str, dict[str, Record]]] = {}
    for dataset, methods in records.items():
        group = groups.setdefault("phantoms" if dataset.startswith("phantoms") else dataset, {})
        for method, scans in methods.items():
            group.setdefault(method, {}).update({f"{dataset}/{scan}": record for scan, record in scans.items()})
    return groups


def _summary(
    records: Records,
    summaries: Mapping[str, Summaries],
    aims: Sequence[Goal],
    curves: Mapping[str, Mapping[str, reliability.Curve]],
    sizes: Mapping[str, Sequence[Record]],
) -> dict:
    """The page for machines, JSON-ready."""
    return plain(
        {
            "datasets": {
                dataset: {
                    "methods": {method: asdict(one) for method, one in summaries[dataset].items()},
                    "paired": {
                        method: {name: asdict(one) if one else None for name, one in found.items()}
                        for method, found in paired_differences(scans).items()
                    },
                    "times_the_seconds_of_fast": speed_ratios(scans),
                }
                for dataset, scans in records.items()
            },
            "goals": [{**asdict(goal), "margin": goal.margin, "verdict": goal.verdict} for goal in aims],
            "reliability": {
                group: {method: asdict(curve) for method, curve in found.items()} for group, found in curves.items()
            },
            "scaling": sizes,
        }
    )


def _section(heading: str, body: str) -> str:
    return f"{heading}\n\n{body}" if body else ""


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
