"""What the network of the shipped model sees, and how its answer joins the mixture's."""

from __future__ import annotations

import pytest
import torch
from gmmseg.prior_input import CHANNELS, FARTHEST, LOWEST, MIXTURE_SHARE, informed_logits, network_volume, standardise


@pytest.fixture
def a_volume():
    torch.manual_seed(0)
    s = torch.rand(3, 4, 5, 6).softmax(dim=0)
    return network_volume(torch.rand(4, 5, 6), torch.rand(4, 5, 6) > 0.3, s)[None]


def test_standardising_puts_grey_at_0_and_white_at_1_and_clips():
    image = torch.tensor([0.7, 1.0, 0.85, 99.0, -99.0])
    standard = standardise(image, 0.7, torch.tensor(1.0))
    torch.testing.assert_close(standard, torch.tensor([0.0, 1.0, 0.5, FARTHEST, -FARTHEST]))


def test_what_lies_outside_the_mask_is_not_seen():
    mask = torch.rand(4, 5, 6) > 0.5
    volume = network_volume(torch.rand(4, 5, 6) + 1, mask, torch.rand(3, 4, 5, 6) + 1)
    assert volume.shape == (CHANNELS, 4, 5, 6)
    assert torch.equal((volume != 0).all(dim=0), mask) and torch.equal((volume != 0).any(dim=0), mask)


def test_a_network_that_knows_nothing_leaves_the_mixtures_classes(a_volume):
    logits = informed_logits(lambda volume: torch.zeros(1, 3, 4, 5, 6), a_volume)
    inside = a_volume[0, 1] > 0
    assert torch.equal(logits[0].argmax(dim=0)[inside], a_volume[0, 2:].argmax(dim=0)[inside])
    torch.testing.assert_close(logits[0][:, inside], MIXTURE_SHARE * a_volume[0, 2:][:, inside].log())


def test_no_certainty_of_the_mixture_is_beyond_the_network():
    sure = network_volume(
        torch.zeros(2, 2, 2), torch.ones(2, 2, 2), torch.eye(3)[0].reshape(3, 1, 1, 1).expand(3, 2, 2, 2)
    )
    logits = informed_logits(lambda volume: torch.zeros(1, 3, 2, 2, 2, dtype=torch.bfloat16), sure[None])
    assert logits.dtype == torch.float32
    assert torch.isfinite(logits).all()
    assert logits.min() == pytest.approx(MIXTURE_SHARE * torch.tensor(LOWEST).log().item())
