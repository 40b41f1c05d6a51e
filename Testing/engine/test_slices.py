"""A volume as slices and back, which orientations are used, and posteriors averaged over them."""

from __future__ import annotations

import pytest
import torch
from gmmseg.errors import Cancelled
from gmmseg.slices import Orientation, average_posterior, batches, orientations
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

CHANNELS, SHAPE = 2, (4, 5, 6)


class OneByOne(nn.Module):
    """Logits that depend on the voxel alone, so that every orientation says the same."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Conv2d(CHANNELS, classes, 1)
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, images):
        self.shapes.append(tuple(images.shape))
        return self.layer(images)


class ByWidth(nn.Module):
    """Logits that differ with the width of the slices, that is with the orientation."""

    def forward(self, images):
        first = torch.full_like(images[:, :1], float(images.shape[-1]))
        return torch.cat([first, torch.zeros_like(first)], dim=1)


@pytest.fixture
def a_stack() -> torch.Tensor:
    return torch.rand(CHANNELS, *SHAPE, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def a_mask() -> torch.Tensor:
    mask = torch.zeros(SHAPE, dtype=torch.bool)
    mask[1:3, 1:4, 2:5] = True
    return mask


def called(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    return network(images).float()


def averaged(network, stack, mask, views, batch_size=3, tick=lambda share: None) -> torch.Tensor:
    return average_posterior(network, stack, mask, views, called, batch_size, tick)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_are_the_grid_cut_across_their_axis_and_go_back(axis, a_stack):
    view = Orientation(axis, (1.0, 1.0))
    slices = view.slices(a_stack)
    assert len(slices) == SHAPE[axis]
    for number in range(SHAPE[axis]):
        torch.testing.assert_close(slices[number], a_stack.select(axis + 1, number))
    torch.testing.assert_close(view.volume(slices), a_stack)


def test_slices_are_a_view_of_the_grid(a_stack):
    for view in orientations((1.0, 1.0, 1.0)):
        view.slices(a_stack)[0] += 1
    assert float(a_stack[:, 0, 0, 0].min()) >= 3


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.9, 1.5, 1.2), (1.0, 1.0, 2.0)])
def test_nearly_isotropic_voxels_are_seen_from_three_sides(spacing):
    views = orientations(spacing)
    assert [view.axis for view in views] == [0, 1, 2]
    for view in views:
        assert view.spacing == tuple(s for axis, s in enumerate(spacing) if axis != view.axis)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_thick_slices_are_seen_from_one_side_only(axis):
    spacing = [1.0, 1.0, 1.0]
    spacing[axis] = 5.0
    (view,) = orientations(tuple(spacing))
    assert (view.axis, view.spacing) == (axis, (1.0, 1.0))


def test_voxels_of_three_unlike_edges_are_seen_from_the_least_stretched_side():
    (view,) = orientations((1.0, 3.0, 10.0))
    assert view.axis == 2


@given(count=st.integers(0, 50), size=st.integers(1, 20))
def test_batches_cover_everything_once_in_order(count, size):
    parts = list(batches(count, size))
    assert [number for part in parts for number in range(count)[part]] == list(range(count))
    assert all(part.stop - part.start <= size for part in parts)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 6.0)])
@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_the_average_posterior_sums_to_1_in_the_mask_and_is_the_softmax_there(spacing, batch_size, a_stack, a_mask):
    network = OneByOne()
    s = averaged(network, a_stack, a_mask, orientations(spacing), batch_size)
    assert s.shape == (3, *SHAPE)
    assert s.dtype == torch.float32
    torch.testing.assert_close(s.sum(dim=0)[a_mask], torch.ones(int(a_mask.sum())))
    logits = torch.einsum("kc,cxyz->kxyz", network.layer.weight[:, :, 0, 0], a_stack)
    expected = torch.softmax(logits + network.layer.bias[:, None, None, None], dim=0)
    torch.testing.assert_close(s[:, a_mask], expected[:, a_mask])


def test_orientations_count_equally(a_stack, a_mask):
    s = averaged(ByWidth(), a_stack, a_mask, orientations((1.0, 1.0, 1.0)))
    widths = torch.tensor([6.0, 6.0, 5.0])
    torch.testing.assert_close(s[0][a_mask], torch.sigmoid(widths).mean().expand(int(a_mask.sum())))


def test_slices_without_mask_are_not_computed_and_stay_0(a_stack, a_mask):
    network = OneByOne()
    s = averaged(network, a_stack, a_mask, orientations((1.0, 1.0, 6.0)), batch_size=2)
    assert network.shapes == [(2, CHANNELS, 4, 5), (1, CHANNELS, 4, 5)]
    assert float(s[..., [0, 1, 5]].abs().max()) == 0


def test_the_network_is_in_evaluation_mode_meanwhile_and_in_training_mode_after(a_stack, a_mask):
    modes = []

    def run(network, images):
        modes.append((network.training, torch.is_grad_enabled()))
        return network(images)

    network = OneByOne().train()
    average_posterior(network, a_stack, a_mask, orientations((1.0, 1.0, 1.0)), run, 8, lambda share: None)
    assert set(modes) == {(False, False)}
    assert network.training


def test_the_share_done_rises_from_0_and_stays_below_1(a_stack, a_mask):
    shares = []
    averaged(OneByOne(), a_stack, a_mask, orientations((1.0, 1.0, 1.0)), batch_size=1, tick=shares.append)
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert len(shares) == 2 + 3 + 3
    assert shares[-1] < 1


def test_it_stops_when_told_to(a_stack, a_mask):
    def stop(share):
        raise Cancelled

    with pytest.raises(Cancelled):
        averaged(OneByOne(), a_stack, a_mask, orientations((1.0, 1.0, 1.0)), tick=stop)
