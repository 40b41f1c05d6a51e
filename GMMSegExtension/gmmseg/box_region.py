"""The voxels inside a box that lies anyhow in space.

Numpy only, so that the panel may call it in the application's own process.
"""

from __future__ import annotations

import itertools

import numpy as np


def box_region(
    shape: tuple[int, int, int], to_box: np.ndarray, size: tuple[float, float, float]
) -> tuple[tuple[slice, slice, slice], np.ndarray]:
    """Which voxels of a grid have their centre in a box.

    Args:
        shape: of the grid, (I, J, K).
        to_box: (4, 4) affine from voxel indices to the box's own coordinates in mm, in which it lies around the origin
            along the axes.
        size: lengths of the box's sides in mm.

    Returns:
        The smallest part of the grid that holds the box, and (i, j, k) bool inside that part, true in the box. The
        part is empty when the box lies beside the grid.
    """
    half = np.abs(np.asarray(size, dtype=float)) / 2
    corners = np.array([[*(np.array(signs) * half), 1.0] for signs in itertools.product((-1, 1), repeat=3)])
    indices = (corners @ np.linalg.inv(to_box).T)[:, :3]
    # The tolerance keeps voxels on the box's faces in it whatever the rounding.
    first = np.clip(np.ceil(indices.min(axis=0) - 1e-6), 0, shape).astype(int)
    last = np.clip(np.floor(indices.max(axis=0) + 1e-6) + 1, first, shape).astype(int)
    i, j, k = (slice(int(start), int(stop)) for start, stop in zip(first, last, strict=True))
    x, y, z = np.ogrid[i, j, k]
    inside = np.ones((i.stop - i.start, j.stop - j.start, k.stop - k.start), dtype=bool)
    for row, limit in zip(to_box[:3], half, strict=True):
        inside &= np.abs(row[0] * x + row[1] * y + row[2] * z + row[3]) <= limit + 1e-6
    return (i, j, k), inside
