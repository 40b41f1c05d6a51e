"""The phantoms themselves: truth, field, noise and partial volume are what was asked for."""

from __future__ import annotations

import dataclasses

import numpy as np
import phantoms
import pytest
from scipy import ndimage

SPACING = 2.0


def a_brain(**options) -> phantoms.Phantom:
    return phantoms.from_labels(phantoms.label_map(step=2), spacing=SPACING, **options)


@pytest.mark.parametrize("subject", ["01", "12"])
def test_a_label_map_holds_every_tissue_inside_background(subject):
    labels = phantoms.label_map(subject, step=2)
    assert labels.dtype == np.uint8
    assert set(np.unique(labels)) == {0, 1, 2, 3, phantoms.DEEP_GREY, phantoms.BRAIN_STEM}
    for axis in range(3):
        assert not labels.take([0, -1], axis=axis).any()


def test_every_second_voxel_of_a_label_map_is_kept():
    np.testing.assert_array_equal(phantoms.label_map(step=2), phantoms.label_map()[::2, ::2, ::2])


@pytest.mark.parametrize("field_range", [0.2, 0.4])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_field_has_mean_1_in_the_mask_and_the_asked_range(field_range, seed):
    brain = a_brain(field_range=field_range, seed=seed)
    inside = brain.field[brain.mask]
    assert float(inside.mean()) == pytest.approx(1, abs=1e-4)
    assert float(inside.max() - inside.min()) == pytest.approx(field_range, rel=1e-4)


def test_without_a_range_there_is_no_field():
    np.testing.assert_array_equal(a_brain(field_range=0).field, 1)


def test_the_field_is_smooth():
    brain = a_brain(field_range=0.4)
    for axis in range(3):
        steps = np.abs(np.diff(brain.field, axis=axis))
        assert steps.max() < 0.02 * SPACING


def test_the_field_is_no_polynomial_of_degree_3():
    brain = a_brain(field_range=0.4)
    index = np.argwhere(brain.mask)[::20]
    u = 2 * (index - index.min(axis=0)) / np.ptp(index, axis=0) - 1
    powers = [(a, b, c) for a in range(4) for b in range(4 - a) for c in range(4 - a - b)]
    basis = np.stack([u[:, 0] ** a * u[:, 1] ** b * u[:, 2] ** c for a, b, c in powers], axis=1)
    values = brain.field[tuple(index.T)]
    residual = values - basis @ np.linalg.lstsq(basis, values)[0]
    assert residual.std() > 1e-3


def test_truth_is_the_largest_of_the_blurred_tissue_maps():
    labels = phantoms.label_map(step=2)
    tissues = [labels == 1, np.isin(labels, [2, phantoms.DEEP_GREY]), np.isin(labels, [3, phantoms.BRAIN_STEM])]
    # In the mask only the order of the maps counts, not what they are divided by.
    shares = np.stack([ndimage.gaussian_filter(tissue.astype(float), 0.8) for tissue in tissues])
    expected = np.where(labels > 0, shares.argmax(axis=0) + 1, 0)
    brain = a_brain()
    np.testing.assert_array_equal(brain.mask, labels > 0)
    assert (brain.truth != expected).mean() < 1e-5


def test_there_is_nothing_outside_the_mask_and_no_zero_within():
    brain = a_brain(noise=0.09)
    assert not brain.image[~brain.mask].any()
    assert not brain.truth[~brain.mask].any()
    assert brain.image[brain.mask].min() > 0
    assert set(np.unique(brain.truth[brain.mask])) == {1, 2, 3}


def test_pure_tissue_has_the_documented_means():
    brain = a_brain(noise=0.0, field_range=0.0)
    for label, mean in zip((1, 2, 3), phantoms.CLASS_MEANS, strict=True):
        pure = ndimage.binary_erosion(brain.truth == label, iterations=2)
        assert float(np.median(brain.image[pure])) == pytest.approx(mean, rel=0.03)


def test_between_two_tissues_lies_partial_volume():
    brain = a_brain(noise=0.0, field_range=0.0)
    white = brain.truth == 3
    rim = white & ~ndimage.binary_erosion(white)
    share = (brain.image[rim] < 0.95).mean()
    assert share > 0.5


