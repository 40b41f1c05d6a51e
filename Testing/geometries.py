"""Random grids for property tests: oblique, anisotropic, flipped, permuted."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

_ANGLES = st.floats(-180, 180)


@st.composite
def affines(draw: st.DrawFn) -> np.ndarray:
    """(4, 4) voxel to RAS millimetres: any rotation, handedness, order of axes, voxel size and origin."""
    turned = Rotation.from_euler("xyz", [draw(_ANGLES) for _ in range(3)], degrees=True).as_matrix()
    axes = turned[:, draw(st.permutations(range(3)))] * [draw(st.sampled_from([-1.0, 1.0])) for _ in range(3)]
    affine = np.eye(4)
    affine[:3, :3] = axes * [draw(st.floats(0.4, 6.0)) for _ in range(3)]
    affine[:3, 3] = [draw(st.floats(-200, 200)) for _ in range(3)]
    return affine


shapes = st.tuples(*[st.integers(2, 7)] * 3)


def numbered(shape: tuple[int, ...], dtype: type = np.int16) -> np.ndarray:
    """An array in which every voxel is different, so that no mix-up of axes goes unseen."""
    return (np.arange(np.prod(shape)).reshape(shape) * 3 - 20).astype(dtype)
