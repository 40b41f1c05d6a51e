"""What results of several scans are called: as their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError


def of_scans(paths: Sequence[Path]) -> list[str]:
    """The name of each scan, which is its file's or folder's without the ending.

    Raises:
        InputError: two have the same, and so would their results.
    """
    names = [_stem(path) for path in paths]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"Two scans are called '{name}', and so would be their results; rename one of them.")
    return names


def _stem(path: Path) -> str:
    name = path.name
    for ending in (".nii.gz", path.suffix):
        if ending and name.lower().endswith(ending.lower()):
            return name[: -len(ending)]
    return name
