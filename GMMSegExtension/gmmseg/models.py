"""Trained models: which there are, and how they are loaded, checked, saved, and kept.

A model is two files, see :mod:`gmmseg.model_files`; what a user does with those of his own is in
:mod:`gmmseg.own_models`. Everything here but :func:`check`, :func:`load` and :func:`save` is free of torch. Nothing is
downloaded.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .model_card import ModelCard, check_name
from .model_files import (
    CARD,
    DEFAULT,
    FOLDER_VARIABLE,
    WEIGHTS,
    Entry,
    Fault,
    entry_in,
    find,
    folder_of,
    is_shipped,
    read_weights,
    shipped_folder,
    survey,
    user_folder,
)
from .own_models import (
    CHOSEN,
    copy_in,
    copy_out,
    default,
    delete,
    folder_of_own,
    obstacle,
    rename,
    set_default,
    write_files,
)

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = [
    "CARD",
    "CHOSEN",
    "DEFAULT",
    "FOLDER_VARIABLE",
    "WEIGHTS",
    "Entry",
    "Fault",
    "Model",
    "available",
    "check",
    "copy_in",
    "copy_out",
    "default",
    "delete",
    "find",
    "folder_of_own",
    "is_shipped",
    "load",
    "obstacle",
    "read_weights",
    "rename",
    "save",
    "set_default",
    "shipped_folder",
    "survey",
    "user_folder",
]


@dataclass(frozen=True)
class Model:
    """A loaded model: its card, and the network in evaluation mode, float32, without gradients.

    The network is shared by all who load the model: use it, do not change it.
    """

    card: ModelCard
    network: nn.Module


def available() -> list[ModelCard]:
    """Cards of the models that are there, the default first. Weights are not looked into, broken cards left out."""
    return [entry.card for entry in survey()[0]]


def check(folder: str | os.PathLike, name: str) -> ModelCard:
    """The card of a model that lies anywhere, after its weights were read and put into its network.

    Args:
        folder: that holds the model's two files.
        name: of the model.

    Raises:
        InputError: a file is missing, damaged or foreign, the files do not fit each other, or the method "fast"
            could not use the model.
    """
    from .model_weights import to_network

    entry = entry_in(Path(folder), name)
    entry.card.check_usable()
    to_network(read_weights(entry), entry.card)
    return entry.card


def load(name: str, device: torch.device | str = "cpu") -> Model:
    """The model ``name``, read once a process as long as its files stay the same.

    Args:
        name: one of :func:`available`.
        device: where the network shall be.

    Raises:
        InputError: there is no such model, or its files are damaged, foreign or do not fit each other.
    """
    folder = folder_of(name)
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
    write_files(folder, card, data)
    return card


def release() -> None:
    """Forget the loaded networks, so that their memory can be given back."""
    _load.cache_clear()


@functools.lru_cache(maxsize=4)
def _load(folder: Path, name: str, device: str, identity: tuple) -> Model:
    """The model; ``identity`` makes files that changed be read anew."""
    from .model_weights import to_network

    entry = entry_in(folder, name)
    return Model(entry.card, to_network(read_weights(entry), entry.card).to(device))


def _identity(path: Path) -> tuple[int, ...]:
    with contextlib.suppress(OSError):  # reading it says what is wrong
        status = path.stat()
        return status.st_ino, status.st_size, status.st_mtime_ns
    return ()
