"""The bias field of a scan from its posteriors: eq 3.8 restricted to pure tissue.

Used on every voxel, eq 3.8 takes partial volume for field: voxels at the cortex and around the ventricles lie between
two class means, everywhere in the same direction. Here a voxel counts by its purity, and the class means that the
field refers to are those of the pure voxels too.
"""

from __future__ import annotations

from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from . import bias_field, mixture
from .scan import Scan

# The posterior averaged over 27 neighbours, to this power: .95 counts half, .5 nothing.
PURITY_POWER = 12
# Bending penalty, found on phantoms: a tenth follows texture, ten times as much misses true fields.
RIDGE = 4e-5
# The sums are pooled over blocks of about this size before they meet the polynomials, which hardly change within.
BLOCK_MM = 4.0
# Fewer pure voxels than this per unknown tell nothing.
PURE_VOXELS_PER_UNKNOWN = 20


class FieldFit:
    """Solves the field of one scan, again and again as its posteriors improve.

    Args:
        scan: the scan.
        degree: highest total degree P of the Legendre polynomials, 1 to 6.
    """

    def __init__(self, scan: Scan, degree: int) -> None:
        self._scan = scan
        self._degree = degree
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
        scan = self._scan
        weight = (self._purity(s) * classes) * scan.typical[:, None]
        # A class that is hardly pure anywhere (cortex in thick voxels) is not pure where it seems to be either.
        share = weight.sum(dim=0) / s.sum(dim=0).clamp_min(1)
        weight = weight * (share / share.max().clamp_min(1e-12))
        if use is not None:
            weight = weight * use[:, None]
        if float(weight.sum()) < PURE_VOXELS_PER_UNKNOWN * self._basis.shape[1]:
            return None
        # Pooled covariance: the field should not depend on which class happens to look narrowest.
        pure = mixture.estimate(scan.rows, weight, field, covariance_sharing=1.0)
        j1, j2 = bias_field.quadratic_terms(scan.rows, weight, pure)
        channels = scan.channels
        u, v = bias_field.assemble(
            self._basis,
            self._pooled(j1.reshape(len(j1), -1)).reshape(-1, channels, channels),
            self._pooled(j2),
        )
        w = bias_field.solve(u, v, channels, 3, self._degree, RIDGE)
        grid, scale = bias_field.normalise(bias_field.evaluate(w, self._axes, self._degree), scan.mask)
        return scan.rows_of(grid), w / scale.to(w)[None, :]

    @cached_property
    def _basis(self) -> Tensor:
        """(blocks, T) polynomials at the centres of the blocks."""
        centres = [self._pool_axis(axis, size) for axis, size in zip(self._axes, self._block, strict=True)]
        grid = torch.stack(torch.meshgrid(*centres, indexing="ij"), dim=-1).reshape(-1, 3)
        return bias_field.legendre_basis(grid, self._degree)

    def _purity(self, s: Tensor) -> Tensor:
        """(N, K) mean posterior of the 27 neighbours to the power PURITY_POWER; what lies outside counts as impure."""
        grid = self._scan.on_grid(s)
        smooth = F.avg_pool3d(grid[None], 3, stride=1, padding=1)[0]
        return self._scan.rows_of(smooth) ** PURITY_POWER

    def _pooled(self, rows: Tensor) -> Tensor:
        """(blocks, C) sums of (N, C) rows over the blocks."""
        grid = self._scan.on_grid(rows)
        margin = [m for n, b in zip(reversed(grid.shape[1:]), reversed(self._block), strict=True) for m in (0, -n % b)]
        blocks = F.avg_pool3d(F.pad(grid[None], margin), self._block)[0]
        size = self._block[0] * self._block[1] * self._block[2]
        return blocks.reshape(rows.shape[1], -1).T * size

    @staticmethod
    def _pool_axis(axis: Tensor, size: int) -> Tensor:
        padded = F.pad(axis[None, None], (0, -len(axis) % size), mode="replicate")
        return F.avg_pool1d(padded, size)[0, 0]


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
