"""Makes the virtual environment in ``.venv`` that every make target uses. Needs the standard library only.

A second run that starts meanwhile waits for the first. The stamp is written last and removed first, so that an
interrupted set-up is done anew: a package that pip was writing when it was stopped cannot be told from a whole one.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
ENVIRONMENT = CHECKOUT / ".venv"
STAMP = ENVIRONMENT / ".ready"
LOCK = CHECKOUT / ".venv.lock"
OLDEST, NEWEST = (3, 11), (3, 13)  # slicer-core has wheels for these


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--torch", default="torch>=2.2", help="what pip installs for PyTorch, options included")
    arguments.add_argument("--deepbet", default="deepbet==1.0.2", help="what pip installs for the brain mask")
    chosen = arguments.parse_args()
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return _fail(f"Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]} is needed, this is {sys.version}.")
    if importlib.util.find_spec("ensurepip") is None:
        return _fail("This Python cannot make virtual environments: install its venv package (Debian: python3-venv).")
    with _locked():
        wanted = _fingerprint(chosen)
        if STAMP.is_file() and STAMP.read_text() == wanted:
            STAMP.touch()
            return 0
        try:
            _make(chosen)
        except subprocess.CalledProcessError as error:
            return _fail(f"The set-up stopped at: {shlex.join(error.cmd)}. What pip says above tells why.")
        STAMP.write_text(wanted)
    return 0


def _make(chosen: argparse.Namespace) -> None:
    if not STAMP.is_file() or STAMP.read_text().splitlines()[0] != _place():
        print("Setting up .venv (the first time takes some minutes) ...", flush=True)
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        venv.create(ENVIRONMENT, with_pip=True, symlinks=os.name != "nt")
    STAMP.unlink(missing_ok=True)
    if subprocess.run([_python(), "-c", "import torch"], stderr=subprocess.DEVNULL).returncode:
        # First and by itself: the project asks for any torch, and pip would choose its own build.
        _pip("PyTorch", *shlex.split(chosen.torch))
    _pip("the project, Slicer's core and the test tools", "--editable", ".[test,slicer]")
    _pip("the brain mask", "--no-deps", chosen.deepbet)


def _pip(what: str, *requirements: str) -> None:
    print(f"  installing {what} ...", flush=True)
    subprocess.run(
        [_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements],
        check=True,
        cwd=CHECKOUT,
    )


def _python() -> str:
    return str(ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def _fingerprint(chosen: argparse.Namespace) -> str:
    """Changes whenever the set-up has to run again."""
    project = hashlib.sha256((CHECKOUT / "pyproject.toml").read_bytes()).hexdigest()
    return f"{_place()}\n{chosen.torch} {chosen.deepbet}\n{project}\n"


def _place() -> str:
    """What an environment is bound to: it cannot be moved, nor change its Python."""
    return f"Python {sys.version_info[0]}.{sys.version_info[1]} in {CHECKOUT}"


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """Holds the lock file; the system lets go of it when the process ends, however it ends."""
    with LOCK.open("w") as handle:
        waiting = False
        while not _try_lock(handle):
            if not waiting:
                print("Waiting for another set-up of .venv to end ...", flush=True)
            waiting = True
            time.sleep(0.5)
        yield


def _try_lock(handle) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
