"""The bias field of a scan from its posteriors: eq 3.8 restricted to pure tissue.

Used on every voxel, eq 3.8 takes partial volume for field: voxels at the cortex and around the ventricles lie between
two class means, everywhere in the same direction. Here a voxel counts by its purity, and the class means that the
field refers to are those of the pure voxels too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from . import bias_field, mixture
from .neighbours import box_sum
from .scan import Scan

# The posterior averaged over 27 neighbours, to this power: .95 counts half, .5 nothing.
PURITY_POWER = 12
# Bending penalty, found on phantoms: a tenth follows texture, ten times as much misses true fields.
RIDGE = 4e-5
# The sums are pooled over blocks of about this size before they meet the polynomials, which hardly change within.
BLOCK_MM = 4.0
# Fewer pure voxels than this per unknown tell nothing.
PURE_VOXELS_PER_UNKNOWN = 20


@dataclass(frozen=True)
class Terms:
    """Sums over blocks of the pure voxels' quadratic terms (J1 and J2 of eq 3.8), which know nothing of polynomials.

    Attributes:
        j1: (blocks, D, D).
        j2: (blocks, D).
        pure_voxels: how many voxels they are made of, each counted by its purity.
    """

    j1: Tensor
    j2: Tensor
    pure_voxels: float


class FieldFit:
    """Solves the field of one scan, again and again as its posteriors improve.

    Args:
        scan: the scan.
        degree: highest total degree P of the Legendre polynomials, 1 to 6.
        ridge: weight of the bending penalty.
    """

    def __init__(self, scan: Scan, degree: int, ridge: float = RIDGE) -> None:
        self._scan = scan
        self._degree = degree
        self._ridge = ridge
        self._axes = bias_field.axis_coordinates(scan.mask)
        self._block = [max(1, round(BLOCK_MM / step)) for step in scan.spacing]

    def update(
        self, s: Tensor, field: Tensor | None, classes: Tensor, use: Tensor | None = None
    ) -> tuple[Tensor, Tensor] | None:
        """The field that fits the pure voxels of some classes best.

        Args:
            s: (N, K) posteriors.
            field: (N, D) field so far, None for 1 everywhere.
            classes: (K,) 1 for the classes to use, 0 for others (CSF: always mixed, and too dark to tell much).
            use: (N,) weights of voxels, None for 1.

        Returns:
            (N, D) field and its (T, D) polynomial weights, of mean 1 in the mask; None when too little is pure.
        """
        terms = self.terms(s, field, classes, use)
        return None if terms is None else self.solved(terms)

    def terms(self, s: Tensor, field: Tensor | None, classes: Tensor, use: Tensor | None = None) -> Terms | None:
        """What the pure voxels say about the field, of whatever degree; arguments as of :meth:`update`.

        Returns:
            None when not even a constant field can be told.
        """
        scan = self._scan
        columns = [s[:, k] for k in torch.nonzero(classes).flatten().tolist()]
        if not columns:
            return None
        # One class at a time: one grid fits into the processor's cache, several do not.
        weight = torch.stack([self._purity(column).mul_(scan.typical) for column in columns]).T
        # A class that is hardly pure anywhere (cortex in thick voxels) is not pure where it seems to be either.
        share = weight.sum(dim=0) / torch.stack([column.sum() for column in columns]).clamp_min(1)
        weight = weight * (share / share.max().clamp_min(1e-12))
        if use is not None:
            weight = weight * use[:, None]
        pure_voxels = float(weight.sum())
        if pure_voxels < PURE_VOXELS_PER_UNKNOWN:
            return None
        # Pooled covariance: the field should not depend on which class happens to look narrowest.
        pure = mixture.estimate(scan.rows, weight, field, covariance_sharing=1.0)
        j1, j2 = bias_field.quadratic_terms(scan.rows, weight, pure)
        channels = scan.channels
        pooled = self._pooled(j1.reshape(len(j1), -1)).reshape(-1, channels, channels)
        return Terms(pooled, self._pooled(j2), pure_voxels)

    def solved(self, terms: Terms) -> tuple[Tensor, Tensor] | None:
        """The field of this degree that agrees with ``terms`` best, in closed form; see :meth:`update`."""
        scan = self._scan
        if terms.pure_voxels < PURE_VOXELS_PER_UNKNOWN * self._basis.shape[1]:
            return None
        u, v = bias_field.assemble(self._basis, terms.j1, terms.j2)
        w = bias_field.solve(u, v, scan.channels, 3, self._degree, self._ridge)
        raw = scan.rows_of(bias_field.evaluate(w, self._axes, self._degree))
        normalised, scale = bias_field.normalise(raw.T)
        return normalised.T, w / scale.to(w)[None, :]

    @cached_property
    def _basis(self) -> Tensor:
        """(blocks, T) polynomials at the centres of the blocks."""
        centres = [self._pool_axis(axis, size) for axis, size in zip(self._axes, self._block, strict=True)]
        grid = torch.stack(torch.meshgrid(*centres, indexing="ij"), dim=-1).reshape(-1, 3)
        return bias_field.legendre_basis(grid, self._degree)

    def _purity(self, column: Tensor) -> Tensor:
        """(N,) mean of the 27 neighbours' posteriors (N,) to PURITY_POWER; what lies outside counts as impure."""
        sums = box_sum(self._scan.on_grid(column[:, None])[0])
        return (self._scan.rows_of(sums[None])[:, 0] / 27) ** PURITY_POWER

    def _pooled(self, rows: Tensor) -> Tensor:
        """(blocks, C) sums of (N, C) rows over the blocks."""
        columns = []
        for column in rows.T:
            grid = self._scan.on_grid(column[:, None])[0]
            for axis, size in enumerate(self._block):
                grid = _block_sum(grid, axis, size)
            columns.append(grid.flatten())
        return torch.stack(columns, dim=1)

    @staticmethod
    def _pool_axis(axis: Tensor, size: int) -> Tensor:
        padded = F.pad(axis[None, None], (0, -len(axis) % size), mode="replicate")
        return F.avg_pool1d(padded, size)[0, 0]


def _block_sum(grid: Tensor, axis: int, size: int) -> Tensor:
    """Sums over ``size`` neighbours along an axis of an (i, j, k) grid; the last block may reach past its end."""
    margin = [0, 0] * (grid.ndim - 1 - axis) + [0, -grid.shape[axis] % size]
    return F.pad(grid, margin).unflatten(axis, (-1, size)).sum(dim=axis + 1)


def field_everywhere(
    weights: Tensor, mask: Tensor, box: tuple[slice, slice, slice], full_shape: tuple[int, int, int]
) -> Tensor:
    """(D, I, J, K) the field on the full grid, smooth also outside the mask.

    Args:
        weights: (T, D) polynomial weights from :meth:`FieldFit.update`.
        mask: (i, j, k) bool mask in the box.
        box: where the box lies in the full grid.
        full_shape: (I, J, K).
    """
    degree = next(p for p in range(7) if len(bias_field.exponents(3, p)) == len(weights))
    full_mask_axes = []
    for axis, place in enumerate(box):
        line = torch.zeros(full_shape[axis], dtype=torch.bool, device=mask.device)
        others = [a for a in range(3) if a != axis]
        line[place] = mask.any(dim=others[1]).any(dim=others[0])
        full_mask_axes.append(line)
    axes = [bias_field.axis_coordinates(line[:, None])[0] for line in full_mask_axes]
    return bias_field.evaluate(weights, axes, degree)
