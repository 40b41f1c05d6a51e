"""What a user does with models of their own: copy in and out, rename, delete, choose the default. Free of torch.

Own models lie in :func:`gmmseg.model_files.user_folder`. Those of the program can be copied out but not changed, so
that a result that names one can be had again.

The chosen default is what Slicer's panel starts new scenes with and what ``--model default`` stands for. A run that
names no model uses the shipped one whatever was chosen: the same command gives everybody the same result.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from pathlib import Path

from .errors import InputError
from .model_card import RESERVED, ModelCard, check_name
from .model_files import (
    CARD,
    DEFAULT,
    WEIGHTS,
    entry_in,
    find,
    folder_of,
    is_shipped,
    names_in,
    read_weights,
    user_folder,
)
from .safe_files import atomic, ensure_output_folder

# The word that stands for the chosen default; no model can have it as name.
CHOSEN = RESERVED
# The dot keeps it from being taken for a card.
_CHOICE_FILE = ".default.json"


def copy_in(folder: str | os.PathLike, name: str, new_name: str | None = None, overwrite: bool = False) -> ModelCard:
    """Copies a model from any folder to the user's own; both files appear, or none.

    Whether the weights fit the network takes torch to tell: see :func:`gmmseg.models.check`.

    Args:
        folder: that holds the model's two files.
        name: of the model there.
        new_name: what to call it here; ``name`` when None.
        overwrite: whether it may take the place of one of the user's own models.

    Returns:
        The card as it is written: of the new name.

    Raises:
        InputError: a file is missing, damaged or foreign, the name is taken or cannot be one, or the user's folder
            cannot be written to.
    """
    new_name = name if new_name is None else new_name
    fault = obstacle(new_name, overwrite)
    if fault:
        raise InputError(fault)
    entry = entry_in(Path(folder), name)
    entry.card.check_usable()
    data = read_weights(entry)
    card = dataclasses.replace(entry.card, name=new_name)
    write_files(user_folder(), card, data)
    return card


def copy_out(name: str, folder: str | os.PathLike, overwrite: bool = False) -> ModelCard:
    """Copies a model, shipped or the user's own, to another folder; both files appear, or none.

    Args:
        name: of the model.
        folder: made unless it is there.
        overwrite: whether files of these names may be replaced.

    Raises:
        InputError: there is no such model, it is damaged, files of its name are there already, or the folder cannot
            be written to.
    """
    entry = find(name)
    data = read_weights(entry)
    there = [path for path in _files(Path(folder), name) if path.exists()]
    if there and not overwrite:
        raise InputError(f"'{there[0]}' is there already; choose another folder.")
    write_files(folder, entry.card, data)
    return entry.card


def rename(old: str, new: str) -> ModelCard:
    """Gives one of the user's own models another name; the chosen default keeps being the same model.

    Returns:
        The card with the new name.

    Raises:
        InputError: the model is shipped, not there or broken, the new name is taken or cannot be one, or the files
            cannot be changed.
    """
    folder = folder_of_own(old, "renamed")
    entry = entry_in(folder, old)
    fault = obstacle(new)
    if fault:
        raise InputError(fault)
    was_chosen = default() == old
    card = dataclasses.replace(entry.card, name=new)
    new_card, new_weights = _files(folder, new)
    try:
        with atomic(new_card) as card_file:
            card_file.write_text(card.to_json(), encoding="utf-8")
            entry.weights.rename(new_weights)
    except (OSError, InputError) as error:
        with contextlib.suppress(OSError):
            new_weights.rename(entry.weights)
        if isinstance(error, OSError):
            raise _unchangeable(entry.weights, "renamed", error) from error
        raise
    _unlink(folder / f"{old}{CARD}", "renamed")
    if was_chosen:
        set_default(new)
    return card


def delete(name: str) -> None:
    """Deletes one of the user's own models, whole or broken. If it was the chosen default, the shipped one is again.

    Raises:
        InputError: the model is shipped or not there, or its files cannot be deleted.
    """
    folder = folder_of_own(name, "deleted")
    was_chosen = _choice() == name
    for path in _files(folder, name):
        _unlink(path, "deleted")
    if was_chosen:
        with contextlib.suppress(OSError):  # a choice of what is gone is no choice
            (folder / _CHOICE_FILE).unlink()


def default() -> str:
    """Name of the model that the user has chosen as default; the shipped one without a choice, or when it is gone."""
    chosen = _choice()
    try:
        return DEFAULT if chosen is None else find(chosen).card.name
    except InputError:
        return DEFAULT


def set_default(name: str) -> None:
    """Chooses the model that Slicer's panel starts new scenes with and that ``--model default`` stands for.

    Raises:
        InputError: there is no such model, it cannot be used, or the choice cannot be stored.
    """
    find(name).card.check_usable()
    folder = ensure_output_folder(user_folder())
    with atomic(folder / _CHOICE_FILE) as file:
        file.write_text(json.dumps({"model": name}) + "\n", encoding="utf-8")


def obstacle(name: str, overwrite: bool = False) -> str:
    """The sentence for why a new model of the user's cannot be called ``name``, empty when it can.

    Args:
        name: what the user wants to call it.
        overwrite: whether it may take the place of one of the user's own models.
    """
    try:
        check_name(name)
        # Systems differ in whether case makes another file.
        taken = {} if overwrite else {other.casefold(): other for other in names_in(user_folder())}
    except InputError as error:
        return str(error)
    if is_shipped(name):
        return f"The model '{name}' belongs to the program and cannot be replaced; choose another name."
    if name.casefold() in taken:
        return f"You have a model '{taken[name.casefold()]}' already; choose another name, or delete that one first."
    return ""


def folder_of_own(name: str, what: str) -> Path:
    """The user's folder, which holds the model ``name``, whole or broken.

    Args:
        name: of the model.
        what: shall become of it, for the sentence: ``renamed`` or ``deleted``.

    Raises:
        InputError: the model is shipped or not there.
    """
    folder = folder_of(name)
    if is_shipped(name):
        raise InputError(f"The model '{name}' belongs to the program and cannot be {what}; copy it to another name.")
    return folder


def write_files(folder: str | os.PathLike, card: ModelCard, data: bytes) -> None:
    """Writes the two files of a model, both complete before either takes the place of an older one.

    Args:
        folder: made unless it is there.
        card: its ``name`` is the files'.
        data: the weights file.

    Raises:
        InputError: the folder cannot be written to.
    """
    card_path, weights_path = _files(ensure_output_folder(folder), card.name)
    with atomic(weights_path) as weights_file, atomic(card_path) as card_file:
        weights_file.write_bytes(data)
        card_file.write_text(card.to_json(), encoding="utf-8")


def _files(folder: Path, name: str) -> tuple[Path, Path]:
    """Card and weights."""
    return folder / f"{name}{CARD}", folder / f"{name}{WEIGHTS}"


def _choice() -> str | None:
    """What the user has chosen, whether or not it is there."""
    try:
        chosen = json.loads((user_folder() / _CHOICE_FILE).read_text(encoding="utf-8"))["model"]
    except (InputError, OSError, ValueError, KeyError, TypeError):
        return None
    return chosen if isinstance(chosen, str) else None


def _unlink(path: Path, what: str) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _unchangeable(path, what, error) from error


def _unchangeable(path: Path, what: str, error: OSError) -> InputError:
    reason = (error.strerror or str(error)).lower()
    return InputError(f"'{path}' cannot be {what} ({reason}); close what uses it, or see to the folder's permissions.")
