"""A vision transformer that segments: ViT-B/16 with a convolutional decoder."""

from __future__ import annotations

from torch import Tensor, nn

from .layers import crop_to, pad_to_multiple
from .transformer_blocks import DEFAULT_WIDTH, PATCH, CascadedUpsampler, TransformerEncoder, token_width


class VisionTransformer(nn.Module):
    """ViT-B/16 (Dosovitskiy 2021) as encoder, and four bilinear up-sampling stages without skip paths.

    Each 16 x 16 pixels become one token of 768 numbers; see :class:`TransformerEncoder` for the blocks and
    :class:`CascadedUpsampler` for the decoder, whose widths are those of TransUNet. L. Ma (2022) compares with "ViT"
    without saying how its tokens become a segmentation: this decoder, the one that Chen (2021) puts behind a pure
    ViT, is this project's reading. The encoder has 86 M parameters as published, without the class token and the
    classifier.

    Every number of tokens is taken: the learned positions of 14 x 14 tokens are interpolated. Images are padded to a
    multiple of 16 (at least 32) by their border values, and the logits cropped back.

    Args:
        in_channels: D, channels of the image.
        num_classes: K, classes.
        base_width: w, width of each of the 12 heads; tokens have 12 w, decoder stages 4 w, 2 w, w and w / 4 (at least
            8) maps. None for the published 64.
    """

    def __init__(self, in_channels: int, num_classes: int, base_width: int | None = None) -> None:
        super().__init__()
        width = DEFAULT_WIDTH if base_width is None else base_width
        self.embedding = nn.Conv2d(in_channels, token_width(width), PATCH, stride=PATCH)
        self.encoder = TransformerEncoder(width)
        self.decoder = CascadedUpsampler(width, [0, 0, 0, 0], num_classes)

    def forward(self, image: Tensor) -> Tensor:
        """(B, D, H, W) image to (B, K, H, W) logits."""
        tokens = self.encoder(self.embedding(pad_to_multiple(image, PATCH)))
        size = (image.shape[-2], image.shape[-1])
        return crop_to(self.decoder(tokens), size, PATCH)
