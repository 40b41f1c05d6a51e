"""What a network says about a scan does not depend on how the scan's array is stored."""

from __future__ import annotations

import itertools

import nibabel
import numpy as np
import pytest
import torch
from gmmseg import mixture, networks
from gmmseg.em import Fit
from gmmseg.mixture import MixtureParameters
from gmmseg.prior_input import CHANNELS
from gmmseg.scan import Scan
from gmmseg.shipped_prior import Axes, network_posterior, pooled_for_network

CPU = torch.device("cpu")
ORIENTATIONS = [
    [[axis, sign] for axis, sign in zip(order, signs, strict=True)]
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]
PARAMETERS = MixtureParameters(
    torch.tensor([[0.3], [0.7], [1.0]]), torch.full((3, 1, 1), 0.01), torch.tensor([0.2, 0.4, 0.4])
)


@pytest.fixture(scope="module")
def a_network():
    torch.manual_seed(0)
    return networks.build_volume("modified_unet_3d", CHANNELS, 3, 2).eval()


def a_scan(array: np.ndarray, spacing=(1.0, 1.0, 1.0)) -> Scan:
    image = torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))[None]
    return Scan(image, image[0] > 0.2, spacing)


def an_image(shape=(9, 12, 10)) -> np.ndarray:
    return np.random.default_rng(0).random(shape).astype(np.float32)


def posterior(network, scan: Scan, affine: np.ndarray, parameters: MixtureParameters = PARAMETERS) -> torch.Tensor:
    """(N, 3) with the mixture's own posteriors as its fit."""
    s, log_likelihood = mixture.posterior(scan.rows, parameters)
    fit = Fit(parameters, None, None, s, float(log_likelihood), 1)
    return network_posterior(network, scan, fit, Axes.of(affine), CPU, torch.float32)


def posterior_on_grid(network, scan: Scan, affine: np.ndarray) -> np.ndarray:
    """(3, i, j, k)."""
    return scan.on_grid(posterior(network, scan, affine)).numpy()


def stored_as(array: np.ndarray, orientation) -> tuple[np.ndarray, np.ndarray]:
    """The same image with array axes of another orientation, and its affine."""
    affine = nibabel.orientations.inv_ornt_aff(orientation, array.shape)
    return nibabel.orientations.apply_orientation(array, orientation), affine


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_axes_become_anatomical_and_come_back_in_every_orientation(orientation):
    original = an_image()
    stored, affine = stored_as(original, orientation)
    axes = Axes.of(affine)
    grid = torch.from_numpy(np.ascontiguousarray(stored))[None]
    anatomical = axes.to_anatomical(grid)
    np.testing.assert_array_equal(anatomical[0].numpy(), original)
    assert torch.equal(axes.to_array(anatomical), grid)


def test_an_oblique_affine_gives_the_nearest_axes():
    turned = np.array([[0.9, 0.3, 0, 5], [-0.3, 0.9, 0, 6], [0, 0, -2.0, 7], [0, 0, 0, 1]])
    axes = Axes.of(turned)
    assert (axes.order, axes.mirrored) == ((0, 1, 2), (False, False, True))


@pytest.mark.parametrize("orientation", ORIENTATIONS[::5])
def test_the_posterior_does_not_depend_on_the_arrays_orientation(a_network, orientation):
    original = an_image()
    straight = posterior_on_grid(a_network, a_scan(original), np.eye(4))
    stored, affine = stored_as(original, orientation)
    turned = posterior_on_grid(a_network, a_scan(stored), affine)
    expected = np.stack([nibabel.orientations.apply_orientation(one, orientation) for one in straight])
    np.testing.assert_allclose(turned, expected, atol=1e-5)


def test_posteriors_sum_to_1_inside_the_mask(a_network):
    scan = a_scan(an_image())
    s = posterior(a_network, scan, np.eye(4))
    assert s.shape == (int(scan.mask.sum()), 3)
    torch.testing.assert_close(s.sum(dim=1), torch.ones(len(s)))


def test_the_scans_units_do_not_matter(a_network):
    small, large = an_image(), 250 * an_image()
    scaled = PARAMETERS.scaled(torch.tensor([250.0]))
    scan, other = a_scan(small), Scan(torch.from_numpy(large)[None], torch.from_numpy(small > 0.2), (1.0, 1.0, 1.0))
    s, t = posterior(a_network, scan, np.eye(4)), posterior(a_network, other, np.eye(4), scaled)
    torch.testing.assert_close(s, t, atol=1e-4, rtol=0)


def test_voxels_of_half_a_millimetre_are_pooled_to_one():
    coarse = an_image((8, 10, 12))
    fine = a_scan(np.kron(coarse, np.ones((2, 2, 2))), (0.5, 0.5, 0.5))
    volume = torch.cat([fine.image * fine.mask, fine.mask[None].float()])
    pooled, factors = pooled_for_network(volume, [0.5, 0.5, 0.5])
    assert factors == [2, 2, 2]
    torch.testing.assert_close(pooled[0], torch.from_numpy(coarse * (coarse > 0.2)))
    torch.testing.assert_close(pooled[1], torch.from_numpy(coarse > 0.2).float())


def test_the_network_sees_voxels_of_half_a_millimetre_as_those_of_one():
    class Looking(torch.nn.Module):
        def forward(self, volume):
            self.seen = volume
            return torch.zeros(1, 3, *volume.shape[2:])

    coarse, looking, seen = an_image((8, 10, 12)), Looking(), []
    for step, image in ((1.0, coarse), (0.5, np.kron(coarse, np.ones((2, 2, 2))))):
        s = posterior(looking, a_scan(image, (step, step, step)), np.diag([step, step, step, 1]))
        assert len(s) == (image > 0.2).sum()
        seen.append(looking.seen)
    torch.testing.assert_close(*seen)


def test_pooling_averages_inside_the_mask_only():
    volume = torch.zeros(2, 2, 2, 2)
    volume[:, 0] = torch.tensor([0.8, 1.0])[:, None, None]
    pooled, _ = pooled_for_network(volume, [0.5, 0.5, 0.5])
    torch.testing.assert_close(pooled.flatten(), torch.tensor([0.8, 1.0]))
    volume[:, 0, 0] = 0
    assert not pooled_for_network(volume, [0.5, 0.5, 0.5])[0].any()


@pytest.mark.parametrize("spacing", [[1.0, 1.0, 1.0], [0.7, 0.7, 0.7], [0.9, 0.9, 3.0]])
def test_voxels_the_network_knows_are_left_alone(spacing):
    volume = torch.rand(2, 4, 5, 6)
    pooled, factors = pooled_for_network(volume, spacing)
    assert pooled is volume and factors == [1, 1, 1]


def test_only_fine_axes_are_pooled_and_odd_sizes_fit(a_network):
    scan = a_scan(an_image((11, 13, 9)), (0.4, 0.5, 1.2))
    assert pooled_for_network(torch.rand(2, 11, 13, 9), [0.4, 0.5, 1.2])[1] == [2, 2, 1]
    assert posterior_on_grid(a_network, scan, np.diag([0.4, 0.5, 1.2, 1])).shape == (3, 11, 13, 9)
