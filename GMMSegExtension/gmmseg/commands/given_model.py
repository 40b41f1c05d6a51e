"""A model named as people do on the command line: by its name, one of its two files, or the folder it lies in."""

from __future__ import annotations

from pathlib import Path

from ..errors import InputError
from ..model_files import CARD, WEIGHTS, Entry, entry_in, find, names_in


def given(place: str) -> Entry:
    """The model, not loaded.

    Args:
        place: a folder that holds one model, such as that of a training, a model's weights or card, or its name.

    Raises:
        InputError: there is no such model, a folder holds none or several, or the card is not right.
    """
    path = Path(place)
    if path.is_dir():
        return _only_one(path)
    if path.suffix in (CARD, WEIGHTS):
        return entry_in(path.parent, path.stem)
    return find(place)


def _only_one(folder: Path) -> Entry:
    entries = []
    for name in names_in(folder):
        try:
            entries.append(entry_in(folder, name))
        except InputError:  # a training has a checkpoint and a record beside its model
            continue
    if not entries:
        raise InputError(f"'{folder}' holds no whole model; end its training first, or give the folder that has one.")
    if len(entries) > 1:
        names = ", ".join(entry.card.name for entry in entries)
        raise InputError(f"'{folder}' holds several models ({names}); give the file of one of them.")
    return entries[0]
