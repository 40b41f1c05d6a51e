"""The mixture against scikit-learn, scipy and numpy: densities, closed forms, EM, and the floors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gmmseg import mixture
from gmmseg.mixture import COVARIANCE_FLOOR, WEIGHT_FLOOR, MixtureParameters, estimate, fit, log_joint, posterior
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

# No deadline: a busy machine is no failure.
a_few_examples = settings(max_examples=20, deadline=None)


def some_parameters(classes: int, channels: int, seed: int = 0) -> MixtureParameters:
    """A mixture with correlated channels and unequal weights, in float64."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(classes, channels, channels)) * 0.1
    covariance = root @ root.transpose(0, 2, 1) + 0.02 * np.eye(channels)
    weight = rng.uniform(1, 3, classes)
    parts = (rng.uniform(0.3, 1.5, (classes, channels)), covariance, weight / weight.sum())
    return MixtureParameters(*(torch.from_numpy(part) for part in parts))


def some_intensities(count: int, channels: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).uniform(0.1, 1.8, (count, channels)))


def some_posteriors(count: int, classes: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).dirichlet(np.ones(classes), count))


def drawn(parameters: MixtureParameters, count: int, seed: int = 0) -> torch.Tensor:
    """(N, D) voxels drawn from the mixture."""
    rng = np.random.default_rng(seed)
    label = rng.choice(parameters.number_of_classes, count, p=parameters.weight.numpy())
    root = np.linalg.cholesky(parameters.covariance.numpy())
    noise = rng.normal(size=(count, parameters.mean.shape[1], 1))
    return torch.from_numpy(parameters.mean.numpy()[label] + (root[label] @ noise)[..., 0])


def as_scikit_learn(parameters: MixtureParameters, **options) -> GaussianMixture:
    """An estimator that starts at ``parameters`` and adds nothing to covariances."""
    return GaussianMixture(
        parameters.number_of_classes,
        reg_covar=0,
        means_init=parameters.mean.numpy(),
        precisions_init=np.linalg.inv(parameters.covariance.numpy()),
        weights_init=parameters.weight.numpy(),
        **options,
    )


