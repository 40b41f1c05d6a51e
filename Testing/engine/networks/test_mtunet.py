"""MT-UNet: each attention against plain loops over its definition, and the structure around them."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from gmmseg import networks
from gmmseg.networks.mixed_attention import (
    ExternalAttention,
    GaussianAttention,
    LocalGlobalAttention,
    MixedTransformerModule,
    from_windows,
    into_windows,
)
from gmmseg.networks.mtunet import MTUNet
from torch import nn


@pytest.fixture
def a_small_network():
    torch.manual_seed(0)
    return MTUNet(in_channels=1, num_classes=3, base_width=4)


def self_attention(attention: nn.Module, tokens: torch.Tensor, penalty: float | torch.Tensor = 0.0) -> torch.Tensor:
    """Attention among (N, C) tokens, head by head."""
    query, key, value = (part.chunk(attention.heads, -1) for part in attention.query_key_value(tokens).chunk(3, -1))
    result = []
    for head in range(attention.heads):
        scores = query[head] @ key[head].T / query[head].shape[-1] ** 0.5
        scores = scores - (penalty[head] if isinstance(penalty, torch.Tensor) else penalty)
        result.append(scores.softmax(dim=-1) @ value[head])
    return torch.cat(result, dim=-1)


@pytest.mark.parametrize("size", [(8, 12), (7, 9), (2, 5)])
def test_local_global_attention_is_its_definition_window_by_window(size):
    torch.manual_seed(0)
    attention, tokens = LocalGlobalAttention(16).double(), torch.randn(2, *size, 16).double()
    expected = torch.empty_like(tokens)
    for item in range(2):
        rows, columns = -(-size[0] // 4), -(-size[1] // 4)
        grid, local = torch.empty(rows, columns, 16).double(), {}
        for row in range(rows):
            for column in range(columns):
                window = tokens[item, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
                attended = self_attention(attention, window.flatten(0, 1))
                grid[row, column] = attention.score(attended).softmax(dim=0).T @ attended
                local[row, column] = attended.unflatten(0, window.shape[:2])
        grid = attention.along_rows(grid[None])
        grid = attention.along_columns(grid.permute(0, 2, 1, 3))[0].permute(1, 0, 2)
        for (row, column), attended in local.items():
            both = torch.cat([attended, grid[row, column].expand_as(attended)], dim=-1)
            expected[item, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = attention.mix(both)
    torch.testing.assert_close(attention(tokens), expected)


def test_gaussian_attention_is_its_definition_row_by_row():
    torch.manual_seed(0)
    attention, grid = GaussianAttention(16).double(), torch.randn(2, 3, 5, 16).double()
    nn.init.normal_(attention.raw_shift)
    nn.init.normal_(attention.raw_bias)
    place = torch.arange(5)
    distance = (place[:, None] - place).abs()
    penalty = (F.softplus(attention.raw_shift) * distance**2 - F.softplus(attention.raw_bias)).abs()
    rows = [self_attention(attention, row, penalty) for item in grid for row in item]
    torch.testing.assert_close(attention(grid), torch.stack(rows).unflatten(0, (2, 3)))


def test_gaussian_attention_starts_with_more_weight_on_what_is_near():
    attention = GaussianAttention(8)
    with torch.no_grad():
        attention.query_key_value.weight.zero_()
        attention.query_key_value.weight[16:] = torch.eye(8)
    one_place = torch.zeros(1, 1, 7, 8)
    one_place[..., 3, :] = 1
    weight = attention(one_place)[0, 0, :, 0]
    assert (weight[:4].diff() > 0).all()
    assert (weight[3:].diff() < 0).all()


def test_external_attention_normalises_over_tokens_then_over_slots():
    torch.manual_seed(0)
    attention, tokens = ExternalAttention(16).double(), torch.randn(2, 3, 5, 16).double()
    query = attention.query(tokens).reshape(2, 15, 32, 2)
    weights = (query @ attention.memory_keys.weight.T).softmax(dim=1)
    assert weights.shape == (2, 15, 32, 64)
    weights = F.normalize(weights, p=1, dim=-1)
    attended = weights @ attention.memory_values.weight.T
    expected = attention.projection(attended.reshape(2, 15, 64)).reshape(2, 3, 5, 16)
    torch.testing.assert_close(attention(tokens), expected)


def test_one_module_lets_every_token_hear_of_every_other():
    torch.manual_seed(0)
    tokens = torch.randn(1, 13, 18, 8, requires_grad=True)
    LocalGlobalAttention(8)(tokens)[0, -1, -1].sum().backward()
    assert (tokens.grad != 0).any(dim=-1).all()


@pytest.mark.parametrize("size", [(1, 1), (4, 8), (7, 9)])
def test_tokens_go_into_windows_and_back(size):
    tokens = torch.rand(2, *size, 3)
    windows = into_windows(tokens)
    assert windows.shape == (2, -(-size[0] // 4), -(-size[1] // 4), 16, 3)
    assert torch.equal(windows[:, 0, 0, 0], tokens[:, 0, 0])
    assert torch.equal(from_windows(windows, *size), tokens)


@pytest.mark.parametrize("width", [8, 64])
def test_a_module_has_nineteen_squares_of_its_width_in_weights(width):
    parameters = sum(p.numel() for p in MixedTransformerModule(width).parameters())
    memory, heads, vectors = 2 * 64 * (width // 8), 2 * 2 * 8, 7 * width
    assert parameters == 19 * width**2 + memory + heads + vectors


def test_the_published_widths_are_64_to_1024():
    with torch.device("meta"):
        network = networks.build("mtunet", 1, 3)
    modules = [m for m in network.modules() if isinstance(m, MixedTransformerModule)]
    widths = sorted(m.self_normalisation.normalized_shape[0] for m in modules)
    assert widths == 4 * [256] + 4 * [512] + 2 * [1024]
    assert [pair.shortcut.out_channels for pair in network.stem] == [64, 128, 256]
    assert network.head.in_channels == 64
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(78e6, rel=0.01)


@pytest.mark.parametrize("width", [1, 3, 6])
def test_any_width_gives_finite_logits(width):
    logits = MTUNet(1, 2, width)(torch.rand(1, 1, 37, 70))
    assert logits.shape == (1, 2, 37, 70)
    assert torch.isfinite(logits).all()


def test_bfloat16_weights_run_and_train(a_small_network):
    network = a_small_network.to(torch.bfloat16)
    logits = network(torch.rand(2, 1, 20, 39, dtype=torch.bfloat16))
    logits.float().sum().backward()
    assert logits.dtype == torch.bfloat16
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())
