"""The entropy of posteriors: scipy's, over that of knowing nothing."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import torch
from gmmseg import uncertainty
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

some_weights = arrays.arrays(
    np.float64, st.tuples(st.integers(1, 20), st.integers(2, 8)), elements=st.floats(1e-12, 1.0, allow_subnormal=False)
)


@settings(max_examples=100, deadline=None)
@given(some_weights)
def test_it_is_scipys_entropy_over_the_highest(weights):
    s = weights / weights.sum(axis=1, keepdims=True)
    found = uncertainty.entropy(torch.from_numpy(s)).numpy()
    np.testing.assert_allclose(found, scipy.stats.entropy(s, base=s.shape[1], axis=1), atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(some_weights)
def test_it_never_leaves_its_range_in_single_precision(weights):
    s = torch.from_numpy(weights).float()
    found = uncertainty.entropy(s / s.sum(dim=1, keepdim=True))
    assert found.dtype == torch.float32
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("number_of_classes", [2, 3, 8])
def test_a_certain_class_gives_nought_and_equal_ones_give_one(number_of_classes):
    certain = torch.eye(number_of_classes)
    equal = torch.full((4, number_of_classes), 1 / number_of_classes)
    assert (uncertainty.entropy(certain) == 0).all()
    torch.testing.assert_close(uncertainty.entropy(equal), torch.ones(4))


def test_it_does_not_depend_on_the_order_of_the_classes():
    s = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.7, 0.2], [0.2, 0.1, 0.7]])
    found = uncertainty.entropy(s)
    torch.testing.assert_close(found, found[:1].expand(3))


def test_no_voxels_give_no_values():
    assert uncertainty.entropy(torch.empty(0, 3)).shape == (0,)
