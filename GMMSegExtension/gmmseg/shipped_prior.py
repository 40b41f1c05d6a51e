"""What a trained network says about one scan: posteriors of CSF, GM and WM on the scan's own grid."""

from __future__ import annotations

from dataclasses import dataclass

import nibabel
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .devices import arithmetic
from .em import Fit
from .informed_network import corrected
from .prior_input import informed_logits, network_volume, standardise
from .scan import Scan

# Voxel sizes in mm the network has learned; smaller ones are pooled for it.
_SMALLEST_VOXEL = 0.65


@dataclass(frozen=True)
class Axes:
    """How array axes become axes towards right, anterior and superior.

    Attributes:
        order: array axis of each anatomical axis.
        mirrored: for each anatomical axis whether it runs backwards in the array.
    """

    order: tuple[int, int, int]
    mirrored: tuple[bool, bool, bool]

    @classmethod
    def of(cls, affine: np.ndarray) -> Axes:
        """The nearest axes to those of an affine (4, 4) from voxels to RAS millimetres."""
        orientation = nibabel.orientations.io_orientation(np.asarray(affine, dtype=float))
        towards, sign = orientation[:, 0].astype(int), orientation[:, 1]
        order = [int(np.flatnonzero(towards == axis)[0]) for axis in range(3)]
        first, second, third = order
        return cls((first, second, third), (bool(sign[first] < 0), bool(sign[second] < 0), bool(sign[third] < 0)))

    def to_anatomical(self, grid: Tensor) -> Tensor:
        """(C, i, j, k) array axes to (C, right, anterior, superior); a view."""
        moved = grid.permute(0, *(axis + 1 for axis in self.order))
        return moved.flip([axis + 1 for axis in range(3) if self.mirrored[axis]])

    def to_array(self, grid: Tensor) -> Tensor:
        """The inverse of :meth:`to_anatomical`."""
        moved = grid.flip([axis + 1 for axis in range(3) if self.mirrored[axis]])
        back = np.argsort(self.order)
        return moved.permute(0, *(int(axis) + 1 for axis in back))


def network_posterior(
    network: nn.Module,
    scan: Scan,
    fit: Fit,
    axes: Axes,
    device: torch.device,
    precision: torch.dtype,
) -> Tensor:
    """(N, 3) the network's posteriors at the scan's rows.

    Args:
        network: see :func:`gmmseg.prior_input.informed_logits`.
        scan: of one channel.
        fit: its mixture of CSF, GM and WM with field, which gives the scan's contrast and where the network starts.
        axes: of the scan's grid.
        device: where the network runs.
        precision: arithmetic of its convolutions.
    """
    grey, white = fit.parameters.mean[1], fit.parameters.mean[2]
    image = scan.on_grid(standardise(corrected(scan, fit), grey, white))[0]
    volume = axes.to_anatomical(network_volume(image, scan.mask, scan.on_grid(fit.s)))
    pooled, factors = pooled_for_network(volume, [scan.spacing[axis] for axis in axes.order])
    with torch.inference_mode(), arithmetic(device, precision):
        logits = informed_logits(network, pooled[None].to(device))
    if factors != [1, 1, 1]:
        logits = F.interpolate(logits, size=volume.shape[1:], mode="trilinear", align_corners=False)
    return scan.rows_of(axes.to_array(logits[0].softmax(dim=0).to(scan.rows.device)))


def pooled_for_network(volume: Tensor, spacing: list[float]) -> tuple[Tensor, list[int]]:
    """The volume with voxels of at least about the smallest size the network knows.

    Args:
        volume: (C, i, j, k), 0 outside the mask, which is its second channel.
        spacing: voxel size in mm of each of its axes.

    Returns:
        The same, pooled, and how many voxels were pooled along each axis.
    """
    factors = [1 if step >= _SMALLEST_VOXEL else max(1, round(1.0 / step)) for step in spacing]
    if factors == [1, 1, 1]:
        return volume, factors
    # Everything is averaged over the mask's voxels only.
    margin = [m for n, f in zip(reversed(volume.shape[1:]), reversed(factors), strict=True) for m in (0, -n % f)]
    blocks = F.avg_pool3d(F.pad(volume, margin)[None], factors)[0]
    share = blocks[1]
    blocks = blocks / share.clamp_min(1e-6)
    return blocks * (share >= 0.5), factors
