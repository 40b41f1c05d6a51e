"""``gmmseg experiment``: data sets in, the paper's tables and figures out. The same folder again goes on."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Cancelled, InputError
from ..experiments import config as configs
from ..experiments.config import ExperimentConfig
from . import command_frame, console

if TYPE_CHECKING:
    from ..datasets import Subject
    from ..experiments.laboratory import Laboratory
    from ..experiments.plan import Experiment
    from ..experiments.store import Cell


def run(arguments: argparse.Namespace) -> int:
    """Does the command; returns 0, or 1 when cells failed.

    Raises:
        InputError: anything the user can mend.
        Cancelled, KeyboardInterrupt: on Ctrl-C or SIGTERM; what is finished is kept.
    """
    if arguments.jobs < 1:
        raise InputError(f"--jobs must be at least 1, but is {arguments.jobs}.")
    config = configuration(arguments)
    with command_frame.running(arguments.progress) as frame:
        done = _Run(arguments, config).do(frame)
    _tell(done, arguments, frame.shown)
    return 1 if done.failed else 0


def configuration(arguments: argparse.Namespace) -> ExperimentConfig:
    """What the options ask for: a file, else ``--quick``, else what the output folder has, else as printed.

    Raises:
        InputError: the file cannot be used, or a value is out of its range.
    """
    kept = Path(arguments.out) / configs.CONFIG
    if arguments.config:
        config = configs.read(Path(arguments.config))
    elif arguments.quick:
        config = configs.preset("quick")
    else:
        config = configs.read(kept) if kept.is_file() else configs.preset("as-printed")
    given = {
        "seeds": arguments.seeds,
        "networks": arguments.networks and tuple(arguments.networks),
        "channels": arguments.channels and tuple(arguments.channels),
    }
    return dataclasses.replace(config, **{name: value for name, value in given.items() if value is not None})


@dataclass(frozen=True)
class _Done:
    written: list[Path]
    failed: dict[str, str]
    finished: int
    cells: int


class _Run:
    """One call of the command."""

    def __init__(self, arguments: argparse.Namespace, config: ExperimentConfig) -> None:
        self.arguments, self.config = arguments, config

    def do(self, frame: command_frame.Frame) -> _Done:
        from ..experiments import paper_figures, plan
        from ..experiments.running import run_cells

        arguments = self.arguments
        paper = paper_figures.read(Path(arguments.paper) if arguments.paper else None)
        laboratory = self._laboratory()
        made = plan.experiments(arguments.experiments, list(laboratory.data))
        cells = plan.cells(made, self.config, dict(laboratory.data))
        waiting = [cell for cell in cells if laboratory.finished(cell) is None]
        failed: dict[str, str] = {}
        if not arguments.tables_only:
            configs.write(self.config, laboratory.store.out)
            try:
                failed = run_cells(waiting, laboratory.do, arguments.jobs, frame.progress, frame.interrupts)
            except (Cancelled, KeyboardInterrupt) as stop:
                raise Cancelled(_how_to_go_on(laboratory, cells)) from stop
        frame.progress(1.0, "write", "Writing tables and figures")
        results = {cell: laboratory.store.load(cell) for cell in cells}
        written = self._written(made, laboratory, results, paper)
        return _Done(written, failed, sum(result is not None for result in results.values()), len(cells))

    def _laboratory(self) -> Laboratory:
        """Data sets, folder and device, all of them seen to be usable."""
        from .. import devices
        from ..experiments.laboratory import Laboratory
        from ..experiments.store import Store
        from ..safe_files import ensure_output_folder

        device, precision = (getattr(self.arguments, name, "auto") for name in ("device", "precision"))
        devices.resolve_precision(precision, devices.resolve(device))
        data = read_data(self.arguments.data, self.config.channels)
        out = ensure_output_folder(self.arguments.out)
        return Laboratory(self.config, data, Store(out), device, precision)

    def _written(self, made: list[Experiment], laboratory: Laboratory, results: dict, paper: list) -> list[Path]:
        from ..experiments import output

        command = told_command(self.arguments)
        return [path for experiment in made for path in output.write(experiment, laboratory, results, command, paper)]


def read_data(paths: Sequence[str], channels: Sequence[str] | None) -> dict[str, list[Subject]]:
    """Scans by the name of their data set, which is that of its folder or manifest.

    Raises:
        InputError: one cannot be read, or two have the same name.
    """
    from .. import datasets

    found: dict[str, list[Subject]] = {}
    for path in map(Path, paths):
        name = data_name(path)
        if name in found:
            raise InputError(f"Two data sets are called '{name}'; rename the folder or manifest of one of them.")
        found[name] = datasets.find(path, channels)
    return found


def data_name(path: Path) -> str:
    """What a data set is called in tables and folders."""
    return path.stem if path.is_file() else path.resolve().name


def told_command(arguments: argparse.Namespace) -> str:
    """The command as pages show it: with names of files and folders, not where they lie on this machine."""
    words = ["gmmseg", "experiment", *arguments.experiments]
    for path in arguments.data:
        words += ["--data", Path(path).name or data_name(Path(path))]
    words += ["--out", Path(arguments.out).name or "."]
    words += ["--quick"] if arguments.quick else []
    for name in ("config", "paper"):
        value = getattr(arguments, name)
        words += [f"--{name}", Path(value).name] if value else []
    words += ["--seeds", str(arguments.seeds)] if arguments.seeds is not None else []
    for name in ("networks", "channels"):
        value = getattr(arguments, name)
        words += [f"--{name}", *value] if value else []
    words += ["--jobs", str(arguments.jobs)] if arguments.jobs != 1 else []
    for name in ("device", "precision"):
        value = getattr(arguments, name, None)
        words += [f"--{name}", value] if value else []
    return shlex.join(words)


def _how_to_go_on(laboratory: Laboratory, cells: Sequence[Cell]) -> str:
    finished = sum(laboratory.store.load(cell) is not None for cell in cells)
    return (
        f"Cancelled; {finished} of {len(cells)} cells are finished in '{laboratory.store.out}'; give the same command "
        "again to go on, or add --tables-only to see them."
    )


def _tell(done: _Done, arguments: argparse.Namespace, shown: console.NoProgress) -> None:
    """What came out, as a last event or as a few lines; cells that failed on stderr."""
    for key, sentence in done.failed.items():
        print(f"gmmseg: the cell {key} failed: {sentence}", file=sys.stderr)
    if isinstance(shown, console.JsonProgress):
        shown.event(
            "done",
            output=str(arguments.out),
            files=[path.name for path in done.written],
            finished=done.finished,
            cells=done.cells,
            failed=done.failed,
        )
        return
    print(f"{done.finished} of {done.cells} cells are finished")
    for path in done.written:
        if path.suffix == ".md":
            print(path)
