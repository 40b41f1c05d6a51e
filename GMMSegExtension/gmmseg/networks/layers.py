"""Parts that several networks share."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor, nn

NORMALISATIONS = ("none", "batch", "instance", "group")


def normalisation_layer(kind: str, width: int) -> nn.Module:
    """A normalisation of ``width`` feature maps, with learned scale and shift.

    Raises:
        ValueError: ``kind`` is not one of :data:`NORMALISATIONS`.
    """
    if kind == "none":
        return nn.Identity()
    if kind == "batch":
        return nn.BatchNorm2d(width)
    if kind == "instance":
        return nn.InstanceNorm2d(width, affine=True)
    if kind == "group":
        return nn.GroupNorm(math.gcd(8, width), width)
    raise ValueError(f"normalisation must be one of {', '.join(NORMALISATIONS)}, but is '{kind}'")


def convolutions(in_width: int, width: int, count: int, normalisation: str) -> nn.Sequential:
    """``count`` times 3x3 convolution, normalisation, ReLU; (B, in_width, H, W) to (B, width, H, W)."""
    layers: list[nn.Module] = []
    for index in range(count):
        convolution = nn.Conv2d(in_width if index == 0 else width, width, 3, padding=1, bias=normalisation == "none")
        # Without normalisation only He's scale keeps the signal's variance through two dozen layers.
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        if convolution.bias is not None:
            nn.init.zeros_(convolution.bias)
        layers += [convolution, normalisation_layer(normalisation, width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def upsampling(in_width: int, width: int) -> nn.ConvTranspose2d:
    """2x2 transposed convolution of stride 2; (B, in_width, H, W) to (B, width, 2H, 2W)."""
    layer = nn.ConvTranspose2d(in_width, width, 2, stride=2)
    # Each output sees one input position, but torch's own scale reckons with four times ``width``.
    nn.init.normal_(layer.weight, std=in_width**-0.5)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def pad_to_multiple(image: Tensor, multiple: int) -> Tensor:
    """(B, C, H, W) padded by its border values to the next multiple of ``multiple``, at least two of them.

    Two, because normalisation over a single value is undefined. See :func:`crop_to`.
    """
    before, after = zip(*(_margins(length, multiple) for length in image.shape[-2:]), strict=True)
    if not any(before + after):
        return image
    return F.pad(image, (before[1], after[1], before[0], after[0]), mode="replicate")


def crop_to(padded: Tensor, size: tuple[int, int], multiple: int) -> Tensor:
    """Undoes :func:`pad_to_multiple` of an image of ``size`` (H, W); a view."""
    rows, columns = (slice(_margins(n, multiple)[0], _margins(n, multiple)[0] + n) for n in size)
    return padded[..., rows, columns]


def _margins(length: int, multiple: int) -> tuple[int, int]:
    missing = max(2, -(-length // multiple)) * multiple - length
    return missing // 2, missing - missing // 2
