"""What every network of the registry promises: any size, and that it learns, runs repeatably and can be exported."""

from __future__ import annotations

import io

import pytest
import torch
from gmmseg import networks
from torch import nn

pytestmark = pytest.mark.parametrize("name", networks.available())


def a_network(name: str, channels: int = 1, classes: int = 3, width: int = 4) -> nn.Module:
    torch.manual_seed(0)
    return networks.build(name, channels, classes, width)


@pytest.mark.parametrize(
    ("channels", "classes", "size"), [(1, 3, (17, 23)), (2, 2, (1, 1)), (3, 5, (61, 32)), (1, 1, (70, 97))]
)
def test_logits_lie_on_the_grid_of_the_image_for_any_channels_and_classes(name, channels, classes, size):
    network = a_network(name, channels, classes, width=2)
    for training in (True, False):
        logits = network.train(training)(torch.rand(1, channels, *size))
        assert logits.shape == (1, classes, *size)
        assert torch.isfinite(logits).all()


def test_the_gradient_reaches_every_parameter(name):
    network = a_network(name)
    # From 129 pixels on, mtunet has two windows a side also at its coarsest, without which they have none to attend to.
    network(torch.rand(2, 1, 130, 134)).square().sum().backward()
    for parameter_name, parameter in network.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert (parameter.grad != 0).any(), parameter_name


def test_it_learns_one_batch_by_heart(name):
    image = torch.rand((2, 1, 4, 4), generator=torch.Generator().manual_seed(0))
    image = image.repeat_interleave(8, 2).repeat_interleave(8, 3)
    labels = (image[:, 0] * 3).long()
    network = a_network(name, width=8)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(40):
        optimiser.zero_grad()
        logits = network(image)
        if (logits.argmax(dim=1) == labels).float().mean() > 0.9:
            return
        nn.functional.cross_entropy(logits, labels).backward()
        optimiser.step()
    pytest.fail("40 steps were not enough.")


def test_evaluation_repeats_itself_and_keeps_items_apart(name):
    network = a_network(name).eval()
    first, second = torch.rand(2, 1, 33, 20)
    with torch.inference_mode():
        both, again = (network(torch.stack([first, second])) for _ in range(2))
        alone = network(first[None])
    assert torch.equal(both, again)
    torch.testing.assert_close(both[:1], alone, rtol=1e-4, atol=1e-5)


def test_the_memory_format_does_not_change_the_logits(name):
    network, image = a_network(name).eval(), torch.rand(2, 1, 37, 45)
    expected = network(image)
    logits = network.to(memory_format=torch.channels_last)(image.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)


def test_bfloat16_autocast_gives_the_logits_to_its_precision(name):
    network, image = a_network(name), torch.rand(2, 1, 37, 45)
    for _ in range(3):
        network(image)  # so that the running statistics are those of the data
    expected = network.eval()(image)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(image)
    assert (logits.float() - expected).abs().mean() < 0.05 * expected.std()


def test_weights_survive_being_saved_and_loaded(name):
    network, image = a_network(name).eval(), torch.rand(1, 1, 33, 20)
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    torch.manual_seed(1)
    other = networks.build(name, 1, 3, 4).eval()
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other(image), network(image))


@pytest.mark.filterwarnings("ignore")
def test_it_can_be_traced_for_one_size_and_saved(name):
    network, (first, second) = a_network(name).eval(), torch.rand(2, 1, 1, 33, 20)
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(network, first, check_trace=False), file)
    file.seek(0)
    torch.testing.assert_close(torch.jit.load(file)(second), network(second))
