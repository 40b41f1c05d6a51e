"""Patches normalised by the statistics of their volume: what a network says of a patch is what it says of the whole."""

from __future__ import annotations

import pytest
import torch
from gmmseg import networks
from gmmseg.fixed_normalisation import fixed, recorded
from torch import nn


@pytest.fixture
def a_network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv3d(2, 8, 3, padding=1), nn.GroupNorm(4, 8), nn.ReLU(), nn.Conv3d(8, 8, 1), nn.GroupNorm(2, 8)
    ).eval()


@pytest.fixture
def a_volume():
    """(1, 2, 20, 20, 20), brighter towards one side, so that patches have statistics of their own."""
    torch.manual_seed(1)
    return torch.randn(1, 2, 20, 20, 20) + torch.linspace(-3, 3, 20)


def test_a_patch_gets_what_the_whole_volume_gets_there(a_network, a_volume):
    with recorded(a_network) as statistics:
        whole = a_network(a_volume)
    patch = a_volume[..., 8:]
    with fixed(a_network, statistics):
        inside = a_network(patch)
    torch.testing.assert_close(inside[..., 1:], whole[..., 9:], atol=1e-5, rtol=1e-5)
    alone = a_network(patch).detach()
    assert float((alone[..., 1:] - whole.detach()[..., 9:]).abs().max()) > 0.5


def test_the_network_is_as_before_afterwards(a_network, a_volume):
    before = a_network(a_volume)
    with recorded(a_network) as statistics, torch.no_grad():
        a_network(a_volume)
    with pytest.raises(ZeroDivisionError), fixed(a_network, statistics):
        raise ZeroDivisionError
    torch.testing.assert_close(a_network(a_volume), before)
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in a_network.modules())


def test_weights_learn_through_it(a_network, a_volume):
    with recorded(a_network) as statistics, torch.no_grad():
        a_network(a_volume)
    with fixed(a_network, statistics):
        a_network(a_volume[..., 8:]).square().sum().backward()
    assert all(float(weight.grad.abs().sum()) > 0 for weight in a_network.parameters())


def test_the_network_of_the_shipped_model_has_such_layers_throughout():
    network = networks.build_volume("modified_unet_3d", 5, 3, 8)
    volume = torch.randn(1, 5, 32, 32, 32)
    with recorded(network) as statistics, torch.no_grad():
        whole = network(volume)
    assert len(statistics) == sum(isinstance(layer, nn.GroupNorm) for layer in network.modules()) > 10
    with fixed(network, statistics), torch.no_grad():
        torch.testing.assert_close(network(volume), whole, atol=1e-4, rtol=1e-4)
