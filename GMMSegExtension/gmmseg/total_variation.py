"""Total variation of the posteriors, the smoothness term of the paper's loss (eq 3.4)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

# |g| is replaced by sqrt(g^2 + EPSILON^2) - EPSILON: differentiable at 0, exactly 0 there, and off by at most EPSILON.
EPSILON = 1e-6

Spacing = float | Sequence[float] | Tensor | None


def total_variation(
    posteriors: Tensor, mask: Tensor | None = None, spacing: Spacing = None, isotropic: bool = True
) -> Tensor:
    """Gradient magnitude of the posteriors at every voxel, summed over classes (the integrand of eq 3.4).

    The paper prints the gradient of |s|; its text and use mean the total variation |grad s|. Forward differences;
    a face counts only when the voxels on both its sides lie in the mask, so the mask's border costs nothing.

    Args:
        posteriors: (B, K, H, W) or (B, K, D, H, W), any floating dtype; half precision is computed in float32.
        mask: (B, 1, ...) or (B, ...) bool, or None for every voxel.
        spacing: voxel size along the spatial axes: a number, one per axis, or a (B, axes) tensor when the items of the
            batch differ (slices of several orientations); None for 1. The result is per unit of this length.
        isotropic: the Euclidean length of the gradient; False sums the absolute differences along the axes.

    Returns:
        (B, H, W) or (B, D, H, W), zero outside the mask.

    Raises:
        ValueError: a shape that does not fit, or a spacing that is not positive.
    """
    size = posteriors.shape[2:]
    if len(size) not in (2, 3):
        raise ValueError(f"posteriors must be (B, K, H, W) or (B, K, D, H, W), but are {tuple(posteriors.shape)}")
    if posteriors.dtype in (torch.float16, torch.bfloat16):
        posteriors = posteriors.float()
    inside = None if mask is None else mask.reshape(posteriors.shape[0], 1, *size).bool()
    steps = _per_axis(spacing, posteriors)

    total = posteriors.new_zeros(())
    for axis in range(len(size)):
        difference = _forward_difference(posteriors, inside, axis + 2) / steps[axis]
        total = total + (difference.square() if isotropic else _absolute(difference.square()))
    return (_absolute(total) if isotropic else total).sum(dim=1)


def _forward_difference(values: Tensor, inside: Tensor | None, axis: int) -> Tensor:
    """Value at the next voxel minus the value here; 0 across a face that is not inside, and at the grid's end."""
    length = values.shape[axis] - 1
    difference = values.diff(dim=axis)
    if inside is not None:
        both = inside.narrow(axis, 0, length) & inside.narrow(axis, 1, length)
        difference = difference.masked_fill(~both, 0)
    after = [0, 0] * (values.ndim - axis)
    after[-1] = 1
    return torch.nn.functional.pad(difference, after)


def _absolute(squared: Tensor) -> Tensor:
    return (squared + EPSILON**2).sqrt() - EPSILON


def _per_axis(spacing: Spacing, like: Tensor) -> list[Tensor]:
    """Spacing along each spatial axis, shaped to divide ``like``."""
    axes = like.ndim - 2
    steps = torch.as_tensor(1.0 if spacing is None else spacing, dtype=like.dtype, device=like.device)
    if not bool((steps > 0).all()):
        raise ValueError("spacing must be positive")
    if steps.ndim == 0:
        steps = steps.expand(axes)
    if steps.shape not in ((axes,), (like.shape[0], axes)):
        raise ValueError(f"spacing must be one number, or one for each of {axes} axes, but has {tuple(steps.shape)}")
    return [step.reshape(-1, *[1] * (like.ndim - 1)) for step in steps.unbind(dim=-1)]
