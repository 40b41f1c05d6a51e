"""Ctrl-C and a polite kill as one way to stop a command, except while results take their final names."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

from .errors import Cancelled

if TYPE_CHECKING:
    import numpy as np

    from .progress import Progress


class Interrupts:
    """Turns SIGINT and SIGTERM into one KeyboardInterrupt inside a ``with`` block.

    Only the first signal counts: a second one would break into the cleaning up. In a thread other than the
    main one, where Python cannot catch signals, the block changes nothing.
    """

    def __init__(self) -> None:
        self._requested = False
        self._shielded = False

    def __enter__(self) -> Interrupts:
        self._previous = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """Raises Cancelled when a stop was asked for: a library may have swallowed the KeyboardInterrupt."""
        if self._requested:
            raise Cancelled

    def watched(self, progress: Progress) -> Progress:
        """``progress`` that also raises Cancelled when a stop was asked for."""

        def report(fraction: float, stage: str, message: str, preview: np.ndarray | None = None) -> None:
            self.check()
            progress(fraction, stage, message, preview)

        return report

    @contextlib.contextmanager
    def shield(self) -> Iterator[None]:
        """A block that is too short to stop in and must be done whole; not entered once a stop was asked for."""
        self.check()
        self._shielded = True
        try:
            yield
        finally:
            self._shielded = False

    def _stop(self, number: int, frame: FrameType | None) -> None:
        first, self._requested = not self._requested, True
        if first and not self._shielded:
            raise KeyboardInterrupt
