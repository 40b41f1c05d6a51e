"""The reader's side of the worker for tests: starts it, sends lines, collects events, never waits for ever."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gmmseg

TESTING = Path(__file__).parent
DEADLINE = 60.0


class WorkerClient:
    """A running worker.

    Args:
        command: arguments of the Python interpreter.
        path: folders put before the module search path.
    """

    def __init__(self, command: Sequence[str], path: Sequence[Path] = ()) -> None:
        package = Path(gmmseg.__file__).parent.parent
        folders = os.pathsep.join(str(folder) for folder in (*path, package))
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": folders, "OMP_NUM_THREADS": "1"},
        )
        self.errors: list[bytes] = []
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._threads = [
            threading.Thread(target=self._collect_lines, daemon=True),
            threading.Thread(target=self._collect_errors, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def send(self, message: dict[str, Any] | str) -> None:
        """One line; a text goes as it is."""
        line = message if isinstance(message, str) else json.dumps(message)
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def next(self, deadline: float = DEADLINE) -> dict[str, Any] | None:
        """The next event; None at the end of the stream. AssertionError when nothing comes."""
        try:
            line = self._lines.get(timeout=deadline)
        except queue.Empty:
            raise AssertionError(f"no event within {deadline} s; stderr: {b''.join(self.errors)!r}") from None
        return json.loads(line) if line else None

    def until(self, *events: str, deadline: float = DEADLINE) -> list[dict[str, Any]]:
        """Events up to and with the first of one of these kinds."""
        seen = []
        while not seen or seen[-1]["event"] not in events:
            event = self.next(deadline)
            assert event is not None, f"the worker ended after {seen}; stderr: {b''.join(self.errors)!r}"
            seen.append(event)
        return seen

    def wait(self, deadline: float = DEADLINE) -> int:
        """The exit status, once it has ended by itself."""
        return self.process.wait(deadline)

    def close(self) -> None:
        """Ends it, however it is."""
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(BrokenPipeError):  # what a dead worker has not read
                stream.close()

    def _collect_lines(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def _collect_errors(self) -> None:
        for line in self.process.stderr:
            self.errors.append(line)


def misbehaving_worker(*arguments: str) -> WorkerClient:
    """A worker that knows the jobs of ``worker_with_test_jobs`` too."""
    return WorkerClient([str(TESTING / "worker_with_test_jobs.py"), *arguments])
