"""The Gaussian mixture loss with bias field: eq 3.6 to 3.8, scale, purity and coordinates."""

from __future__ import annotations

import phantoms
import pytest
import torch
from engine.losses.batches import a_batch, a_two_tissue_image
from gmmseg import mixture
from gmmseg.losses import GMMBiasLoss, GMMLoss, GMMTVLoss, TVLoss
from gmmseg.start_values import start_values

AS_PRINTED = {"purity_power": 0.0, "ridge": 0.0}


def polynomial_field(size: int, strength: float = 0.3) -> torch.Tensor:
    """(1, 1, size, size) with mean 1, quadratic."""
    u = torch.linspace(-1, 1, size, dtype=torch.float64)
    field = 1 + strength * (u[:, None] + 0.5 * u[None, :] ** 2 - 0.7 * u[:, None] * u[None, :])
    return (field / field.mean())[None, None]


def residual_variation(field: torch.Tensor, truth: torch.Tensor, mask: torch.Tensor) -> float:
    """Coefficient of variation of truth over field: 0 for a perfect field."""
    ratio = (truth / field)[mask]
    return float(ratio.std() / ratio.mean())


def test_a_polynomial_field_is_found_from_the_true_posteriors():
    image, posteriors = a_two_tissue_image(noise=0.01)
    truth = polynomial_field(24)
    fitted = GMMBiasLoss(softmax=False, degree=2, alternations=40, **AS_PRINTED).statistics(posteriors, image * truth)
    assert residual_variation(fitted.field, truth, torch.ones_like(truth, dtype=torch.bool)) < 0.003
    assert fitted.parameters[0].mean[:, 0].tolist() == pytest.approx([0.5, 1.0], rel=0.01)


def test_a_field_in_three_dimensions_is_found_for_every_channel():
    generator = torch.Generator().manual_seed(0)
    u = torch.linspace(-1, 1, 10, dtype=torch.float64)
    x, y, z = torch.meshgrid(u, u, u, indexing="ij")
    truth = torch.stack([1 + 0.2 * x - 0.1 * y * z, 1 - 0.3 * z])[None]
    posteriors = torch.nn.functional.one_hot(torch.randint(0, 2, (1, 10, 10, 10), generator=generator), 2)
    posteriors = posteriors.double().movedim(-1, 1)
    means = torch.tensor([[0.5, 1.0], [1.0, 0.6]], dtype=torch.float64)
    image = torch.einsum("bkxyz,kc->bcxyz", posteriors, means) * truth
    image = image + 0.005 * torch.randn(image.shape, generator=generator, dtype=torch.float64)
    fitted = GMMBiasLoss(softmax=False, degree=2, alternations=5, **AS_PRINTED).statistics(posteriors, image)
    for channel in range(2):
        estimated = fitted.field[:, channel]
        assert residual_variation(estimated, truth[:, channel], torch.ones_like(estimated, dtype=torch.bool)) < 0.003


def test_the_field_has_mean_1_in_the_mask_and_is_1_outside():
    logits, image, mask = a_batch(grid=(9, 9))
    field = GMMBiasLoss(degree=2).statistics(logits, image, mask).field
    for item in range(2):
        assert float(field[item][mask[item]].mean()) == pytest.approx(1, abs=1e-9)
    assert (field[~mask] == 1).all()


def test_the_field_stays_between_0_3_and_3():
    image, posteriors = a_two_tissue_image(noise=0.01)
    steep = torch.linspace(0.01, 10, 24, dtype=torch.float64).expand(1, 1, 24, 24)
    field = GMMBiasLoss(softmax=False, degree=2).statistics(posteriors, image * steep).field
    assert field.min() >= 0.3
    assert field.max() <= 3


def test_the_scale_of_the_field_cancels_in_the_means():
    logits, image, mask = a_batch()
    field = 0.8 + 0.4 * torch.rand(image.shape, dtype=torch.float64)
    loss = GMMBiasLoss()
    torch.testing.assert_close(loss(logits, image, mask, field=field), loss(logits, image, mask, field=3 * field))


def test_the_printed_equations_leave_no_better_field():
    logits, image, mask = a_batch(items=1, grid=(8, 8), channels=2)
    loss = GMMBiasLoss(gamma=0.0, degree=2, alternations=60, **AS_PRINTED)
    best = loss(logits, image, mask)
    field = loss.statistics(logits, image, mask).field
    u = torch.linspace(-1, 1, 8, dtype=torch.float64)
    for direction in (u[:, None] + 0 * u, u[None, :] ** 2 + 0 * u[:, None], u[:, None] * u[None, :]):
        for step in (-0.02, 0.02):
            assert loss(logits, image, mask, field=field + step * direction) > best


