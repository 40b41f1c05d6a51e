"""The Gaussian mixture loss with bias field (eq 3.6 to 3.8)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .. import bias_field, mixture
from ..mixture import MixtureParameters
from ..neighbours import box_sum
from .batch import Batch, VolumeIndex, full_precision, plain
from .gmm import GMMTVLoss, Parameters, Statistics, per_volume


class GMMBiasLoss(GMMTVLoss):
    """GMM loss with a Legendre bias field (eq 3.7, 3.8) + gamma * total variation (which the paper drops here).

    The mixture and the field's weights w are solved in turn, in closed form, each from the other. Scale is fixed by a
    mean of b of 1 in the mask, and b is clamped to [0.3, 3]. The field's equations weight voxels by purity, also in the
    class means they refer to: eq 3.8 as printed takes partial volume for field and can be worse than no correction.

    Args:
        gamma, isotropic: see :class:`GMMTVLoss`.
        degree: highest total degree P of the field; 0 for no field.
        alternations: times that the field is solved; more when it starts far from flat.
        purity_power: a voxel weighs the highest of its neighbourhood's mean posteriors to this power.
        ridge: bending penalty, see :func:`gmmseg.bias_field.solve`. Only with purity_power and ridge 0, eq 3.8 as
            printed, does the field minimise the loss, so that ``detach`` leaves the gradient unchanged.
        options: those of :class:`GMMLoss`.
    """

    def __init__(
        self,
        gamma: float = 0.1,
        degree: int = 3,
        isotropic: bool = True,
        alternations: int = 3,
        purity_power: float = 8.0,
        ridge: float = 1e-3,
        **options: Any,
    ) -> None:
        super().__init__(gamma, isotropic, **options)
        self.degree = degree
        self.alternations = alternations
        self.purity_power = purity_power
        self.ridge = ridge

    def statistics(
        self,
        input: Tensor,
        image: Tensor,
        mask: Tensor | None = None,
        *,
        volume_index: VolumeIndex = None,
        parameters: Parameters = None,
        field: Tensor | None = None,
        coordinates: Tensor | None = None,
    ) -> Statistics:
        """Mixtures and field given s, which a trainer may keep and hand to later calls of the loss.

        Args:
            input, image, mask, volume_index, parameters, field: see :meth:`GMMLoss.statistics`. The means of given
                parameters are rescaled when the field is not given, to match its mean of 1.
            coordinates: (B, 2 or 3, ...) position of each voxel along the field's axes, in any unit: they are scaled to
                [-1, 1] over the masked voxels of a volume. None for voxel indices; needed when items share a volume.
        """
        with full_precision(input.device), torch.no_grad():
            return self._fitted(self._batch(input, image, mask, volume_index), parameters, field, coordinates)

    def _fitted(
        self,
        batch: Batch,
        parameters: Parameters = None,
        field: Tensor | None = None,
        coordinates: Tensor | None = None,
    ) -> Statistics:
        if field is not None or self.degree == 0:
            return super()._fitted(batch, parameters, field)
        coordinates = _voxel_indices(batch) if coordinates is None else _checked(coordinates, batch)
        purity = _purity(batch, self.purity_power)
        fitted: list[MixtureParameters | None] = []
        field = torch.ones_like(batch.image)
        for items, known in zip(batch.volumes, per_volume(parameters, batch), strict=True):
            if not batch.is_empty(items):
                places = _scaled(batch.rows(coordinates, items))
                known, b = self._alternated(batch, items, places, batch.rows(purity, items), known)
                field = batch.on_grid(b, items, field)
            fitted.append(known)
        return Statistics(tuple(fitted), field)

    def _alternated(
        self, batch: Batch, items: Tensor, coordinates: Tensor, purity: Tensor, known: MixtureParameters | None
    ) -> tuple[MixtureParameters, Tensor]:
        """Mixture and (N, C) field of one volume, from (N, axes) coordinates and (N, 1) purity."""
        x, s = batch.rows(batch.image, items), batch.rows(batch.posteriors, items)
        pure = purity * s
        everywhere = torch.ones(len(x), dtype=torch.bool, device=x.device)
        basis = bias_field.legendre_basis(coordinates, self.degree)
        scale, field = x.new_ones(x.shape[1]), torch.ones_like(x)
        for _ in range(self.alternations):
            # Means of all voxels are pulled towards the neighbouring class; against them pure voxels look shaded.
            target = known or mixture.estimate(x, pure, field)
            u, v = bias_field.normal_equations(basis, x, pure, target)
            w = bias_field.solve(u, v, x.shape[1], coordinates.shape[1], self.degree, self.ridge)
            raw = basis @ w.to(dtype=basis.dtype, device=basis.device)
            normalised, scale = bias_field.normalise(raw.T, everywhere)
            field = normalised.T
        if known is None:
            return mixture.estimate(x, s, field), field
        return MixtureParameters(known.mean * scale, known.covariance, known.weight), field


def _voxel_indices(batch: Batch) -> Tensor:
    """(B, axes, ...) index of each voxel along the grid's axes."""
    if any(len(items) > 1 for items in batch.volumes):
        raise ValueError("coordinates must be given when items share a volume: a field needs to know where they lie")
    grid = batch.image.shape[2:]
    axes = [torch.arange(n, dtype=batch.image.dtype, device=batch.image.device) for n in grid]
    return torch.stack(torch.meshgrid(*axes, indexing="ij")).expand(batch.image.shape[0], -1, *grid)


def _checked(coordinates: Tensor, batch: Batch) -> Tensor:
    """Given coordinates, like the image in dtype and device."""
    grid = (batch.image.shape[0], *batch.image.shape[2:])
    if coordinates.ndim != batch.image.ndim or (coordinates.shape[0], *coordinates.shape[2:]) != grid:
        raise ValueError(f"coordinates {tuple(coordinates.shape)} must be (B, axes, ...) on the grid {grid}")
    return plain(coordinates).to(batch.image)


def _scaled(coordinates: Tensor) -> Tensor:
    """(N, axes) scaled to [-1, 1] over their bounding box; 0 along an axis without extent."""
    low, high = coordinates.amin(dim=0), coordinates.amax(dim=0)
    extent = torch.where(high > low, high - low, torch.ones_like(low))
    return (2 * coordinates - low - high) / extent


def _purity(batch: Batch, power: float) -> Tensor:
    """(B, 1, ...) highest mean posterior of the 3-wide neighbourhood, to ``power``; none beyond the mask."""
    s = batch.posteriors.masked_fill(~batch.inside[:, None], 0)
    neighbours = 3 ** (s.ndim - 2)
    return (box_sum(s, 2) / neighbours).amax(dim=1, keepdim=True) ** power
