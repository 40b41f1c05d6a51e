"""The Python in which the other tools run: a virtual environment of its own, because they pin older libraries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from data_paths import CHECKOUT

from .peers import REQUIREMENTS

ENVIRONMENT = CHECKOUT / ".venv-bench"


class PeersMissing(Exception):
    """The tools to compare with could not be installed."""


def python_for_peers(environment: Path = ENVIRONMENT) -> Path:
    """The interpreter of the peers' environment, which is made on first use (from PyPI, some minutes).

    Raises:
        PeersMissing: the installation failed.
    """
    stamp, wanted = environment / ".ready", wanted_stamp()
    if not stamp.is_file() or stamp.read_text() != wanted:
        print(f"Installing {', '.join(REQUIREMENTS)} into {environment.name} ...", file=sys.stderr, flush=True)
        shutil.rmtree(environment, ignore_errors=True)
        try:
            venv.create(environment, with_pip=True, symlinks=os.name != "nt")
            subprocess.run(install_command(_python(environment)), check=True)
        except (subprocess.CalledProcessError, OSError) as error:
            raise PeersMissing(
                f"The tools to compare with could not be installed ({error}): mend what pip says above, or leave them "
                "out with --no-peers."
            ) from error
        stamp.write_text(wanted)
    return _python(environment)


def install_command(python: Path) -> list[str]:
    """What installs the tools for ``python``."""
    return [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS]


def wanted_stamp() -> str:
    """What the finished environment is marked with: it is bound to its place, its Python and the versions in it."""
    return "\n".join([str(CHECKOUT), sys.version, *REQUIREMENTS])


def _python(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
