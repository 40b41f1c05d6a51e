"""The tables of one data set as Markdown, from the summaries by method; empty text where nothing was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .cases import TISSUES
from .comparison import COMPARED, METHOD, Scans
from .figures import Record, after_mask_seconds, cjv_change, score, single, within
from .markdown import mean_sd, number, percent, table, worst
from .statistics import PairedDifference, Spread
from .summary import EVENNESS, PROTOCOLS, Summaries

_HEADINGS = {"cv_wm": "CV in WM", "cv_gm": "CV in GM", "cjv": "CJV"}
_DETAILS = {"precision": "precision", "recall": "recall", "f1": "F1", "jaccard": "Jaccard"}


def missing(scans: Scans) -> str:
    """A sentence for each method that did not run on every scan: means over different scans do not compare."""
    names = dict.fromkeys(name for records in scans.values() for name in records)
    absent = {method: [name for name in names if name not in records] for method, records in scans.items()}
    return " ".join(f"{method} has no result on {', '.join(some)}." for method, some in absent.items() if some)


def dice(summaries: Summaries) -> str:
    """Dice of each tissue: mean and spread of each method and, below it, its worst scan."""
    protocols = _protocols(summaries)
    columns = [(tissue, protocol) for protocol in protocols for tissue in TISSUES.values()]
    rows = []
    for method, summary in summaries.items():
        spreads = [summary.dice(*column) for column in columns]
        if any(spreads):
            rows.append([method, str(summary.count), *(mean_sd(spread) for spread in spreads)])
            if summary.count > 1:
                rows.append([f"{method}: worst", "", *(worst(spread) for spread in spreads)])
    if not rows:
        return ""
    headings = [tissue if len(protocols) == 1 else f"{tissue} {protocol}" for tissue, protocol in columns]
    return table(["method", "scans", *headings], rows)


def details(summaries: Summaries) -> str:
    """Precision, recall, F1 and Jaccard of each tissue, mean and spread."""
    protocols = _protocols(summaries)
    rows = [
        [
            method,
            tissue,
            *(mean_sd(summary.scores[protocol][tissue].get(name)) for protocol in protocols for name in _DETAILS),
        ]
        for method, summary in summaries.items()
        for tissue in TISSUES.values()
        if summary.scores["all"][tissue]
    ]
    headings = [
        heading if len(protocols) == 1 else f"{heading} {protocol}"
        for protocol in protocols
        for heading in _DETAILS.values()
    ]
    return table(["method", "tissue", *headings], rows, text_columns=2) if rows else ""


def field_error(summaries: Summaries) -> str:
    """CV of true over estimated field: without correction, with it, and the worst scan."""
    rows = [
        [
            method,
            *(mean_sd(summary.field_cv.get(when)) for when in ("before", "after")),
            worst(summary.field_cv.get("after")),
        ]
        for method, summary in summaries.items()
        if summary.field_cv
    ]
    return table(["method", "field CV before", "after", "worst after"], rows) if rows else ""


def correction(summaries: Summaries) -> str:
    """CV and CJV in the eroded true tissues before and after the correction, and the change of CJV."""
    rows = [
        [
            method,
            *(_before_after(summary.evenness, name) for name in EVENNESS),
            percent(summary.cjv_change.mean if summary.cjv_change else None),
            f"{percent(summary.cjv_change.worst)} ({summary.cjv_change.worst_case})" if summary.cjv_change else "–",
        ]
        for method, summary in summaries.items()
        if summary.evenness
    ]
    headings = [_HEADINGS[name] for name in EVENNESS]
    return table(["method", *headings, "mean change of CJV", "worst change of CJV"], rows) if rows else ""


def resources(summaries: Summaries) -> str:
    """Tissue volumes, and what a run costs."""
    rows = []
    for method, summary in summaries.items():
        cost, peak = summary.cost, summary.cost.get("peak_memory_mb")
        if not (cost or summary.volume_ml or summary.gm_with_csf):
            continue
        rows.append(
            [
                method,
                *(number(_mean(summary.volume_ml.get(tissue)), 0) for tissue in TISSUES.values()),
                mean_sd(summary.gm_with_csf),
                *(number(_median(cost.get(name)), 1) for name in ("wall_seconds", "after_mask_seconds", "cpu_seconds")),
                number(peak.worst / 1000 if peak else None, 2),
            ]
        )
    volumes = [f"{tissue} ml" for tissue in TISSUES.values()]
    costs = ["wall s", "of it after the mask", "CPU s", "memory GB"]
    return table(["method", *volumes, "Dice of GM with CSF", *costs], rows) if rows else ""


def paired(differences: Mapping[str, Mapping[str, PairedDifference | None]]) -> str:
    """Mode ``fast`` minus every other method on the same scans: mean, 95 % interval, scans where it is higher."""
    rows = [[method, *map(_difference, found.values())] for method, found in differences.items()]
    return table([f"{METHOD} minus", *COMPARED], rows) if rows else ""


def speed(ratios: Mapping[str, Mapping[str, float | None]]) -> str:
    """One sentence for each peer: how many times the seconds of mode ``fast`` it takes on the same scans."""
    return " ".join(
        f"{method} takes {number(found['wall'], 1)} times the wall seconds and {number(found['cpu'], 1)} times the CPU"
        f" seconds of {METHOD}."
        for method, found in ratios.items()
    )


def every_scan(scans: Scans) -> str:
    """One row for each scan and method."""
    scores = [record["scores"] for records in scans.values() for record in records.values() if record.get("scores")]
    alike = all(one["all"] == one["labelled"] for one in scores)
    dices = {
        tissue if alike else f"{tissue} {protocol}": _number(score("dice", label, protocol))
        for protocol in (PROTOCOLS[:1] if alike else PROTOCOLS)
        for label, tissue in TISSUES.items()
    }
    cells: dict[str, Callable[[Record], str]] = {
        **dices,
        "field CV after": _number(within("field_cv", "after")),
        "CJV after": _number(within("evenness", "cjv_after")),
        "change of CJV": lambda record: percent(cjv_change(record)),
        "after mask s": _number(after_mask_seconds, 1),
        "wall s": _number(single("wall_seconds"), 1),
        "CPU s": _number(single("cpu_seconds"), 1),
        "memory MB": _number(single("peak_memory_mb"), 0),
        "agreement": _number(within("prior", "agreement"), 2),
        "warnings": lambda record: str(len(record.get("warnings") or [])),
    }
    names = dict.fromkeys(name for records in scans.values() for name in records)
    rows = [
        [name, method, *(cell(records[name]) for cell in cells.values())]
        for name in names
        for method, records in scans.items()
        if name in records
    ]
    used = [index for index in range(len(cells) + 2) if any(row[index] not in ("–", "0") for row in rows)]
    headings = ["scan", "method", *cells]
    return table([headings[i] for i in used], [[row[i] for i in used] for row in rows], text_columns=2) if rows else ""


def _protocols(summaries: Summaries) -> tuple[str, ...]:
    """Both protocols, or ``all`` alone where every voxel has a label, so that they cannot differ."""
    alike = all(summary.scores["all"] == summary.scores["labelled"] for summary in summaries.values())
    return PROTOCOLS[:1] if alike else PROTOCOLS


def _before_after(evenness: Mapping[str, Spread], name: str) -> str:
    return " → ".join(number(_mean(evenness.get(f"{name}_{when}"))) for when in ("before", "after"))


def _difference(found: PairedDifference | None) -> str:
    if found is None:
        return "–"
    interval = "" if found.low is None else f" [{found.low:+.3f}, {found.high:+.3f}]"
    return f"{found.mean:+.3f}{interval}, higher on {found.higher} of {found.count}"


def _number(figure: Callable[[Record], float | None], digits: int = 3) -> Callable[[Record], str]:
    return lambda record: number(figure(record), digits)


def _mean(spread: Spread | None) -> float | None:
    return spread.mean if spread else None


def _median(spread: Spread | None) -> float | None:
    return spread.median if spread else None
