"""Cells to be done in processes of their own, which have to be able to import them."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from gmmseg.errors import InputError


@dataclass(frozen=True)
class Task:
    """What one cell does: ``finish``, ``fail``, ``die``, or ``wait`` until it is stopped."""

    key: str
    folder: Path
    how: str = "finish"


def do(task: Task, progress) -> None:
    """Leaves a file for a cell that is done, or stopped in order."""
    progress(0.5, "train", "half done")
    if task.how == "fail":
        raise InputError("The scan is broken; mend it.")
    if task.how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        while task.how == "wait":
            time.sleep(0.25)
            progress(0.5, "train", "waiting")
    except BaseException:
        (task.folder / f"{task.key} stopped").touch()
        raise
    (task.folder / task.key).write_text(os.environ.get("OMP_NUM_THREADS", ""))
