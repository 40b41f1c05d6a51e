"""A batch of network outputs seen as volumes: which items belong together, and their masked voxels as rows."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

VolumeIndex = Tensor | Sequence[int] | None


@dataclass(frozen=True)
class Batch:
    """Posteriors and image on the grid, and the volumes they come from.

    Attributes:
        posteriors: (B, K, ...) s.
        log_posteriors: (B, K, ...) log s, finite.
        image: (B, C, ...) of the same dtype.
        inside: (B, ...) bool mask.
        volumes: for each volume the (b,) positions of its items in the batch.
    """

    posteriors: Tensor
    log_posteriors: Tensor
    image: Tensor
    inside: Tensor
    volumes: list[Tensor]

    def rows(self, values: Tensor, items: Tensor) -> Tensor:
        """(N, C) values of (B, C, ...) at the masked voxels of ``items``."""
        return values[items].movedim(1, -1)[self.inside[items]]

    def on_grid(self, rows: Tensor, items: Tensor, background: Tensor) -> Tensor:
        """``background`` (B, C, ...) with (N, C) rows at the masked voxels of ``items``; undoes :meth:`rows`."""
        part = background[items].movedim(1, -1)
        part[self.inside[items]] = rows
        filled = background.clone()
        filled[items] = part.movedim(-1, 1)
        return filled

    def is_empty(self, items: Tensor) -> bool:
        """Whether no voxel of ``items`` lies in the mask."""
        return not bool(self.inside[items].any())


def volumes_of(volume_index: VolumeIndex, input: Tensor) -> list[Tensor]:
    """The positions of each volume's items, in order of its index; None: every item is a volume.

    Raises:
        ValueError: not one index per item.
    """
    items = torch.arange(input.shape[0], device=input.device)
    if volume_index is None:
        return [item[None] for item in items]
    index = plain(torch.as_tensor(volume_index, device=input.device))
    if index.shape != items.shape:
        raise ValueError(f"volume_index must give one number per item, ({len(items)},), but is {tuple(index.shape)}")
    return [items[index == value] for value in index.unique()]


def inside_of(mask: Tensor | None, input: Tensor) -> Tensor:
    """(B, ...) bool mask on the grid of ``input``, from (B, 1, ...), (B, ...) or None.

    Raises:
        ValueError: another shape.
    """
    grid = (input.shape[0], *input.shape[2:])
    if mask is None:
        return torch.ones(grid, dtype=torch.bool, device=input.device)
    if mask.shape not in (grid, (grid[0], 1, *grid[1:])):
        raise ValueError(f"mask {tuple(mask.shape)} must be {grid}, with or without a channel axis of 1")
    return plain(mask).reshape(grid).to(device=input.device, dtype=torch.bool)


def plain(values: Tensor) -> Tensor:
    """The same values as no more than a tensor: MONAI's MetaTensor takes a batch apart wherever it is indexed."""
    return values if type(values) is Tensor else values.as_subclass(Tensor)


def at_least_float32(values: Tensor) -> Tensor:
    """Half precision as float32: sums over a volume need the bits."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


def full_precision(device: torch.device) -> contextlib.AbstractContextManager:
    """Autocast off: it would put the statistics' matrix products into half precision."""
    # torch before 2.4 cannot be asked, and knows autocast on these two only.
    known = getattr(torch.amp, "is_autocast_available", lambda kind: kind in ("cpu", "cuda"))
    return torch.autocast(device.type, enabled=False) if known(device.type) else contextlib.nullcontext()
