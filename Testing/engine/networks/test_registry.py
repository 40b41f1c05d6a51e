"""Networks by name."""

from __future__ import annotations

import pytest
import torch
from gmmseg import networks
from gmmseg.errors import InputError


def test_the_default_network_is_listed_first():
    assert networks.available()[0] == "modified_unet"


@pytest.mark.parametrize("name", networks.available())
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (17, 33), (48, 48)])
def test_every_network_gives_logits_on_the_grid_of_the_image(name, size):
    network = networks.build(name, in_channels=2, num_classes=4, base_width=2)
    assert network(torch.rand(1, 2, *size)).shape == (1, 4, *size)


@pytest.mark.parametrize("name", networks.available())
def test_the_same_seed_builds_the_same_network(name):
    built = []
    for _ in range(2):
        torch.manual_seed(3)
        built.append(networks.build(name, 1, 3, base_width=2).state_dict())
    assert built[0].keys() == built[1].keys()
    assert all(torch.equal(built[0][key], built[1][key]) for key in built[0])


def test_an_unknown_network_gets_a_sentence_that_names_the_known_ones():
    with pytest.raises(InputError, match=r"no network 'resnet'; choose one of: .*modified_unet"):
        networks.build("resnet", 1, 3)


@pytest.mark.parametrize("numbers", [(0, 3, 8), (1, 0, 8), (1, 3, 0)])
def test_a_network_of_nothing_is_refused(numbers):
    with pytest.raises(InputError, match="at least 1, but is 0"):
        networks.build("modified_unet", *numbers)
