"""One prepared scan as tensors on the device: what every step of a run works on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from .mixture import quantile

# A mixture has a few dozen parameters: more voxels than this make it slower, not better.
SAMPLE_SIZE = 300_000
# Voxels above this quantile (vessels, fat, bone in a generous mask) take part in no estimate, only in the output.
CLIP_QUANTILE = 0.995


@dataclass(frozen=True)
class Scan:
    """Image (D, i, j, k) float32 scaled to about 1, mask (i, j, k) bool, spacing in mm.

    "Rows" below are the N masked voxels in C order.
    """

    image: Tensor
    mask: Tensor
    spacing: tuple[float, float, float]

    @property
    def channels(self) -> int:
        return self.image.shape[0]

    @cached_property
    def rows(self) -> Tensor:
        """(N, D) intensities."""
        return self.image[:, self.mask].T.contiguous()

    @cached_property
    def typical(self) -> Tensor:
        """(N,) bool: voxels that estimates may use."""
        highest = torch.stack([quantile(channel, CLIP_QUANTILE) for channel in self.rows.T])
        return (self.rows <= highest).all(dim=1)

    @cached_property
    def sample(self) -> Tensor:
        """(n,) row numbers of evenly spread typical voxels, on which mixtures are fitted."""
        numbers = torch.nonzero(self.typical).flatten()
        return numbers[:: max(1, -(-len(numbers) // SAMPLE_SIZE))]

    def on_grid(self, rows: Tensor, outside: float = 0.0) -> Tensor:
        """(C, i, j, k) from (N, C) rows."""
        grid = torch.full((rows.shape[1], *self.mask.shape), outside, dtype=rows.dtype, device=rows.device)
        grid[:, self.mask] = rows.T
        return grid

    def labels(self, s: Tensor) -> Tensor:
        """(i, j, k) uint8: 1 + the most probable class of (N, K) posteriors, 0 outside the mask."""
        return self.on_grid((s.argmax(dim=1) + 1).to(torch.uint8)[:, None])[0]

    def rows_of(self, grid: Tensor) -> Tensor:
        """(N, C) rows from (C, i, j, k)."""
        return grid[:, self.mask].T.contiguous()
