"""How long the Qt event loop was kept from working, and by which line of Python.

with event_loop_watchdog() as watch:
    widget.ui.segmentButton.click()
    application.process_events_until(lambda: not widget.logic.isRunning)
assert watch.longest_ms < 100, watch.where

Whatever the main thread does counts, a test's own code between two looks at the events too. Time in which the main
thread was ready but the machine had no core for it does not (where the system tells, as Linux does).
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PySide6 import QtCore

from host import charts

BEAT_MS = 5
# A stack is looked at when the loop is late by this much, and then at this pace.
LATE_MS = 30
SAMPLE_MS = 10
_FRAMES_SHOWN = 12


@dataclass(frozen=True)
class Block:
    """A time in which no event was handled; `where` is the stack seen in the middle of it."""

    milliseconds: float
    where: str


@dataclass
class Watch:
    """What a watchdog saw. Readable at any time."""

    blocks: list[Block] = field(default_factory=list)
    longest_ms: float = 0.0
    where: str = ""

    def worst(self, count: int = 5) -> list[Block]:
        """The longest blocks, the longest first."""
        return sorted(self.blocks, key=lambda block: -block.milliseconds)[:count]


class _Watchdog:
    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._main = threading.get_ident()
        self._starved_file = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._stacks: list[str] = []
        self._ended = threading.Event()
        self._sampler = threading.Thread(target=self._sample, name="watchdog", daemon=True)
        self._timer = QtCore.QTimer()
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.beat)
        self._last, self._starved = time.perf_counter(), self._starved_ms()

    def start(self) -> None:
        self._last, self._starved = time.perf_counter(), self._starved_ms()
        self._timer.start(BEAT_MS)
        self._sampler.start()

    def stop(self) -> None:
        self.beat()
        self._timer.stop()
        self._ended.set()
        self._sampler.join()

    def _starved_ms(self) -> float:
        """How long the main thread has waited for a core since it began."""
        try:
            return int(self._starved_file.read_text().split()[1]) / 1e6
        except (OSError, IndexError, ValueError):
            return 0.0

    def beat(self) -> None:
        now, starved = time.perf_counter(), self._starved_ms()
        passed = (now - self._last) * 1000 - (starved - self._starved) - BEAT_MS
        stacks, self._stacks = self._stacks, []
        self._last, self._starved = now, starved
        if passed > self._watch.longest_ms:
            self._watch.longest_ms = passed
            self._watch.where = stacks[len(stacks) // 2] if stacks else ""
        if passed > LATE_MS:
            self._watch.blocks.append(Block(passed, stacks[len(stacks) // 2] if stacks else ""))

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLE_MS / 1000):
            if (time.perf_counter() - self._last) * 1000 > LATE_MS:
                frame = sys._current_frames().get(self._main)
                if frame is not None:
                    self._stacks.append("".join(traceback.format_stack(frame)[-_FRAMES_SHOWN:]))


@contextlib.contextmanager
def event_loop_watchdog() -> Iterator[Watch]:
    """Watch the event loop of this thread. There must be an application object."""
    # The first chart of a process makes a window, which is the stand-in's own cost.
    charts.screen()
    watch = Watch()
    watchdog = _Watchdog(watch)
    watchdog.start()
    try:
        yield watch
    finally:
        watchdog.stop()
