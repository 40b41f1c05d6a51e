"""Sums and erosion over neighbours, against what SciPy gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gmmseg.neighbours import box_sum, interior
from scipy import ndimage


@pytest.mark.parametrize("shape", [(5, 6, 7), (1, 4, 3), (2, 1, 1)])
def test_a_box_sum_is_that_of_the_27_neighbours_with_nothing_beyond_the_grid(shape):
    values = np.random.default_rng(0).random(shape)
    expected = ndimage.convolve(values, np.ones((3, 3, 3)), mode="constant")
    np.testing.assert_allclose(box_sum(torch.from_numpy(values)), expected, rtol=1e-12)


def test_a_box_sum_leaves_batch_and_channels_apart_and_its_input_alone():
    values = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    before = values.clone()
    sums = box_sum(values, first_axis=2)
    torch.testing.assert_close(sums[1, 2], box_sum(values[1, 2]))
    assert torch.equal(values, before)


def test_a_box_sum_can_be_differentiated():
    values = torch.rand(3, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(box_sum, values)


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_the_interior_is_the_erosion_by_face_neighbours_with_the_grids_border_no_surface(kind):
    chosen = np.random.default_rng(1).random((8, 9, 10)) < 0.9
    before = chosen.copy()
    found = interior(kind(chosen))
    np.testing.assert_array_equal(found, ndimage.binary_erosion(chosen, border_value=1))
    np.testing.assert_array_equal(chosen, before)
