"""The mixed transformer module of MT-UNet (Wang 2022)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Edge of a window, in tokens.
WINDOW = 4
_HEADS = 8
# External attention works on this many times the width, with as many times more heads.
_EXPANSION = 4
_SLOTS = 64


class MixedTransformerModule(nn.Module):
    """Local-global Gaussian-weighted self-attention, then external attention; (B, H, W, C) to the same.

    Both are residual, each behind a layer normalisation.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.self_normalisation = nn.LayerNorm(width)
        self.self_attention = LocalGlobalAttention(width)
        self.external_normalisation = nn.LayerNorm(width)
        self.external_attention = ExternalAttention(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, H, W, C) tokens to as many."""
        tokens = tokens + self.self_attention(self.self_normalisation(tokens))
        return tokens + self.external_attention(self.external_normalisation(tokens))


class LocalGlobalAttention(nn.Module):
    """Attention within windows of 4 x 4 tokens, and between the windows of a row and of a column.

    Within a window, ordinary attention of 8 heads. The tokens that it gives are averaged to one token a window, with
    weights by a softmax over a learned score. These tokens attend to each other along the rows and then along the
    columns of the grid of windows, see :class:`GaussianAttention`; so every window hears of every other. A linear
    layer mixes each token with the one of its window.

    Sides that are no multiple of 4 are filled up; what is filled in is neither attended to nor averaged.

    Rows before columns, each with its own weights, and the linear layer for mixing are this project's reading.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = _number_of_heads(width)
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.score = nn.Linear(width, 1, bias=False)
        self.along_rows = GaussianAttention(width)
        self.along_columns = GaussianAttention(width)
        self.mix = nn.Linear(2 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, H, W, C) tokens to as many."""
        height, width = tokens.shape[1:3]
        windows = into_windows(tokens)
        real = into_windows(tokens.new_ones(1, height, width, 1, dtype=torch.bool))
        local = self._within(windows, real)
        weights = self.score(local).masked_fill(~real, -torch.inf).softmax(dim=-2)
        grid = (weights * local).sum(dim=-2)
        grid = self.along_rows(grid)
        grid = self.along_columns(grid.transpose(1, 2)).transpose(1, 2)
        mixed = self.mix(torch.cat([local, grid[..., None, :].expand_as(local)], dim=-1))
        return from_windows(mixed, height, width)

    def _within(self, windows: Tensor, real: Tensor) -> Tensor:
        """Attention among the tokens of each window, (B, rows, columns, 16, C) to the same."""
        query, key, value = _split_heads(self.query_key_value(windows), self.heads)
        keys = real.squeeze(-1)[..., None, None, :]  # (1, rows, columns, heads, queries, keys)
        return F.scaled_dot_product_attention(query, key, value, attn_mask=keys).transpose(-3, -2).flatten(-2)


class GaussianAttention(nn.Module):
    """Attention along the last axis of a grid, falling with distance; (B, rows, columns, C) to the same.

    The score of two tokens at distance d is q.k minus abs(shift d^2 - bias), with shift > 0 and bias > 0 learned for
    each head. As described, shift d^2 + bias with both positive, the bias would cancel in the softmax. With the sign
    changed and the magnitude taken it does what a bias can do here: hold back the token itself.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = _number_of_heads(width)
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        # Softplus keeps both positive; the bias starts small, so that scores fall from the token itself on.
        self.raw_shift = nn.Parameter(torch.full((self.heads, 1, 1), -2.0))
        self.raw_bias = nn.Parameter(torch.full((self.heads, 1, 1), -4.0))

    def forward(self, grid: Tensor) -> Tensor:
        """(B, rows, columns, C) tokens to as many."""
        query, key, value = _split_heads(self.query_key_value(grid), self.heads)
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        place = torch.arange(grid.shape[-2], device=grid.device, dtype=grid.dtype)
        squared_distance = (place[:, None] - place).square()
        penalty = (F.softplus(self.raw_shift) * squared_distance - F.softplus(self.raw_bias)).abs()
        attended = (scores - penalty).softmax(dim=-1) @ value
        return attended.transpose(-3, -2).flatten(-2)


class ExternalAttention(nn.Module):
    """Attention of all tokens of an image to a memory learned from all images (Guo 2021); (B, H, W, C) to the same.

    Queries of 4 C numbers in 32 heads meet a memory of 64 slots, which the heads share: softmax over the tokens of
    the image, then scaled to the sum 1 over the slots.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = _EXPANSION * _number_of_heads(width)
        head_width = _EXPANSION * width // self.heads
        # No biases here: the softmax over tokens takes away what all tokens have in common.
        self.query = nn.Linear(width, _EXPANSION * width, bias=False)
        self.memory_keys = nn.Linear(head_width, _SLOTS, bias=False)
        self.memory_values = nn.Linear(_SLOTS, head_width, bias=False)
        self.projection = nn.Linear(_EXPANSION * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, H, W, C) tokens to as many."""
        query = self.query(tokens).flatten(1, 2).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        attention = self.memory_keys(query).softmax(dim=-2)
        attention = attention / attention.sum(dim=-1, keepdim=True).clamp_min(torch.finfo(attention.dtype).tiny)
        attended = self.memory_values(attention).transpose(1, 2).flatten(-2)
        return self.projection(attended).unflatten(1, tokens.shape[1:3])


def into_windows(tokens: Tensor) -> Tensor:
    """(B, H, W, C) to (B, rows, columns, 16, C), filled up with zeros at the far sides."""
    height, width = tokens.shape[1:3]
    filled = F.pad(tokens, (0, 0, 0, -width % WINDOW, 0, -height % WINDOW))
    blocks = filled.unflatten(2, (-1, WINDOW)).unflatten(1, (-1, WINDOW))
    return blocks.transpose(2, 3).flatten(3, 4)


def from_windows(windows: Tensor, height: int, width: int) -> Tensor:
    """The inverse of :func:`into_windows`."""
    blocks = windows.unflatten(3, (WINDOW, WINDOW)).transpose(2, 3)
    return blocks.flatten(3, 4).flatten(1, 2)[:, :height, :width]


def _number_of_heads(width: int) -> int:
    return math.gcd(_HEADS, width)


def _split_heads(query_key_value: Tensor, heads: int) -> tuple[Tensor, ...]:
    """(..., N, 3 C) to query, key and value, each (..., heads, N, C / heads)."""
    return query_key_value.unflatten(-1, (3, heads, -1)).movedim(-3, 0).transpose(-3, -2).unbind(0)
