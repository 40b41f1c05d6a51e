"""Progress on the command line: a bar for people, JSON lines for programs, or nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from ..remaining import RemainingTime

if TYPE_CHECKING:
    import numpy as np

KINDS = ("json", "bar", "none")
JSON_SECONDS = 0.1


def choose(kind: str | None, stream: TextIO) -> str:
    """``kind``, or what suits ``stream`` when none was asked for: a bar on a terminal, else nothing."""
    return kind or ("bar" if stream.isatty() else "none")


class NoProgress:
    """Says nothing."""

    def __call__(self, fraction: float, stage: str, message: str, preview: np.ndarray | None = None) -> None:
        pass

    def close(self) -> None:
        pass


class BarProgress(NoProgress):
    """A tqdm bar with stage and remaining time."""

    def __init__(self, stream: TextIO) -> None:
        from tqdm import tqdm

        layout = "{percentage:3.0f} %|{bar:30}| {elapsed}{postfix}"
        self._bar = tqdm(total=1.0, file=stream, bar_format=layout, dynamic_ncols=True, leave=False)
        self._remaining = RemainingTime()
        self._stage = ""

    def __call__(self, fraction: float, stage: str, message: str, preview: np.ndarray | None = None) -> None:
        seconds = self._remaining.update(fraction, stage)
        left = "" if seconds is None else f", {self._bar.format_interval(round(seconds))} left"
        # tqdm draws at its own pace; a new stage is worth drawing at once.
        self._bar.set_postfix_str(f"{message}{left}", refresh=stage != self._stage)
        self._bar.update(max(0.0, fraction - self._bar.n))
        self._stage = stage

    def close(self) -> None:
        self._bar.close()


class JsonProgress(NoProgress):
    """One JSON object a line, the same events as the worker's."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._remaining = RemainingTime(clock)
        self._next_time = -float("inf")
        self._stage = ""

    def __call__(self, fraction: float, stage: str, message: str, preview: np.ndarray | None = None) -> None:
        seconds = self._remaining.update(fraction, stage)
        if stage == self._stage and fraction < 1.0 and self._clock() < self._next_time:
            return
        self._stage, self._next_time = stage, self._clock() + JSON_SECONDS
        self.event(
            "progress", fraction=round(float(fraction), 4), stage=stage, message=message, remaining_seconds=seconds
        )

    def event(self, event: str, **fields: Any) -> None:
        """Writes one event."""
        print(json.dumps({"event": event, **fields}), file=self._stream, flush=True)


def progress(kind: str | None, stdout: TextIO | None = None, stderr: TextIO | None = None) -> NoProgress:
    """The progress of the asked kind (one of :data:`KINDS`, None to choose); close it at the end."""
    stdout, stderr = stdout or sys.stdout, stderr or sys.stderr
    match choose(kind, stderr):
        case "json":
            return JsonProgress(stdout)
        case "bar":
            return BarProgress(stderr)
        case _:
            return NoProgress()
