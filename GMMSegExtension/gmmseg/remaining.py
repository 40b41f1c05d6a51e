"""How long a run will still take, judged by the pace of its present stage."""

from __future__ import annotations

import time
from collections.abc import Callable

# Shorter observations than this make estimates that jump about.
MIN_SECONDS = 0.5


class RemainingTime:
    """Seconds left, from the fractions a run reports.

    Stages run at different paces (reading, training), so the present stage's own pace counts as soon as it
    has been seen for a moment; until then the whole run's pace does.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._run: tuple[float, float] | None = None
        self._stage: tuple[float, float] | None = None
        self._stage_name = ""

    def update(self, fraction: float, stage: str) -> float | None:
        """Seconds left after ``fraction`` (0 to 1) is done in ``stage``; None while nobody can tell."""
        now = (self._clock(), fraction)
        if self._run is None:
            self._run = now
        if self._stage is None or stage != self._stage_name:
            self._stage, self._stage_name = now, stage
        for start in (self._stage, self._run):
            seconds, done = now[0] - start[0], fraction - start[1]
            if seconds >= MIN_SECONDS and done > 0:
                return (1.0 - fraction) * seconds / done
        return None
