"""Start of EM: the exact best split, and what must not steer it (outliers, constants, the order of voxels)."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
import torch
from gmmseg.start_values import best_split, start_values
from hypothesis import given, settings
from hypothesis import strategies as st

# No deadline: a busy machine is no failure.
a_few_examples = settings(max_examples=60, deadline=None)

MEANS = (0.30, 0.72, 1.00)


def spread_within(counts: list[int], cuts: tuple[int, ...]) -> float:
    """Sum of squares within the parts that ``cuts`` make, from its definition."""
    values = [np.repeat(np.arange(len(part)), part) for part in np.split(np.array(counts), cuts)]
    return sum(float(((part - part.mean()) ** 2).sum()) for part in values if len(part))


def three_tissues(count: int, seed: int = 0, channels: int = 1) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    mean = rng.choice(MEANS, count, p=[0.15, 0.45, 0.4])
    return torch.from_numpy(mean[:, None] + rng.normal(0, 0.05, (count, channels))).float()


@a_few_examples
@given(counts=st.lists(st.integers(0, 9), min_size=4, max_size=10), parts=st.integers(2, 4))
def test_no_other_split_has_less_spread_within(counts, parts):
    cuts = best_split(np.array(counts), parts)
    every = combinations(range(1, len(counts)), parts - 1)
    least = min(spread_within(counts, other) for other in every)
    assert spread_within(counts, tuple(cuts)) == pytest.approx(least, abs=1e-6)


@a_few_examples
@given(counts=st.lists(st.integers(0, 9), min_size=4, max_size=12), parts=st.integers(1, 4))
def test_every_part_holds_a_bin(counts, parts):
    borders = [0, *best_split(np.array(counts), parts), len(counts)]
    assert len(borders) == parts + 1
    assert all(low < high for low, high in pairwise(borders))


@a_few_examples
@given(counts=st.lists(st.integers(1, 9), min_size=4, max_size=10), empty=st.lists(st.integers(0, 10), max_size=5))
def test_no_part_is_empty_where_there_are_values_enough(counts, empty):
    for place in empty:
        counts.insert(min(place, len(counts)), 0)
    parts = np.split(np.array(counts), best_split(np.array(counts), 4))
    assert all(part.sum() > 0 for part in parts)


def test_three_tissues_are_told_apart():
    start = start_values(three_tissues(20_000), 3)
    np.testing.assert_allclose(start.mean[:, 0], MEANS, atol=0.04)
    np.testing.assert_allclose(start.weight, [0.15, 0.45, 0.4], atol=0.05)


def test_a_small_tissue_gets_a_class_of_its_own():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0.3, 0.03, 400), rng.normal(0.72, 0.03, 5000), rng.normal(1.0, 0.03, 4600)])
    start = start_values(torch.from_numpy(values)[:, None], 3)
    np.testing.assert_allclose(start.mean[:, 0], MEANS, atol=0.02)


@pytest.mark.parametrize("brightness", [2.0, 5.0, 100.0])
def test_a_thousand_bright_outliers_get_no_class(brightness):
    x = three_tissues(250_000)
    outliers = torch.full((1000, 1), brightness)
    start = start_values(torch.cat([x, outliers]), 3)
    np.testing.assert_allclose(start.mean[:, 0], start_values(x, 3).mean[:, 0], atol=0.01)


def test_dark_outliers_get_no_class_either():
    x = three_tissues(50_000)
    start = start_values(torch.cat([x, torch.full((200, 1), -20.0)]), 3)
    np.testing.assert_allclose(start.mean[:, 0], start_values(x, 3).mean[:, 0], atol=0.01)


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("classes", [2, 3, 5, 8])
def test_the_start_is_sorted_and_has_a_density(classes, channels):
    start = start_values(three_tissues(5000, channels=channels), classes)
    assert start.mean.shape == (classes, channels)
    assert bool((start.mean[:, 0].diff() > 0).all())
    assert bool((torch.linalg.eigvalsh(start.covariance) > 0).all())
    assert float(start.weight.sum()) == pytest.approx(1)
    assert float(start.weight.min()) > 0.005


def test_the_order_of_voxels_does_not_matter():
    x = three_tissues(5000)
    one, other = start_values(x, 3), start_values(x.flip(0), 3)
    torch.testing.assert_close(one.mean, other.mean)
    torch.testing.assert_close(one.covariance, other.covariance)


@pytest.mark.parametrize("unit", [1e-4, 50.0, 1e5])
def test_the_unit_of_the_intensities_does_not_matter(unit):
    x = three_tissues(5000).double()
    torch.testing.assert_close(start_values(x * unit, 3).mean / unit, start_values(x, 3).mean, rtol=1e-4, atol=1e-4)


def test_later_channels_follow_the_split_of_the_first():
    x = three_tissues(20_000)
    start = start_values(torch.cat([x, 2 - x], dim=1), 3)
    torch.testing.assert_close(start.mean[:, 1], 2 - start.mean[:, 0])


@pytest.mark.parametrize("values", [[0.5], [0.3, 0.7], [0.3, 0.3, 0.3, 0.3, 0.31]])
def test_fewer_values_than_classes_still_give_a_start_with_a_density(values):
    x = torch.tensor(values).repeat(200)[:, None]
    start = start_values(x, 3)
    for part in (start.mean, start.covariance, start.weight):
        assert bool(torch.isfinite(part).all())
    assert bool((start.covariance > 0).all())


def test_quantised_intensities_are_split_between_their_steps():
    x = torch.round(three_tissues(20_000) * 20)
    start = start_values(x, 3)
    np.testing.assert_allclose(start.mean[:, 0] / 20, MEANS, atol=0.05)
