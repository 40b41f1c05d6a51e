"""TRMFCN: the structure as this project reads it."""

from __future__ import annotations

import pytest
import torch
from gmmseg.networks import cost
from gmmseg.networks.layers import NORMALISATIONS
from gmmseg.networks.trmfcn import TRMFCN


def parameters_by_hand(channels: int, classes: int, w: int) -> int:
    """Weights and biases of all convolutions as the docstring describes them, without normalisation."""

    def conv(inputs, outputs, kernel=9):
        return kernel * inputs * outputs + outputs

    def unit(inputs, width):
        third = width // 3
        branches = 3 * conv(inputs, third) + 3 * conv(third, third)
        shortcut = 0 if inputs == width else conv(inputs, width, kernel=1)
        return branches + conv(3 * third, width, kernel=1) + shortcut

    def stage(inputs, width):
        return unit(inputs, width) + 2 * unit(width, width)

    gates = conv(channels, w) + conv(channels, 2 * w) + conv(channels, 4 * w)
    down = stage(w, w) + stage(w + 2 * w, 2 * w) + stage(2 * w + 4 * w, 4 * w) + stage(4 * w, 8 * w)
    down += stage(8 * w, 16 * w)
    up = 0
    for width in (w, 2 * w, 4 * w, 8 * w):
        reduced, raised = conv(width, width // 2, kernel=1), conv(2 * width, width // 2, kernel=4)
        up += reduced + raised + conv(width, width) + stage(width, width)
    return gates + down + up + conv(w, classes, kernel=1)


@pytest.mark.parametrize(("channels", "classes", "width"), [(1, 3, 4), (2, 4, 6), (3, 2, 16)])
def test_it_has_the_parameters_of_the_structure_that_its_docstring_describes(channels, classes, width):
    network = TRMFCN(channels, classes, width, normalisation="none")
    assert cost.parameters(network) == parameters_by_hand(channels, classes, width)


def test_the_default_widths_are_32_to_512():
    with torch.device("meta"):
        network = TRMFCN(1, 3)
    assert network.head.in_channels == 32
    assert network.joins[-1].up.in_channels == 512


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_image_enters_at_three_scales(level):
    torch.manual_seed(0)
    network = TRMFCN(1, 3, 4, normalisation="none").eval()
    for other, gate in enumerate(network.gates):
        if other != level:
            for parameter in gate.parameters():
                torch.nn.init.zeros_(parameter)
    first, second = torch.rand(2, 1, 1, 32, 32)
    assert not torch.allclose(network(first), network(second), rtol=0, atol=1e-5)


def test_a_branch_sees_three_five_and_seven_pixels():
    torch.manual_seed(0)
    unit = TRMFCN(1, 3, 6, normalisation="none").encoder[0][0]
    image = torch.zeros(1, 6, 11, 11)
    image[..., 5, 5] = 1
    for branch, reach in zip(unit.branches, (1, 2, 3), strict=True):
        for parameter in branch.parameters():
            torch.nn.init.ones_(parameter) if parameter.ndim > 1 else torch.nn.init.zeros_(parameter)
        rows = branch(image).sum(dim=(0, 1, 3)).nonzero().flatten()
        assert (rows.min(), rows.max()) == (5 - reach, 5 + reach)


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_the_gradient_reaches_every_parameter_with_every_normalisation(normalisation):
    torch.manual_seed(0)
    network = TRMFCN(1, 3, 6, normalisation=normalisation)
    network(torch.rand(2, 1, 40, 40)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and (parameter.grad != 0).any(), name


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_the_signal_neither_dies_nor_explodes(normalisation):
    torch.manual_seed(0)
    logits = TRMFCN(1, 3, 16, normalisation=normalisation)(torch.randn(2, 1, 64, 64))
    assert 0.01 < logits.std() < 10
