"""The files of trained models: where they lie, which there are, and how they are read. Free of torch and numpy.

A model is two files in one folder, ``NAME.safetensors`` (weights) and ``NAME.json`` (its card). Those of the program
come first: a file of the user's cannot take the place of one that results are reported with.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from .errors import InputError
from .model_card import ModelCard, check_name
from .model_weights import checksum

DEFAULT = "t1-fast"
FOLDER_VARIABLE = "GMMSEG_MODELS"
CARD, WEIGHTS = ".json", ".safetensors"


@dataclass(frozen=True)
class Entry:
    """A model that is there but not loaded: its card, its weights file and their size in bytes."""

    card: ModelCard
    weights: Path
    size: int


@dataclass(frozen=True)
class Fault:
    """Why a model, or a whole folder of them, cannot be used.

    Attributes:
        sentence: what is wrong and how to mend it.
        name: of the model, empty for a folder.
        folder: where the model's files lie, None for a folder that cannot be read.
    """

    sentence: str
    name: str = ""
    folder: Path | None = None


def shipped_folder() -> Path:
    """Where the program's own models lie: in an installed package inside it, else among the module's resources."""
    package = Path(__file__).resolve().parent
    installed = package / "shipped_models"
    return installed if installed.is_dir() else package.parent / "Resources" / "Models"


def user_folder() -> Path:
    """Where the user's models lie: the folder GMMSEG_MODELS names, else one where the system keeps users' data.

    Raises:
        InputError: the user has no home folder.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    try:
        home = Path.home()
    except RuntimeError as error:
        raise InputError(f"You have no home folder; set {FOLDER_VARIABLE} to the folder of your models.") from error
    if sys.platform == "win32":
        data = _absolute(os.environ.get("LOCALAPPDATA")) or home / "AppData" / "Local"
    elif sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    else:
        data = _absolute(os.environ.get("XDG_DATA_HOME")) or home / ".local" / "share"
    return data / "gmmseg" / "models"


def is_shipped(name: str) -> bool:
    """Whether the model ``name`` is one of the program's own, which can be neither renamed nor deleted."""
    return name in names_in(shipped_folder())


def survey() -> tuple[list[Entry], list[Fault]]:
    """The models that are there, the shipped default first, and what cannot be used."""
    entries: dict[str, Entry] = {}
    faults: list[Fault] = []
    for folder, names in _folders(faults):
        for name in names:
            if name in entries:
                sentence = f"'{folder / name}{CARD}' is not used, because another model has the same name; delete it."
                faults.append(Fault(sentence, name, folder))
                continue
            try:
                entries[name] = entry_in(folder, name)
            except InputError as error:
                faults.append(Fault(str(error), name, folder))
    return sorted(entries.values(), key=lambda entry: entry.card.name != DEFAULT), faults


def find(name: str) -> Entry:
    """The model ``name``, not loaded.

    Raises:
        InputError: there is no such model, one of its files is missing or cannot be read, or its card is not right.
    """
    return entry_in(folder_of(name), name)


def folder_of(name: str) -> Path:
    """The folder that the model ``name`` lies in, whole or not.

    Raises:
        InputError: there is no such model; the sentence names those that there are.
    """
    check_name(name)
    faults: list[Fault] = []
    known: list[str] = []
    for folder, names in _folders(faults):
        if name in names:
            return folder
        known += names
    if faults:
        raise InputError(f"There is no model '{name}' where it could be looked for: {faults[0].sentence}")
    if not known:
        raise InputError(f"There is no model '{name}', nor any other; put its two files into '{user_folder()}'.")
    raise InputError(
        f"There is no model '{name}'; choose one of: {', '.join(sorted(set(known)))}, or put its two files into "
        f"'{user_folder()}'."
    )


def entry_in(folder: Path, name: str) -> Entry:
    """The model ``name`` of a folder, not loaded.

    Raises:
        InputError: one of its files is missing or cannot be read, or its card is not right.
    """
    check_name(name)
    card_file, weights_file = folder / f"{name}{CARD}", folder / f"{name}{WEIGHTS}"
    text = _read(card_file)
    try:
        size = weights_file.stat().st_size
    except OSError as error:
        raise _unreadable(weights_file, error) from error
    try:
        return Entry(ModelCard.from_json(text.decode("utf-8"), name), weights_file, size)
    except UnicodeDecodeError as error:
        raise InputError(f"'{card_file}' is no model card; copy both files of the model again.") from error


def names_in(folder: Path) -> list[str]:
    """Sorted names of the models in a folder, whole or not; none where there is no such folder.

    Raises:
        InputError: the folder cannot be read.
    """
    try:
        found = {path.stem for path in folder.iterdir() if path.suffix in (CARD, WEIGHTS) and path.name[0] != "."}
    except FileNotFoundError:
        return []
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            f"The folder of models '{folder}' cannot be read ({reason}); mend it, or set {FOLDER_VARIABLE} to another."
        ) from error
    return sorted(found)


def read_weights(entry: Entry) -> bytes:
    """The weights file of a model.

    Raises:
        InputError: it cannot be read, or is not the file that its card was written for.
    """
    data = _read(entry.weights)
    if checksum(data) != entry.card.sha256:
        raise InputError(
            f"'{entry.weights}' is damaged, or not the file that its card was written for (the checksums differ); "
            "copy both files of the model again."
        )
    return data


def _folders(faults: list[Fault]) -> list[tuple[Path, list[str]]]:
    """Each folder of models with the names in it; for those that cannot be read a fault joins ``faults``."""
    folders = []
    for place in (shipped_folder, user_folder):
        try:
            folders.append((place(), names_in(place())))
        except InputError as error:
            faults.append(Fault(str(error)))
    return folders


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"'{path}' is missing; a model is two files, {CARD} and {WEIGHTS}: copy both.")
    reason = (error.strerror or str(error)).lower()
    return InputError(f"'{path}' cannot be read ({reason}); copy both files of the model again.")


def _absolute(path: str | None) -> Path | None:
    """``path`` unless it is relative, which the systems' rules have ignored."""
    return Path(path) if path and Path(path).is_absolute() else None
