"""Folders of scans with manual labels, as their users have them, behind one function: :func:`find`.

One layout is one module of this package with ``LAYOUT`` (a sentence part that describes it), ``recognises(path)`` and
``read(path, channels)``. Finding opens no image; a :class:`Subject` reads its own when it is asked to. Free of torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from ..errors import InputError
from ..safe_files import file_name
from . import bids, flat, ibsr, manifest, mrbrains
from .files import in_natural_order, subfolders
from .splits import Split, by_shares, folds, labelled
from .subjects import CSF, GM, UNLABELLED, WM, Subject, check_t1

__all__ = ["CSF", "GM", "UNLABELLED", "WM", "Split", "Subject", "by_shares", "check_t1", "find", "folds", "labelled"]

# The first that recognises a folder reads it. A new layout is a new module and its name here.
_LAYOUTS: tuple[ModuleType, ...] = (manifest, ibsr, mrbrains, bids, flat)


def find(path: Path | str, channels: Sequence[str] | None = None) -> list[Subject]:
    """The scans of a data set, in the order of their names ("4" before "14").

    Args:
        path: a folder in one of the layouts (IBSR v2, MRBrainS18, BIDS, files ``ID_T1``), or a CSV manifest.
        channels: names of the wanted channels, such as ("T1", "FLAIR"), the one that defines the grid first; None for
            what the layout usually has: T1, for MRBrainS18 also IR and FLAIR, for a manifest all its image columns.

    Raises:
        InputError: there is nothing there, the layout is unknown, or a file is missing.
    """
    path = Path(path)
    try:
        reader = _layout(path)
        subjects = reader.read(path, channels)
    except OSError as error:
        raise InputError(f"'{error.filename or path}' cannot be read ({error.strerror}); check the disk.") from error
    counts = Counter(subject.id for subject in subjects)
    names: dict[str, str] = {}
    for subject in subjects:
        other = names.setdefault(file_name(subject.id).casefold(), subject.id)
        if other == subject.id and counts[other] > 1:
            raise InputError(f"Two scans in '{path}' are called '{other}'; rename one of them.")
        if other != subject.id:
            raise InputError(f"The scans '{other}' and '{subject.id}' would share their results; rename one of them.")
    return sorted(subjects, key=lambda subject: in_natural_order(subject.id))


def _layout(path: Path) -> ModuleType:
    """The module that reads what lies at ``path``."""
    if not path.exists():
        raise InputError(f"'{path}' does not exist; check the name.")
    for layout in _LAYOUTS:
        if layout.recognises(path):
            return layout
    if not path.is_dir():
        raise InputError(f"'{path}' is no folder and no manifest; a manifest's name ends in .csv or .tsv.")
    if not any(path.iterdir()):
        raise InputError(f"The folder '{path}' is empty; check the name.")
    for inner in subfolders(path):
        if any(layout.recognises(inner) for layout in _LAYOUTS):
            raise InputError(f"'{path}' is no data set, but the folder '{inner.name}' in it is; give '{inner}'.")
    known = "; ".join(layout.LAYOUT for layout in _LAYOUTS)
    raise InputError(f"'{path}' has none of the layouts that can be read ({known}); describe it by a manifest.")
