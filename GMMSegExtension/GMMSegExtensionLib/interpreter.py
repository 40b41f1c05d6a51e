"""Which Python runs the worker, and in which environment."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import slicer

_MODULE_FOLDER = Path(__file__).resolve().parent.parent


def siteInterpreter() -> str:
    """The interpreter that the site chose by ``GMMSEG_PYTHON``, empty when it did not."""
    return os.environ.get("GMMSEG_PYTHON", "").strip()


def workerCommand() -> list[str]:
    """Command line of the worker: the site's Python, else Slicer's, else the running one."""
    python = siteInterpreter() or shutil.which("PythonSlicer") or sys.executable
    return [python, "-m", "gmmseg", "worker"]


def workerEnvironment() -> dict[str, str]:
    """Environment in which the worker finds ``gmmseg``.

    A site's own interpreter must not see Slicer's libraries, so it gets the environment from before Slicer's start.
    """
    isForeign = bool(siteInterpreter()) and getattr(slicer, "app", None) is not None
    environment = dict(slicer.util.startupEnvironment() if isForeign else os.environ)
    paths = [str(_MODULE_FOLDER), *filter(None, [environment.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    environment["PYTHONIOENCODING"] = "utf-8"  # the protocol's, where the system's is another
    return environment
