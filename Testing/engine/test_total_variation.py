"""Total variation (eq 3.4): faces, spacing, the mask's border, and its gradient at 0."""

from __future__ import annotations

import math

import pytest
import torch
from gmmseg.total_variation import EPSILON, total_variation
from hypothesis import given, settings
from hypothesis import strategies as st

# No deadline: a busy machine is no failure.
a_few_examples = settings(max_examples=25, deadline=None)


def a_step(grid: tuple[int, ...], axis: int) -> torch.Tensor:
    """(1, 2, ...) one-hot posteriors that change class half way along ``axis``."""
    position = torch.arange(grid[axis]).reshape([-1 if a == axis else 1 for a in range(len(grid))]).expand(grid)
    return torch.stack([position < grid[axis] // 2, position >= grid[axis] // 2])[None].double()


@pytest.mark.parametrize("isotropic", [True, False])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_step_costs_its_faces_over_the_spacing_for_each_class(axis, isotropic):
    grid, spacing = (4, 5, 6), (1.0, 2.0, 0.5)
    faces = math.prod(grid) / grid[axis]
    total = total_variation(a_step(grid, axis), spacing=spacing, isotropic=isotropic).sum()
    assert float(total) == pytest.approx(2 * faces / spacing[axis], rel=1e-5)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_step_in_a_slice_costs_its_edges(axis):
    grid = (4, 6)
    total = total_variation(a_step(grid, axis), spacing=2.0).sum()
    assert float(total) == pytest.approx(2 * grid[1 - axis] / 2.0, rel=1e-5)


def test_a_corner_costs_its_diagonal_when_isotropic_and_both_faces_when_not():
    corner = torch.zeros(1, 1, 2, 2, dtype=torch.float64)
    corner[0, 0, 0, 0] = 1
    assert float(total_variation(corner).sum()) == pytest.approx(math.sqrt(2), rel=1e-5)
    assert float(total_variation(corner, isotropic=False).sum()) == pytest.approx(2, rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_constant_costs_nothing(dtype):
    constant = torch.full((2, 3, 20, 20), 1 / 3, dtype=dtype, requires_grad=True)
    total = total_variation(constant).sum()
    total.backward()
    assert total.abs() < 1e-6
    assert (constant.grad == 0).all()


def test_the_border_of_the_mask_costs_nothing():
    inside = torch.zeros(1, 6, 6, dtype=torch.bool)
    inside[0, 2:4, 1:5] = True
    posteriors = inside[:, None].double()
    assert total_variation(posteriors, inside).sum() < 1e-6
    assert total_variation(posteriors).sum() > 1


def test_voxels_outside_the_mask_have_no_influence():
    mask = torch.rand(2, 1, 6, 7) < 0.7
    posteriors = torch.rand(2, 3, 6, 7, dtype=torch.float64)
    broken = torch.where(mask, posteriors, torch.nan).requires_grad_()
    variation = total_variation(broken, mask)
    torch.testing.assert_close(variation, total_variation(posteriors, mask))
    assert (variation[~mask[:, 0]] == 0).all()
    (gradient,) = torch.autograd.grad(variation.sum(), broken)
    assert (gradient[(~mask).expand_as(gradient)] == 0).all()


def test_items_of_a_batch_may_have_their_own_spacing():
    posteriors = torch.rand(2, 3, 5, 6)
    spacing = torch.tensor([[1.0, 2.0], [0.5, 3.0]])
    together = total_variation(posteriors, spacing=spacing)
    alone = [total_variation(posteriors[i : i + 1], spacing=spacing[i]) for i in range(2)]
    torch.testing.assert_close(together, torch.cat(alone))


@a_few_examples
@given(st.integers(0, 1000), st.floats(0.1, 10))
def test_twice_the_spacing_is_half_the_variation(seed, spacing):
    posteriors = torch.rand(1, 2, 3, 4, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    fine, coarse = (total_variation(posteriors, spacing=h).sum() for h in (spacing, 2 * spacing))
    torch.testing.assert_close(fine, 2 * coarse, rtol=1e-4, atol=1e-4)


@a_few_examples
@given(st.integers(0, 1000))
def test_the_axes_may_be_swapped_with_their_spacing(seed):
    posteriors = torch.rand(1, 2, 3, 4, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    total = total_variation(posteriors, spacing=(1, 2, 3)).sum()
    swapped = total_variation(posteriors.permute(0, 1, 4, 2, 3), spacing=(3, 1, 2)).sum()
    torch.testing.assert_close(total, swapped)


@a_few_examples
@given(st.integers(0, 1000))
def test_isotropic_is_at_most_anisotropic_and_at_least_its_root_of_three(seed):
    posteriors = torch.rand(1, 2, 3, 4, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    isotropic, anisotropic = (total_variation(posteriors, isotropic=flag) for flag in (True, False))
    slack = 10 * EPSILON
    assert (isotropic <= anisotropic + slack).all()
    assert (anisotropic <= math.sqrt(3) * isotropic + slack).all()


@pytest.mark.parametrize("isotropic", [True, False])
@pytest.mark.parametrize("grid", [(3, 4), (2, 3, 3), (1, 5), (1, 1)])
def test_the_gradient_is_that_of_finite_differences(grid, isotropic):
    generator = torch.Generator().manual_seed(0)
    posteriors = torch.rand((2, 2, *grid), generator=generator, dtype=torch.float64, requires_grad=True)
    mask = torch.rand((2, *grid), generator=generator) < 0.8
    spacing = torch.arange(1.0, 1 + len(grid))
    assert torch.autograd.gradcheck(lambda s: total_variation(s, mask, spacing, isotropic), posteriors)


def test_half_precision_is_computed_in_float32():
    posteriors = torch.rand(1, 2, 6, 6).bfloat16()
    torch.testing.assert_close(total_variation(posteriors), total_variation(posteriors.float()))


@pytest.mark.parametrize("spacing", [0.0, (1.0, -1.0), (1.0, 1.0, 1.0)])
def test_a_spacing_that_cannot_be_is_refused(spacing):
    with pytest.raises(ValueError, match="spacing must be"):
        total_variation(torch.rand(1, 2, 4, 4), spacing=spacing)


def test_posteriors_without_a_grid_are_refused():
    with pytest.raises(ValueError, match="posteriors must be"):
        total_variation(torch.rand(1, 2, 4))
