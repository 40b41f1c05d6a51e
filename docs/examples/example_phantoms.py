"""What the examples learn from: slices of a made-up head with known labels and known shading, and two measures."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

MEANS = (0.30, 0.72, 1.00)  # of CSF, grey and white matter
CLASSES = len(MEANS)


def phantoms(seeds: Iterable[int], size: int, noise: float = 0.07, shading: float = 0.2) -> tuple[Tensor, ...]:
    """A slice for each seed: image, truth (0 to 2, -1 outside), mask and bias field, each (B, 1, size, size)."""
    made = [phantom(seed, size, noise, shading) for seed in seeds]
    image, truth, mask, field = (torch.as_tensor(np.stack(arrays))[:, None] for arrays in zip(*made, strict=True))
    return image.float(), truth, mask, field.float()


def phantom(seed: int, size: int, noise: float, shading: float) -> tuple[np.ndarray, ...]:
    """One slice: wavy nested tissues, partial volume at their borders, Rician noise, and a field of mean 1."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    radius, angle = np.hypot(x * 1.15, y), np.arctan2(y, x)
    folds = 0.09 * np.cos(9 * angle + random.uniform(0, 6)) + 0.05 * np.cos(14 * angle + random.uniform(0, 6))
    tissue = np.zeros((size, size), dtype=int)
    tissue[radius < 0.84 + 0.5 * folds] = 1
    tissue[radius < 0.62 + folds] = 2
    tissue[np.hypot(np.abs(x) - 0.13, 0.6 * (y - 0.05)) < 0.11] = 0
    mask = radius < 0.92
    shares = np.stack([ndimage.gaussian_filter((tissue == k).astype(float), 0.8) for k in range(CLASSES)])
    turn = random.uniform(0, 2 * np.pi)
    field = np.exp(shading * np.sin(2 * (x * np.cos(turn) + y * np.sin(turn)) + random.uniform(0, 6)))
    field /= field[mask].mean()
    clean = field * np.tensordot(MEANS, shares, 1)
    image = np.hypot(clean + random.normal(0, noise, clean.shape), random.normal(0, noise, clean.shape))
    return image * mask, np.where(mask, shares.argmax(axis=0), -1), mask, field


def dice(labels: Tensor, truth: Tensor) -> float:
    """Mean of the three classes, inside the mask."""
    counts = [((labels == k) & (truth >= 0), truth == k) for k in range(CLASSES)]
    return float(np.mean([float(2 * (found & true).sum() / (found.sum() + true.sum())) for found, true in counts]))


def field_error(field: Tensor, truth: Tensor, mask: Tensor) -> float:
    """Coefficient of variation of the true field over the found one, mean of the images; 0 is perfect."""
    ratios = [(true / found)[inside] for true, found, inside in zip(truth, field, mask, strict=True)]
    return float(np.mean([float(ratio.std() / ratio.mean()) for ratio in ratios]))
