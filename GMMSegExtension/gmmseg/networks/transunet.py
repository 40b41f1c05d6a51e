"""TransUNet: a residual network, a vision transformer on its last maps, and a decoder with skip paths."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import crop_to, pad_to_multiple
from .transformer_blocks import DEFAULT_WIDTH, PATCH, CascadedUpsampler, TransformerEncoder, token_width

# Bottlenecks of each stage: ResNet-50's without the last stage, whose number goes to the third.
_DEPTHS = (3, 4, 9)
# A bottleneck gives this many times its inner width.
_EXPANSION = 4
_GROUPS = 32
# Standardising the weights of a 1x1 convolution of one or two maps leaves nothing to learn.
_FEWEST_MAPS = 4


class TransUNet(nn.Module):
    """TransUNet (Chen 2021) of the published size "R50-ViT-B/16", 105 M parameters.

    With w the base width (64 as published):

    =========== ========== ======== =======================================================
    part        resolution width    made of
    =========== ========== ======== =======================================================
    stem        1/2        w        7x7 convolution of stride 2
    stage 1     1/4        4 w      3x3 max-pooling of stride 2, 3 bottlenecks
    stage 2     1/8        8 w      4 bottlenecks
    stage 3     1/16       16 w     9 bottlenecks
    embedding   1/16       12 w     1x1 convolution
    transformer 1/16       12 w     positions, 12 blocks of 12 heads, see TransformerEncoder
    decoder     1/8 to 1   4 w to   see CascadedUpsampler; stage 2, stage 1 and the stem are its skip paths
                           w / 4
    =========== ========== ======== =======================================================

    Convolutions of the encoder have standardised weights and group normalisation of 32 groups (of as many as divide
    half the maps, in narrow networks). Where descriptions differ, this project reads: a bottleneck normalises after
    each convolution and rectifies after the sum, so that its maps can go to the decoder as they are; there is no
    dropout; nothing is trained beforehand. The paper counts on weights trained on ImageNet, so trained from scratch
    on few scans the network may fall behind its published figures.

    Images are padded to a multiple of 16 (at least 32) by their border values, and the logits cropped back.

    Args:
        in_channels: D, channels of the image.
        num_classes: K, classes.
        base_width: w; None for the published 64. The residual stages have at least the widths of w = 4.
    """

    def __init__(self, in_channels: int, num_classes: int, base_width: int | None = None) -> None:
        super().__init__()
        width = DEFAULT_WIDTH if base_width is None else base_width
        stem_width = max(width, _FEWEST_MAPS)
        inner_widths = [stem_width, 2 * stem_width, 4 * stem_width]
        outer_widths = [_EXPANSION * inner for inner in inner_widths]
        self.stem = nn.Sequential(
            StandardisedConvolution(in_channels, stem_width, 7, stride=2, padding=3, bias=False),
            _normalisation(stem_width),
            nn.ReLU(inplace=True),
        )
        self.stages = nn.ModuleList(map(_stage, [stem_width, *outer_widths[:-1]], inner_widths, _DEPTHS, [1, 2, 2]))
        self.embedding = nn.Conv2d(outer_widths[-1], token_width(width), 1)
        self.transformer = TransformerEncoder(width)
        self.decoder = CascadedUpsampler(width, [outer_widths[1], outer_widths[0], stem_width, 0], num_classes)

    def forward(self, image: Tensor) -> Tensor:
        """(B, D, H, W) image to (B, K, H, W) logits."""
        maps = self.stem(pad_to_multiple(image, PATCH))
        skipped = [maps]
        maps = F.max_pool2d(maps, 3, stride=2, padding=1)
        for stage in self.stages:
            maps = stage(maps)
            skipped.append(maps)
        tokens = self.transformer(self.embedding(skipped.pop()))
        size = (image.shape[-2], image.shape[-1])
        return crop_to(self.decoder(tokens, skipped[::-1]), size, PATCH)


class StandardisedConvolution(nn.Conv2d):
    """Convolution whose weights have mean 0 and variance 1 for each output map (Qiao 2019)."""

    def forward(self, maps: Tensor) -> Tensor:
        """As ``nn.Conv2d``."""
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), keepdim=True, correction=0)
        weight = (self.weight - mean) * torch.rsqrt(variance + 1e-5)
        return F.conv2d(maps, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class _Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolution beside a shortcut; a 1x1 convolution is the shortcut where shapes change."""

    def __init__(self, in_width: int, inner_width: int, stride: int) -> None:
        super().__init__()
        out_width = _EXPANSION * inner_width
        self.convolutions = nn.Sequential(
            StandardisedConvolution(in_width, inner_width, 1, bias=False),
            _normalisation(inner_width),
            nn.ReLU(inplace=True),
            StandardisedConvolution(inner_width, inner_width, 3, stride=stride, padding=1, bias=False),
            _normalisation(inner_width),
            nn.ReLU(inplace=True),
            StandardisedConvolution(inner_width, out_width, 1, bias=False),
            _normalisation(out_width),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_width != out_width:
            self.shortcut = nn.Sequential(
                StandardisedConvolution(in_width, out_width, 1, stride=stride, bias=False), _normalisation(out_width)
            )

    def forward(self, maps: Tensor) -> Tensor:
        return F.relu(self.shortcut(maps) + self.convolutions(maps))


def _stage(in_width: int, inner_width: int, depth: int, stride: int) -> nn.Sequential:
    first = _Bottleneck(in_width, inner_width, stride)
    return nn.Sequential(first, *(_Bottleneck(_EXPANSION * inner_width, inner_width, 1) for _ in range(depth - 1)))


def _normalisation(width: int) -> nn.GroupNorm:
    return nn.GroupNorm(math.gcd(_GROUPS, width // 2, width), width)
