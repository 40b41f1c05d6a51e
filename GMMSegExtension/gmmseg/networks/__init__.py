"""Segmentation networks behind one interface: (B, D, H, W) images to (B, K, H, W) logits, any H and W.

One network is one module of this package, named as the network, with one class taking
``(in_channels, num_classes, base_width=None)``. Networks are imported on first use, so that their names can be listed
where torch is not installed. A network in evaluation mode can be traced with ``torch.jit.trace``, for one image size
at a time: padding depends on the size.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    from torch import nn

# Name (and module) of each network, and its class. A new network is a new module and a line here.
_CLASSES = {
    "modified_unet": "ModifiedUNet",
    "unet": "UNet",
    "unetpp": "UNetPlusPlus",
    "trmfcn": "TRMFCN",
    "vit": "VisionTransformer",
    "transunet": "TransUNet",
    "mtunet": "MTUNet",
}
# The same for networks of whole volumes.
_VOLUME_CLASSES = {
    "modified_unet_3d": "ModifiedUNet3d",
}


def available() -> tuple[str, ...]:
    """Names that :func:`build` knows, the default first."""
    return tuple(_CLASSES)


def build(name: str, in_channels: int, num_classes: int, base_width: int | None = None) -> nn.Module:
    """A network with random weights (of torch's global generator), in training mode.

    Args:
        name: one of :func:`available`.
        in_channels: D, channels of the image.
        num_classes: K, classes.
        base_width: feature maps of the first stage; None for the published width.

    Returns:
        Module from (B, D, H, W) to (B, K, H, W) logits, for any H, W >= 1.

    Raises:
        InputError: unknown name, or a number below 1.
    """
    return _build(_CLASSES, name, in_channels, num_classes, base_width)


def default_width(name: str) -> int:
    """The published base width of a network, one of :func:`available`, which :func:`build` takes without another."""
    return importlib.import_module(f".{name}", __name__).DEFAULT_WIDTH


def available_volume() -> tuple[str, ...]:
    """Names that :func:`build_volume` knows, the default first."""
    return tuple(_VOLUME_CLASSES)


def build_volume(name: str, in_channels: int, num_classes: int, base_width: int | None = None) -> nn.Module:
    """As :func:`build`, but a network from (B, D, I, J, K) volumes to (B, classes, I, J, K) logits.

    Raises:
        InputError: unknown name, or a number below 1.
    """
    return _build(_VOLUME_CLASSES, name, in_channels, num_classes, base_width)


def _build(classes: dict[str, str], name: str, in_channels: int, num_classes: int, base_width: int | None) -> nn.Module:
    if name not in classes:
        raise InputError(f"There is no network '{name}'; choose one of: {', '.join(classes)}.")
    numbers = {"in_channels": in_channels, "num_classes": num_classes, "base_width": base_width}
    for argument, value in numbers.items():
        if value is not None and value < 1:
            raise InputError(f"{argument} of a network must be at least 1, but is {value}.")
    network = getattr(importlib.import_module(f".{name}", __name__), classes[name])
    return network(in_channels, num_classes, base_width)
