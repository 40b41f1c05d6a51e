"""The network that corrects the mixture: where it begins, and what it takes for noise."""

from __future__ import annotations

import phantoms
import pytest
import torch
from gmmseg import em
from gmmseg.informed_network import MixtureInformed, corrected, network_input, noise_level
from gmmseg.scan import Scan
from torch import nn


class Silent(nn.Module):
    """A network that adds nothing."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.new_zeros((len(images), 3, *images.shape[2:]))


def scan_of(noise: float) -> Scan:
    phantom = phantoms.nested_spheres(32, noise=noise)
    return Scan(torch.from_numpy(phantom.image)[None], torch.from_numpy(phantom.mask), phantom.spacing)


@pytest.fixture
def a_scan():
    return scan_of(0.08)


def test_before_the_network_says_anything_the_labels_are_the_mixtures(a_scan):
    fit = em.fit(a_scan, 3, 0)
    slices = network_input(a_scan, fit).movedim(1, 0)
    logits = MixtureInformed(Silent(), a_scan, fit)(slices)
    labels = logits.argmax(dim=1)[a_scan.mask]
    assert bool((labels == fit.s.argmax(dim=1)).all())


def test_a_field_is_divided_out_of_what_the_network_sees(a_scan):
    fit = em.fit(a_scan, 3, 0)
    field = torch.full_like(a_scan.rows, 2.0)
    halved = em.Fit(fit.parameters, field, None, fit.s, fit.log_likelihood, fit.iterations)
    torch.testing.assert_close(corrected(a_scan, halved), a_scan.rows / 2)
    seen = network_input(a_scan, halved)
    assert seen.shape == (2, *a_scan.mask.shape)
    assert bool((seen[0][~a_scan.mask] == 0).all())
    torch.testing.assert_close(seen[1], a_scan.mask.float())


@pytest.mark.parametrize("noise", [0.01, 0.04, 0.1])
def test_the_noise_level_is_that_of_the_scan_and_edges_do_not_count(noise):
    scan = scan_of(noise)
    truth = torch.from_numpy(phantoms.nested_spheres(32, noise=noise).truth).long()
    s = torch.nn.functional.one_hot(truth, 4).movedim(-1, 0)[1:].float()
    assert float(noise_level(scan.image, s)[0]) == pytest.approx(noise, rel=0.1)


def test_without_any_pure_tissue_the_noise_level_is_zero(a_scan):
    s = torch.full((3, *a_scan.mask.shape), 1 / 3)
    assert noise_level(a_scan.image, s).tolist() == [0.0]


def test_the_gradient_reaches_the_network_but_not_the_mixture(a_scan):
    fit = em.fit(a_scan, 3, 0)
    network = nn.Conv2d(2, 3, 1)
    MixtureInformed(network, a_scan, fit)(network_input(a_scan, fit).movedim(1, 0)).sum().backward()
    assert float(network.weight.grad.abs().sum()) > 0
