"""Runs every case with every method, each in a process of its own, and writes tables, charts and JSON.

Run by ``make bench``. An interrupted benchmark goes on where it stopped. A changed engine is measured anew; results of
other tools are kept as long as their version, their parameters and the data stay.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from data_paths import CHECKOUT, EvaluationDataMissing
from gmmseg.settings import MODES

from . import page, phantom_cases, scaling
from .cases import BenchmarkCase, all_cases, chosen, quick_cases
from .peer_setup import PeersMissing, python_for_peers
from .peers import PEERS
from .runs import RunFailed, Runner, jobs, key_of
from .store import Store, engine_fingerprint, fingerprint


def main() -> int:
    arguments = parser().parse_args()
    methods = chosen_methods(arguments.methods, arguments.peers)
    with tempfile.TemporaryDirectory(prefix="gmmseg-bench-") as folder:
        try:
            cases = all_cases(Path(folder))
            todo = quick_cases(Path(folder)) if arguments.quick else chosen(cases, arguments.only)
            peer_python = _peer_python(arguments.peer_python) if any(name in PEERS for name in methods) else None
        except (EvaluationDataMissing, PeersMissing) as error:
            print(error, file=sys.stderr)
            return 2
        runner = Runner(arguments.device, arguments.threads, peer_python, Path(folder))
        store = Store(arguments.out)
        store.recall(dict(known(runner, cases, [*MODES, *PEERS])))
        failed = [failure for case in todo for failure in run_case(runner, store, case, methods)]
        if not arguments.quick and not arguments.only:
            failed += run_sizes(runner, store, [name for name in methods if name in MODES and name != "train"])
            if page.PANEL not in store.results:
                store.keep(page.PANEL, panel_time(), engine_fingerprint())
        store.tidy(dict(known(runner, todo, methods)))
    print(page.write(arguments.out, cases, store.results))
    for failure in failed:
        print(failure, file=sys.stderr)
    return 1 if failed else 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=CHECKOUT / "bench-results", help="folder for results and tables")
    parser.add_argument("--quick", action="store_true", help="three scans: does it work?")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="DATASET", help="cases whose dataset/name begins so (all)"
    )
    parser.add_argument("--methods", nargs="+", choices=[*MODES, *PEERS], help="methods to run (all)")
    parser.add_argument(
        "--peers",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="run other tools too; they are installed into .venv-bench on first use (yes)",
    )
    parser.add_argument("--peer-python", type=Path, help="a Python that has the other tools, instead of .venv-bench")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of each run (all cores)")
    parser.add_argument("--device", default="cpu", help="where the engine computes (cpu)")
    return parser


def chosen_methods(named: list[str] | None, peers: bool) -> list[str]:
    """The modes and other tools to run, in the order of the tables."""
    return [name for name in (*MODES, *PEERS) if name in (named or (*MODES, *PEERS)) and (peers or name in MODES)]


def known(runner: Runner, cases: list[BenchmarkCase], methods: list[str]) -> Iterator[tuple[str, str]]:
    """Key and current version of everything that the benchmark can measure on these cases with these methods."""
    for case in cases:
        for method in jobs(case, methods):
            yield key_of(case, method), runner.version(case, method)
    for mode in [name for name in methods if name in MODES]:
        for spacing in scaling.SPACINGS:
            yield scaling.key(mode, spacing), _size_version(runner)
    yield page.PANEL, engine_fingerprint()


def run_case(runner: Runner, store: Store, case: BenchmarkCase, methods: list[str]) -> list[str]:
    """Runs what is not in the store yet; gives a sentence for each run that failed."""
    missing = [method for method in jobs(case, methods) if runner.key(case, method) not in store.results]
    if not missing:
        return []
    failed = []
    with phantom_cases.on_disk(case.recipe, case.image.parent):
        for method in missing:
            key = runner.key(case, method)
            print(f"{key} ...", file=sys.stderr, flush=True)
            try:
                store.keep(key, runner.run(case, method), runner.version(case, method))
            except RunFailed as error:
                failed.append(f"{key} failed: {error}")
    runner.forget()
    return failed


def run_sizes(runner: Runner, store: Store, modes: list[str]) -> list[str]:
    """The engine on one brain at several voxel sizes, on the CPU."""
    failed = []
    for key, mode, spacing in [(scaling.key(mode, mm), mode, mm) for mode in modes for mm in scaling.SPACINGS]:
        if key not in store.results:
            print(f"{key} ...", file=sys.stderr, flush=True)
            try:
                store.keep(key, scaling.in_child(mode, spacing, runner.threads), _size_version(runner))
            except RuntimeError as error:
                failed.append(f"{key} failed: {error}")
    return failed


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


def _peer_python(named: Path | None) -> Path:
    return named if named else python_for_peers()


def _size_version(runner: Runner) -> str:
    return fingerprint(engine_fingerprint(), runner.threads)


if __name__ == "__main__":
    raise SystemExit(main())
