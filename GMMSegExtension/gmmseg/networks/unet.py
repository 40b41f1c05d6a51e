"""The U-Net of Ronneberger and others."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import convolutions, crop_to, pad_to_multiple, upsampling

DEFAULT_WIDTH = 64
_LEVELS = 4
_STRIDE = 2**_LEVELS


class UNet(nn.Module):
    """U-Net (O. Ronneberger, P. Fischer, T. Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation",
    MICCAI 2015), with zero-padded convolutions, so that logits have the size of the image.

    Five levels of w, 2w, 4w, 8w and 16w feature maps, w the base width, each of two 3x3 convolutions with ReLU. Levels
    are joined by 2x2 max-pooling of stride 2 downwards and, upwards, by 2x2 transposed convolutions of stride 2 that
    halve the width; the maps of the level on the way down are set beside them. A 1x1 convolution gives the logits.
    7.76 million parameters with w = 32, the U-Net that Zhou and others (2018) compare U-Net++ with; 31.0 million with
    w = 64. Images are padded to a multiple of 16 (at least 32) by their border values, and the logits cropped back.

    Args:
        in_channels: D, channels of the image.
        num_classes: K, classes.
        base_width: w; None for 64 as printed, 8 to 32 for a CPU.
        normalisation: ``batch``, ``instance``, ``group`` or ``none``, after each 3x3 convolution. The paper has none,
            which trains badly from random weights.

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

        def pair(in_width: int, out_width: int) -> nn.Sequential:
            return convolutions(in_width, out_width, 2, normalisation)

        self.encoder = nn.ModuleList(map(pair, [in_channels, *widths[:-1]], widths))
        self.bottleneck = pair(widths[-1], below[-1])
        self.up = nn.ModuleList(map(upsampling, below, widths))
        self.decoder = nn.ModuleList(map(pair, below, widths))
        self.head = nn.Conv2d(width, num_classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        """(B, D, H, W) image to (B, K, H, W) logits."""
        maps = pad_to_multiple(image, _STRIDE)
        skipped = []
        for stage in self.encoder:
            maps = stage(maps)
            skipped.append(maps)
            maps = F.max_pool2d(maps, 2)
        maps = self.bottleneck(maps)
        for up, stage, skip in zip(reversed(self.up), reversed(self.decoder), reversed(skipped), strict=True):
            maps = stage(torch.cat([skip, up(maps)], dim=1))
        size = (image.shape[-2], image.shape[-1])
        return crop_to(self.head(maps), size, _STRIDE)
