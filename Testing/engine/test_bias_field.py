"""The bias field's polynomials, coordinates and normal equations, against numpy, scipy and dense least squares."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from gmmseg import bias_field
from gmmseg.bias_field import HIGHEST, LOWEST
from gmmseg.mixture import MixtureParameters, estimate
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import legendre as numpy_legendre
from scipy.special import eval_legendre

# No deadline: a busy machine is no failure.
a_few_examples = settings(max_examples=25, deadline=None)


def every_combination(axes: list[torch.Tensor]) -> torch.Tensor:
    """(N, dimensions) coordinates of the grid that ``axes`` span, in C order."""
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, len(axes))


def some_mixture(channels: int) -> MixtureParameters:
    """Three classes; with two channels they are correlated."""
    mean = torch.tensor([[0.3, 0.9], [0.7, 0.6], [1.0, 0.4]], dtype=torch.float64)[:, :channels]
    covariance = torch.tensor([[0.010, 0.006], [0.006, 0.008]], dtype=torch.float64)[:channels, :channels]
    spread = torch.tensor([1.0, 0.5, 2.0], dtype=torch.float64)[:, None, None]
    return MixtureParameters(mean, covariance * spread, torch.full((3,), 1 / 3, dtype=torch.float64))


def some_posteriors(count: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).dirichlet(np.ones(3), count))


def known_labels(count: int) -> torch.Tensor:
    """(N, 3) one-hot."""
    return torch.nn.functional.one_hot(torch.arange(count) * 7 % 3, 3).double()


def known_weights(dimensions: int, degree: int, channels: int) -> torch.Tensor:
    """(T, D) weights of a field around 1."""
    count = len(bias_field.exponents(dimensions, degree))
    weights = torch.from_numpy(np.random.default_rng(2).uniform(-0.3, 0.3, (count, channels))) / count
    weights[0] = 1
    return weights


@pytest.mark.parametrize("degree", range(7))
def test_the_number_of_terms_is_the_papers(degree):
    p = degree
    assert len(bias_field.exponents(2, degree)) == (p + 1) * (p + 2) // 2
    assert len(bias_field.exponents(3, degree)) == (p + 1) * (p + 2) * (p + 3) // 6


@pytest.mark.parametrize("dimensions", [2, 3])
def test_terms_are_distinct_start_with_the_constant_and_rise_in_degree(dimensions):
    terms = bias_field.exponents(dimensions, 5)
    totals = [sum(term) for term in terms]
    assert len(set(terms)) == len(terms)
    assert terms[0] == (0,) * dimensions
    assert totals == sorted(totals)
    assert max(totals) == 5


@pytest.mark.parametrize("degree", range(7))
def test_polynomials_are_scipys(degree):
    u = torch.linspace(-1.1, 1.1, 23, dtype=torch.float64)
    values = bias_field.legendre(u, degree)
    assert values.shape == (23, degree + 1)
    for n in range(degree + 1):
        np.testing.assert_allclose(values[:, n], eval_legendre(n, u.numpy()), atol=1e-12)


def test_polynomials_are_orthogonal_with_norm_2_over_2n_plus_1():
    nodes, weights = numpy_legendre.leggauss(8)
    values = bias_field.legendre(torch.from_numpy(nodes), 6).numpy()
    gram = values.T @ (weights[:, None] * values)
    np.testing.assert_allclose(gram, np.diag([2 / (2 * n + 1) for n in range(7)]), atol=1e-12)


@pytest.mark.parametrize(("dimensions", "evaluated"), [(2, numpy_legendre.legval2d), (3, numpy_legendre.legval3d)])
def test_the_basis_times_weights_is_numpys_series(dimensions, evaluated):
    rng = np.random.default_rng(0)
    coordinates, degree = rng.uniform(-1, 1, (30, dimensions)), 4
    coefficients = np.zeros((degree + 1,) * dimensions)
    terms = bias_field.exponents(dimensions, degree)
    weights = rng.normal(size=len(terms))
    for term, weight in zip(terms, weights, strict=True):
        coefficients[term] = weight
    basis = bias_field.legendre_basis(torch.from_numpy(coordinates), degree).numpy()
    np.testing.assert_allclose(basis @ weights, evaluated(*coordinates.T, coefficients), atol=1e-12)


@pytest.mark.parametrize("degree", [0, 1, 3, 6])
@pytest.mark.parametrize("shape", [(5, 7), (4, 5, 6)])
def test_the_field_on_a_grid_is_the_basis_times_its_weights(shape, degree):
    axes = [torch.linspace(-1, 1, n, dtype=torch.float64) for n in shape]
    weights = known_weights(len(shape), degree, channels=2)
    field = bias_field.evaluate(weights, axes, degree)
    expected = bias_field.legendre_basis(every_combination(axes), degree) @ weights
    assert field.shape == (2, *shape)
    torch.testing.assert_close(field.reshape(2, -1).T, expected)


def test_the_field_on_a_grid_stays_between_0_3_and_3():
    axes = [torch.linspace(-1, 1, 9)] * 3
    weights = torch.tensor([[1.0], [5.0], [0.0], [0.0]])
    field = bias_field.evaluate(weights, axes, 1)
    assert (float(field.min()), float(field.max())) == (pytest.approx(LOWEST), pytest.approx(HIGHEST))


@a_few_examples
@given(
    first=st.lists(st.integers(0, 6), min_size=3, max_size=3),
    length=st.lists(st.integers(2, 9), min_size=3, max_size=3),
    dimensions=st.sampled_from([2, 3]),
)
def test_coordinates_run_evenly_from_minus_1_to_1_over_the_bounding_box(first, length, dimensions):
    mask = torch.zeros((16,) * dimensions, dtype=torch.bool)
    # Two opposite corners of the box are enough to span it.
    mask[tuple(first[:dimensions])] = True
    mask[tuple(f + n - 1 for f, n in zip(first[:dimensions], length, strict=False))] = True
    axes = bias_field.axis_coordinates(mask)
    assert [len(axis) for axis in axes] == list(mask.shape)
    for axis, start, count in zip(axes, first, length, strict=False):
        torch.testing.assert_close(axis[start : start + count], torch.linspace(-1, 1, count))


def test_coordinates_level_off_smoothly_outside_the_box():
    mask = torch.zeros(400, 3, dtype=torch.bool)
    mask[150:250] = True
    axis = bias_field.axis_coordinates(mask)[0].double()
    steps = axis.diff()
    assert bool((steps >= 0).all())
    assert float(axis.abs().max()) <= 1.1 + 1e-6
    # No kink: the step from voxel to voxel changes by little anywhere, also across the box's faces.
    inside = float(steps[200])
    assert float(steps.diff().abs().max()) < 0.2 * inside
    assert float(steps[0]) == pytest.approx(0, abs=1e-6)


def test_a_mask_of_one_slice_has_its_coordinate_0_there():
    mask = torch.zeros(4, 5, 3, dtype=torch.bool)
    mask[1:3, 1:4, 2] = True
    assert float(bias_field.axis_coordinates(mask)[2][2]) == 0


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 6)])
def test_an_empty_mask_spans_the_whole_grid(shape):
    for axis in bias_field.axis_coordinates(torch.zeros(shape, dtype=torch.bool)):
        torch.testing.assert_close(axis, torch.linspace(-1, 1, len(axis)))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_normal_equations_solve_the_dense_least_squares_problem(channels, weighted):
    rng = np.random.default_rng(0)
    count, degree = 40, 2
    basis = bias_field.legendre_basis(torch.from_numpy(rng.uniform(-1, 1, (count, 3))), degree)
    x, s = torch.from_numpy(rng.uniform(0.2, 1.2, (count, channels))), some_posteriors(count)
    parameters = some_mixture(channels)
    reliability = torch.from_numpy(rng.uniform(0, 1, count)) if weighted else None

    # One row for each voxel, class and whitened channel of s_ik |R_k (x_i - mu_k b_i)|^2 with R_k' R_k = S_k^-1.
    rows, targets = [], []
    for i in range(count):
        for k in range(3):
            whitening = np.linalg.cholesky(np.linalg.inv(parameters.covariance[k].numpy())).T
            share = float(s[i, k]) * (1.0 if reliability is None else float(reliability[i]))
            # b_i = W' g_i, so that channel d of mu_k b_i is mu_kd sum_t g_it w_td; unknowns run t first, d second.
            design = np.kron(basis[i].numpy(), np.diag(parameters.mean[k].numpy()))
            rows.append(math.sqrt(share) * whitening @ design)
            targets.append(math.sqrt(share) * whitening @ x[i].numpy())
    expected, *_ = np.linalg.lstsq(np.concatenate(rows), np.concatenate(targets))

    u, v = bias_field.normal_equations(basis, x, s, parameters, reliability)
    np.testing.assert_allclose(np.linalg.solve(u.numpy(), v.numpy()), expected, rtol=1e-8, atol=1e-10)
    solved = bias_field.solve(u, v, channels, 3, degree)
    np.testing.assert_allclose(solved.reshape(-1), expected, atol=1e-5)


def test_with_one_channel_the_sums_are_those_printed():
    rng = np.random.default_rng(0)
    basis = bias_field.legendre_basis(torch.from_numpy(rng.uniform(-1, 1, (20, 2))), 1)
    x, s, parameters = torch.from_numpy(rng.uniform(0.2, 1.2, (20, 1))), some_posteriors(20), some_mixture(1)
    mean, variance = parameters.mean[:, 0], parameters.covariance[:, 0, 0]
    j1 = (s * mean**2 / variance).sum(dim=1)
    j2 = (s * mean / variance).sum(dim=1) * x[:, 0]
    u, v = bias_field.normal_equations(basis, x, s, parameters)
    torch.testing.assert_close(u, torch.einsum("n,nt,nr->tr", j1, basis, basis))
    torch.testing.assert_close(v, torch.einsum("n,nt->t", j2, basis))


def test_the_equations_are_in_float64_and_symmetric_whatever_the_data():
    basis = bias_field.legendre_basis(torch.rand(30, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1, 2)
    u, v = bias_field.normal_equations(
        basis, torch.ones(30, 2), some_posteriors(30).float(), some_mixture(2).to(torch.float32)
    )
    assert u.dtype == v.dtype == torch.float64
    torch.testing.assert_close(u, u.T, rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize("degree", [1, 3, 6])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("shape", [(17, 15), (9, 10, 11)])
def test_a_polynomial_field_is_recovered_from_known_labels(shape, channels, degree):
    axes = [torch.linspace(-1, 1, n, dtype=torch.float64) for n in shape]
    basis = bias_field.legendre_basis(every_combination(axes), degree)
    truth = known_weights(len(shape), degree, channels)
    s, parameters = known_labels(len(basis)), some_mixture(channels)
    x = (basis @ truth) * (s @ parameters.mean)
    solved = bias_field.solve(*bias_field.normal_equations(basis, x, s, parameters), channels, len(shape), degree)
    # Exact but for the pull of 1e-7 that keeps the solution defined.
    torch.testing.assert_close(solved, truth, rtol=0, atol=1e-5)


def test_the_bending_penalty_is_the_one_documented():
    basis = bias_field.legendre_basis(torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (60, 3))), 2)
    x, s, parameters = torch.full((60, 2), 0.7).double(), some_posteriors(60), some_mixture(2)
    u, v = bias_field.normal_equations(basis, x, s, parameters)
    degrees = np.array([sum(term) for term in bias_field.exponents(3, 2)])
    ridge = 0.01
    penalty = ridge * np.outer((degrees * (degrees + 1)) ** 2, u.diagonal()[:2]).reshape(-1)
    expected = np.linalg.solve(u.numpy() + np.diag(penalty), v.numpy())
    np.testing.assert_allclose(bias_field.solve(u, v, 2, 3, 2, ridge).reshape(-1), expected, atol=1e-5)


def test_the_bending_penalty_keeps_degree_6_tame():
    rng = np.random.default_rng(0)
    # All data lie in a corner of the box: elsewhere degree 6 is free to explode.
    seen = torch.from_numpy(rng.uniform(-1, 0, (400, 3)))
    basis = bias_field.legendre_basis(seen, 6)
    s, parameters = known_labels(400), some_mixture(1)
    x = s @ parameters.mean + torch.from_numpy(rng.normal(0, 0.05, (400, 1)))
    equations = bias_field.normal_equations(basis, x, s, parameters)
    everywhere = bias_field.legendre_basis(torch.from_numpy(rng.uniform(-1, 1, (500, 3))), 6)
    wild = everywhere @ bias_field.solve(*equations, 1, 3, 6)
    tame = everywhere @ bias_field.solve(*equations, 1, 3, 6, ridge=1e-3)
    assert float((wild - 1).abs().max()) > 1
    assert float((tame - 1).abs().max()) < 0.2


def test_the_bending_penalty_leaves_a_constant_alone():
    basis = bias_field.legendre_basis(torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (300, 3))), 3)
    s, parameters = known_labels(300), some_mixture(1)
    u, v = bias_field.normal_equations(basis, 1.3 * s @ parameters.mean, s, parameters)
    solved = bias_field.solve(u, v, 1, 3, 3, ridge=10.0)
    assert float(solved[0]) == pytest.approx(1.3, rel=1e-5)
    assert float(solved[1:].abs().max()) < 1e-5


def test_a_direction_without_data_gets_no_field():
    # One slice: whatever varies along the third axis is not seen.
    coordinates = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (300, 3)))
    coordinates[:, 2] = 0
    basis = bias_field.legendre_basis(coordinates, 1)
    s, parameters = known_labels(300), some_mixture(1)
    x = (1 + 0.2 * coordinates[:, :1]) * (s @ parameters.mean)
    solved = bias_field.solve(*bias_field.normal_equations(basis, x, s, parameters), 1, 3, 1)
    by_term = dict(zip(bias_field.exponents(3, 1), solved[:, 0].tolist(), strict=True))
    assert by_term[1, 0, 0] == pytest.approx(0.2, abs=1e-4)
    assert by_term[0, 0, 1] == pytest.approx(0, abs=1e-4)


def test_a_channel_of_zeros_and_no_data_at_all_give_a_finite_field():
    basis = bias_field.legendre_basis(torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (50, 3))), 2)
    s = known_labels(50)
    x = torch.cat([s @ some_mixture(1).mean, torch.zeros(50, 1, dtype=torch.float64)], dim=1)
    u, v = bias_field.normal_equations(basis, x, s, estimate(x, s))
    assert bool(torch.isfinite(bias_field.solve(u, v, 2, 3, 2)).all())
    nothing = bias_field.solve(torch.zeros_like(u), torch.zeros_like(v), 2, 3, 2)
    torch.testing.assert_close(nothing[0], torch.ones(2, dtype=torch.float64))
    assert float(nothing[1:].abs().max()) == 0


def test_a_normalised_field_has_mean_1_in_the_mask_for_each_channel():
    rng = np.random.default_rng(0)
    field = torch.from_numpy(rng.uniform(1.5, 2.5, (2, 6, 7, 8)))
    mask = torch.from_numpy(rng.random((6, 7, 8)) < 0.4)
    normal, scale = bias_field.normalise(field, mask)
    torch.testing.assert_close(normal[:, mask].mean(dim=1), torch.ones(2, dtype=torch.float64))
    torch.testing.assert_close(scale, field[:, mask].mean(dim=1))
    torch.testing.assert_close(normal * scale[:, None, None, None], field)


def test_a_normalised_field_stays_between_0_3_and_3():
    field = torch.tensor([[0.01, 1.0, 1.0, 1.0, 9.0]])
    normal, _ = bias_field.normalise(field, torch.tensor([True, True, True, True, False]))
    assert (float(normal.min()), float(normal.max())) == (pytest.approx(LOWEST), pytest.approx(HIGHEST))


@a_few_examples
@given(factor=st.floats(0.4, 2.5))
def test_the_scale_of_a_field_does_not_survive_normalisation(factor):
    field = torch.from_numpy(np.random.default_rng(0).uniform(0.8, 1.2, (1, 5, 5)))
    mask = torch.ones(5, 5, dtype=torch.bool)
    one, scale = bias_field.normalise(field, mask)
    other, other_scale = bias_field.normalise(factor * field, mask)
    torch.testing.assert_close(other, one)
    torch.testing.assert_close(other_scale, factor * scale)
