"""Runs every case with every method, each in a process of its own, and prints the tables. Run by ``make bench``.

An interrupted benchmark goes on where it stopped; a changed engine starts anew.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from data_paths import CHECKOUT, EvaluationDataMissing
from gmmseg.report import plain
from gmmseg.settings import MODES

from . import tables
from .cases import BenchmarkCase, all_cases, quick_cases
from .one_case import scores
from .store import Store

PANEL = "panel"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=CHECKOUT / "bench-results", help="folder for results.json, tables.md"
    )
    parser.add_argument("--quick", action="store_true", help="two scans: does it work?")
    parser.add_argument("--methods", nargs="+", choices=MODES, default=sorted(MODES), help="methods to run (all)")
    parser.add_argument("--device", default="cpu", help="where the engine computes (cpu)")
    arguments = parser.parse_args()
    try:
        cases = quick_cases() if arguments.quick else all_cases()
    except EvaluationDataMissing as error:
        print(error, file=sys.stderr)
        return 2
    store = Store(arguments.out)
    failed = [
        failure
        for case in cases
        for method in arguments.methods
        if (failure := run_case(store, case, method, arguments.device))
    ]
    for case in cases:
        keep_peers(store, case)
    if PANEL not in store.results:
        store.keep(PANEL, panel_time())
    text = page(cases, arguments.methods, store.results)
    (arguments.out / "tables.md").write_text(text, encoding="utf-8")
    print(text)
    for failure in failed:
        print(failure, file=sys.stderr)
    return 1 if failed else 0


def run_case(store: Store, case: BenchmarkCase, method: str, device: str) -> str:
    """Runs what is not in the store yet; gives a sentence when it failed, else an empty one."""
    key = f"{case.key}/{method}" if device == "cpu" else f"{case.key}/{method}@{device}"
    if key in store.results:
        return ""
    print(f"{key} ...", file=sys.stderr, flush=True)
    request = {**_paths(case), "settings": {"mode": method, "device": device}}
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "request.json", Path(folder) / "answer.json"
        asked.write_text(json.dumps(request))
        done = subprocess.run([sys.executable, "-m", "benchmarks.one_case", asked, answered], stderr=subprocess.PIPE)
        if done.returncode:
            return f"{key} failed: {done.stderr.decode(errors='replace').strip().splitlines()[-1]}"
        store.keep(key, json.loads(answered.read_text()))
    return ""


def keep_peers(store: Store, case: BenchmarkCase) -> None:
    """Scores the results of other tools that lie beside the data."""
    from gmmseg.volume_io import read_volume

    for name, path in case.peers:
        key = f"{case.key}/{name}"
        if key not in store.results:
            labels = read_volume(path).array.round().astype("uint8")
            store.keep(key, json.loads(json.dumps(plain({"scores": scores(labels, _paths(case))}))))


def panel_time() -> dict:
    """First paint of the panel, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.panel_time"],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def page(cases: list[BenchmarkCase], methods: list[str], results: dict[str, dict]) -> str:
    """All tables as one Markdown text."""
    methods = [key for key in dict.fromkeys(key.rsplit("/", 1)[-1] for key in results) if key.split("@")[0] in methods]
    panel = results[PANEL]
    torch = "imported" if panel["torch_imported"] else "not imported"
    return "\n\n".join(
        [
            "## Dice",
            tables.accuracy(cases, methods, results),
            "## Time and memory",
            tables.cost(cases, methods, results),
            "## Evenness inside the segmented tissues, before → after",
            tables.evenness(cases, methods, results),
            f"Panel: first paint after {panel['first_paint_seconds']:.2f} s, torch {torch}.\n",
        ]
    )


def _paths(case: BenchmarkCase) -> dict[str, str | None]:
    return {name: str(path) if (path := getattr(case, name)) else None for name in ("image", "truth", "mask")}


if __name__ == "__main__":
    raise SystemExit(main())
