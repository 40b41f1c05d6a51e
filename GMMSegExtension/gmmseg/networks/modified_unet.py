"""The modified U-Net of the paper (section 3.3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import convolutions, crop_to, pad_to_multiple

DEFAULT_WIDTH = 64
_LEVELS = 4
_STRIDE = 2**_LEVELS


class ModifiedUNet(nn.Module):
    """U-Net with scaling blocks and convolved skip paths, as L. Ma (2022), section 3.3, describes it.

    With w the base width (64 in the paper) and "conv" a zero-padded 3x3 convolution and ReLU:

    ========== ============== ==================== ================= ============================
    level      width          encoder              skip path         decoder
    ========== ============== ==================== ================= ============================
    1          w              2 conv               chain of 4 conv   2 conv, from 2w + w
    2          2w             2 conv               chain of 3 conv   2 conv, from 4w + 2w
    3          4w             3 conv (block A)     chain of 2 conv   3 conv (block B), from 8w + 4w
    4          8w             3 conv (block A)     chain of 1 conv   3 conv (block B), from 16w + 8w
    bottleneck 16w            2 conv
    ========== ============== ==================== ================= ============================

    Levels are joined by 2x2 max-pooling of stride 2 downwards and bilinear up-sampling by 2 upwards. Up-sampling keeps
    the width, so the first convolution of a decoder stage takes the maps of the level below and those of the skip
    path side by side. A 1x1 convolution gives the logits. Images are padded to a multiple of 16 (at least 32) by their
    border values, and the logits cropped back.

    Args:
        in_channels: D, channels of the image.
        num_classes: K, classes.
        base_width: w; None for 64 as printed, 8 to 32 for a CPU.
        normalisation: ``batch``, ``instance``, ``group`` or ``none``, after each convolution. The paper leaves it open.
            With ``none`` the convolutions have biases.

    Raises:
        ValueError: unknown normalisation.
    """

    def __init__(
        self, in_channels: int, num_classes: int, base_width: int | None = None, normalisation: str = "batch"
    ) -> None:
        super().__init__()
        width = DEFAULT_WIDTH if base_width is None else base_width
        widths = [width * 2**level for level in range(_LEVELS)]
        below = [*widths[1:], 2 * widths[-1]]
        depths = [2, 2, 3, 3]

        def stack(in_width: int, out_width: int, count: int) -> nn.Sequential:
            return convolutions(in_width, out_width, count, normalisation)

        self.encoder = nn.ModuleList(map(stack, [in_channels, *widths[:-1]], widths, depths))
        self.bottleneck = stack(widths[-1], below[-1], 2)
        self.skips = nn.ModuleList(map(stack, widths, widths, [4, 3, 2, 1]))
        joined = [lower + skip for lower, skip in zip(below, widths, strict=True)]
        self.decoder = nn.ModuleList(map(stack, joined, widths, depths))
        self.head = nn.Conv2d(width, num_classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        """(B, D, H, W) image to (B, K, H, W) logits."""
        maps = pad_to_multiple(image, _STRIDE)
        skipped = []
        for stage, skip in zip(self.encoder, self.skips, strict=True):
            maps = stage(maps)
            skipped.append(skip(maps))
            maps = F.max_pool2d(maps, 2)
        maps = self.bottleneck(maps)
        for stage, skip in zip(reversed(self.decoder), reversed(skipped), strict=True):
            maps = F.interpolate(maps, scale_factor=2, mode="bilinear", align_corners=False)
            maps = stage(torch.cat([maps, skip], dim=1))
        size = (image.shape[-2], image.shape[-1])
        return crop_to(self.head(maps), size, _STRIDE)
