"""The weights of a model as bytes in safetensors format, and bytes as a network. Never pickle.

https://github.com/huggingface/safetensors: a header in JSON, then plain numbers; reading it runs no code.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NoReturn

from . import networks
from .errors import InputError
from .model_card import ModelCard

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn


def to_bytes(network: nn.Module, half: bool = False) -> bytes:
    """The network's parameters and buffers as a safetensors file, floats in 16 bits if ``half``, else as they are."""
    import torch
    from safetensors import numpy as safetensors

    def stored(tensor: Tensor) -> np.ndarray:
        tensor = tensor.detach().cpu()
        if half and tensor.is_floating_point():
            tensor = tensor.to(torch.float16)
        # The file has no strides: whatever the order in memory, such as channels last, is lost silently otherwise.
        return tensor.contiguous().numpy()

    arrays = {name: stored(tensor) for name, tensor in network.state_dict().items()}
    return safetensors.save(arrays, metadata={"format": "pt"})


def checksum(data: bytes) -> str:
    """SHA-256 of a weights file, as the card has it."""
    return hashlib.sha256(data).hexdigest()


def to_network(data: bytes, card: ModelCard) -> nn.Module:
    """The network that ``card`` describes with the weights ``data``, in evaluation mode, float32, on the CPU.

    No random numbers are drawn: a run must not depend on whether its model was loaded before.

    Raises:
        InputError: ``data`` is no safetensors file, its tensors do not fit the network, some number is not finite,
            or there is no such network.
    """
    import torch

    builders = dict.fromkeys(networks.available_volume(), networks.build_volume)
    builders |= dict.fromkeys(networks.available(), networks.build)
    if card.network not in builders:
        raise InputError(
            f"The model '{card.name}' needs the network '{card.network}', which this gmmseg does not have; "
            "update gmmseg."
        )
    # Not on the meta device, whose first use takes torch a second.
    with torch.random.fork_rng(devices=[]):
        network = builders[card.network](card.network, card.in_channels, len(card.classes), card.base_width)
    tensors = _parse(data, card.name)
    expected = network.state_dict()
    _check_names(card, set(tensors), set(expected))
    loaded = {name: _tensor(tensors[name], like, name, card) for name, like in expected.items()}
    network.load_state_dict(loaded, assign=True)
    return network.requires_grad_(False).eval()


def _parse(data: bytes, name: str) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors import numpy as safetensors

    try:
        return safetensors.load(data)
    except (SafetensorError, KeyError, ValueError, TypeError, OverflowError) as error:
        raise InputError(
            f"The weights of the model '{name}' are no safetensors file, or one that is damaged or cut short; "
            "copy the model again."
        ) from error


def _check_names(card: ModelCard, found: set[str], expected: set[str]) -> None:
    missing, foreign = sorted(expected - found), sorted(found - expected)
    if missing:
        _refuse(card, f"'{missing[0]}' is missing")
    if foreign:
        _refuse(card, f"'{foreign[0]}' has no place in it")


def _tensor(array: np.ndarray, like: Tensor, name: str, card: ModelCard) -> Tensor:
    """``array`` as a tensor of the type of ``like``."""
    import numpy as np
    import torch

    if array.shape != tuple(like.shape):
        _refuse(card, f"'{name}' is {_times(array.shape)}, not {_times(like.shape)}")
    if (array.dtype.kind == "f") != like.is_floating_point():
        _refuse(card, f"'{name}' holds {array.dtype}, not {str(like.dtype).removeprefix('torch.')}")
    if not np.isfinite(array).all():
        raise InputError(
            f"The weights of the model '{card.name}' hold numbers that are not finite (in '{name}'); copy or train "
            "the model again."
        )
    return torch.tensor(array, dtype=like.dtype)


def _times(shape: Any) -> str:
    return " x ".join(map(str, shape)) or "a single number"


def _refuse(card: ModelCard, fault: str) -> NoReturn:
    raise InputError(
        f"The weights of the model '{card.name}' do not fit the network '{card.network}' of its card ({fault}); "
        "copy both files of the model again."
    )
