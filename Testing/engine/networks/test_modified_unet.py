"""The paper's network: structure, sizes, precisions, and that it learns."""

from __future__ import annotations

import pytest
import torch
from gmmseg import networks
from gmmseg.networks.layers import NORMALISATIONS, crop_to, pad_to_multiple
from gmmseg.networks.modified_unet import ModifiedUNet
from torch import nn


@pytest.fixture
def a_small_network():
    torch.manual_seed(0)
    return ModifiedUNet(in_channels=1, num_classes=3, base_width=4)


def parameters_by_hand(channels: int, classes: int, w: int) -> int:
    """Weights and biases of all convolutions of section 3.3, without normalisation."""

    def conv(inputs, outputs, kernel=9):
        return kernel * inputs * outputs + outputs

    encoder = conv(channels, w) + conv(w, w) + conv(w, 2 * w) + conv(2 * w, 2 * w)
    encoder += conv(2 * w, 4 * w) + 2 * conv(4 * w, 4 * w) + conv(4 * w, 8 * w) + 2 * conv(8 * w, 8 * w)
    bottleneck = conv(8 * w, 16 * w) + conv(16 * w, 16 * w)
    skips = 4 * conv(w, w) + 3 * conv(2 * w, 2 * w) + 2 * conv(4 * w, 4 * w) + conv(8 * w, 8 * w)
    decoder = conv(24 * w, 8 * w) + 2 * conv(8 * w, 8 * w) + conv(12 * w, 4 * w) + 2 * conv(4 * w, 4 * w)
    decoder += conv(6 * w, 2 * w) + conv(2 * w, 2 * w) + conv(3 * w, w) + conv(w, w)
    return encoder + bottleneck + skips + decoder + conv(w, classes, kernel=1)


@pytest.mark.parametrize(("channels", "classes", "width"), [(1, 3, 4), (2, 4, 8), (3, 2, 16)])
def test_it_has_the_parameters_of_the_published_structure(channels, classes, width):
    network = ModifiedUNet(channels, classes, width, normalisation="none")
    assert sum(p.numel() for p in network.parameters()) == parameters_by_hand(channels, classes, width)


def test_the_published_width_is_64():
    with torch.device("meta"):
        network = networks.build("modified_unet", 1, 3)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert convolutions[0].out_channels == 64
    assert max(m.out_channels for m in convolutions) == 1024


def test_normalisation_replaces_biases_by_scale_and_shift():
    plain, normalised = (
        sum(p.numel() for p in ModifiedUNet(1, 3, 8, normalisation=kind).parameters()) for kind in ("none", "batch")
    )
    shifted = [m for m in ModifiedUNet(1, 3, 8).modules() if isinstance(m, nn.BatchNorm2d)]
    assert normalised - plain == sum(m.num_features for m in shifted)
    assert len(shifted) == 10 + 2 + 10 + 10


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
@pytest.mark.parametrize("size", [(1, 1), (3, 50), (31, 33), (48, 64)])
def test_logits_have_the_size_of_the_image_also_while_training_on_one_item(normalisation, size):
    network = ModifiedUNet(2, 3, 2, normalisation=normalisation).train()
    logits = network(torch.rand(1, 2, *size))
    assert logits.shape == (1, 3, *size)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_the_gradient_reaches_every_parameter(normalisation):
    torch.manual_seed(0)
    network = ModifiedUNet(1, 3, 4, normalisation=normalisation)
    network(torch.rand(2, 1, 40, 40)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert (parameter.grad != 0).any(), name


def test_without_normalisation_the_signal_neither_dies_nor_explodes():
    torch.manual_seed(0)
    logits = ModifiedUNet(1, 3, 16, normalisation="none")(torch.randn(2, 1, 64, 64))
    assert 0.01 < logits.std() < 10


def test_it_learns_one_batch_by_heart(a_small_network):
    generator = torch.Generator().manual_seed(0)
    image = torch.rand((2, 1, 32, 32), generator=generator)
    labels = (image[:, 0] * 3).long()
    optimiser = torch.optim.Adam(a_small_network.parameters(), lr=1e-2)
    for _ in range(60):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(a_small_network(image), labels)
        loss.backward()
        optimiser.step()
    assert (a_small_network(image).argmax(dim=1) == labels).float().mean() > 0.9


def test_the_memory_format_does_not_change_the_logits(a_small_network):
    image = torch.rand(2, 1, 37, 45)
    expected = a_small_network.eval()(image)
    channels_last = a_small_network.to(memory_format=torch.channels_last)
    logits = channels_last(image.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_bfloat16_autocast_gives_the_logits_to_its_precision(a_small_network, memory_format):
    image = torch.rand(2, 1, 37, 45)
    network = a_small_network.to(memory_format=memory_format)
    for _ in range(3):
        network(image)  # so that the running statistics are those of the data
    expected = network.eval()(image)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(image.contiguous(memory_format=memory_format))
    assert (logits.float() - expected).abs().mean() < 0.05 * expected.std()


def test_bfloat16_weights_run_and_train(a_small_network):
    network = a_small_network.to(torch.bfloat16)
    logits = network(torch.rand(2, 1, 20, 20, dtype=torch.bfloat16))
    logits.float().sum().backward()
    assert logits.dtype == torch.bfloat16
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


def test_an_unknown_normalisation_is_refused():
    with pytest.raises(ValueError, match="normalisation must be one of none, batch, instance, group"):
        ModifiedUNet(1, 3, 4, normalisation="layer")


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (32, 48), (33, 47), (100, 5)])
def test_padding_goes_to_the_multiple_and_cropping_undoes_it(size):
    image = torch.rand(1, 2, *size)
    padded = pad_to_multiple(image, 16)
    assert all(length % 16 == 0 and length >= 32 for length in padded.shape[-2:])
    assert torch.equal(crop_to(padded, size, 16), image)
    assert padded.min() == image.min()
