"""A volume as stacks of slices in its orientations, and posteriors of a 2-D network put back into the volume."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

# Slices in which a voxel is more than this much longer than wide show no anatomy a network could use.
WORST_ASPECT = 2.0


@dataclass(frozen=True)
class Orientation:
    """Slices across one axis of the grid.

    Attributes:
        axis: 0, 1 or 2, the axis that numbers the slices.
        spacing: (2,) mm in the slice.
    """

    axis: int
    spacing: tuple[float, float]

    def slices(self, grid: Tensor) -> Tensor:
        """(n, C, H, W) view of a (C, i, j, k) grid."""
        return grid.movedim(self.axis + 1, 0)

    def volume(self, slices: Tensor) -> Tensor:
        """(C, i, j, k) view of (n, C, H, W) slices: undoes :meth:`slices`."""
        return slices.movedim(0, self.axis + 1)


def orientations(spacing: tuple[float, float, float]) -> tuple[Orientation, ...]:
    """The orientations whose slices are sharp: three for nearly isotropic voxels, one for thick slices."""
    every = [
        Orientation(0, (spacing[1], spacing[2])),
        Orientation(1, (spacing[0], spacing[2])),
        Orientation(2, (spacing[0], spacing[1])),
    ]
    aspects = [max(o.spacing) / min(o.spacing) for o in every]
    sharp = tuple(o for o, aspect in zip(every, aspects, strict=True) if aspect <= WORST_ASPECT)
    return sharp or (every[aspects.index(min(aspects))],)


def batches(count: int, size: int) -> Iterator[slice]:
    """Consecutive slices of ``range(count)``, ``size`` long."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def average_posterior(
    network: nn.Module,
    stack: Tensor,
    mask: Tensor,
    views: tuple[Orientation, ...],
    run: Callable[[nn.Module, Tensor], Tensor],
    batch_size: int,
    tick: Callable[[float], None],
) -> Tensor:
    """Softmax of a 2-D network (eq 3.1), averaged over orientations.

    Args:
        network: (B, C, H, W) to (B, K, H, W) logits.
        stack: (C, i, j, k) what the network sees.
        mask: (i, j, k) bool; slices without any of it are left out.
        views: orientations to average.
        run: calls the network in its precision and gives float32 logits.
        batch_size: slices at a time.
        tick: told the share done, may raise to stop.

    Returns:
        (K, i, j, k) float32, summing to 1 inside the mask and 0 in slices without any of it.
    """
    total = torch.zeros((0, *mask.shape), dtype=torch.float32, device=stack.device)
    network.eval()
    with torch.inference_mode():
        for number, view in enumerate(views):
            inside = view.slices(mask[None])
            used = torch.nonzero(inside.flatten(1).any(dim=1)).flatten()
            images = view.slices(stack)
            for part in batches(len(used), batch_size):
                tick((number + part.start / len(used)) / len(views))
                chosen = used[part]
                s = torch.softmax(run(network, images[chosen]), dim=1)
                if len(total) == 0:
                    total = total.new_zeros((s.shape[1], *mask.shape))
                view.slices(total)[chosen] += s
    network.train()
    return total / len(views)
