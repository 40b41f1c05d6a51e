"""The paper's modified U-Net in three dimensions, at half the scan's resolution: the network of the shipped model."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

DEFAULT_WIDTH = 32
# Edge of the block of voxels that becomes one position with as many times more channels.
FOLD = 2
_LEVELS = 3
_STRIDE = FOLD * 2**_LEVELS


class ModifiedUNet3d(nn.Module):
    """U-Net with scaling blocks and convolved skip paths (L. Ma 2022, section 3.3) for whole volumes.

    Each block of 2 x 2 x 2 voxels is folded into channels, so that all convolutions run on an eighth of the positions
    with eight times the input, which is what processors do fastest; the head unfolds its logits again, each voxel with
    its own. One voxel is seen once, with its neighbours in all three directions, where a 2-D network has to see it in
    three orientations.

    With w the base width and "conv" a zero-padded 3x3x3 convolution, group normalisation and ReLU:

    ========== ===== =============== ============== ============================
    level      width encoder         skip path      decoder
    ========== ===== =============== ============== ============================
    1          w     2 conv          chain of 3     2 conv, from 2w + w
    2          2w    2 conv          chain of 2     2 conv, from 4w + 2w
    3          4w    3 conv          chain of 1     3 conv, from 4w + 4w
    bottleneck 4w    2 conv
    ========== ===== =============== ============== ============================

    Levels are joined by max-pooling downwards and trilinear up-sampling upwards. Volumes are padded with zeros to a
    multiple of 16 (at least 32), and the logits cropped back.

    Args:
        in_channels: D, channels of the volume.
        num_classes: K, classes.
        base_width: w; None for 32.
    """

    def __init__(self, in_channels: int, num_classes: int, base_width: int | None = None) -> None:
        super().__init__()
        width = DEFAULT_WIDTH if base_width is None else base_width
        widths = [width, 2 * width, 4 * width]
        below = [2 * width, 4 * width, 4 * width]
        depths = [2, 2, 3]
        self.encoder = nn.ModuleList(map(_convolutions, [FOLD**3 * in_channels, *widths[:-1]], widths, depths))
        self.bottleneck = _convolutions(widths[-1], below[-1], 2)
        self.skips = nn.ModuleList(map(_convolutions, widths, widths, [3, 2, 1]))
        joined = [lower + skip for lower, skip in zip(below, widths, strict=True)]
        self.decoder = nn.ModuleList(map(_convolutions, joined, widths, depths))
        self.head = nn.Conv3d(width, FOLD**3 * num_classes, 1)

    def forward(self, volume: Tensor) -> Tensor:
        """(B, D, I, J, K) volume to (B, classes, I, J, K) logits."""
        size = volume.shape[-3:]
        padding = [(0, max(2, math.ceil(n / _STRIDE)) * _STRIDE - n) for n in reversed(size)]
        maps = fold(F.pad(volume, [side for pair in padding for side in pair]), FOLD)
        maps = maps.contiguous(memory_format=torch.channels_last_3d)
        skipped = []
        for stage, skip in zip(self.encoder, self.skips, strict=True):
            maps = stage(maps)
            skipped.append(skip(maps))
            maps = F.max_pool3d(maps, 2)
        maps = self.bottleneck(maps)
        for stage, skip in zip(reversed(self.decoder), reversed(skipped), strict=True):
            maps = F.interpolate(maps, scale_factor=2, mode="trilinear", align_corners=False)
            maps = stage(torch.cat([maps, skip], dim=1))
        return unfold(self.head(maps), FOLD)[..., : size[0], : size[1], : size[2]]


def fold(volume: Tensor, edge: int) -> Tensor:
    """(B, C, I, J, K) to (B, C edge^3, I/edge, J/edge, K/edge): blocks of voxels become channels."""
    b, c, i, j, k = volume.shape
    blocks = volume.reshape(b, c, i // edge, edge, j // edge, edge, k // edge, edge)
    return blocks.permute(0, 1, 3, 5, 7, 2, 4, 6).reshape(b, c * edge**3, i // edge, j // edge, k // edge)


def unfold(maps: Tensor, edge: int) -> Tensor:
    """The inverse of :func:`fold`."""
    b, c, i, j, k = maps.shape
    blocks = maps.reshape(b, c // edge**3, edge, edge, edge, i, j, k)
    return blocks.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(b, c // edge**3, i * edge, j * edge, k * edge)


def _convolutions(in_width: int, width: int, count: int) -> nn.Sequential:
    """``count`` times 3x3x3 convolution, group normalisation, ReLU."""
    layers: list[nn.Module] = []
    for index in range(count):
        convolution = nn.Conv3d(in_width if index == 0 else width, width, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        layers += [convolution, nn.GroupNorm(math.gcd(8, width), width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)
