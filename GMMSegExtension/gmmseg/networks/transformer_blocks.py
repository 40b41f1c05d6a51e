"""Parts that the vision transformer and TransUNet share: ViT-B's encoder and the cascaded up-sampler."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import convolutions

# Feature maps of one of ViT-B's heads, which is also the width of TransUNet's stem: the unit of all their widths.
DEFAULT_WIDTH = 64
# Pixels along the edge of the square that becomes one token.
PATCH = 16
_HEADS = 12
_LAYERS = 12
# Positions are learned for 224 x 224 pixels, and interpolated to the tokens of any other image.
_POSITIONS = 224 // PATCH
# Maps that the last stage of the up-sampler keeps at least, so that a narrow network can still tell classes apart.
_FEWEST_LAST = 8


def token_width(base_width: int) -> int:
    """Width of a token: 768 at the published base width of 64."""
    return _HEADS * base_width


def upsampler_widths(base_width: int) -> list[int]:
    """Widths of the up-sampler's four stages: 256, 128, 64 and 16 at the published base width of 64."""
    return [4 * base_width, 2 * base_width, base_width, max(base_width // 4, _FEWEST_LAST)]


class TransformerEncoder(nn.Module):
    """Encoder of ViT-B (Dosovitskiy 2021) from token maps to token maps (B, 12 w, h, w), w the base width.

    Adds learned positions, then applies 12 pre-norm blocks of 12 heads and an MLP of four times the width (GELU), and
    a last layer normalisation. There is neither a class token nor dropout.
    """

    def __init__(self, base_width: int) -> None:
        super().__init__()
        width = token_width(base_width)
        self.positions = nn.Parameter(torch.empty(1, width, _POSITIONS, _POSITIONS))
        nn.init.trunc_normal_(self.positions, std=0.02)
        # Not nn.TransformerEncoder: it starts all layers with the same weights.
        self.blocks = nn.Sequential(*(_block(width) for _ in range(_LAYERS)))
        self.normalisation = nn.LayerNorm(width, eps=1e-6)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, 12 w, h, w) tokens to as many."""
        size = maps.shape[-2:]
        positions: Tensor = self.positions
        if size != positions.shape[-2:]:
            positions = F.interpolate(positions, size=size, mode="bilinear", align_corners=False)
        tokens = (maps + positions).flatten(2).transpose(1, 2)
        tokens = self.normalisation(self.blocks(tokens))
        return tokens.transpose(1, 2).unflatten(2, size)


class CascadedUpsampler(nn.Module):
    """TransUNet's decoder (Chen 2021, "CUP"): token maps to logits at 16 times their resolution.

    3x3 convolution to 8 w maps, then four stages, each bilinear up-sampling by 2, the skipped maps beside it where
    there are any, and two 3x3 convolutions; batch normalisation and ReLU after each. A 3x3 convolution gives the
    logits.

    Args:
        base_width: w.
        skip_widths: maps that each of the four stages takes beside its own, 0 for none.
        num_classes: K, classes.
    """

    def __init__(self, base_width: int, skip_widths: Sequence[int], num_classes: int) -> None:
        super().__init__()
        widths = upsampler_widths(base_width)
        before = [8 * base_width, *widths[:-1]]
        self.entrance = convolutions(token_width(base_width), before[0], 1, "batch")
        self.stages = nn.ModuleList(
            convolutions(below + skip, width, 2, "batch")
            for below, skip, width in zip(before, skip_widths, widths, strict=True)
        )
        self.head = nn.Conv2d(widths[-1], num_classes, 3, padding=1)

    def forward(self, tokens: Tensor, skipped: Sequence[Tensor] = ()) -> Tensor:
        """(B, 12 w, h, w) tokens and the maps for the first stages to (B, K, 16 h, 16 w) logits."""
        maps = self.entrance(tokens)
        for index, stage in enumerate(self.stages):
            maps = F.interpolate(maps, scale_factor=2, mode="bilinear", align_corners=False)
            if index < len(skipped):
                maps = torch.cat([maps, skipped[index]], dim=1)
            maps = stage(maps)
        return self.head(maps)


def _block(width: int) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(
        width,
        _HEADS,
        dim_feedforward=4 * width,
        dropout=0.0,
        activation="gelu",
        layer_norm_eps=1e-6,
        batch_first=True,
        norm_first=True,
    )
