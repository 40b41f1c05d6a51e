"""The field from pure tissue: better than eq 3.8 on every voxel, and defined on the whole grid."""

from __future__ import annotations

import numpy as np
import phantoms
import pytest
import torch
from gmmseg import bias_field, mixture
from gmmseg.field_fit import FieldFit, field_everywhere
from gmmseg.scan import Scan

DEGREE = 3
SOLID = torch.tensor([0.0, 1.0, 1.0])


def prepared(phantom: phantoms.Phantom, channels: int = 1) -> Scan:
    image = torch.from_numpy(phantom.image)[None].repeat(channels, 1, 1, 1)
    return Scan(image, torch.from_numpy(phantom.mask), phantom.spacing)


def true_posteriors(phantom: phantoms.Phantom) -> torch.Tensor:
    """(N, 3) one-hot rows of the true labels."""
    labels = torch.from_numpy(phantom.truth[phantom.mask].astype(np.int64))
    return torch.nn.functional.one_hot(labels - 1, 3).float()


def on_every_voxel(scan: Scan, s: torch.Tensor, field: torch.Tensor | None) -> torch.Tensor:
    """(N, D) eq 3.8 as printed: all voxels, all classes, no penalty."""
    axes = bias_field.axis_coordinates(scan.mask)
    coordinates = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)[scan.mask]
    basis = bias_field.legendre_basis(coordinates, DEGREE)
    parameters = mixture.estimate(scan.rows, s, field)
    equations = bias_field.normal_equations(basis, scan.rows, s, parameters)
    weights = bias_field.solve(*equations, scan.channels, 3, DEGREE)
    return scan.rows_of(bias_field.normalise(bias_field.evaluate(weights, axes, DEGREE), scan.mask)[0])


def error(phantom: phantoms.Phantom, scan: Scan, field: torch.Tensor) -> float:
    return phantoms.field_error(phantom.field, scan.on_grid(field)[0].numpy(), phantom.mask)


@pytest.fixture(scope="module")
def a_brain() -> phantoms.Phantom:
    """Partial volume at every surface, 40 % field, 3 % noise."""
    return phantoms.from_labels(phantoms.label_map(step=2), noise=0.03, field_range=0.4, spacing=2.0)


@pytest.mark.parametrize("noise", [0.03, 0.09])
def test_with_true_labels_pure_tissue_gives_a_better_field_than_every_voxel(noise):
    phantom = phantoms.from_labels(phantoms.label_map(step=2), noise=noise, field_range=0.4, spacing=2.0)
    scan, s = prepared(phantom), true_posteriors(phantom)
    solver, pure, printed = FieldFit(scan, DEGREE), None, None
    for _ in range(4):
        pure, _ = solver.update(s, pure, SOLID)
        printed = on_every_voxel(scan, s, printed)
    assert error(phantom, scan, pure) < 0.7 * error(phantom, scan, printed)
    assert error(phantom, scan, pure) < 0.25 * error(phantom, scan, torch.ones_like(pure))


@pytest.mark.parametrize("noise", [0.03, 0.09])
def test_in_turn_with_em_pure_tissue_corrects_where_every_voxel_takes_partial_volume_for_field(noise):
    phantom = phantoms.from_labels(phantoms.label_map(step=2), noise=noise, field_range=0.4, spacing=2.0)
    scan = prepared(phantom)
    solver = FieldFit(scan, DEGREE)

    def alternated(solve) -> float:
        s, field = true_posteriors(phantom), None
        s = mixture.posterior(scan.rows, mixture.estimate(scan.rows, s))[0]
        for _ in range(4):
            field = solve(s, field)
            s = mixture.posterior(scan.rows, mixture.estimate(scan.rows, s, field), field)[0]
        return error(phantom, scan, field)

    pure = alternated(lambda s, field: solver.update(s, field, SOLID)[0])
    printed = alternated(lambda s, field: on_every_voxel(scan, s, field))
    assert pure < 0.5 * printed
    assert pure < 0.4 * error(phantom, scan, torch.ones_like(scan.rows))


def test_the_field_has_mean_1_in_the_mask_and_its_weights_give_it_again(a_brain):
    scan = prepared(a_brain)
    field, weights = FieldFit(scan, DEGREE).update(true_posteriors(a_brain), None, SOLID)
    assert float(field.mean()) == pytest.approx(1, abs=1e-4)
    again = bias_field.evaluate(weights, bias_field.axis_coordinates(scan.mask), DEGREE)
    torch.testing.assert_close(scan.rows_of(again), field, rtol=0, atol=1e-5)


def test_every_channel_gets_its_own_field(a_brain):
    scan = prepared(a_brain, channels=2)
    noise = torch.from_numpy(np.random.default_rng(1).normal(0, 0.03, a_brain.mask.shape)).float()
    scan.image[1] = torch.where(scan.mask, scan.image[1] / torch.from_numpy(a_brain.field) + noise, 0)
    solver, s, field = FieldFit(scan, DEGREE), true_posteriors(a_brain), None
    for _ in range(3):
        field, _ = solver.update(s, field, SOLID)
    uncorrected = error(a_brain, scan, torch.ones_like(field[:, :1]))
    assert error(a_brain, scan, field[:, :1]) < 0.4 * uncorrected
    assert float(field[:, 1].std()) < 0.2 * uncorrected


