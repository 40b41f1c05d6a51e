"""Parameters and multiply-adds, against counts by hand and the literature's."""

from __future__ import annotations

import pytest
import torch
from gmmseg import networks
from gmmseg.networks import cost
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    def forward(self, tokens):
        return F.scaled_dot_product_attention(tokens, tokens, tokens)


class OwnAttention(nn.Module):
    def forward(self, tokens):
        return torch.einsum("bhqk,bhkc->bhqc", (tokens @ tokens.mT).softmax(dim=-1), tokens)


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (nn.Conv2d(3, 5, 3, padding=1), (2, 3, 7, 9), 2 * 63 * 5 * 3 * 9),
        (nn.Conv2d(3, 5, 3, stride=2, padding=1), (1, 3, 8, 8), 16 * 5 * 3 * 9),
        (nn.Conv2d(4, 6, 3, groups=2), (2, 4, 7, 9), 2 * 35 * 6 * 2 * 9),
        (nn.Conv3d(2, 4, 3, padding=1), (1, 2, 5, 6, 7), 210 * 4 * 2 * 27),
        (nn.ConvTranspose2d(3, 5, 2, stride=2), (2, 3, 7, 9), 2 * 63 * 3 * 5 * 4),
        (nn.Linear(6, 11), (2, 10, 6), 20 * 6 * 11),
        (Attention(), (2, 3, 5, 8), 2 * 2 * 3 * 5 * 5 * 8),
        (OwnAttention(), (2, 3, 5, 8), 2 * 2 * 3 * 5 * 5 * 8),
        (nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), (2, 5, 16), 10 * (4 * 256 + 2 * 512) + 2 * 2 * 400),
        (nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2)), (2, 3, 8, 8), 0),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_the_multiply_adds_of_a_layer_are_those_counted_by_hand(layer, shape, expected, training):
    assert cost.multiply_adds(layer.train(training), shape) == expected


def test_the_multiply_adds_of_the_u_net_are_those_counted_by_hand():
    w, pixels = 4, 32 * 48
    network = networks.build("unet", 2, 3, w)
    total = pixels * (9 * 2 * w + 9 * w * w)
    for level in range(1, 5):
        v = w * 2**level
        total += pixels // 4**level * (9 * (v // 2) * v + 9 * v * v)
    for level in range(4):
        v = w * 2**level
        total += pixels // 4**level * (2 * v * v + 9 * 2 * v * v + 9 * v * v)
    assert cost.multiply_adds(network, (1, 2, 32, 48)) == total + pixels * w * 3
    assert cost.multiply_adds(network, (3, 2, 25, 41)) == 3 * (total + pixels * w * 3)


@pytest.mark.parametrize(("name", "published"), [("unet", 7.76e6), ("unetpp", 9.04e6)])
def test_the_parameters_at_widths_32_to_512_are_those_of_the_literature(name, published):
    with torch.device("meta"):
        network = networks.build(name, 1, 3, 32)
    assert cost.parameters(network) == pytest.approx(published, rel=0.01)


def test_counting_leaves_the_network_as_it_is():
    network = networks.build("unet", 1, 3, 2).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert cost.multiply_adds(network, (1, 1, 4096, 4096)) > 0
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_volumes_are_counted_too():
    network = networks.build_volume("modified_unet_3d", 2, 3, 4)
    assert cost.multiply_adds(network, (2, 2, 32, 32, 32)) == 2 * cost.multiply_adds(network, (1, 2, 32, 32, 32)) > 0
