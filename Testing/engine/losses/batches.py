"""Small random batches that the loss tests share."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def a_batch(
    classes: int = 3,
    channels: int = 1,
    grid: tuple[int, ...] = (5, 6),
    items: int = 2,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> tuple[Tensor, Tensor, Tensor]:
    """Logits (B, K, ...), a positive image (B, C, ...) and a mask (B, 1, ...) of about 4 voxels in 5."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn((items, classes, *grid), generator=generator, dtype=torch.float64)
    image = 0.5 + torch.rand((items, channels, *grid), generator=generator, dtype=torch.float64)
    mask = torch.rand((items, 1, *grid), generator=generator) < 0.8
    return logits.to(dtype), image.to(dtype), mask


def a_two_tissue_image(size: int = 24, noise: float = 0.05, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Noisy image (1, 1, H, W) of a disc of mean 1.0 on 0.5, and its one-hot posteriors (1, 2, H, W), in float64."""
    generator = torch.Generator().manual_seed(seed)
    axis = torch.linspace(-1, 1, size, dtype=torch.float64)
    disc = (axis[:, None] ** 2 + axis[None, :] ** 2 < 0.5).double()[None, None]
    noise_image = noise * torch.randn((1, 1, size, size), generator=generator, dtype=torch.float64)
    return 0.5 + 0.5 * disc + noise_image, torch.cat([1 - disc, disc], dim=1)


def gaussian_log_density(x: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
    """log N(x | mean, covariance) of one (D,) voxel, written out."""
    residual = x - mean
    quadratic = residual @ torch.linalg.inv(covariance) @ residual
    return -0.5 * (len(x) * math.log(2 * math.pi) + torch.logdet(covariance) + quadratic)
