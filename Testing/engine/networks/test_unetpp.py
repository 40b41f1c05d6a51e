"""U-Net++: the published structure, its number of parameters, and deep supervision."""

from __future__ import annotations

import pytest
import torch
from gmmseg.networks import cost
from gmmseg.networks.layers import NORMALISATIONS
from gmmseg.networks.unetpp import UNetPlusPlus


def parameters_by_hand(channels: int, classes: int, w: int) -> int:
    """Weights and biases of all convolutions with deep supervision, without normalisation."""

    def conv(inputs, outputs, kernel=9):
        return kernel * inputs * outputs + outputs

    def node(inputs, outputs):
        return conv(inputs, outputs) + conv(outputs, outputs)

    first_column = node(channels, w) + node(w, 2 * w) + node(2 * w, 4 * w) + node(4 * w, 8 * w) + node(8 * w, 16 * w)
    nested = 0
    for v, columns in ((w, 4), (2 * w, 3), (4 * w, 2), (8 * w, 1)):
        # X(i, j) takes j maps of its own level and the up-sampled one.
        nested += sum(conv(2 * v, v, kernel=4) + node(j * v + v, v) for j in range(1, columns + 1))
    return first_column + nested + 4 * conv(w, classes, kernel=1)


@pytest.mark.parametrize(("channels", "classes", "width"), [(1, 3, 4), (2, 4, 8), (3, 2, 16)])
def test_it_has_the_parameters_of_the_published_structure(channels, classes, width):
    network = UNetPlusPlus(channels, classes, width, normalisation="none")
    assert cost.parameters(network) == parameters_by_hand(channels, classes, width)


@pytest.mark.parametrize("normalisation", ["none", "batch"])
def test_it_has_the_published_number_of_parameters_at_the_published_widths(normalisation):
    with torch.device("meta"):
        network = UNetPlusPlus(1, 3, normalisation=normalisation)
    assert cost.parameters(network) == pytest.approx(9.04e6, rel=1e-3)


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
@pytest.mark.parametrize("deep_supervision", [True, False])
def test_the_gradient_reaches_every_parameter_with_every_normalisation(normalisation, deep_supervision):
    torch.manual_seed(0)
    network = UNetPlusPlus(1, 3, 4, normalisation, deep_supervision)
    network(torch.rand(2, 1, 40, 40)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and (parameter.grad != 0).any(), name


def test_deep_supervision_averages_the_heads_of_the_finest_level():
    torch.manual_seed(0)
    network = UNetPlusPlus(1, 3, 2).eval()
    for index, head in enumerate(network.heads):
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.constant_(head.bias, float(index))
    assert torch.allclose(network(torch.rand(1, 1, 20, 20)), torch.tensor(1.5))


def test_without_deep_supervision_the_logits_are_those_of_the_last_node():
    torch.manual_seed(0)
    supervised, plain = UNetPlusPlus(1, 3, 2).eval(), UNetPlusPlus(1, 3, 2, deep_supervision=False).eval()
    weights = {name: value for name, value in supervised.state_dict().items() if not name.startswith("heads")}
    plain.load_state_dict(
        weights | {f"heads.0.{name}": value for name, value in supervised.heads[3].state_dict().items()}
    )
    for head in supervised.heads[:3]:
        head.load_state_dict(zeros_like(head))
    image = torch.rand(1, 1, 20, 20)
    torch.testing.assert_close(4 * supervised(image), plain(image))


def zeros_like(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: torch.zeros_like(value) for name, value in module.state_dict().items()}


def test_without_normalisation_the_signal_neither_dies_nor_explodes():
    torch.manual_seed(0)
    logits = UNetPlusPlus(1, 3, 16, normalisation="none")(torch.randn(2, 1, 64, 64))
    assert 0.01 < logits.std() < 10
