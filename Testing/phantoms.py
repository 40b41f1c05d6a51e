"""Phantoms with known labels and known bias field: independent truth for tests and benchmarks.

The recipe is that of the project's benchmark: a label map reduced to CSF, GM and WM, a point-spread function of
0.8 voxel as partial volume inside the mask, class means .30/.72/1.0, 2 % slow texture, a smooth field that is no
polynomial, and Rician noise. Nothing of the engine is used here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nibabel
import numpy as np
from scipy import ndimage

CLASS_MEANS = (0.30, 0.72, 1.00)
LABEL_FOLDER = Path(__file__).parent / "data" / "phantoms"
DEEP_GREY, BRAIN_STEM = 4, 5


@dataclass(frozen=True)
class Phantom:
    """Image (I, J, K) float32, truth labels 1 CSF 2 GM 3 WM, mask, true field (mean 1 in the mask), spacing in mm."""

    image: np.ndarray
    truth: np.ndarray
    mask: np.ndarray
    field: np.ndarray
    spacing: tuple[float, float, float]

    @property
    def affine(self) -> np.ndarray:
        return np.diag([*self.spacing, 1.0])


@lru_cache(maxsize=4)
def label_map(subject: str = "01", step: int = 1) -> np.ndarray:
    """Codes 0 outside, 1 CSF, 2 GM, 3 WM, 4 deep grey, 5 brain stem; every ``step``-th voxel."""
    labels = np.asarray(nibabel.load(LABEL_FOLDER / f"labels_{subject}.nii.gz").dataobj).astype(np.uint8)
    return np.ascontiguousarray(labels[::step, ::step, ::step])


def from_labels(
    labels: np.ndarray,
    noise: float = 0.03,
    field_range: float = 0.2,
    seed: int = 0,
    spacing: float = 1.0,
    deep_grey_mean: float | None = None,
) -> Phantom:
    """A T1-like phantom.

    Args:
        labels: codes as from :func:`label_map`.
        noise: standard deviation of the Rician noise as a share of the white-matter mean.
        field_range: highest minus lowest value of the field in the mask.
        seed: of field, texture and noise.
        spacing: voxel size in mm (isotropic).
        deep_grey_mean: signal of deep grey matter and brain stem; None for that of the class they count to.
    """
    rng = np.random.default_rng(seed)
    mask = labels > 0
    tissue = np.where(labels == DEEP_GREY, 2, np.where(labels == BRAIN_STEM, 3, labels)).astype(np.uint8)
    inside = np.maximum(ndimage.gaussian_filter(mask.astype(np.float32), 0.8), 1e-6)
    partial = np.stack([ndimage.gaussian_filter((tissue == k).astype(np.float32), 0.8) / inside for k in (1, 2, 3)])
    truth = np.where(mask, partial.argmax(axis=0) + 1, 0).astype(np.uint8)
    image = sum(mean * share for mean, share in zip(CLASS_MEANS, partial, strict=True))
    if deep_grey_mean is not None:
        for code, mean in ((DEEP_GREY, CLASS_MEANS[1]), (BRAIN_STEM, CLASS_MEANS[2])):
            share = ndimage.gaussian_filter((labels == code).astype(np.float32), 0.8) / inside
            image = image + share * (deep_grey_mean - mean)
    texture = _smooth_noise(mask, sigma=4.0 / spacing, rng=rng)
    image = image * (1 + 0.02 * texture / texture[mask].std())
    field = bias_field(mask, field_range, rng, spacing)
    noisy = np.hypot(image * field + rng.normal(0, noise, mask.shape), rng.normal(0, noise, mask.shape))
    return Phantom(
        np.where(mask, np.maximum(noisy, 1e-4), 0).astype(np.float32), truth, mask, field, (spacing, spacing, spacing)
    )


def bias_field(mask: np.ndarray, field_range: float, rng: np.random.Generator, spacing: float = 1.0) -> np.ndarray:
    """(I, J, K) float32 smooth field with mean 1 in the mask: a Gaussian random field, so no polynomial."""
    if field_range == 0:
        return np.ones(mask.shape, dtype=np.float32)
    rough = _smooth_noise(mask, sigma=60.0 / spacing, rng=rng)
    low, high = rough[mask].min(), rough[mask].max()
    field = 1 + field_range * (rough - rough[mask].mean()) / (high - low)
    return field.astype(np.float32)


def nested_spheres(size: int = 24, noise: float = 0.02, field_range: float = 0.0, seed: int = 0) -> Phantom:
    """WM inside GM inside CSF: the smallest thing that looks like a brain; no partial volume, no texture."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*[np.arange(size) - (size - 1) / 2] * 3, indexing="ij"))
    radius = np.sqrt((grid**2).sum(axis=0)) / (size / 2)
    truth = np.select([radius < 0.5, radius < 0.72, radius < 0.92], [3, 2, 1], 0).astype(np.uint8)
    mask = truth > 0
    field = bias_field(mask, field_range, rng, spacing=150 / size) if field_range else np.ones(mask.shape, np.float32)
    image = np.take([0, *CLASS_MEANS], truth) * field + rng.normal(0, noise, mask.shape)
    return Phantom(np.where(mask, np.maximum(image, 1e-4), 0).astype(np.float32), truth, mask, field, (1.0, 1.0, 1.0))


def field_error(true_field: np.ndarray, estimated: np.ndarray, mask: np.ndarray) -> float:
    """Coefficient of variation of true over estimated field in the mask (0 = perfect, scale does not count)."""
    ratio = true_field[mask] / estimated[mask]
    return float(ratio.std() / ratio.mean())


def _smooth_noise(mask: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Gaussian random field with zero mean and unit spread, made on a coarse grid where it is very smooth."""
    step = max(1, int(sigma / 4))
    coarse = rng.normal(size=[-(-n // step) + 8 for n in mask.shape])
    coarse = ndimage.gaussian_filter(coarse, sigma / step, mode="wrap")
    fine = ndimage.zoom(coarse, step, order=1)[tuple(slice(2 * step, 2 * step + n) for n in mask.shape)]
    fine = ndimage.gaussian_filter(fine, step / 2) if step > 1 else fine
    return (fine - fine.mean()) / fine.std()