def test_detached_statistics_give_the_full_gradient_when_the_field_is_a_minimiser():
    logits, image, mask = a_batch(grid=(7, 7))
    image = 0.5 + 0.5 * image  # far from the field's clamp
    gradients = []
    for detach in (True, False):
        leaf = logits.clone().requires_grad_()
        loss = GMMBiasLoss(degree=1, alternations=60, detach=detach, reduction="sum", **AS_PRINTED)
        loss(leaf, image, mask).backward()
        gradients.append(leaf.grad)
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-6)


def test_degree_0_is_the_loss_without_field():
    logits, image, mask = a_batch(channels=2)
    torch.testing.assert_close(GMMBiasLoss(degree=0)(logits, image, mask), GMMTVLoss()(logits, image, mask))


def test_total_variation_is_added_in_the_given_spacing():
    logits, image, mask = a_batch()
    rough, plain = (GMMBiasLoss(gamma=gamma)(logits, image, mask, spacing=(2.0, 0.5)) for gamma in (0.2, 0.0))
    torch.testing.assert_close(rough - plain, 0.2 * TVLoss()(logits, mask, spacing=(2.0, 0.5)))


def test_a_field_explains_shading_better_than_none():
    image, posteriors = a_two_tissue_image()
    shaded = image * polynomial_field(24)
    arguments = {"softmax": False, "entropy_weight": 0.0}
    with_field = GMMBiasLoss(gamma=0.0, degree=2, **arguments)(posteriors, shaded)
    assert with_field < GMMLoss(**arguments)(posteriors, shaded) - 0.3


@pytest.mark.parametrize("posteriors", ["true", "mixture's"])
def test_purity_keeps_partial_volume_out_of_the_field(posteriors):
    phantom = phantoms.from_labels(phantoms.label_map(step=4), noise=0.03, field_range=0.2, spacing=4.0)
    image = torch.from_numpy(phantom.image)[None, None]
    mask = torch.from_numpy(phantom.mask)[None, None]
    truth = torch.from_numpy(phantom.field)[None, None]
    if posteriors == "true":
        labels = torch.from_numpy(phantom.truth).long() - 1
        s = torch.nn.functional.one_hot(labels.clamp_min(0), 3).movedim(-1, 0)[None].float()
    else:
        parameters, _, _ = mixture.fit(image[mask][:, None], start_values(image[mask][:, None], 3))
        s, _ = mixture.posterior(image.reshape(-1, 1), parameters)
        s = s.reshape(*image.shape[2:], 3).movedim(-1, 0)[None]

    def error(**options):
        field = GMMBiasLoss(softmax=False, alternations=10, **options).statistics(s, image, mask).field
        return residual_variation(field, truth, mask)

    uncorrected = residual_variation(torch.ones_like(truth), truth, mask)
    assert error() < 0.6 * uncorrected
    assert error() < 0.6 * error(**AS_PRINTED)


def test_slices_with_coordinates_share_the_field_of_their_volume():
    logits, image, mask = a_batch(grid=(4, 6, 5), items=1)
    loss = GMMBiasLoss(degree=2, gamma=0.0, **AS_PRINTED)
    as_volume = loss(logits, image, mask)
    axes = [10.0 * torch.arange(4), 3.0 * torch.arange(6) - 40, 0.1 * torch.arange(5)]
    coordinates = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=1).double()

    def slices(values):
        return values[0].movedim(1, 0)

    as_slices = loss(slices(logits), slices(image), slices(mask), volume_index=[0, 0, 0, 0], coordinates=coordinates)
    torch.testing.assert_close(as_slices, as_volume)


def test_slices_of_one_volume_without_coordinates_are_refused():
    logits, image, mask = a_batch()
    with pytest.raises(ValueError, match="coordinates must be given"):
        GMMBiasLoss()(logits, image, mask, volume_index=[0, 0])


def test_coordinates_on_another_grid_are_refused():
    logits, image, mask = a_batch()
    with pytest.raises(ValueError, match="on the grid"):
        GMMBiasLoss()(logits, image, mask, coordinates=torch.zeros(2, 2, 3, 3))


def test_kept_statistics_give_the_same_loss_again():
    logits, image, mask = a_batch(items=3, channels=2, grid=(7, 7))
    loss = GMMBiasLoss()
    kept = loss.statistics(logits, image, mask)
    again = loss(logits, image, mask, parameters=kept.parameters, field=kept.field)
    torch.testing.assert_close(again, loss(logits, image, mask))


def test_given_mixtures_keep_their_fit_while_the_field_is_solved():
    image, posteriors = a_two_tissue_image(noise=0.01)
    truth = 1.4 * polynomial_field(24)
    loss = GMMBiasLoss(softmax=False, degree=2, gamma=0.0, ridge=0.0)
    flat = loss.statistics(posteriors, image).parameters
    fitted = loss.statistics(posteriors, image * truth, parameters=flat)
    torch.testing.assert_close(fitted.parameters[0].mean, 1.4 * flat[0].mean, rtol=5e-3, atol=0)
    torch.testing.assert_close(fitted.field, truth / 1.4, rtol=2e-2, atol=0)
