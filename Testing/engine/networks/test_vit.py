"""The vision transformer: its published size, and what makes it one."""

from __future__ import annotations

import pytest
import torch
from gmmseg import networks
from gmmseg.networks.transformer_blocks import TransformerEncoder
from gmmseg.networks.vit import VisionTransformer
from torch import nn


@pytest.fixture
def a_small_network():
    torch.manual_seed(0)
    return VisionTransformer(in_channels=1, num_classes=3, base_width=4)


def test_the_encoder_has_the_published_parameters_of_vit_b_16():
    with torch.device("meta"):
        network = networks.build("vit", 3, 4)
    encoder = sum(p.numel() for part in (network.embedding, network.encoder) for p in part.parameters())
    # 86,567,656 with a classifier of 1000 classes, a class token and its position.
    assert encoder == 86_567_656 - (768 * 1000 + 1000) - 2 * 768


def test_tokens_have_twelve_heads_of_the_base_width():
    network = VisionTransformer(1, 3, 5)
    assert network.embedding.out_channels == 60
    assert {block.self_attn.num_heads for block in network.encoder.blocks} == {12}
    assert len(network.encoder.blocks) == 12


def test_the_layers_start_with_different_weights(a_small_network):
    first, second, *_ = (block.linear1.weight for block in a_small_network.encoder.blocks)
    assert not torch.equal(first, second)


def test_one_corner_of_the_image_reaches_the_other(a_small_network):
    image = torch.rand(1, 1, 96, 96, requires_grad=True)
    a_small_network.eval()(image)[..., -1, -1].sum().backward()
    assert (image.grad[..., :16, :16] != 0).any()


@pytest.mark.parametrize("size", [(2, 2), (14, 14), (9, 20)])
def test_learned_positions_are_stretched_over_any_number_of_tokens(size):
    encoder = TransformerEncoder(1)
    encoder.blocks, encoder.normalisation = nn.Sequential(), nn.Identity()
    with torch.no_grad():
        encoder.positions.copy_(torch.linspace(-1, 1, 14)[:, None].expand(1, 12, 14, 14))
    rows = encoder(torch.zeros(1, 12, *size))[0, 0]
    assert rows.shape == size
    torch.testing.assert_close(rows, rows[:, :1].expand(size))
    assert (rows[:, 0].diff() > 0).all()
    torch.testing.assert_close(rows[:, 0], -rows[:, 0].flip(0))


def test_bfloat16_weights_run_and_train(a_small_network):
    network = a_small_network.to(torch.bfloat16)
    logits = network(torch.rand(2, 1, 20, 39, dtype=torch.bfloat16))
    logits.float().sum().backward()
    assert logits.dtype == torch.bfloat16
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())
