"""Patches of a volume normalised as the whole volume is.

Group normalisation takes its statistics from what it sees. A network that is taught on patches and asked about whole
volumes would learn for statistics that it never meets again, and forget on the way what it knew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

Statistics = dict[str, tuple[Tensor, Tensor]]


@contextlib.contextmanager
def recorded(network: nn.Module) -> Iterator[Statistics]:
    """Fills the dictionary with each group normalisation's mean and variance, (groups,), in forward passes of one
    volume."""
    found: Statistics = {}

    def record(name: str):
        def hook(layer: nn.GroupNorm, inputs: tuple[Tensor, ...]) -> None:
            groups = inputs[0].detach().float().reshape(layer.num_groups, -1)
            variance, mean = torch.var_mean(groups, dim=1, correction=0)
            found[name] = mean, variance

        return hook

    hooks = [layer.register_forward_pre_hook(record(name)) for name, layer in _layers(network)]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


@contextlib.contextmanager
def fixed(network: nn.Module, statistics: Statistics) -> Iterator[None]:
    """Lets the network's group normalisations use ``statistics`` in place of those of what they see."""

    def replace(name: str):
        mean, variance = statistics[name]

        def hook(layer: nn.GroupNorm, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            maps = inputs[0]
            width = maps.shape[1] // layer.num_groups
            scale = layer.weight / (variance + layer.eps).sqrt().repeat_interleave(width)
            shift = layer.bias - mean.repeat_interleave(width) * scale
            across = (-1, *[1] * (maps.ndim - 2))
            return maps * scale.reshape(across).to(maps.dtype) + shift.reshape(across).to(maps.dtype)

        return hook

    hooks = [layer.register_forward_hook(replace(name)) for name, layer in _layers(network)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _layers(network: nn.Module) -> Iterator[tuple[str, nn.GroupNorm]]:
    for name, layer in network.named_modules():
        if isinstance(layer, nn.GroupNorm):
            yield name, layer
