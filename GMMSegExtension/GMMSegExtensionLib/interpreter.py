"""Which Python runs the worker, and in which environment."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import slicer
from slicer.i18n import tr as _

_MODULE_FOLDER = Path(__file__).resolve().parent.parent


def siteInterpreter() -> str:
    """The interpreter that the site chose by ``GMMSEG_PYTHON``, empty when it did not."""
    return os.environ.get("GMMSEG_PYTHON", "").strip()


def workerCommand() -> list[str]:
    """Command line of the worker: the site's Python, else Slicer's, else the running one.

    :raises RuntimeError: there is none of them.
    """
    python = siteInterpreter() or shutil.which("PythonSlicer") or _runningInterpreter()
    if not python:
        raise RuntimeError(
            _("Slicer's Python (PythonSlicer) was not found; set GMMSEG_PYTHON to a Python that has PyTorch.")
        )
    return [python, "-m", "gmmseg", "worker"]


def _runningInterpreter() -> str:
    """``sys.executable``, or empty inside Slicer, where that is Slicer itself: the worker would be a second one."""
    return sys.executable if "python" in Path(sys.executable or "").name.lower() else ""


def workerEnvironment() -> dict[str, str]:
    """Environment in which the worker finds ``gmmseg``.

    A site's own interpreter must not see Slicer's libraries, so it gets the environment from before Slicer's start.
    """
    isForeign = bool(siteInterpreter()) and getattr(slicer, "app", None) is not None
    environment = dict(slicer.util.startupEnvironment() if isForeign else os.environ)
    paths = [str(_MODULE_FOLDER), *filter(None, [environment.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    environment["PYTHONSAFEPATH"] = "1"  # no modules from the folder that Slicer happened to be started in
    environment["PYTHONIOENCODING"] = "utf-8"  # the protocol's, where the system's is another
    return environment
