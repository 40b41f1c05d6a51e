"""Comparing the grids that affines describe, and bringing an image from one grid onto another."""

from __future__ import annotations

import numpy as np

from .case import Volume

# Voxels; differences below come from storing the affine in single precision.
SAME_GRID_TOLERANCE = 1e-3

# Marks places outside the resampled image: no interpolation of float32 values reaches it.
_OUTSIDE = float(np.finfo(np.float32).max)


def same_grid(first: Volume, second: Volume) -> bool:
    """Whether two volumes have the same shape and every voxel at the same place (to 1e-3 of a voxel)."""
    if first.array.shape != second.array.shape:
        return False
    apart = corner_distance(first.affine, second.affine, first.array.shape)
    return apart <= SAME_GRID_TOLERANCE * float(first.spacing.min())


def corner_distance(first: np.ndarray, second: np.ndarray, shape: tuple[int, ...]) -> float:
    """Largest distance in millimetres between the places two (4, 4) affines give to a corner of an (I, J, K) grid."""
    corners = np.array(np.meshgrid(*[(0, length - 1) for length in shape], [1.0], indexing="ij")).reshape(4, -1)
    return float(np.linalg.norm(((first - second) @ corners)[:3], axis=0).max())


def is_usable(affine: np.ndarray) -> bool:
    """Whether a (4, 4) affine is finite and spans space, so that it can be inverted."""
    if not np.isfinite(affine).all():
        return False
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    return bool((sizes > 0).all() and abs(np.linalg.det(affine[:3, :3] / np.where(sizes > 0, sizes, 1))) > 1e-4)


def is_rigid(affine: np.ndarray) -> bool:
    """Whether the axes of a usable affine are at right angles, as a NIfTI qform and ITK need."""
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.allclose(axes.T @ axes, np.eye(3), atol=1e-4))


def box_affine(affine: np.ndarray, box: tuple[slice, ...]) -> np.ndarray:
    """(4, 4) affine of the part ``box`` of a grid."""
    shifted = np.array(affine, dtype=float)
    shifted[:3, 3] = (affine @ [*(part.start for part in box), 1.0])[:3]
    return shifted


def resampled(volume: Volume, affine: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Linear interpolation of a volume at the voxel centres of another grid.

    Works in voxel indices rather than in ITK's physical space, so that sheared affines are exact as well.

    Args:
        volume: what to resample.
        affine: (4, 4) of the wanted grid.
        shape: (I, J, K) of the wanted grid.

    Returns:
        (I, J, K) float32 values, 0 outside the volume, and (I, J, K) bool, True inside it. NaN stays NaN.
    """
    import SimpleITK as sitk

    to_source = np.linalg.inv(volume.affine) @ affine
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(to_source[:3, :3].ravel().tolist())
    transform.SetTranslation(to_source[:3, 3].tolist())
    # SimpleITK's first array axis is the slowest in memory.
    source = sitk.GetImageFromArray(np.asarray(volume.array, dtype=np.float32).transpose(2, 1, 0))
    wanted = sitk.Resample(source, [int(n) for n in shape], transform, sitk.sitkLinear, [0.0] * 3, [1.0] * 3,
                           np.eye(3).ravel().tolist(), _OUTSIDE, sitk.sitkFloat32)  # fmt: skip
    values = sitk.GetArrayFromImage(wanted).transpose(2, 1, 0)
    inside = values != np.float32(_OUTSIDE)
    values[~inside] = 0.0
    return values, inside