@pytest.mark.parametrize("with_field", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_the_joint_density_is_scipys_normal_around_field_times_mean(channels, with_field):
    x, parameters = some_intensities(6, channels), some_parameters(3, channels)
    field = 0.5 + some_intensities(6, channels, seed=1) if with_field else None
    joint = log_joint(x, parameters, field)
    for i in range(len(x)):
        b = 1.0 if field is None else field[i].numpy()
        for k in range(3):
            normal = multivariate_normal(b * parameters.mean[k].numpy(), parameters.covariance[k].numpy())
            expected = np.log(float(parameters.weight[k])) + normal.logpdf(x[i].numpy())
            assert float(joint[i, k]) == pytest.approx(expected, rel=1e-10)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_posteriors_and_likelihood_are_scikit_learns(channels):
    x = drawn(some_parameters(3, channels), 400).contiguous()
    reference = GaussianMixture(3, random_state=0, max_iter=5).fit(x.numpy())
    parts = (reference.means_, reference.covariances_, reference.weights_)
    parameters = MixtureParameters(*(torch.from_numpy(part) for part in parts))
    s, log_likelihood = posterior(x, parameters)
    np.testing.assert_allclose(
        torch.logsumexp(log_joint(x, parameters), dim=1), reference.score_samples(x.numpy()), rtol=1e-9
    )
    np.testing.assert_allclose(s, reference.predict_proba(x.numpy()), atol=1e-10)
    assert float(log_likelihood) == pytest.approx(reference.score(x.numpy()), rel=1e-10)


def test_posteriors_sum_to_1_also_far_from_every_class():
    x = torch.tensor([[-1e4], [0.0], [1e4]])
    s, log_likelihood = posterior(x, some_parameters(4, 1).to(torch.float32))
    torch.testing.assert_close(s.sum(dim=1), torch.ones(3))
    assert torch.isfinite(log_likelihood)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("iterations", [1, 15])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_em_takes_scikit_learns_steps(channels, iterations):
    truth = some_parameters(3, channels, seed=1)
    x = drawn(truth, 500)
    start = MixtureParameters(truth.mean + 0.1, truth.covariance * 2, truth.weight)
    reference = as_scikit_learn(start, max_iter=iterations, tol=0).fit(x.numpy())
    fitted, log_likelihood, used = fit(x, start, iterations=iterations, tolerance=0.0)
    order = np.argsort(reference.means_[:, 0])
    assert used == iterations
    assert log_likelihood == pytest.approx(reference.lower_bound_, rel=1e-7)
    np.testing.assert_allclose(fitted.mean, reference.means_[order], rtol=1e-6)
    np.testing.assert_allclose(fitted.covariance, reference.covariances_[order], rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(fitted.weight, reference.weights_[order], rtol=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_covariances_are_weighted_outer_products(channels):
    x, s = some_intensities(50, channels), some_posteriors(50, 3)
    fitted = estimate(x, s)
    for k in range(3):
        weights = s[:, k].numpy()
        np.testing.assert_allclose(fitted.mean[k], np.average(x.numpy(), axis=0, weights=weights), rtol=1e-12)
        expected = np.atleast_2d(np.cov(x.numpy().T, aweights=weights, ddof=0))
        np.testing.assert_allclose(fitted.covariance[k], expected, rtol=1e-10)
    np.testing.assert_allclose(fitted.weight, s.mean(dim=0), rtol=1e-12)


@pytest.mark.parametrize("channels", [1, 2])
def test_means_under_a_field_are_the_least_squares_ones(channels):
    x, s = some_intensities(40, channels), some_posteriors(40, 2)
    field = 0.5 + some_intensities(40, channels, seed=2)
    fitted = estimate(x, s, field)
    for k in range(2):
        root = s[:, k].sqrt().numpy()
        for d in range(channels):
            slope, *_ = np.linalg.lstsq((root * field[:, d].numpy())[:, None], root * x[:, d].numpy())
            assert float(fitted.mean[k, d]) == pytest.approx(float(slope[0]), rel=1e-12)
        residual = x - field * fitted.mean[k]
        expected = torch.einsum("n,nd,ne->de", s[:, k], residual, residual) / s[:, k].sum()
        torch.testing.assert_close(fitted.covariance[k], expected)


def test_a_voxel_of_weight_2_is_that_voxel_twice():
    x, s = some_intensities(10, 2), some_posteriors(10, 2)
    twice = estimate(x, 2 * s, covariance_floor=0)
    repeated = estimate(torch.cat([x, x]), torch.cat([s, s]), covariance_floor=0)
    torch.testing.assert_close(twice.mean, repeated.mean)
    torch.testing.assert_close(twice.covariance, repeated.covariance)
    torch.testing.assert_close(twice.weight, repeated.weight)


@a_few_examples
@given(seed=st.integers(0, 10_000), classes=st.integers(2, 5), kind=st.sampled_from(["1", "1 with field", "2", "3"]))
def test_em_never_lowers_the_likelihood(seed, classes, kind):
    channels = int(kind[0])
    x = drawn(some_parameters(classes, channels, seed), 300, seed)
    field = 0.5 + some_intensities(300, 1, seed) if "field" in kind else None
    # A start that knows nothing: random posteriors.
    parameters = estimate(x, some_posteriors(300, classes, seed), field)
    before = -np.inf
    for _ in range(15):
        s, log_likelihood = posterior(x, parameters, field)
        assert float(log_likelihood) >= before - 1e-10
        before = float(log_likelihood)
        parameters = estimate(x, s, field, weight_floor=0.0)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_class_on_identical_voxels_keeps_the_floor_as_its_covariance(channels):
    x = some_intensities(100, channels)
    x[:20] = 0.7
    s = torch.zeros(100, 2, dtype=x.dtype)
    s[:20, 0] = s[20:, 1] = 1
    fitted = estimate(x, s)
    floor = COVARIANCE_FLOOR * torch.diag(x.var(dim=0, unbiased=False))
    torch.testing.assert_close(fitted.covariance[0], floor)
    assert torch.isfinite(log_joint(x, fitted)).all()


def test_the_floor_leaves_wider_covariances_alone():
    x, s = some_intensities(100, 2), some_posteriors(100, 3)
    torch.testing.assert_close(estimate(x, s).covariance, estimate(x, s, covariance_floor=0).covariance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_two_equal_channels_still_have_a_density(dtype):
    x = drawn(some_parameters(2, 1), 500).to(dtype).repeat(1, 2)
    fitted, log_likelihood, _ = fit(x, estimate(x, some_posteriors(500, 2).to(dtype)))
    assert np.isfinite(log_likelihood)
    assert bool((torch.linalg.eigvalsh(fitted.covariance) > 0).all())


@pytest.mark.parametrize("value", [0.0, 0.5, 1e4])
def test_a_constant_channel_still_has_a_density(value):
    x = torch.cat([drawn(some_parameters(2, 1), 500), torch.full((500, 1), value)], dim=1).float()
    fitted, log_likelihood, _ = fit(x, estimate(x, some_posteriors(500, 2).float()))
    assert np.isfinite(log_likelihood)
    assert torch.isfinite(fitted.mean).all()


def test_a_vanished_class_keeps_a_small_weight_and_finite_numbers():
    x = some_intensities(50, 2)
    s = torch.zeros(50, 3, dtype=x.dtype)
    s[:, 0] = 1
    fitted = estimate(x, s)
    assert float(fitted.weight.sum()) == pytest.approx(1)
    assert float(fitted.weight.min()) == pytest.approx(WEIGHT_FLOOR, rel=1e-3)
    assert torch.isfinite(posterior(x, fitted)[0]).all()


def test_sharing_goes_from_each_class_own_covariance_to_the_pooled_one():
    x, s = some_intensities(60, 2), some_posteriors(60, 3)
    own, half, pooled = (estimate(x, s, covariance_sharing=share).covariance for share in (0.0, 0.5, 1.0))
    within = torch.einsum("k,kde->de", s.mean(dim=0), own)
    torch.testing.assert_close(pooled, within.expand(3, 2, 2))
    torch.testing.assert_close(half, (own + pooled) / 2)


def test_a_fit_finds_the_mixture_its_voxels_were_drawn_from():
    mean = torch.tensor([[0.3, 0.9], [0.7, 0.6], [1.0, 0.3]], dtype=torch.float64)
    root = torch.tensor([[0.06, 0.0], [0.03, 0.05]], dtype=torch.float64)
    weight = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    truth = MixtureParameters(mean, (root @ root.T).expand(3, 2, 2), weight)
    start = MixtureParameters(mean + 0.1, truth.covariance * 4, torch.full((3,), 1 / 3, dtype=torch.float64))
    fitted, _, used = fit(drawn(truth, 20_000), start, tolerance=1e-6)
    assert used < 200
    torch.testing.assert_close(fitted.mean, mean, atol=0.01, rtol=0)
    torch.testing.assert_close(fitted.covariance, truth.covariance, atol=5e-4, rtol=0)
    torch.testing.assert_close(fitted.weight, weight, atol=0.01, rtol=0)


def test_a_fit_gives_its_classes_by_the_mean_of_the_first_channel_whatever_the_start():
    truth = some_parameters(3, 2, seed=3)
    x = drawn(truth, 500)
    turned = MixtureParameters(truth.mean.flip(0), truth.covariance.flip(0), truth.weight.flip(0))
    one, other = fit(x, truth, iterations=10)[0], fit(x, turned, iterations=10)[0]
    assert bool((one.mean[:, 0].diff() > 0).all())
    torch.testing.assert_close(one.mean, other.mean)
    torch.testing.assert_close(one.covariance, other.covariance)
    torch.testing.assert_close(one.weight, other.weight)


def test_sorting_permutes_everything_and_tells_how():
    parameters = some_parameters(4, 2)
    ordered, order = parameters.sorted_by_first_channel()
    for before, after in zip(vars(parameters).values(), vars(ordered).values(), strict=True):
        torch.testing.assert_close(after, before[order])
    assert ordered.mean[:, 0].tolist() == sorted(parameters.mean[:, 0].tolist())


def test_a_mixture_moves_to_another_dtype_and_off_the_graph_as_a_whole():
    parameters = some_parameters(2, 2).to(torch.float32)
    assert {part.dtype for part in vars(parameters).values()} == {torch.float32}
    learned = estimate(some_intensities(9, 2), some_posteriors(9, 2).requires_grad_())
    assert all(part.requires_grad for part in vars(learned).values())
    assert not any(part.requires_grad for part in vars(learned.detached()).values())


@a_few_examples
@given(seed=st.integers(0, 1000), factor=st.floats(0.2, 5.0), channels=st.integers(1, 3))
def test_a_factor_moved_from_the_means_to_the_field_changes_no_density(seed, factor, channels):
    x, parameters = some_intensities(8, channels, seed), some_parameters(2, channels, seed)
    field = 0.5 + some_intensities(8, channels, seed + 1)
    moved = MixtureParameters(parameters.mean / factor, parameters.covariance, parameters.weight)
    torch.testing.assert_close(log_joint(x, moved, factor * field), log_joint(x, parameters, field))


@a_few_examples
@given(values=st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=30), q=st.floats(0, 1))
def test_a_quantile_is_one_of_the_values_nearest_in_rank(values, q):
    found = float(mixture.quantile(torch.tensor(values), q))
    assert found == sorted(np.float32(values))[round(q * (len(values) - 1))]


def test_a_quantile_of_more_values_than_torch_takes_is_found():
    assert float(mixture.quantile(torch.arange(17_000_000, dtype=torch.int32), 0.25)) == 4_250_000


def test_the_most_probable_class_is_the_first_of_the_highest_posteriors():
    s = some_posteriors(200, 4)
    s[:3] = 0.25
    winner = mixture.most_probable(s)
    assert winner.dtype == torch.uint8
    np.testing.assert_array_equal(winner, s.numpy().argmax(axis=1))
