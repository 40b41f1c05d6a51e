"""The Gaussian mixture loss without bias field (eq 3.2 to 3.5)."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .. import mixture
from ..mixture import MixtureParameters
from ..total_variation import Spacing
from .batch import Batch, VolumeIndex, full_precision, inside_of, plain, volumes_of
from .posterior_loss import PosteriorLoss
from .tv import TVLoss

Parameters = MixtureParameters | Sequence[MixtureParameters | None] | None


@dataclass(frozen=True)
class Statistics:
    """What a mixture loss holds fixed in a step.

    Attributes:
        parameters: the mixture of each volume, in order of its index; None for a volume without a masked voxel.
        field: (B, C, ...) bias field, 1 outside the mask; None for no field.
    """

    parameters: tuple[MixtureParameters | None, ...]
    field: Tensor | None = None


class GMMLoss(PosteriorLoss):
    """Gaussian mixture loss (eq 3.2, 3.3) with the entropy term that makes it the free energy.

    -sum_i sum_k s_ik [log pi_k + log N(x_i | b_i mu_k, S_k) - tau log s_ik]

    with pi, mu and S the closed-form minimisers given s, see :func:`gmmseg.mixture.estimate`. The constant D/2 log 2 pi
    is included, so that with tau = 1 and s the posterior of eq 2.5 the value is the negative log-likelihood.

    Args:
        entropy_weight: tau; 0 is the loss as printed, linear in s with a one-hot minimiser; 1 the evidence lower bound,
            whose minimiser is the posterior.
        detach: hold the statistics fixed in the gradient. They are minimisers, so by the envelope theorem the gradient
            is the same as with False, which differentiates them as well.
        softmax, reduction, include_background: see :class:`PosteriorLoss`.
    """

    def __init__(
        self,
        softmax: bool = True,
        reduction: str = "mean",
        include_background: bool = True,
        entropy_weight: float = 1.0,
        detach: bool = True,
    ) -> None:
        super().__init__(softmax, reduction, include_background)
        self.entropy_weight = entropy_weight
        self.detach = detach

    def forward(self, input: Tensor, image: Tensor, mask: Tensor | None = None, **given: Any) -> Tensor:
        """Scalar loss, or (B, 1, ...) without reduction; ``given`` are the keyword arguments of :meth:`statistics`."""
        with full_precision(input.device):
            batch = self._batch(input, image, mask, given.pop("volume_index", None))
            with torch.no_grad() if self.detach else contextlib.nullcontext():
                fitted = self._fitted(batch, **given)
            return self._free_energy(batch, fitted)

    def statistics(
        self,
        input: Tensor,
        image: Tensor,
        mask: Tensor | None = None,
        *,
        volume_index: VolumeIndex = None,
        parameters: Parameters = None,
        field: Tensor | None = None,
    ) -> Statistics:
        """The minimisers given s, which a trainer may keep and hand to later calls of the loss.

        Args:
            input, image, mask, volume_index: see the module's text.
            parameters: mixtures to use as they are: one for all volumes, or one (or None) per volume in order of
                ``volume_index``.
            field: (B, C or 1, ...) bias field to use as it is (eq 3.7).
        """
        with full_precision(input.device), torch.no_grad():
            return self._fitted(self._batch(input, image, mask, volume_index), parameters, field)

    def _batch(self, input: Tensor, image: Tensor, mask: Tensor | None, volume_index: VolumeIndex) -> Batch:
        if image.ndim != input.ndim or image.shape[0] != input.shape[0] or image.shape[2:] != input.shape[2:]:
            raise ValueError(
                f"image {tuple(image.shape)} and input {tuple(input.shape)} must share batch and grid, "
                "with channels in between"
            )
        log_s = self.log_posteriors(input)
        image = plain(image).to(log_s)
        return Batch(log_s.exp(), log_s, image, inside_of(mask, input), volumes_of(volume_index, input))

    def _fitted(self, batch: Batch, parameters: Parameters = None, field: Tensor | None = None) -> Statistics:
        """What is not given is estimated, volume by volume."""
        if field is not None:
            field = _on_image(field, batch.image)
        fitted: list[MixtureParameters | None] = []
        for items, known in zip(batch.volumes, per_volume(parameters, batch), strict=True):
            if known is None and not batch.is_empty(items):
                b = None if field is None else batch.rows(field, items)
                known = mixture.estimate(batch.rows(batch.image, items), batch.rows(batch.posteriors, items), b)
            fitted.append(known)
        return Statistics(tuple(fitted), field)

    def _free_energy(self, batch: Batch, fitted: Statistics) -> Tensor:
        # The empty part of s ties the loss to the graph also where no voxel is masked.
        values = batch.posteriors.flatten()[:0].sum()
        if self.reduction == "none":
            values = values.expand_as(batch.inside)[:, None]
        for items, parameters in zip(batch.volumes, fitted.parameters, strict=True):
            if parameters is None or batch.is_empty(items):
                continue
            energies = self._energies(batch, items, parameters, fitted.field)
            values = batch.on_grid(energies, items, values) if self.reduction == "none" else values + energies.sum()
        return self.reduced(values, batch.inside)

    def _energies(self, batch: Batch, items: Tensor, parameters: MixtureParameters, field: Tensor | None) -> Tensor:
        """(N, 1) free energy of each masked voxel of one volume."""
        b = None if field is None else batch.rows(field, items)
        joint = mixture.log_joint(batch.rows(batch.image, items), parameters, b)
        if self.entropy_weight:
            joint = joint - self.entropy_weight * batch.rows(batch.log_posteriors, items)
        return -(batch.rows(batch.posteriors, items) * joint).sum(dim=1, keepdim=True)


class GMMTVLoss(GMMLoss):
    """GMM loss + gamma * total variation, the unsupervised part of eq 3.5.

    Args:
        gamma: weight of the total variation. The paper's 80 suits its own scaling only; 0.05 to 0.2 is usual here.
        isotropic: see :class:`TVLoss`.
        options: those of :class:`GMMLoss`.
    """

    def __init__(self, gamma: float = 0.1, isotropic: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.gamma = gamma
        self.variation = TVLoss(self.softmax, self.reduction, self.include_background, isotropic)

    def forward(
        self, input: Tensor, image: Tensor, mask: Tensor | None = None, *, spacing: Spacing = None, **given: Any
    ) -> Tensor:
        """As :meth:`GMMLoss.forward`; ``spacing`` as in :class:`TVLoss`, ``given`` as in :meth:`statistics`."""
        loss = super().forward(input, image, mask, **given)
        return loss + self.gamma * self.variation(input, mask, spacing=spacing) if self.gamma else loss


def per_volume(parameters: Parameters, batch: Batch) -> list[MixtureParameters | None]:
    """Given mixtures, one (or None) per volume, in the batch's dtype."""
    if parameters is None or isinstance(parameters, MixtureParameters):
        listed = [parameters] * len(batch.volumes)
    elif len(parameters) == len(batch.volumes):
        listed = list(parameters)
    else:
        raise ValueError(f"parameters must be one mixture, or {len(batch.volumes)}, but are {len(parameters)}")
    expected = (batch.posteriors.shape[1], batch.image.shape[1])
    for each in listed:
        if each is not None and each.mean.shape != expected:
            given = tuple(each.mean.shape)
            raise ValueError(f"parameters have means {given} where classes and channels of the image make {expected}")
    return [None if each is None else each.to(batch.posteriors) for each in listed]


def _on_image(field: Tensor, image: Tensor) -> Tensor:
    """A given field for each channel of the image."""
    if field.shape not in (image.shape, image[:, :1].shape):
        raise ValueError(f"field {tuple(field.shape)} must be as the image, {tuple(image.shape)}, or have one channel")
    return plain(field).to(image).expand_as(image)
