"""U-Net: the published structure and its number of parameters."""

from __future__ import annotations

import pytest
import torch
from gmmseg.networks import cost
from gmmseg.networks.layers import NORMALISATIONS
from gmmseg.networks.unet import UNet
from torch import nn


def parameters_by_hand(channels: int, classes: int, w: int) -> int:
    """Weights and biases of all convolutions, without normalisation."""

    def conv(inputs, outputs, kernel=9):
        return kernel * inputs * outputs + outputs

    down = conv(channels, w) + conv(w, w) + conv(w, 2 * w) + conv(2 * w, 2 * w) + conv(2 * w, 4 * w)
    down += conv(4 * w, 4 * w) + conv(4 * w, 8 * w) + conv(8 * w, 8 * w) + conv(8 * w, 16 * w) + conv(16 * w, 16 * w)
    up = sum(conv(2 * v, v, kernel=4) + conv(2 * v, v) + conv(v, v) for v in (w, 2 * w, 4 * w, 8 * w))
    return down + up + conv(w, classes, kernel=1)


@pytest.mark.parametrize(("channels", "classes", "width"), [(1, 3, 4), (2, 4, 8), (3, 2, 16)])
def test_it_has_the_parameters_of_the_published_structure(channels, classes, width):
    network = UNet(channels, classes, width, normalisation="none")
    assert cost.parameters(network) == parameters_by_hand(channels, classes, width)


@pytest.mark.parametrize("normalisation", ["none", "batch"])
def test_it_has_the_published_number_of_parameters_at_widths_32_to_512(normalisation):
    with torch.device("meta"):
        network = UNet(1, 3, 32, normalisation=normalisation)
    assert cost.parameters(network) == pytest.approx(7.76e6, rel=1e-3)


def test_the_published_width_is_64():
    with torch.device("meta"):
        convolutions = [module for module in UNet(1, 3).modules() if isinstance(module, nn.Conv2d)]
    assert convolutions[0].out_channels == 64
    assert max(module.out_channels for module in convolutions) == 1024


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_the_gradient_reaches_every_parameter_with_every_normalisation(normalisation):
    torch.manual_seed(0)
    network = UNet(1, 3, 4, normalisation=normalisation)
    network(torch.rand(2, 1, 40, 40)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and (parameter.grad != 0).any(), name


def test_without_normalisation_the_signal_neither_dies_nor_explodes():
    torch.manual_seed(0)
    logits = UNet(1, 3, 16, normalisation="none")(torch.randn(2, 1, 64, 64))
    assert 0.01 < logits.std() < 10


def test_an_unknown_normalisation_is_refused():
    with pytest.raises(ValueError, match="normalisation must be one of none, batch, instance, group"):
        UNet(1, 3, 4, normalisation="layer")
