"""Which packages the engine finds, and what to say when some are missing. Imports none of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from .errors import InputError
from .failures import missing_packages_sentence

# Import names that a run on arrays needs, and those that reading and reporting files need as well.
ENGINE = ("numpy", "scipy", "torch", "safetensors")
FILES = ("nibabel", "SimpleITK", "matplotlib")


def missing(packages: Sequence[str]) -> list[str]:
    """Those of ``packages`` (import names) that cannot be found."""
    return [name for name in packages if not _is_there(name)]


def require(packages: Sequence[str]) -> None:
    """Sees that ``packages`` (import names) can be found.

    Raises:
        InputError: some cannot; the sentence says how to install them.
    """
    absent = missing(packages)
    if absent:
        raise InputError(missing_packages_sentence(absent))


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # an import hook refuses it, or sys.modules holds None for it
        return False
