"""What all losses share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .batch import at_least_float32, plain


class PosteriorLoss(nn.Module):
    """What all losses share: how posteriors come from ``input``, and the reduction.

    Args:
        softmax: True for logits as input (eq 3.1), False for posteriors that sum to 1 over channels.
        reduction: ``"mean"`` over masked voxels, ``"sum"`` as the paper prints, or ``"none"`` for each voxel's share of
            the sum, (B, 1, ...) and 0 outside the mask; MONAI's enumeration serves too.
        include_background: False when channel 0 of the input is background: mixture and total variation then concern
            the other channels, renormalised, because the mask already excludes background.

    Raises:
        ValueError: unknown reduction.
    """

    def __init__(self, softmax: bool = True, reduction: str = "mean", include_background: bool = True) -> None:
        super().__init__()
        reduction = str(getattr(reduction, "value", reduction))
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f"reduction must be 'mean', 'sum' or 'none', but is '{reduction}'")
        self.softmax = softmax
        self.reduction = reduction
        self.include_background = include_background

    def log_posteriors(self, input: Tensor, include_background: bool | None = None) -> Tensor:
        """(B, K, ...) log s of the modelled classes, finite also where a given posterior is 0.

        Raises:
            ValueError: no class is left without the background.
        """
        if include_background is None:
            include_background = self.include_background
        if not include_background and input.shape[1] < 2:
            raise ValueError(f"include_background=False leaves no class of the {input.shape[1]} in input")
        input = plain(input)
        values = at_least_float32(input if include_background else input[:, 1:])
        if self.softmax:
            return F.log_softmax(values, dim=1)
        tiny = torch.finfo(values.dtype).tiny
        log_values = values.clamp_min(tiny).log()
        return log_values if include_background else log_values - values.sum(dim=1, keepdim=True).clamp_min(tiny).log()

    def reduced(self, values: Tensor, counted: Tensor) -> Tensor:
        """Sums ``values``, for the mean over the voxels of ``counted``; (B, 1, ...) values of ``"none"`` stay."""
        if self.reduction == "none":
            return values
        total = values.sum()
        return total / counted.sum().clamp_min(1) if self.reduction == "mean" else total
