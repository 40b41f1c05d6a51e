"""Total variation as a loss (eq 3.4)."""

from __future__ import annotations

from torch import Tensor

from ..total_variation import Spacing, total_variation
from .batch import full_precision, inside_of
from .posterior_loss import PosteriorLoss


class TVLoss(PosteriorLoss):
    """Total variation of the posteriors, sum_k |grad s_k| (eq 3.4 without gamma; the paper prints grad |s|).

    Args:
        isotropic: Euclidean length of the gradient; False for the sum over axes.
        softmax, reduction, include_background: see :class:`PosteriorLoss`.
    """

    def __init__(
        self, softmax: bool = True, reduction: str = "mean", include_background: bool = True, isotropic: bool = True
    ) -> None:
        super().__init__(softmax, reduction, include_background)
        self.isotropic = isotropic

    def forward(self, input: Tensor, mask: Tensor | None = None, *, spacing: Spacing = None) -> Tensor:
        """Scalar, or (B, 1, ...) without reduction.

        Args:
            input, mask: see the package's text.
            spacing: voxel size along the spatial axes, see :func:`gmmseg.total_variation.total_variation`.
        """
        with full_precision(input.device):
            inside = inside_of(mask, input)
            variation = total_variation(self.log_posteriors(input).exp(), inside, spacing, self.isotropic)
            return self.reduced(variation[:, None], inside)
