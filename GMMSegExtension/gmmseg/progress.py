"""How a run tells what it is doing, and how it is stopped."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Progress(Protocol):
    """Called by a run a few times a second.

    Args:
        fraction: done so far, 0 to 1, never falling.
        stage: short machine-readable name (see ``STAGES``).
        message: what the user reads.
        preview: (I, J, K) uint8 labels on the first image's grid when there are new ones, else None.

    Raises:
        Cancelled: to stop the run here.
    """

    def __call__(self, fraction: float, stage: str, message: str, preview: np.ndarray | None = None) -> None: ...


STAGES = ("read", "mask", "prepare", "mixture", "warm-up", "train", "posterior", "prior", "field", "results", "write")


def silent(fraction: float, stage: str, message: str, preview: np.ndarray | None = None) -> None:
    """Progress that nobody looks at."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """Progress of a step that takes the share ``start`` to ``stop`` of the whole."""

    def report(fraction: float, stage: str, message: str, preview: np.ndarray | None = None) -> None:
        progress(start + (stop - start) * min(max(fraction, 0.0), 1.0), stage, message, preview)

    return report
