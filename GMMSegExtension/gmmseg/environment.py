"""Which packages the engine finds, and what to say when some are missing. Imports none of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

# Import names that a run on arrays needs, and those that reading and reporting files need as well.
ENGINE = ("numpy", "scipy", "torch", "safetensors")
FILES = ("nibabel", "SimpleITK", "matplotlib")


def missing(packages: Sequence[str]) -> list[str]:
    """Those of ``packages`` (import names) that cannot be found."""
    return [name for name in packages if not _is_there(name)]


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # an import hook refuses it, or sys.modules holds None for it
        return False
