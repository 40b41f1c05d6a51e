"""The network a training begins with: new, or that of a model or a file of weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from .. import model_weights, models, networks
from ..errors import InputError
from ..model_card import PRIOR_CLASSES, ModelCard
from ..prior_input import CHANNELS
from .training_request import DEFAULT_WIDTH, TrainingRequest

NETWORK = networks.available_volume()[0]
CLASSES = PRIOR_CLASSES
_AVERAGE = "average."


@dataclass(frozen=True)
class Start:
    """A network to train on.

    Attributes:
        network: with the weights to begin with, ready to learn.
        base_width: its own.
        name: of the model or file it comes from; None for a new one.
        sha256: of the file of its weights; None for a new one.
        card: of the model it comes from; None for a new one and for mere weights.
    """

    network: nn.Module
    base_width: int
    name: str | None = None
    sha256: str | None = None
    card: ModelCard | None = None


def start(request: TrainingRequest) -> Start:
    """The network that a request asks to begin with.

    Raises:
        InputError: there is no such model or file, it is damaged, or of another kind or width.
    """
    if request.start is None:
        return _new(request.base_width or DEFAULT_WIDTH, request.seed)
    path = Path(request.start)
    if path.suffix == models.WEIGHTS or path.is_file():
        begun = _of_file(path)
    else:
        entry = models.find(request.start)
        begun = _of_model(models.read_weights(entry), entry.card)
    if request.base_width not in (None, begun.base_width):
        raise InputError(
            f"'{request.start}' has base width {begun.base_width}, not {request.base_width}; leave the width out."
        )
    begun.network.requires_grad_(True).train()
    return begun


def _new(width: int, seed: int) -> Start:
    """Random weights from ``seed``, the caller's random numbers untouched."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Start(networks.build_volume(NETWORK, CHANNELS, len(CLASSES), width), width)


def _of_model(data: bytes, card: ModelCard) -> Start:
    if (card.network, card.in_channels, card.classes) != (NETWORK, CHANNELS, CLASSES):
        raise InputError(
            f"The model '{card.name}' cannot be trained on: it must be a {NETWORK} of {CHANNELS} channels that "
            f"tells {', '.join(CLASSES)}."
        )
    network = model_weights.to_network(data, card)
    return Start(network, card.base_width, card.name, model_weights.checksum(data), card)


def _of_file(path: Path) -> Start:
    """Of a model's file with the card beside it, a training's checkpoint (its averaged weights), or mere weights."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror}); check the name.") from error
    beside = path.with_suffix(models.CARD)
    try:
        tensors = load(data)
        averaged = {name.removeprefix(_AVERAGE): value for name, value in tensors.items() if name.startswith(_AVERAGE)}
        if not averaged and beside.exists():
            return _of_model(data, ModelCard.from_json(beside.read_text(encoding="utf-8"), path.stem))
        tensors = averaged or tensors
        width = tensors["head.weight"].shape[1]
        network = networks.build_volume(NETWORK, CHANNELS, len(CLASSES), width)
        network.load_state_dict(tensors)
    except InputError:
        raise
    except (SafetensorError, KeyError, ValueError, RuntimeError, IndexError) as error:
        raise InputError(f"'{path}' holds no weights of a {NETWORK}; give a model's name or its file.") from error
    return Start(network, width, path.name, model_weights.checksum(data))