def test_a_scan_without_field_gets_hardly_any():
    phantom = phantoms.nested_spheres(size=40, noise=0.02)
    scan = prepared(phantom)
    field, _ = FieldFit(scan, DEGREE).update(true_posteriors(phantom), None, SOLID)
    assert float((field - 1).abs().max()) < 0.02


def test_voxels_of_weight_0_have_no_say(a_brain):
    scan, s = prepared(a_brain), true_posteriors(a_brain)
    lesion = torch.zeros(a_brain.mask.shape, dtype=torch.bool)
    lesion[20:30, 30:45, 30:45] = True
    use = (~lesion[scan.mask]).float()
    damaged = Scan(torch.where(lesion & scan.mask, scan.image * 0.6, scan.image), scan.mask, scan.spacing)
    # Both with the same voxels typical, so that nothing but the lesion differs.
    damaged.__dict__["typical"] = scan.typical
    healthy_field, _ = FieldFit(scan, DEGREE).update(s, None, SOLID, use)
    spared, _ = FieldFit(damaged, DEGREE).update(s, None, SOLID, use)
    steered, _ = FieldFit(damaged, DEGREE).update(s, None, SOLID)
    torch.testing.assert_close(spared, healthy_field, rtol=0, atol=1e-5)
    assert float((steered - healthy_field).abs().max()) > 0.01


def test_bright_outliers_have_no_say(a_brain):
    scan, s = prepared(a_brain), true_posteriors(a_brain)
    white = torch.from_numpy(a_brain.truth == 3)
    spot = torch.zeros_like(white)
    spot[30:36, 35:43, 30:38] = True
    spot &= white
    assert 100 < int(spot.sum()) < 0.004 * int(scan.mask.sum())
    spotted = Scan(torch.where(spot, 5.0, scan.image), scan.mask, scan.spacing)
    clean_field, _ = FieldFit(scan, DEGREE).update(s, None, SOLID)
    field, _ = FieldFit(spotted, DEGREE).update(s, None, SOLID)
    assert float((field - clean_field).std()) < 0.005


@pytest.mark.parametrize("kind", ["no pure voxel", "too few voxels", "no class"])
def test_too_little_pure_tissue_gives_no_field(kind):
    phantom = phantoms.nested_spheres(size=8 if kind == "too few voxels" else 24)
    scan, s = prepared(phantom), true_posteriors(phantom)
    if kind == "no pure voxel":
        s = torch.full_like(s, 1 / 3)
    classes = torch.zeros(3) if kind == "no class" else SOLID
    assert FieldFit(scan, DEGREE).update(s, None, classes) is None


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 1.3, 6.0)])
def test_the_block_sums_miss_no_voxel(spacing):
    phantom = phantoms.nested_spheres(size=25)
    solver = FieldFit(Scan(torch.from_numpy(phantom.image)[None], torch.from_numpy(phantom.mask), spacing), DEGREE)
    rows = torch.rand(int(phantom.mask.sum()), 2, generator=torch.Generator().manual_seed(0))
    pooled = solver._pooled(rows)
    assert len(pooled) == len(solver._basis)
    torch.testing.assert_close(pooled.sum(dim=0), rows.sum(dim=0), rtol=1e-4, atol=0)


@pytest.mark.parametrize("degree", [1, 3, 6])
def test_the_field_everywhere_is_the_field_in_the_box(degree):
    rng = np.random.default_rng(0)
    mask = torch.from_numpy(rng.random((9, 10, 11)) < 0.3)
    mask[0] = mask[-1] = False  # the box may be looser than the mask
    count = len(bias_field.exponents(3, degree))
    weights = torch.from_numpy(rng.uniform(-0.2, 0.2, (count, 2))) / count
    weights[0] = 1
    box = (slice(3, 12), slice(0, 10), slice(5, 16))
    full = field_everywhere(weights, mask, box, (20, 14, 16))
    inside = bias_field.evaluate(weights, bias_field.axis_coordinates(mask), degree)
    assert full.shape == (2, 20, 14, 16)
    torch.testing.assert_close(full[:, box[0], box[1], box[2]], inside)


def test_the_field_everywhere_is_smooth_and_within_limits_far_outside_the_mask():
    mask = torch.ones(20, 20, 20, dtype=torch.bool)
    box = (slice(40, 60),) * 3
    weights = torch.zeros(len(bias_field.exponents(3, 6)), 1)
    weights[0], weights[1:] = 1.0, 0.03
    field = field_everywhere(weights, mask, box, (100, 100, 100))
    assert bias_field.LOWEST <= float(field.min()) <= float(field.max()) <= bias_field.HIGHEST
    inside = field[:, box[0], box[1], box[2]]
    steepest = max(float(inside.diff(dim=axis).abs().max()) for axis in (1, 2, 3))
    for axis in (1, 2, 3):
        assert float(field.diff(dim=axis).abs().max()) < 2.5 * steepest
    # Level long before the edge of the grid.
    torch.testing.assert_close(field[:, 0], field[:, 20])


def test_the_mixture_in_other_units_gives_the_same_posteriors():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.uniform(0.1, 1.2, (200, 2)))
    parameters = mixture.estimate(x, torch.from_numpy(rng.dirichlet(np.ones(3), 200)))
    scale = torch.tensor([300.0, 0.5], dtype=torch.float64)
    s, log_likelihood = mixture.posterior(x, parameters)
    scaled, other = mixture.posterior(x * scale, parameters.scaled(scale))
    torch.testing.assert_close(scaled, s)
    torch.testing.assert_close(other, log_likelihood - scale.log().sum())