def test_texture_is_two_percent_and_slow():
    brain = a_brain(noise=0.0, field_range=0.0)
    deep = ndimage.binary_erosion(brain.truth == 3, iterations=3)
    # Its spread is 2 % over the whole mask, here measured on a part of it.
    assert float(brain.image[deep].std()) == pytest.approx(0.02, abs=0.01)


@pytest.mark.parametrize("noise", [0.03, 0.09])
def test_noise_is_as_asked(noise):
    noisy, clean = a_brain(noise=noise, field_range=0.2), a_brain(noise=0.0, field_range=0.2)
    difference = (noisy.image - clean.image)[noisy.truth == 3]
    assert float(difference.std()) == pytest.approx(noise, rel=0.03)


def test_noise_is_rician():
    noise = 0.15
    noisy, clean = a_brain(noise=noise, field_range=0.0), a_brain(noise=0.0, field_range=0.0)
    fluid = ndimage.binary_erosion(noisy.truth == 1)
    # The mean square of a Rician variable is its signal's plus twice the noise's variance.
    excess = (noisy.image[fluid].astype(float) ** 2 - clean.image[fluid].astype(float) ** 2).mean()
    assert excess == pytest.approx(2 * noise**2, rel=0.1)


@pytest.mark.parametrize(
    "made",
    [
        lambda seed: a_brain(seed=seed),
        lambda seed: phantoms.nested_spheres(seed=seed, field_range=0.3),
    ],
    ids=["brain", "spheres"],
)
def test_a_seed_gives_the_same_phantom_again_and_another_seed_another(made):
    one, same, other = made(3), made(3), made(4)
    for field in dataclasses.fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(same, field.name))
    assert not np.array_equal(one.image, other.image)
    assert not np.array_equal(one.field, other.field)
    np.testing.assert_array_equal(one.truth, other.truth)


def test_deep_grey_has_its_own_signal_when_asked_and_counts_as_before():
    plain, bright = a_brain(noise=0.0), a_brain(noise=0.0, deep_grey_mean=0.86)
    codes = phantoms.label_map(step=2)
    for code in (phantoms.DEEP_GREY, phantoms.BRAIN_STEM):
        pure = ndimage.binary_erosion(codes == code, iterations=2)
        ratio = bright.image[pure] / bright.field[pure]
        assert float(np.median(ratio)) == pytest.approx(0.86, rel=0.05)
    np.testing.assert_array_equal(plain.truth, bright.truth)
    far = ~ndimage.binary_dilation(codes >= phantoms.DEEP_GREY, np.ones((3, 3, 3)), iterations=4)
    np.testing.assert_allclose(plain.image[far], bright.image[far], rtol=1e-6)


def test_the_affine_has_the_spacing():
    np.testing.assert_array_equal(a_brain().affine, np.diag([2.0, 2.0, 2.0, 1.0]))


def test_nested_spheres_lie_one_in_the_other_and_fit_the_grid():
    spheres = phantoms.nested_spheres(size=24, noise=0.0)
    centre, line = spheres.truth[12, 12, 12], spheres.truth[12, 12, 12:]
    assert centre == 3
    assert np.all(np.diff(line.astype(int)) <= 0)
    assert set(line) == {0, 1, 2, 3}
    np.testing.assert_allclose(spheres.image, np.take([0, *phantoms.CLASS_MEANS], spheres.truth), rtol=1e-6)


def test_nested_spheres_take_a_field_and_noise():
    spheres = phantoms.nested_spheres(size=24, noise=0.05, field_range=0.3)
    inside = spheres.field[spheres.mask]
    assert float(np.ptp(inside)) == pytest.approx(0.3, rel=1e-4)
    expected = np.take([0, *phantoms.CLASS_MEANS], spheres.truth) * spheres.field
    assert float((spheres.image - expected)[spheres.mask].std()) == pytest.approx(0.05, rel=0.05)


def test_the_error_of_a_field_does_not_depend_on_its_scale():
    brain = a_brain(field_range=0.4)
    assert phantoms.field_error(brain.field, 3 * brain.field, brain.mask) == pytest.approx(0, abs=1e-6)
    plain = np.ones_like(brain.field)
    inside = brain.field[brain.mask]
    assert phantoms.field_error(brain.field, plain, brain.mask) == pytest.approx(inside.std() / inside.mean(), rel=1e-4)
