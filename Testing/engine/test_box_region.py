"""Voxels inside a box that lies anyhow in space."""

from __future__ import annotations

import numpy as np
import pytest
from geometries import affines, shapes
from gmmseg.box_region import box_region
from hypothesis import given
from hypothesis import strategies as st


def by_definition(shape, to_box, size) -> np.ndarray:
    """(I, J, K) bool: each voxel's centre is put into the box's coordinates and compared."""
    indices = np.indices(shape).reshape(3, -1)
    inside = to_box[:3, :3] @ indices + to_box[:3, 3:]
    return (np.abs(inside) <= np.array(size)[:, None] / 2 + 1e-6).all(axis=0).reshape(shape)


def in_full(shape, part, inside) -> np.ndarray:
    full = np.zeros(shape, dtype=bool)
    full[part] = inside
    return full


def test_a_straight_box_holds_the_voxels_between_its_faces():
    to_box = np.eye(4)
    to_box[:3, 3] = (-4, -5, -6)
    part, inside = box_region((10, 12, 14), to_box, (2, 4, 0.5))
    assert part == (slice(3, 6), slice(3, 8), slice(6, 7))
    assert inside.all()


@given(affines(), shapes, st.tuples(*[st.floats(0.1, 30)] * 3), st.tuples(*[st.floats(-1, 8)] * 3))
def test_any_box_holds_the_voxels_whose_centres_lie_in_it(to_box, shape, size, centre):
    to_box = to_box.copy()
    to_box[:3, 3] = -to_box[:3, :3] @ np.array(centre)
    part, inside = box_region(shape, to_box, size)
    np.testing.assert_array_equal(in_full(shape, part, inside), by_definition(shape, to_box, size))


@pytest.mark.parametrize("shift", [-100.0, 100.0])
def test_a_box_beside_the_grid_is_empty(shift):
    to_box = np.eye(4)
    to_box[:3, 3] = shift
    part, inside = box_region((5, 6, 7), to_box, (10, 10, 10))
    assert not inside.any()
    assert not in_full((5, 6, 7), part, inside).any()


def test_only_the_part_around_the_box_is_looked_at():
    to_box = np.eye(4)
    to_box[:3, 3] = -500
    part, inside = box_region((1000, 1000, 1000), to_box, (4, 4, 4))
    assert inside.shape == (5, 5, 5) and inside.all()
    assert part == (slice(498, 503),) * 3
