"""Work on the application's thread, cut into steps so short that the user does not notice them.

A step is what a generator does between two ``yield``; what it returns at the end is the outcome. The owner of the event
loop takes one step after another from a timer; who may wait takes them all with :func:`finish`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

import numpy as np

Outcome = TypeVar("Outcome")
Steps = Generator[None, None, Outcome]
# Tells the owner of a job that it has ended, see EngineJob.handle.
Announce = Callable[[], None]

# What one step may move: some milliseconds, also on a slow computer.
SLAB_VOXELS = 1 << 20


def finish(steps: Steps[Outcome]) -> Outcome:
    """Do all steps now; returns their outcome."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def slabs(array: np.ndarray, axis: int | None = None) -> list[tuple[slice, ...]]:
    """Index of each part of ``array``, together the whole, none much above ``SLAB_VOXELS``.

    :param axis: the one to cut; by default that which varies slowest in memory, so that a part is one piece of a file.
    """
    if axis is None:
        axis = int(np.argmax(np.abs(array.strides)))
    length = array.shape[axis]
    thickness = max(1, SLAB_VOXELS * length // max(array.size, 1))
    around = [slice(None)] * array.ndim
    return [
        (*around[:axis], slice(start, start + thickness), *around[axis + 1 :]) for start in range(0, length, thickness)
    ]
