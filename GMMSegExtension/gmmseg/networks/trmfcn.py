"""The triple residual multiscale network (TRMFCN) of Chen and others, as far as its idea is described."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import convolutions, crop_to, normalisation_layer, pad_to_multiple, upsampling

DEFAULT_WIDTH = 32
_LEVELS = 4
_STRIDE = 2**_LEVELS
_GATES = 3
_UNITS = 3


class TRMFCN(nn.Module):
    """Triple residual multiscale fully convolutional network, after Y. Chen, Y. Qin, Z. Jin, Z. Fan, M. Cai, "A Triple
    Residual Multiscale Fully Convolutional Network Model for Multimodal Infant Brain MRI Segmentation" (KSII
    Transactions on Internet and Information Systems 14(3), 2020).

    A U-Net whose image enters at three scales, with residual multiscale blocks in its stages and concatenation blocks
    on its skip paths. So much is the published idea; **the details are this project's reading**, made without the
    authors' code, and numbers measured with it need not be theirs:

    - *Widths* are w, 2w, 4w, 8w, 16w, w the base width; levels are joined by 2x2 max-pooling and 2x2 transposed
      convolutions, both of stride 2.
    - *Three gates* of input: a 3x3 convolution of the image at full, half and quarter size (means over blocks) gives
      as many maps as its level has. At half and quarter size they stand beside the pooled maps of the level above. The
      gates could also be meant as one for each of three modalities; this reading takes any number of channels.
    - *Triple*: each stage, on the way down and up, is three residual multiscale units.
    - *Residual multiscale unit* of width C: three branches side by side of one, two and three 3x3 convolutions (they
      see 3x3, 5x5 and 7x7 pixels) and C/3 maps, rounded down, a 1x1 convolution of all three, and the unit's input
      added before the last ReLU, by way of a 1x1 convolution where the width changes.
    - *Concatenation block*: the map on the way down, reduced to half its width by a 1x1 convolution, beside the
      up-sampled map of the level below, of that width too, then a 3x3 convolution.

    Images are padded to a multiple of 16 (at least 32) by their border values, and the logits, from a 1x1
    convolution, are cropped back.

    Args:
        in_channels: D, channels of the image.
        num_classes: K, classes.
        base_width: w; None for 32.
        normalisation: ``batch``, ``instance``, ``group`` or ``none``, after each convolution but transposed ones and
            the head. With ``none`` the convolutions have biases.

    Raises:
        ValueError: unknown normalisation.
    """

    def __init__(
        self, in_channels: int, num_classes: int, base_width: int | None = None, normalisation: str = "batch"
    ) -> None:
        super().__init__()
        width = DEFAULT_WIDTH if base_width is None else base_width
        widths = [width * 2**level for level in range(_LEVELS + 1)]
        gated = widths[:_GATES] + [0] * (len(widths) - _GATES)
        entering = [above + gate for above, gate in zip([0, *widths[:-1]], gated, strict=True)]
        self.gates = nn.ModuleList(convolutions(in_channels, gate, 1, normalisation) for gate in gated[:_GATES])
        self.encoder = nn.ModuleList(
            _stage(in_width, out_width, normalisation) for in_width, out_width in zip(entering, widths, strict=True)
        )
        self.joins = nn.ModuleList(
            _ConcatenationBlock(below, here, normalisation) for below, here in zip(widths[1:], widths[:-1], strict=True)
        )
        self.decoder = nn.ModuleList(_stage(here, here, normalisation) for here in widths[:-1])
        self.head = nn.Conv2d(width, num_classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        """(B, D, H, W) image to (B, K, H, W) logits."""
        padded = pad_to_multiple(image, _STRIDE)
        entering = [gate(F.avg_pool2d(padded, 2**level)) for level, gate in enumerate(self.gates)]
        skipped: list[Tensor] = []
        for level, stage in enumerate(self.encoder):
            inputs = [F.max_pool2d(skipped[-1], 2)] if skipped else []
            skipped.append(stage(torch.cat(inputs + entering[level : level + 1], dim=1)))
        maps = skipped.pop()
        for join, stage, skip in zip(reversed(self.joins), reversed(self.decoder), reversed(skipped), strict=True):
            maps = stage(join(skip, maps))
        size = (image.shape[-2], image.shape[-1])
        return crop_to(self.head(maps), size, _STRIDE)


class _ResidualMultiscaleUnit(nn.Module):
    """(B, in_width, H, W) to (B, width, H, W), see :class:`TRMFCN`."""

    def __init__(self, in_width: int, width: int, normalisation: str) -> None:
        super().__init__()
        third = max(1, width // 3)
        self.branches = nn.ModuleList(convolutions(in_width, third, count, normalisation) for count in (1, 2, 3))
        # So many units add to one signal; without normalisation it would otherwise grow with each of them.
        gain = (_UNITS * (2 * _LEVELS + 1)) ** -0.5
        self.merge = _pointwise(3 * third, width, normalisation, gain)
        self.shortcut = nn.Identity() if in_width == width else _pointwise(in_width, width, normalisation)

    def forward(self, maps: Tensor) -> Tensor:
        merged = self.merge(torch.cat([branch(maps) for branch in self.branches], dim=1))
        return F.relu(merged + self.shortcut(maps))


class _ConcatenationBlock(nn.Module):
    """Maps of a level on the way down and of the level below to maps of that level, see :class:`TRMFCN`."""

    def __init__(self, below: int, width: int, normalisation: str) -> None:
        super().__init__()
        half = max(1, width // 2)
        self.reduce = nn.Sequential(_pointwise(width, half, normalisation), nn.ReLU(inplace=True))
        self.up = upsampling(below, half)
        self.join = convolutions(2 * half, width, 1, normalisation)

    def forward(self, skip: Tensor, lower: Tensor) -> Tensor:
        return self.join(torch.cat([self.reduce(skip), self.up(lower)], dim=1))


def _stage(in_width: int, width: int, normalisation: str) -> nn.Sequential:
    in_widths = [in_width] + [width] * (_UNITS - 1)
    return nn.Sequential(*(_ResidualMultiscaleUnit(entering, width, normalisation) for entering in in_widths))


def _pointwise(in_width: int, width: int, normalisation: str, gain: float = 1.0) -> nn.Sequential:
    """1x1 convolution and normalisation."""
    convolution = nn.Conv2d(in_width, width, 1, bias=normalisation == "none")
    nn.init.normal_(convolution.weight, std=gain * in_width**-0.5)
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)
    return nn.Sequential(convolution, normalisation_layer(normalisation, width))
