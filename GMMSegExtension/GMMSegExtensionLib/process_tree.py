"""Starting a helper process that can be ended as a whole.

``PythonSlicer`` is a launcher: the interpreter that works is its child, so ending only the launched process would
leave the work running.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence


def launch(command: Sequence[str], environment: dict[str, str] | None = None) -> subprocess.Popen:
    """Start ``command`` with piped streams, in a process group of its own and without a console window."""
    options: dict = {"start_new_session": True}
    if os.name == "nt":
        options = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env=environment,
        **options,
    )


def end(process: subprocess.Popen, patience: float = 2.0) -> None:
    """End ``process`` and everything it started: ask first, kill after ``patience`` seconds."""
    try:
        import psutil
    except ImportError:
        _endGroup(process, patience)
        return
    try:
        root = psutil.Process(process.pid)
        family = [*root.children(recursive=True), root]
    except psutil.NoSuchProcess:
        family = []
    for member in family:
        _quietly(member.terminate, psutil.Error)
    _, survivors = psutil.wait_procs(family, timeout=patience)
    for member in survivors:
        _quietly(member.kill, psutil.Error)
    psutil.wait_procs(survivors, timeout=patience)
    process.poll()


def _endGroup(process: subprocess.Popen, patience: float) -> None:
    """The same without psutil, which is not there before the first installation."""
    if os.name == "nt":
        subprocess.run(
            ["taskkill", "/PID", str(process.pid), "/T", "/F"],
            capture_output=True,
            check=False,
            creationflags=subprocess.CREATE_NO_WINDOW,
        )
        return
    _quietly(lambda: os.killpg(process.pid, signal.SIGTERM), ProcessLookupError)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    # Also when the launcher has ended: its children may not have listened.
    _quietly(lambda: os.killpg(process.pid, signal.SIGKILL), ProcessLookupError)
    process.wait()


def _quietly(action, expected: type[Exception]) -> None:
    """Run ``action``; the process may have ended by itself meanwhile."""
    with contextlib.suppress(expected):
        action()
