"""TransUNet: its published size, the hybrid encoder and the skip paths."""

from __future__ import annotations

import pytest
import torch
from gmmseg import networks
from gmmseg.networks.transunet import StandardisedConvolution, TransUNet
from torch import nn


@pytest.fixture
def a_small_network():
    torch.manual_seed(0)
    return TransUNet(in_channels=1, num_classes=3, base_width=4)


def parameters_by_hand(channels: int, classes: int) -> int:
    """Of the published size, from the widths of Chen (2021) and Dosovitskiy (2021)."""

    def bottleneck(inputs, inner, shortcut):
        weights = inputs * inner + 9 * inner * inner + 4 * inner * inner + 2 * (inner + inner + 4 * inner)
        return weights + (4 * inputs * inner + 2 * 4 * inner if shortcut else 0)

    def stage(inputs, inner, depth):
        return bottleneck(inputs, inner, True) + (depth - 1) * bottleneck(4 * inner, inner, False)

    def conv_and_norm(inputs, outputs):
        return 9 * inputs * outputs + 2 * outputs

    residual = 49 * channels * 64 + 2 * 64 + stage(64, 64, 3) + stage(256, 128, 4) + stage(512, 256, 9)
    block = 4 * (768 * 768 + 768) + 2 * 4 * 768 * 768 + 4 * 768 + 768 + 2 * 2 * 768
    transformer = 1024 * 768 + 768 + 14 * 14 * 768 + 12 * block + 2 * 768
    decoder = conv_and_norm(768, 512)
    for inputs, outputs in [(512 + 512, 256), (256 + 256, 128), (128 + 64, 64), (64, 16)]:
        decoder += conv_and_norm(inputs, outputs) + conv_and_norm(outputs, outputs)
    return residual + transformer + decoder + 9 * 16 * classes + classes


@pytest.mark.parametrize(("channels", "classes"), [(1, 3), (3, 9)])
def test_it_has_the_parameters_of_the_published_size(channels, classes):
    with torch.device("meta"):
        network = networks.build("transunet", channels, classes)
    parameters = sum(p.numel() for p in network.parameters())
    assert parameters == parameters_by_hand(channels, classes)
    assert parameters == pytest.approx(105.3e6, rel=0.01)


@pytest.mark.parametrize("width", range(1, 7))
def test_every_width_gives_a_network_that_learns_with_all_its_parameters(width):
    torch.manual_seed(0)
    network = TransUNet(1, 2, width)
    network(torch.rand(1, 1, 17, 23)).square().sum().backward()
    assert all((p.grad != 0).any() for p in network.parameters())


def test_the_encoder_gives_maps_at_a_half_to_a_sixteenth(a_small_network):
    shapes = []
    for part in (a_small_network.stem, *a_small_network.stages, a_small_network.transformer):
        part.register_forward_hook(lambda _part, _inputs, maps: shapes.append(tuple(maps.shape[1:])))
    a_small_network(torch.rand(1, 1, 64, 96))
    assert shapes == [(4, 32, 48), (16, 16, 24), (32, 8, 12), (64, 4, 6), (48, 4, 6)]


def test_the_decoder_uses_the_tokens_and_each_skip_path(a_small_network):
    tokens = torch.rand(1, 48, 2, 3, requires_grad=True)
    skipped = [torch.rand(1, c, n, n * 3 // 2, requires_grad=True) for c, n in ((32, 4), (16, 8), (4, 16))]
    logits = a_small_network.decoder(tokens, skipped)
    assert logits.shape == (1, 3, 32, 48)
    logits.square().sum().backward()
    for maps in (tokens, *skipped):
        assert (maps.grad != 0).float().mean() > 0.5


def test_standardised_convolutions_ignore_scale_and_shift_of_their_weights():
    torch.manual_seed(0)
    convolution, maps = (
        StandardisedConvolution(3, 4, 3, padding=1, bias=False).double(),
        torch.rand(1, 3, 8, 8).double(),
    )
    nn.init.normal_(convolution.weight)
    before = convolution(maps)
    with torch.no_grad():
        convolution.weight.mul_(7).add_(2)
    torch.testing.assert_close(convolution(maps), before, rtol=1e-4, atol=1e-4)


def test_bfloat16_weights_run_and_train(a_small_network):
    network = a_small_network.to(torch.bfloat16)
    logits = network(torch.rand(2, 1, 20, 39, dtype=torch.bfloat16))
    logits.float().sum().backward()
    assert logits.dtype == torch.bfloat16
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())
