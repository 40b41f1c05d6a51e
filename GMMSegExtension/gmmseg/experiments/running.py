"""Doing cells: in this process one after the other, or in several processes, of which any may die."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Protocol, TypeVar

from ..errors import Cancelled
from ..failures import CANCELLED, explain
from ..interrupts import Interrupts
from ..progress import Progress

# A process that is told to stop keeps its checkpoint first.
STOP_SECONDS = 30.0
# Between two messages of a process about its progress.
_QUIET_SECONDS = 0.2


class Keyed(Protocol):
    """What can be done: anything with a name that can be sent to a process."""

    @property
    def key(self) -> str: ...


Task = TypeVar("Task", bound=Keyed)
Do = Callable[[Any, Progress], None]


@dataclass
class Counter:
    """Progress of many cells as one.

    Attributes:
        total: cells in all.
        progress: told about the whole.
        done: cells that are finished or failed.
        running: share done of those begun, by name.
    """

    total: int
    progress: Progress
    done: int = 0
    running: dict[str, float] = field(default_factory=dict)
    highest: float = 0.0

    def tell(self, key: str, fraction: float, message: str) -> None:
        """A cell has come to ``fraction``."""
        self.running[key] = min(max(fraction, 0.0), 1.0)
        self.highest = max(self.highest, (self.done + sum(self.running.values())) / max(self.total, 1))
        self.progress(min(self.highest, 1.0), "train", f"{key} (cell {self.done + 1} of {self.total}): {message}")

    def end(self, key: str) -> None:
        """A cell is finished, or has failed."""
        self.running.pop(key, None)
        self.done += 1


def run_cells(cells: Sequence[Task], do: Do, jobs: int, progress: Progress, interrupts: Interrupts) -> dict[str, str]:
    """Does the cells in their order, ``jobs`` of them at the same time.

    Args:
        cells: to be done.
        do: does one; for several jobs a picklable function or bound method.
        jobs: 1 for this process, else so many others with one thread each.
        progress: told about the whole.
        interrupts: of the command; a stop is asked for between two steps of a cell, never in the midst of one.

    Returns:
        By cell why it failed; the others are finished.

    Raises:
        Cancelled, KeyboardInterrupt: a stop was asked for. Cells that are finished stay so.
    """
    counter = Counter(len(cells), interrupts.watched(progress))
    if jobs == 1:
        return _one_by_one(cells, do, counter, interrupts)
    return _Pool(do, min(jobs, max(len(cells), 1)), counter).run(list(cells))


def _one_by_one(cells: Sequence[Task], do: Do, counter: Counter, interrupts: Interrupts) -> dict[str, str]:
    failed = {}
    for cell in cells:
        try:
            with interrupts.shield():
                do(cell, _told(counter, cell.key))
        except Exception as error:
            kind, sentence = explain(error)
            if kind == CANCELLED:
                raise
            failed[cell.key] = sentence
        counter.end(cell.key)
    return failed


def _told(counter: Counter, key: str) -> Progress:
    return lambda fraction, stage, message, preview=None: counter.tell(key, fraction, message)


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    cell: Any = None


class _Pool:
    """Processes that each do one cell after the other."""

    def __init__(self, do: Do, jobs: int, counter: Counter) -> None:
        self.context = multiprocessing.get_context("spawn")
        self.do, self.jobs, self.counter = do, jobs, counter
        self.workers: list[_Worker] = []
        self.failed: dict[str, str] = {}

    def run(self, waiting: list[Any]) -> dict[str, str]:
        try:
            while waiting or any(worker.cell is not None for worker in self.workers):
                self._hand_out(waiting)
                for pipe in connection.wait([worker.pipe for worker in self.workers], timeout=0.5):
                    self._hear(next(worker for worker in self.workers if worker.pipe is pipe))
        finally:
            self._stop()
        return self.failed

    def _hand_out(self, waiting: list[Any]) -> None:
        """A cell for each process that has none; new processes for those that died."""
        busy = sum(worker.cell is not None for worker in self.workers)
        while len(self.workers) < min(self.jobs, busy + len(waiting)):
            self.workers.append(self._started())
        for worker in self.workers:
            if worker.cell is None and waiting:
                worker.cell = waiting.pop(0)
                # A process that died in the meantime is noticed when its pipe is read.
                with contextlib.suppress(OSError):
                    worker.pipe.send(worker.cell)

    def _hear(self, worker: _Worker) -> None:
        try:
            what, *rest = worker.pipe.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        if what == "progress":
            self.counter.tell(worker.cell.key, *rest)
            return
        if what == "failed":
            self.failed[worker.cell.key] = rest[0]
        self.counter.end(worker.cell.key)
        worker.cell = None

    def _bury(self, worker: _Worker) -> None:
        worker.process.join()
        worker.pipe.close()
        self.workers.remove(worker)
        if worker.cell is not None:
            self.failed[worker.cell.key] = f"its process ended (exit status {worker.process.exitcode})"
            self.counter.end(worker.cell.key)

    def _started(self) -> _Worker:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=_work, args=(theirs, self.do), daemon=False)
        with _one_thread():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _stop(self) -> None:
        """Ends all processes; those at work are told to, and keep their checkpoints."""
        for worker in self.workers:
            if worker.cell is not None:
                worker.process.terminate()
            # The end of the pipe ends an idle process; a busy one notices when it tells its progress.
            worker.pipe.close()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in self.workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _work(pipe: Connection, do: Do) -> None:
    """A process: cells come in, their progress and their end go out, until the other side ends or stops it."""
    with contextlib.suppress(KeyboardInterrupt, EOFError, OSError), Interrupts() as interrupts:
        # Ctrl-C reaches every process of a terminal, but it is the first one that ends the others.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            cell = pipe.recv()
            pipe.send(_outcome(cell, do, pipe, interrupts))


def _outcome(cell: Any, do: Do, pipe: Connection, interrupts: Interrupts) -> tuple[str, ...]:
    try:
        with interrupts.shield():
            do(cell, interrupts.watched(_telling(pipe)))
    except Exception as error:
        return "failed", explain(error)[1]
    return ("done",)


def _telling(pipe: Connection) -> Progress:
    said = -float("inf")

    def tell(fraction: float, stage: str, message: str, preview: Any = None) -> None:
        nonlocal said
        if time.monotonic() - said < _QUIET_SECONDS:
            return
        said = time.monotonic()
        try:
            pipe.send(("progress", fraction, message))
        except OSError as error:  # whoever asked for the cell is gone
            raise Cancelled from error

    return tell


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started in the block compute with one thread each: their libraries read it when they are imported."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
