"""MT-UNet: a U-Net whose three lowest resolutions mix windowed, axial and external attention."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import crop_to, pad_to_multiple, upsampling
from .mixed_attention import MixedTransformerModule

DEFAULT_WIDTH = 64
_MODULES = 2
_STRIDE = 32


class MTUNet(nn.Module):
    """Mixed Transformer U-Net (Wang 2022).

    With w the base width (64 as published):

    =========== ========== ===== =============================== ================================================
    part        resolution width encoder                         decoder
    =========== ========== ===== =============================== ================================================
    stem        1          w     residual pair of convolutions   transposed convolution, skip path, residual pair
    stem        1/2        2 w   residual pair of convolutions   the same
    stem        1/4        4 w   residual pair of convolutions   the same
    stage 1     1/8        4 w   2 mixed transformer modules     transposed convolution, skip path, 1x1, 2 modules
    stage 2     1/16       8 w   2 mixed transformer modules     the same
    bottleneck  1/32       16 w  2 mixed transformer modules
    =========== ========== ===== =============================== ================================================

    A residual pair is two 3x3 convolutions with batch normalisation beside a 1x1 shortcut. The stem's parts are joined
    by 2x2 max-pooling, the stages by 3x3 convolutions of stride 2, upwards all by 2x2 transposed convolutions. See
    :class:`MixedTransformerModule` for the modules. A 1x1 convolution gives the logits.

    This project's readings: the first transformer stage works behind the stem's third pooling, at 1/8; maps are
    layer-normalised in the modules only, not where stages join; there is no dropout. At the default width this makes
    78 M parameters.

    Images are padded to a multiple of 32 (at least 64) by their border values, and the logits cropped back. The global
    attention of a stage is at work where its maps have more than one window of 4 x 4: from 33, 65 and 129 pixels on
    at 1/8, 1/16 and 1/32.

    Args:
        in_channels: D, channels of the image.
        num_classes: K, classes.
        base_width: w; None for the published 64.
    """

    def __init__(self, in_channels: int, num_classes: int, base_width: int | None = None) -> None:
        super().__init__()
        width = DEFAULT_WIDTH if base_width is None else base_width
        stem = [width, 2 * width, 4 * width]
        stages = [4 * width, 8 * width, 16 * width]
        self.stem = nn.ModuleList(map(_ResidualPair, [in_channels, *stem[:-1]], stem))
        self.encoder = nn.ModuleList(map(_TransformerStage, stages[:-1]))
        self.downwards = nn.ModuleList(
            nn.Conv2d(above, below, 3, stride=2, padding=1) for above, below in pairwise(stages)
        )
        self.bottleneck = _TransformerStage(stages[-1])
        self.decoder = nn.ModuleList(
            _Join(below, width, nn.Sequential(nn.Conv2d(2 * width, width, 1), _TransformerStage(width)))
            for width, below in pairwise(stages)
        )
        self.stem_decoder = nn.ModuleList(
            _Join(below, width, _ResidualPair(2 * width, width))
            for below, width in zip([*stem[1:], stages[0]], stem, strict=True)
        )
        self.head = nn.Conv2d(width, num_classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        """(B, D, H, W) image to (B, K, H, W) logits."""
        maps = pad_to_multiple(image, _STRIDE)
        skipped = []
        for pair in self.stem:
            skipped.append(pair(maps))
            maps = F.max_pool2d(skipped[-1], 2)
        for stage, down in zip(self.encoder, self.downwards, strict=True):
            skipped.append(stage(maps))
            maps = down(skipped[-1])
        maps = self.bottleneck(maps)
        for join in [*reversed(self.decoder), *reversed(self.stem_decoder)]:
            maps = join(maps, skipped.pop())
        size = (image.shape[-2], image.shape[-1])
        return crop_to(self.head(maps), size, _STRIDE)


class _ResidualPair(nn.Module):
    """Two 3x3 convolutions with batch normalisation beside a 1x1 convolution."""

    def __init__(self, in_width: int, width: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(in_width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.shortcut = nn.Conv2d(in_width, width, 1)

    def forward(self, maps: Tensor) -> Tensor:
        return F.relu(self.convolutions(maps) + self.shortcut(maps))


class _TransformerStage(nn.Module):
    """Mixed transformer modules on (B, C, H, W) maps."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.modules_in_turn = nn.Sequential(*(MixedTransformerModule(width) for _ in range(_MODULES)))

    def forward(self, maps: Tensor) -> Tensor:
        return self.modules_in_turn(maps.permute(0, 2, 3, 1)).permute(0, 3, 1, 2).contiguous()


class _Join(nn.Module):
    """Transposed convolution of the maps from below, the skipped maps beside it, then a unit on both."""

    def __init__(self, below: int, width: int, unit: nn.Module) -> None:
        super().__init__()
        self.up = upsampling(below, width)
        self.unit = unit

    def forward(self, maps: Tensor, skipped: Tensor) -> Tensor:
        return self.unit(torch.cat([self.up(maps), skipped], dim=1))
