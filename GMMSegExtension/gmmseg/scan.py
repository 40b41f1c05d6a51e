"""One prepared scan as tensors on the device: what every step of a run works on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from .contrast import Depth
from .mixture import most_probable, quantile

# A mixture has a few dozen parameters: more voxels than this make it slower, not better.
SAMPLE_SIZE = 300_000
# Voxels above this quantile (vessels, fat, bone in a generous mask) take part in no estimate, only in the output.
CLIP_QUANTILE = 0.995


@dataclass(frozen=True)
class Scan:
    """Image (D, i, j, k) float32 scaled to about 1, mask (i, j, k) bool, spacing in mm.

    "Rows" below are the N masked voxels in C order. Memory is channel-major: (N, C) rows are views of (C, N) tensors.
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
        return self.rows_of(self.image)

    @cached_property
    def _places(self) -> Tensor:
        """(N,) positions of the rows in the flattened grid: found once, since a bool mask is searched at each use."""
        return torch.nonzero(self.mask.flatten()).flatten()

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

    @cached_property
    def depth(self) -> Depth:
        """How deep voxels lie in the mask, for telling T1-like from T2-like contrast."""
        return Depth(self.mask.cpu().numpy(), np.asarray(self.spacing))

    def on_grid(self, rows: Tensor, outside: float = 0.0) -> Tensor:
        """(C, i, j, k) from (N, C) rows."""
        grid = torch.full((rows.shape[1], *self.mask.shape), outside, dtype=rows.dtype, device=rows.device)
        grid.flatten(1).index_copy_(1, self._places, rows.T)
        return grid

    def labels(self, s: Tensor) -> Tensor:
        """(i, j, k) uint8: 1 + the most probable class of (N, K) posteriors, 0 outside the mask."""
        return self.on_grid((most_probable(s) + 1)[:, None])[0]

    def rows_of(self, grid: Tensor) -> Tensor:
        """(N, C) rows from (C, i, j, k)."""
        return grid.flatten(1).index_select(1, self._places).T
