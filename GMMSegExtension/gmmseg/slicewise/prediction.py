"""A network of slices applied to a whole scan."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..devices import arithmetic
from ..progress import Progress, silent
from ..shipped_prior import Axes
from ..slices import batches
from .lessons import network_input
from .prepared import ACROSS, OUTSIDE, Prepared

_BATCH = 8


def segment_slices(
    network: nn.Module,
    scan: Prepared,
    device: torch.device,
    precision: torch.dtype = torch.float32,
    every: int = 1,
    progress: Progress = silent,
) -> np.ndarray:
    """(I, J, K) uint8 labels on the scan's own grid: 1 CSF, 2 GM, 3 WM, 0 outside the mask and in slices left out.

    Args:
        network: (B, D + 1, H, W) to (B, 3, H, W) logits, see :func:`gmmseg.slicewise.lessons.network_input`.
        scan: made ready.
        device: where the network is.
        precision: arithmetic of its convolutions.
        every: only each slice of this many is segmented, see :func:`judged`.
        progress: told about each batch of slices.
    """
    labels = np.zeros(scan.target.shape, dtype=np.uint8)
    numbers = chosen(scan, every)
    centre, scale = (torch.from_numpy(values)[None].to(device) for values in (scan.mean, scan.deviation))
    network.eval()
    with torch.inference_mode():
        for part in batches(len(numbers), _BATCH):
            progress(part.start / len(numbers), "posterior", "Segmenting slices")
            here = numbers[part]
            inside = torch.from_numpy(scan.target[here] != OUTSIDE).to(device)
            image = torch.from_numpy(scan.image[here].astype(np.float32)).to(device)
            seen = network_input(image, inside, centre.expand(len(here), -1), scale.expand(len(here), -1))
            with arithmetic(device, precision):
                logits = network(seen.contiguous(memory_format=torch.channels_last)).float()
            labels[here] = ((logits.argmax(dim=1) + 1) * inside).to(torch.uint8).cpu().numpy()
    return scan.grid.restored(labels, scan.orientation)


def judged(scan: Prepared, every: int) -> np.ndarray:
    """(I, J, K) bool: the slices that :func:`segment_slices` segments, in their full size; everything for 1.

    A brain mask that cuts off a part of the brain must not make that part count for nothing.
    """
    if every == 1:
        return np.ones(scan.grid.shape, dtype=bool)
    slices = np.zeros(scan.target.shape, dtype=np.uint8)
    slices[chosen(scan, every)] = 1
    across = Axes.of(scan.grid.affine).order[ACROSS[scan.orientation]]
    others = tuple(axis for axis in range(3) if axis != across)
    used = (scan.grid.restored(slices, scan.orientation) > 0).any(axis=others, keepdims=True)
    return np.broadcast_to(used, scan.grid.shape)


def chosen(scan: Prepared, every: int) -> np.ndarray:
    """Numbers of the slices with brain, one of each ``every`` of them."""
    used = np.flatnonzero((scan.target != OUTSIDE).reshape(len(scan.target), -1).any(axis=1))
    return used[every // 2 :: every] if len(used) > every // 2 else used
