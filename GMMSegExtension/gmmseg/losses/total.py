"""The semi-supervised loss (eq 3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from .batch import full_precision, inside_of, plain
from .gmm_bias import GMMBiasLoss

# Labels that say "not labelled".
UNLABELLED = (-1, 255)


class TotalLoss(nn.Module):
    """alpha * cross-entropy + beta * (GMM + gamma * total variation), eq 3.5: semi-supervised training.

    Cross-entropy is the mean (or sum) over labelled voxels in the mask, 0 when there is none; with a background channel
    (``include_background=False``) it concerns every labelled voxel, because background lies outside the mask. The
    mixture's part is that over all masked voxels, labelled or not.

    Args:
        alpha: weight of cross-entropy where there are labels.
        beta: weight of the mixture's part. The paper's 1e-10 for sums over 1.3e6 pixels is about 1e-4 for means.
        gamma: weight of the total variation within the mixture's part.
        degree: of the bias field (:class:`GMMBiasLoss`); 0 is eq 3.5 as printed, without field.
        ignore_index: labels that mean "not labelled".
        options: those of :class:`GMMBiasLoss`.
    """

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 1e-4,
        gamma: float = 0.1,
        degree: int = 0,
        ignore_index: int | Sequence[int] = UNLABELLED,
        **options: Any,
    ) -> None:
        super().__init__()
        self.alpha = alpha
        self.beta = beta
        self.ignore_index = (ignore_index,) if isinstance(ignore_index, int) else tuple(ignore_index)
        self.mixture = GMMBiasLoss(gamma, degree, **options)
        self.reduction = self.mixture.reduction

    def forward(self, input: Tensor, target: Tensor, image: Tensor, mask: Tensor | None = None, **given: Any) -> Tensor:
        """Scalar loss, or (B, 1, ...) without reduction: then both parts are those of ``reduction="sum"``.

        Args:
            input, image, mask: see the module's text.
            target: (B, 1, ...) or (B, ...) labels 0..K-1 or one of ``ignore_index``; or (B, K, ...) class
                probabilities (EM posteriors, say), all 0 where unlabelled.
            given: keyword arguments of :meth:`GMMBiasLoss.forward`.
        """
        loss = self.alpha * self._cross_entropy(input, target, mask)
        return loss + self.beta * self.mixture(input, image, mask, **given) if self.beta else loss

    def _cross_entropy(self, input: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
        with full_precision(input.device):
            log_s = self.mixture.log_posteriors(input, include_background=True).movedim(1, -1)
            inside = inside_of(mask if self.mixture.include_background else None, input)
            if target.shape == input.shape and input.shape[1] > 1:
                probability = plain(target).to(log_s).movedim(1, -1)
                labelled = inside & (probability.sum(dim=-1) > 0)
                losses = -(probability[labelled] * log_s[labelled]).sum(dim=1)
            else:
                labels = _labels(target, input)
                labelled = inside
                for unlabelled in self.ignore_index:
                    labelled = labelled & (labels != unlabelled)
                losses = F.nll_loss(log_s[labelled], _checked(labels[labelled], input.shape[1]), reduction="none")
            if self.reduction == "none":
                losses = log_s.new_zeros(labelled.shape).masked_scatter(labelled, losses)[:, None]
            return self.mixture.reduced(losses, labelled)


def _labels(target: Tensor, input: Tensor) -> Tensor:
    """(B, ...) labels on the device of ``input``."""
    grid = (input.shape[0], *input.shape[2:])
    if target.shape not in (grid, (grid[0], 1, *grid[1:])):
        raise ValueError(f"target {tuple(target.shape)} must be labels {grid} or probabilities {tuple(input.shape)}")
    labels = plain(target).reshape(grid).to(input.device)
    return labels if labels.is_floating_point() else labels.long()


def _checked(labels: Tensor, classes: int) -> Tensor:
    """Labels as integers."""
    if labels.is_floating_point():
        if not bool((labels == labels.round()).all()):
            raise ValueError("labels must be whole numbers: resample a label map by its nearest neighbour")
        labels = labels.long()
    if labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise ValueError(f"labels must be 0 to {classes - 1}, but are {int(labels.min())} to {int(labels.max())}")
    return labels
