"""Trained models: where they lie, which there are, and how they are loaded and saved.

A model is two files in one folder, ``NAME.safetensors`` (weights) and ``NAME.json`` (its card). Those of the program
come first: a file of the user's cannot take the place of one that results are reported with. Nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import InputError
from .model_card import ModelCard, check_name
from .safe_files import atomic, ensure_output_folder

if TYPE_CHECKING:
    import torch
    from torch import nn

DEFAULT = "t1-fast"
FOLDER_VARIABLE = "GMMSEG_MODELS"
CARD, WEIGHTS = ".json", ".safetensors"


@dataclass(frozen=True)
class Model:
    """A loaded model: its card, and the network in evaluation mode, float32, without gradients.

    The network is shared by all who load the model: use it, do not change it.
    """

    card: ModelCard
    network: nn.Module


@dataclass(frozen=True)
class Entry:
    """A model that is there but not loaded: its card, its weights file and their size in bytes."""

    card: ModelCard
    weights: Path
    size: int


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


def available() -> list[ModelCard]:
    """Cards of the models that are there, the default first. Weights are not looked into, broken cards left out."""
    return [entry.card for entry in survey()[0]]


def survey() -> tuple[list[Entry], list[str]]:
    """The models that are there, the default first, and a sentence for each that cannot be used."""
    entries: dict[str, Entry] = {}
    faults: list[str] = []
    for folder, names in _folders(faults):
        for name in names:
            if name in entries:
                faults.append(f"'{folder / name}{CARD}' is not used, because another model has the same name.")
                continue
            try:
                entries[name] = _entry(folder, name)
            except InputError as error:
                faults.append(str(error))
    return sorted(entries.values(), key=lambda entry: entry.card.name != DEFAULT), faults


def find(name: str) -> Entry:
    """The model ``name``, not loaded.

    Raises:
        InputError: there is no such model, one of its files is missing or cannot be read, or its card is not right.
    """
    return _entry(_folder_of(name), name)


def read_weights(entry: Entry) -> bytes:
    """The weights file of a model.

    Raises:
        InputError: it cannot be read, or is not the file that its card was written for.
    """
    from .model_weights import checksum

    data = _read(entry.weights)
    if checksum(data) != entry.card.sha256:
        raise InputError(
            f"'{entry.weights}' is damaged, or not the file that its card was written for (the checksums differ); "
            "copy both files of the model again."
        )
    return data


def load(name: str, device: torch.device | str = "cpu") -> Model:
    """The model ``name``, read once a process as long as its files stay the same.

    Args:
        name: one of :func:`available`.
        device: where the network shall be.

    Raises:
        InputError: there is no such model, or its files are damaged, foreign or do not fit each other.
    """
    folder = _folder_of(name)
    identity = tuple(_identity(folder / f"{name}{ending}") for ending in (CARD, WEIGHTS))
    return _load(folder, name, str(device), identity)


def save(folder: str | os.PathLike, name: str, network: nn.Module, card: ModelCard, half: bool = False) -> ModelCard:
    """Writes a model's two files, both complete before either takes the place of an older one.

    Args:
        folder: made unless it is there.
        name: of the model and its files.
        network: its weights are written.
        card: ``name`` and ``sha256`` are filled in, ``created`` if empty.
        half: whether to store the weights as float16.

    Returns:
        The card as written.

    Raises:
        InputError: the name cannot be one, network and card do not fit each other, a weight is not finite (with
            ``half``: above 65504), or the folder cannot be written to.
    """
    from .model_weights import checksum, to_bytes, to_network

    check_name(name)
    data = to_bytes(network, half)
    created = card.created or datetime.datetime.now(datetime.UTC).date().isoformat()
    card = dataclasses.replace(card, name=name, created=created, sha256=checksum(data))
    to_network(data, card)
    folder = ensure_output_folder(folder)
    with (
        atomic(folder / f"{name}{WEIGHTS}") as weights_file,
        atomic(folder / f"{name}{CARD}") as card_file,
    ):
        weights_file.write_bytes(data)
        card_file.write_text(card.to_json(), encoding="utf-8")
    return card


@functools.lru_cache(maxsize=4)
def _load(folder: Path, name: str, device: str, identity: tuple) -> Model:
    """The model; ``identity`` makes files that changed be read anew."""
    from .model_weights import to_network

    entry = _entry(folder, name)
    return Model(entry.card, to_network(read_weights(entry), entry.card).to(device))


def _identity(path: Path) -> tuple[int, ...]:
    with contextlib.suppress(OSError):  # reading it says what is wrong
        status = path.stat()
        return status.st_ino, status.st_size, status.st_mtime_ns
    return ()


def _folder_of(name: str) -> Path:
    check_name(name)
    faults: list[str] = []
    known: list[str] = []
    for folder, names in _folders(faults):
        if name in names:
            return folder
        known += names
    if faults:
        raise InputError(f"There is no model '{name}' where it could be looked for: {faults[0]}")
    if not known:
        raise InputError(f"There is no model '{name}', nor any other; put its two files into '{user_folder()}'.")
    raise InputError(
        f"There is no model '{name}'; choose one of: {', '.join(sorted(set(known)))}, or put its two files into "
        f"'{user_folder()}'."
    )


def _folders(faults: list[str]) -> list[tuple[Path, list[str]]]:
    """Each folder of models with the names in it; for those that cannot be read a sentence joins ``faults``."""
    folders = []
    for place in (shipped_folder, user_folder):
        try:
            folders.append((place(), _names(place())))
        except InputError as error:
            faults.append(str(error))
    return folders


def _names(folder: Path) -> list[str]:
    """Sorted names of the models in a folder, whole or not; none where there is no such folder."""
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


def _entry(folder: Path, name: str) -> Entry:
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
