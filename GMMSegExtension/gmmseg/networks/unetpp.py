"""The U-Net++ of Zhou and others."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import convolutions, crop_to, pad_to_multiple, upsampling

DEFAULT_WIDTH = 32
_LEVELS = 4
_STRIDE = 2**_LEVELS
# Levels and columns of the nodes on the skip paths, in an order in which each finds its inputs done.
_NESTED = [(level, column) for column in range(1, _LEVELS + 1) for level in range(_LEVELS - column + 1)]


class UNetPlusPlus(nn.Module):
    """U-Net++ (Z. Zhou, M. M. Rahman Siddiquee, N. Tajbakhsh, J. Liang, "UNet++: A Nested U-Net Architecture for
    Medical Image Segmentation", DLMIA 2018).

    Nodes X(i, j) of level i = 0 to 4 and column j = 0 to 4 - i have 2^i w feature maps, w the base width:

    - X(i, 0) = unit(max-pooled X(i-1, 0)), and X(0, 0) = unit(image);
    - X(i, j) = unit(X(i, 0), ..., X(i, j-1), and X(i+1, j-1) up-sampled, side by side).

    A unit is two 3x3 convolutions with ReLU, up-sampling a 2x2 transposed convolution of stride 2 to the width of the
    finer level. 9.04 million parameters with w = 32, as published. Images are padded to a multiple of 16 (at least 32)
    by their border values, and the logits cropped back.

    Args:
        in_channels: D, channels of the image.
        num_classes: K, classes.
        base_width: w; None for 32 as printed.
        normalisation: ``batch``, ``instance``, ``group`` or ``none``, after each 3x3 convolution. The paper leaves it
            open.
        deep_supervision: whether the logits are the mean over 1x1 convolutions of X(0, 1) to X(0, 4), the paper's
            accurate mode, so that the loss reaches each of them by a short way. The paper averages after the softmax
            and has a loss for each output; here losses take one map of logits. Otherwise X(0, 4) alone has a head.

    Raises:
        ValueError: unknown normalisation.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        base_width: int | None = None,
        normalisation: str = "batch",
        deep_supervision: bool = True,
    ) -> None:
        super().__init__()
        width = DEFAULT_WIDTH if base_width is None else base_width
        widths = [width * 2**level for level in range(_LEVELS + 1)]

        def unit(in_width: int, out_width: int) -> nn.Sequential:
            return convolutions(in_width, out_width, 2, normalisation)

        self.backbone = nn.ModuleList(map(unit, [in_channels, *widths[:-1]], widths))
        self.up = nn.ModuleDict()
        self.nested = nn.ModuleDict()
        for level, column in _NESTED:
            here, below = widths[level], widths[level + 1]
            self.up[f"{level}_{column}"] = upsampling(below, here)
            self.nested[f"{level}_{column}"] = unit((column + 1) * here, here)
        self.heads = nn.ModuleList(nn.Conv2d(width, num_classes, 1) for _ in range(_LEVELS if deep_supervision else 1))

    def forward(self, image: Tensor) -> Tensor:
        """(B, D, H, W) image to (B, K, H, W) logits."""
        maps = pad_to_multiple(image, _STRIDE)
        nodes: list[list[Tensor]] = []
        for unit in self.backbone:
            maps = unit(F.max_pool2d(maps, 2) if nodes else maps)
            nodes.append([maps])
        for level, column in _NESTED:
            below = self.up[f"{level}_{column}"](nodes[level + 1][column - 1])
            nodes[level].append(self.nested[f"{level}_{column}"](torch.cat([*nodes[level], below], dim=1)))
        finest = nodes[0][-len(self.heads) :]
        logits = torch.stack([head(maps) for head, maps in zip(self.heads, finest, strict=True)]).mean(dim=0)
        size = (image.shape[-2], image.shape[-1])
        return crop_to(logits, size, _STRIDE)
