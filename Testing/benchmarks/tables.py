"""Results as Markdown tables."""

from __future__ import annotations

from statistics import mean

from .cases import TISSUES, BenchmarkCase

PROTOCOLS = ("all", "labelled")
_COSTS = ("total s", "memory GB", "GM ml", "WM ml")


def accuracy(cases: list[BenchmarkCase], methods: list[str], results: dict[str, dict]) -> str:
    """Dice of each tissue for every case with truth, the mean of each data set, and peers beside them."""
    lines = [
        "| data | scan | method | " + " | ".join(f"{t} {p}" for p in PROTOCOLS for t in TISSUES.values()) + " |",
        "|---|---|---|" + "---:|" * (len(PROTOCOLS) * len(TISSUES)),
    ]
    for dataset in dict.fromkeys(case.dataset for case in cases):
        members = [case for case in cases if case.dataset == dataset and case.truth is not None]
        for method in [*methods, *dict.fromkeys(name for case in members for name, _ in case.peers)]:
            rows = [(case, results[f"{case.key}/{method}"]) for case in members if f"{case.key}/{method}" in results]
            lines += [_row(dataset, case.name, method, _dice(result)) for case, result in rows]
            if len(rows) > 1:
                columns = zip(*(_dice(result) for _, result in rows), strict=True)
                lines.append(_row(dataset, "**mean**", method, [_mean(column) for column in columns]))
    return "\n".join(lines)


def cost(cases: list[BenchmarkCase], methods: list[str], results: dict[str, dict]) -> str:
    """Seconds per stage, wall seconds and peak memory of every run."""
    runs = [(case, method, results.get(f"{case.key}/{method}")) for case in cases for method in methods]
    runs = [(case, method, result) for case, method, result in runs if result]
    stages = list(dict.fromkeys(stage for *_, result in runs for stage in result["seconds"] if stage != "total"))
    lines = [
        "| data | scan | method | "
        + " | ".join(f"{stage} s" for stage in stages)
        + " | total s | memory GB | GM ml | WM ml |",
        "|---|---|---|" + "---:|" * (len(stages) + 4),
    ]
    for case, method, result in runs:
        seconds = [_number(result["seconds"].get(stage), 1) for stage in [*stages, "total"]]
        memory = _number(result["peak_memory_mb"] / 1000 if result["peak_memory_mb"] else None, 2)
        volumes = [_number(result["volume_ml"].get(tissue), 0) for tissue in ("GM", "WM")]
        lines.append(f"| {case.dataset} | {case.name} | {method} | " + " | ".join([*seconds, memory, *volumes]) + " |")
    return "\n".join(lines)


def evenness(cases: list[BenchmarkCase], methods: list[str], results: dict[str, dict]) -> str:
    """CV and CJV before and after the correction, within the run's own segmentation, and the field's range."""
    lines = ["| data | scan | method | CV in WM | CV in GM | CJV | field |", "|---|---|---|---|---|---|---|"]
    for case in cases:
        for method in methods:
            result = results.get(f"{case.key}/{method}")
            if result and result["homogeneity"]:
                facts, field = result["homogeneity"], result["bias_field"][0]
                cells = [
                    f"{_number(facts[f'{name}_before'], 3)} → {_number(facts[f'{name}_after'], 3)}"
                    for name in ("cv_wm", "cv_gm", "cjv")
                ]
                cells.append(f"{field['min']:.2f} to {field['max']:.2f}")
                lines.append(f"| {case.dataset} | {case.name} | {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _dice(result: dict) -> list[float | None]:
    return [
        (result["scores"][protocol].get(str(label)) or {}).get("dice") for protocol in PROTOCOLS for label in TISSUES
    ]


def _mean(column: tuple) -> float | None:
    known = [value for value in column if value is not None]
    return mean(known) if known else None


def _row(dataset: str, name: str, method: str, values: list[float | None]) -> str:
    return f"| {dataset} | {name} | {method} | " + " | ".join(_number(value, 3) for value in values) + " |"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
