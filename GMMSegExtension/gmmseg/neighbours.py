"""Sums and erosion over the neighbours of each voxel, by shifted copies of the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

Grid = TypeVar("Grid", "Tensor", np.ndarray)


def box_sum(values: Tensor, first_axis: int = 0) -> Tensor:
    """Sum over the 3-wide neighbourhood along ``first_axis`` and all later axes; nothing lies beyond the grid."""
    for axis in range(first_axis, values.ndim):
        steps = values.shape[axis] - 1
        total = values.clone()
        total.narrow(axis, 1, steps).add_(values.narrow(axis, 0, steps))
        total.narrow(axis, 0, steps).add_(values.narrow(axis, 1, steps))
        values = total
    return values


def interior(chosen: Grid) -> Grid:
    """(I, J, K) bool: chosen voxels whose six face neighbours are chosen too, as far as the grid has any."""
    grid = chosen + False  # a copy, of either kind
    for axis in range(3):
        leading: tuple[slice, ...] = (slice(None),) * axis
        before, after = (*leading, slice(None, -1)), (*leading, slice(1, None))
        grid[after] &= chosen[before]
        grid[before] &= chosen[after]
    return grid
