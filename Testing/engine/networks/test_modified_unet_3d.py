"""The network of whole volumes: any size, folding that loses nothing, and that it learns."""

from __future__ import annotations

import pytest
import torch
from gmmseg import networks
from gmmseg.errors import InputError
from gmmseg.networks.modified_unet_3d import fold, unfold
from torch import nn


@pytest.fixture
def a_small_network():
    torch.manual_seed(0)
    return networks.build_volume("modified_unet_3d", 2, 3, 4)


@pytest.mark.parametrize("edge", [1, 2, 3])
def test_unfolding_undoes_folding(edge):
    volume = torch.rand(2, 3, 6, 12, 18)
    folded = fold(volume, edge)
    assert folded.shape == (2, 3 * edge**3, 6 // edge, 12 // edge, 18 // edge)
    assert torch.equal(unfold(folded, edge), volume)


def test_a_folded_position_holds_its_block():
    volume = torch.arange(4**3, dtype=torch.float32).reshape(1, 1, 4, 4, 4)
    assert set(fold(volume, 2)[0, :, 1, 0, 1].tolist()) == set(volume[0, 0, 2:, :2, 2:].flatten().tolist())


@pytest.mark.parametrize("size", [(1, 1, 1), (7, 33, 16), (32, 17, 5)])
def test_logits_lie_on_the_grid_of_the_volume(size):
    network = networks.build_volume("modified_unet_3d", 2, 3, 2)
    logits = network(torch.rand(2, 2, *size))
    assert logits.shape == (2, 3, *size)
    assert torch.isfinite(logits).all()


def test_the_gradient_reaches_every_parameter(a_small_network):
    a_small_network(torch.rand(1, 2, 32, 32, 32)).square().sum().backward()
    for name, parameter in a_small_network.named_parameters():
        assert parameter.grad is not None, name
        assert (parameter.grad != 0).any(), name


def test_it_learns_one_volume_by_heart():
    labels = torch.randint(0, 3, (1, 4, 4, 4), generator=torch.Generator().manual_seed(0))
    labels = labels.repeat_interleave(8, 1).repeat_interleave(8, 2).repeat_interleave(8, 3)
    volume = torch.stack([labels - 1.0, torch.ones(labels.shape)], dim=1)
    torch.manual_seed(0)
    network = networks.build_volume("modified_unet_3d", 2, 3, 8)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-2)
    for _ in range(12):
        optimiser.zero_grad()
        logits = network(volume)
        nn.functional.cross_entropy(logits, labels).backward()
        optimiser.step()
    assert (logits.argmax(dim=1) == labels).float().mean() > 0.7


def test_items_of_a_batch_do_not_touch(a_small_network):
    first, second, third = torch.rand(3, 2, 16, 16, 16)
    with_second, with_third = (a_small_network(torch.stack([first, other])) for other in (second, third))
    assert torch.equal(with_second[0], with_third[0])


def test_the_memory_format_does_not_change_the_logits(a_small_network):
    volume = torch.rand(1, 2, 17, 20, 18)
    expected = a_small_network(volume)
    last = a_small_network.to(memory_format=torch.channels_last_3d)
    torch.testing.assert_close(last(volume), expected, rtol=1e-4, atol=1e-5)


def test_bfloat16_autocast_gives_the_logits_to_its_precision(a_small_network):
    volume = torch.rand(1, 2, 16, 16, 16)
    expected = a_small_network(volume)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = a_small_network(volume)
    assert (logits.float() - expected).abs().mean() < 0.05 * expected.std()


def test_the_shipped_width_fits_the_limit_of_15_megabytes():
    with torch.device("meta"):
        network = networks.build_volume(networks.available_volume()[0], 2, 3)
    assert sum(p.numel() for p in network.parameters()) * 2 < 15e6


def test_an_unknown_network_gets_a_sentence_that_names_the_known_ones():
    with pytest.raises(InputError, match="no network 'modified_unet'; choose one of: modified_unet_3d"):
        networks.build_volume("modified_unet", 2, 3)


@pytest.mark.parametrize("numbers", [(0, 3, 8), (2, 0, 8), (2, 3, 0)])
def test_a_network_of_nothing_is_refused(numbers):
    with pytest.raises(InputError, match="at least 1, but is 0"):
        networks.build_volume("modified_unet_3d", *numbers)
