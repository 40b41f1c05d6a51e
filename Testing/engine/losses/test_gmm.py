"""The Gaussian mixture loss against eq 3.2 and 3.3 written out, scikit-learn, and the facts of the method's notes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from engine.losses.batches import a_batch, gaussian_log_density
from gmmseg import mixture
from gmmseg.losses import GMMLoss, GMMTVLoss, TVLoss
from gmmseg.mixture import MixtureParameters
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.mixture import GaussianMixture
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky

# No deadline: a busy machine is no failure.
a_few_examples = settings(max_examples=25, deadline=None)


def rows(values, mask):
    """(N, C) values at the masked voxels."""
    return values.movedim(1, -1)[mask[:, 0]]


def gradient(loss, logits, *arguments, **given):
    leaf = logits.clone().requires_grad_()
    loss(leaf, *arguments, **given).backward()
    return leaf.grad


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("grid", [(5, 6), (3, 4, 5)])
def test_the_loss_is_equation_3_3_written_out(channels, grid):
    logits, image, mask = a_batch(channels=channels, grid=grid, items=1)
    x, s = rows(image, mask), rows(logits.softmax(dim=1), mask)
    expected = torch.zeros((), dtype=torch.float64)
    for k in range(3):
        weight = s[:, k].sum() / len(x)
        mean = (s[:, k, None] * x).sum(dim=0) / s[:, k].sum()
        outer = sum(s[i, k] * torch.outer(x[i] - mean, x[i] - mean) for i in range(len(x)))
        covariance = outer / s[:, k].sum()
        for i in range(len(x)):
            expected -= s[i, k] * (weight.log() + gaussian_log_density(x[i], mean, covariance))

    as_printed = GMMLoss(entropy_weight=0.0, reduction="sum")(logits, image, mask)

    torch.testing.assert_close(as_printed, expected)


def test_the_mean_is_the_sum_over_masked_voxels():
    logits, image, mask = a_batch()
    mean, total = (GMMLoss(reduction=reduction)(logits, image, mask) for reduction in ("mean", "sum"))
    torch.testing.assert_close(mean * mask.sum(), total)


@pytest.mark.parametrize("channels", [1, 3])
def test_with_entropy_and_the_posterior_it_is_scikit_learns_negative_log_likelihood(channels):
    logits, image, mask = a_batch(channels=channels, items=1)
    x = rows(image, mask)
    parameters = mixture.estimate(x, rows(logits.softmax(dim=1), mask))
    theirs = GaussianMixture(3)
    theirs.weights_, theirs.means_ = parameters.weight.numpy(), parameters.mean.numpy()
    theirs.precisions_cholesky_ = _compute_precision_cholesky(parameters.covariance.numpy(), "full")
    everywhere = mixture.log_joint(image.movedim(1, -1).reshape(-1, channels), parameters)
    as_logits = everywhere.reshape(1, *image.shape[2:], 3).movedim(-1, 1)

    ours = GMMLoss()(as_logits, image, mask, parameters=parameters)

    assert float(ours) == pytest.approx(-theirs.score(x.numpy()), abs=1e-9)


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("entropy_weight", [0.0, 0.4, 1.0])
def test_detached_statistics_give_the_full_gradient(channels, entropy_weight):
    logits, image, mask = a_batch(channels=channels, grid=(3, 4, 5))
    detached, full = (
        gradient(GMMLoss(entropy_weight=entropy_weight, detach=detach, reduction="sum"), logits, image, mask)
        for detach in (True, False)
    )
    torch.testing.assert_close(detached, full, rtol=0, atol=1e-6)


@a_few_examples
@given(st.integers(0, 1000))
def test_as_printed_no_posterior_beats_the_best_one_hot(seed):
    logits, image, mask = a_batch(seed=seed)
    parameters = mixture.estimate(rows(image, mask), rows(logits.softmax(dim=1), mask))
    joint = mixture.log_joint(image.movedim(1, -1).reshape(-1, 1), parameters).reshape(2, 5, 6, 3)
    one_hot = torch.nn.functional.one_hot(joint.argmax(dim=-1), 3).double().movedim(-1, 1)
    linear = GMMLoss(softmax=False, entropy_weight=0.0)

    best = linear(one_hot, image, mask, parameters=parameters)

    assert best <= linear(logits.softmax(dim=1), image, mask, parameters=parameters)
    assert best <= linear(joint.softmax(dim=-1).movedim(-1, 1), image, mask, parameters=parameters)


@a_few_examples
@given(st.integers(0, 1000))
def test_with_entropy_weight_1_the_posterior_is_the_minimiser(seed):
    logits, image, mask = a_batch(seed=seed)
    parameters = mixture.estimate(rows(image, mask), rows(logits.softmax(dim=1), mask))
    joint = mixture.log_joint(image.movedim(1, -1).reshape(-1, 1), parameters).reshape(2, 5, 6, 3).movedim(-1, 1)
    free_energy = GMMLoss(entropy_weight=1.0)

    assert gradient(free_energy, joint, image, mask, parameters=parameters).abs().max() < 1e-12
    best = free_energy(joint, image, mask, parameters=parameters)
    assert best <= free_energy(logits, image, mask, parameters=parameters)
    assert best <= free_energy(joint * 1e3, image, mask, parameters=parameters)


def test_the_profiled_loss_is_the_entropy_of_the_weights_and_the_log_volumes_of_the_classes():
    logits, image, mask = a_batch(channels=2, items=1)
    p = mixture.estimate(rows(image, mask), rows(logits.softmax(dim=1), mask))
    profiled = -(p.weight * p.weight.log()).sum() + 0.5 * (p.weight * torch.logdet(p.covariance)).sum()

    printed = GMMLoss(entropy_weight=0.0)(logits, image, mask)

    torch.testing.assert_close(printed, profiled + math.log(2 * math.pi) + 1)


def test_the_printed_loss_rewards_dropping_a_class_that_explains_nothing():
    _, image, mask = a_batch(items=1, grid=(12, 12))
    undecided = torch.zeros(1, 3, 12, 12, dtype=torch.float64)
    dropped = undecided.clone()
    dropped[:, 2] = -30
    printed = GMMLoss(entropy_weight=0.0)
    saving = printed(undecided, image, mask) - printed(dropped, image, mask)
    assert float(saving) == pytest.approx(math.log(3) - math.log(2), abs=1e-2)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_class_on_identical_voxels_gains_no_more_than_the_covariance_floor_allows(channels):
    _, image, mask = a_batch(items=1, grid=(12, 12), channels=channels)
    image[..., :6] = 0.0
    background = torch.stack([image[:, 0] == 0, image[:, 0] > 0], dim=1).double()
    everywhere = torch.ones_like(mask)
    floor = mixture.COVARIANCE_FLOOR * image.var(dim=(0, 2, 3), unbiased=False)

    loss = GMMLoss(softmax=False, entropy_weight=0.0, reduction="sum")(background, image, everywhere)

    one_voxel = math.log(0.5) - 0.5 * float(floor.log().sum()) - 0.5 * channels * math.log(2 * math.pi)
    foreground = GMMLoss(softmax=False, entropy_weight=0.0, reduction="sum")(background, image, image[:, :1] > 0)
    assert float(loss) == pytest.approx(float(foreground) + 72 * math.log(2) - 72 * one_voxel, rel=2e-3)


def test_a_vanished_class_keeps_loss_and_gradient_finite():
    logits, image, mask = a_batch(dtype=torch.float32)
    logits[:, 2] = -1e4
    for softmax, values in ((True, logits), (False, logits.softmax(dim=1))):
        leaf = values.clone().requires_grad_()
        loss = GMMLoss(softmax=softmax)(leaf, image, mask)
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(leaf.grad).all()


def test_scans_of_a_batch_have_their_own_statistics():
    logits, image, mask = a_batch(items=2)
    image[1] = 100 * image[1] + 7
    together = GMMLoss(reduction="sum")(logits, image, mask)
    alone = [GMMLoss(reduction="sum")(logits[i : i + 1], image[i : i + 1], mask[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(together, alone[0] + alone[1])


def test_slices_of_one_volume_share_statistics_and_other_scans_stay_out():
    logits, image, mask = a_batch(items=4)
    image[[1, 3]] *= 50
    sliced = GMMLoss(reduction="sum")(logits, image, mask, volume_index=torch.tensor([7, 2, 7, 2]))

    def as_volume(values, items):
        return values[items].movedim(0, 1)[None]

    volumes = [
        GMMLoss(reduction="sum")(as_volume(logits, items), as_volume(image, items), as_volume(mask, items))
        for items in ([0, 2], [1, 3])
    ]
    torch.testing.assert_close(sliced, volumes[0] + volumes[1])


def test_kept_statistics_give_the_same_loss_again():
    logits, image, mask = a_batch(items=3, channels=2)
    loss, index = GMMLoss(), [1, 0, 1]
    kept = loss.statistics(logits, image, mask, volume_index=index)
    again = loss(logits, image, mask, volume_index=index, parameters=kept.parameters, field=kept.field)
    torch.testing.assert_close(again, loss(logits, image, mask, volume_index=index))


def test_given_statistics_are_those_used():
    logits, image, mask = a_batch(items=1)
    unit = MixtureParameters(torch.zeros(3, 1), torch.ones(3, 1, 1), torch.full((3,), 1 / 3))
    loss = GMMLoss(entropy_weight=0.0)(logits, image, mask, parameters=unit)
    expected = (math.log(3) + 0.5 * math.log(2 * math.pi) + 0.5 * rows(image, mask) ** 2).mean()
    torch.testing.assert_close(loss, expected)


def test_a_given_field_multiplies_the_class_means():
    logits, image, mask = a_batch(items=1, channels=2)
    field = 0.8 + 0.4 * torch.rand(1, 2, 5, 6, dtype=torch.float64)
    parameters = mixture.estimate(rows(image, mask), rows(logits.softmax(dim=1), mask))
    x, s, b = rows(image, mask), rows(logits.softmax(dim=1), mask), rows(field, mask)
    expected = -sum(
        s[i, k] * (parameters.weight[k].log() + gaussian_log_density(x[i], b[i] * parameters.mean[k], covariance))
        for i in range(len(x))
        for k, covariance in enumerate(parameters.covariance)
    )
    loss = GMMLoss(entropy_weight=0.0, reduction="sum")(logits, image, mask, parameters=parameters, field=field)
    torch.testing.assert_close(loss, expected)


def test_the_wrong_number_of_given_mixtures_is_refused():
    logits, image, mask = a_batch(items=2)
    kept = GMMLoss().statistics(logits, image, mask)
    with pytest.raises(ValueError, match="parameters must be one mixture, or 2"):
        GMMLoss()(logits, image, mask, parameters=kept.parameters[:1])


@pytest.mark.parametrize(("classes", "channels"), [(2, 1), (3, 2)])
def test_a_mixture_of_other_classes_or_channels_is_refused(classes, channels):
    logits, image, mask = a_batch()
    other = GMMLoss().statistics(*a_batch(classes=classes, channels=channels))
    with pytest.raises(ValueError, match=rf"means \({classes}, {channels}\) where .* make \(3, 1\)"):
        GMMLoss()(logits, image, mask, parameters=other.parameters)


def test_a_field_on_another_grid_is_refused():
    logits, image, mask = a_batch()
    with pytest.raises(ValueError, match="must be as the image"):
        GMMLoss()(logits, image, mask, field=image[..., 1:])


@pytest.mark.parametrize("of", [lambda image: image[..., 1:], lambda image: image[:1], lambda image: image[:, 0]])
def test_an_image_on_another_grid_or_without_channels_is_refused(of):
    logits, image, mask = a_batch()
    with pytest.raises(ValueError, match="must share batch and grid"):
        GMMLoss()(logits, of(image), mask)


def test_the_map_of_items_that_share_a_volume_lies_where_they_lie():
    logits, image, mask = a_batch(items=3)
    together = {"volume_index": [5, 2, 5]}
    each = GMMLoss(reduction="none")(logits, image, mask, **together)
    for items, index in (([0, 2], [5, 5]), ([1], [2])):
        alone = GMMLoss(reduction="none")(logits[items], image[items], mask[items], volume_index=index)
        torch.testing.assert_close(each[items], alone)


def test_a_volume_index_of_another_length_is_refused():
    logits, image, mask = a_batch()
    with pytest.raises(ValueError, match="one number per item"):
        GMMLoss()(logits, image, mask, volume_index=[0])


@a_few_examples
@given(st.integers(0, 1000), st.floats(0.01, 100), st.integers(1, 3))
def test_a_change_of_intensity_unit_only_adds_its_logarithm(seed, unit, channels):
    logits, image, mask = a_batch(seed=seed, channels=channels)
    shift = GMMLoss()(logits, unit * image, mask) - GMMLoss()(logits, image, mask)
    assert float(shift) == pytest.approx(channels * math.log(unit), abs=1e-6)


@a_few_examples
@given(st.integers(0, 1000))
def test_a_linear_mix_of_channels_only_adds_its_log_determinant(seed):
    logits, image, mask = a_batch(seed=seed, channels=2)
    mix = torch.from_numpy(np.random.default_rng(seed).normal(size=(2, 2))) + 3 * torch.eye(2, dtype=torch.float64)
    mixed = torch.einsum("dc,bchw->bdhw", mix, image)
    shift = GMMLoss()(logits, mixed, mask) - GMMLoss()(logits, image, mask)
    assert float(shift) == pytest.approx(float(torch.logdet(mix @ mix.T)) / 2, abs=1e-6)


def test_the_smoothed_loss_is_the_mixture_and_gamma_times_the_total_variation():
    logits, image, mask = a_batch(grid=(3, 4, 5))
    spacing = (1.0, 2.0, 0.5)
    combined = GMMTVLoss(gamma=0.3)(logits, image, mask, spacing=spacing)
    separate = GMMLoss()(logits, image, mask) + 0.3 * TVLoss()(logits, mask, spacing=spacing)
    torch.testing.assert_close(combined, separate)
