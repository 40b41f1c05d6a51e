"""What the readers of all layouts share: finding images whatever their format, and saying which one is missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError

# The first that is there is taken.
SUFFIXES = (".nii.gz", ".nii", ".hdr", ".img", ".mgz", ".mgh", ".nrrd", ".nhdr", ".mha", ".mhd")


def stem(path: Path) -> str:
    """The file's name without the suffix of an image; empty when it is no image's or hidden."""
    ending = next((suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)), "")
    return path.name[: -len(ending)] if ending and not path.name.startswith(".") else ""


def images(folder: Path) -> list[Path]:
    """The images right in a folder, by name; of an ``.hdr`` and ``.img`` pair, and of two formats, one."""
    found: dict[str, Path] = {}
    for path in sorted((file for file in folder.iterdir() if stem(file)), key=lambda file: (stem(file), _rank(file))):
        found.setdefault(stem(path), path)
    return list(found.values())


def _rank(path: Path) -> int:
    return SUFFIXES.index(path.name[len(stem(path)) :].lower())


def image(folder: Path, name: str) -> Path | None:
    """The image called ``name`` (without suffix) in a folder; None when there is none."""
    return next((path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").exists()), None)


def missing(path: Path, remedy: str) -> InputError:
    """For a file that should be there; ``remedy`` is what to do if it cannot be had."""
    return InputError(f"'{path}' is missing; put it there, or {remedy}.")


def subfolders(folder: Path) -> list[Path]:
    """Folders right in a folder, in natural order, without hidden ones."""
    inner = (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return sorted(inner, key=lambda path: in_natural_order(path.name))


def in_natural_order(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts numbers in names by their value."""
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts]


def chosen(channels: Sequence[str] | None, known: Sequence[str], usual: Sequence[str]) -> tuple[str, ...]:
    """The channels to read of those a layout knows.

    Raises:
        InputError: one is unknown or named twice, or none is named.
    """
    wanted = tuple(usual if channels is None else channels)
    for name in wanted:
        if name not in known:
            raise InputError(f"There is no channel '{name}' in this data; known are: {', '.join(known)}.")
        if wanted.count(name) > 1:
            raise InputError(f"The channel '{name}' is named twice; name it once.")
    if not wanted:
        raise InputError(f"No channel is named; known are: {', '.join(known)}.")
    return wanted
