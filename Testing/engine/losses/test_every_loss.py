"""What holds for every loss: gradients, masks, class order, reductions, precisions."""

from __future__ import annotations

import gmmseg
import pytest
import torch
from engine.losses.batches import a_batch
from gmmseg.losses import GMMBiasLoss, GMMLoss, GMMTVLoss, TotalLoss, TVLoss
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.data import MetaTensor
from monai.utils import LossReduction


def a_target(logits):
    """Labels with an unlabelled corner."""
    labels = (torch.arange(logits[:, :1].numel()) % logits.shape[1]).reshape(logits[:, :1].shape)
    labels[..., :2, :2] = 255
    return labels


# Each takes (logits, image, mask) and the options that all losses share.
LOSSES = {
    "TV": lambda s, x, m, **options: TVLoss(**options)(s, m),
    "GMM": lambda s, x, m, **options: GMMLoss(**options)(s, x, m),
    "GMM as printed": lambda s, x, m, **options: GMMLoss(entropy_weight=0.0, **options)(s, x, m),
    "GMM and TV": lambda s, x, m, **options: GMMTVLoss(gamma=0.2, **options)(s, x, m),
    "GMM with bias": lambda s, x, m, **options: GMMBiasLoss(degree=2, **options)(s, x, m),
    "total": lambda s, x, m, **options: TotalLoss(beta=0.5, **options)(s, a_target(s), x, m),
    "total with bias": lambda s, x, m, **options: TotalLoss(beta=0.5, degree=1, **options)(s, a_target(s), x, m),
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
WITH_STATISTICS = {name: loss for name, loss in LOSSES.items() if name != "TV"}


@pytest.mark.parametrize("grid", [(3, 4), (2, 2, 3)])
@pytest.mark.parametrize("loss", WITH_STATISTICS.values(), ids=WITH_STATISTICS)
def test_the_full_gradient_is_that_of_finite_differences(loss, grid):
    logits, image, mask = a_batch(grid=grid, channels=2, items=1)
    assert torch.autograd.gradcheck(lambda s: loss(s, image, mask, detach=False), logits.requires_grad_())


@pytest.mark.parametrize("name", ["GMM", "GMM as printed", "GMM and TV", "total"])
def test_the_detached_gradient_is_that_of_finite_differences_too(name):
    logits, image, mask = a_batch(grid=(3, 4))
    assert torch.autograd.gradcheck(lambda s: LOSSES[name](s, image, mask), logits.requires_grad_())


@pytest.mark.parametrize("isotropic", [True, False])
@pytest.mark.parametrize("grid", [(3, 4), (2, 3, 3)])
def test_the_gradient_of_total_variation_is_that_of_finite_differences(grid, isotropic):
    logits, _, mask = a_batch(grid=grid)
    assert torch.autograd.gradcheck(lambda s: TVLoss(isotropic=isotropic)(s, mask), logits.requires_grad_())


@every_loss
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("grid", [(6, 7), (4, 5, 6)])
def test_any_channels_and_dimensions_give_a_finite_scalar_and_gradient(loss, channels, grid):
    logits, image, mask = a_batch(channels=channels, grid=grid, dtype=torch.float32)
    value = loss(logits.requires_grad_(), image, mask)
    value.backward()
    assert value.shape == ()
    assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad != 0).any()


@every_loss
def test_voxels_outside_the_mask_have_no_influence(loss):
    logits, image, mask = a_batch(grid=(6, 7))
    value = loss(logits.requires_grad_(), image, mask)
    (gradient,) = torch.autograd.grad(value, logits)
    assert (gradient[(~mask).expand_as(gradient)] == 0).all()
    changed = torch.where(mask, logits.detach(), 5 * torch.randn_like(logits))
    image = torch.where(mask, image, torch.nan)
    torch.testing.assert_close(loss(changed, image, mask), value.detach())


@every_loss
def test_no_mask_is_a_mask_of_every_voxel(loss):
    logits, image, mask = a_batch(grid=(6, 7))
    torch.testing.assert_close(loss(logits, image, None), loss(logits, image, torch.ones_like(mask)))


@every_loss
def test_a_mask_without_channel_axis_and_of_numbers_is_the_same_mask(loss):
    logits, image, mask = a_batch(grid=(6, 7))
    torch.testing.assert_close(loss(logits, image, mask[:, 0].to(torch.uint8)), loss(logits, image, mask))


@every_loss
def test_a_mask_on_another_grid_is_refused(loss):
    logits, image, mask = a_batch()
    with pytest.raises(ValueError, match="mask"):
        loss(logits, image, mask[..., 1:])


@every_loss
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("left", ["one voxel", "two voxels", "a line", "a constant", "zeros", "one channel of zeros"])
def test_next_to_nothing_in_the_mask_keeps_loss_and_gradient_moderate(loss, channels, left):
    logits, image, mask = a_batch(items=1, grid=(12, 12), channels=channels, dtype=torch.float32)
    image = 1000 + image
    if left in ("one voxel", "two voxels", "a line"):
        mask[:] = False
        mask[..., 3, 3 : {"one voxel": 4, "two voxels": 5, "a line": 12}[left]] = True
    elif left == "a constant":
        image[:] = 500.1
    else:
        image[:, 0 if left == "zeros" else -1 :] = 0
    value = loss(logits.requires_grad_(), image, mask)
    value.backward()
    assert value.detach().abs() < 100
    assert logits.grad.abs().max() < 100


@every_loss
def test_an_empty_mask_gives_zero_and_a_gradient_of_zero(loss):
    logits, image, mask = a_batch(channels=2)
    value = loss(logits.requires_grad_(), image, torch.zeros_like(mask))
    value.backward()
    assert value == 0
    assert (logits.grad == 0).all()


@pytest.mark.parametrize("name", ["TV", "GMM", "GMM and TV", "GMM with bias"])
def test_an_item_without_a_masked_voxel_changes_nothing(name):
    logits, image, mask = a_batch(items=3, channels=2, grid=(6, 7))
    mask[1] = False
    loss = LOSSES[name]
    torch.testing.assert_close(loss(logits, image, mask), loss(logits[[0, 2]], image[[0, 2]], mask[[0, 2]]))


@every_loss
def test_posteriors_in_place_of_logits_give_the_same_value(loss):
    logits, image, mask = a_batch(grid=(6, 7))
    from_posteriors = loss(logits.softmax(dim=1), image, mask, softmax=False)
    torch.testing.assert_close(from_posteriors, loss(logits, image, mask))


@pytest.mark.parametrize("name", ["TV", "GMM", "GMM and TV", "GMM with bias"])
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), classes=st.integers(2, 5), data=st.data())
def test_the_order_of_classes_does_not_matter(name, seed, classes, data):
    logits, image, mask = a_batch(classes=classes, grid=(6, 7), seed=seed)
    order = data.draw(st.permutations(range(classes)))
    permuted = LOSSES[name](logits[:, order], image, mask)
    torch.testing.assert_close(permuted, LOSSES[name](logits, image, mask), rtol=1e-6, atol=1e-8)


@every_loss
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.floats(-50, 50))
def test_a_constant_added_to_the_logits_does_not_matter(loss, seed, shift):
    logits, image, mask = a_batch(grid=(6, 7), seed=seed)
    torch.testing.assert_close(loss(logits + shift, image, mask), loss(logits, image, mask), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["TV", "GMM", "GMM and TV", "GMM with bias"])
def test_a_background_channel_can_be_left_out(name):
    logits, image, mask = a_batch(classes=4, grid=(6, 7))
    expected = LOSSES[name](logits[:, 1:], image, mask)
    without = {"include_background": False}
    torch.testing.assert_close(LOSSES[name](logits, image, mask, **without), expected)
    torch.testing.assert_close(LOSSES[name](logits.softmax(dim=1), image, mask, softmax=False, **without), expected)


@every_loss
def test_the_value_under_bfloat16_autocast_is_that_in_float32(loss):
    logits, image, mask = a_batch(grid=(16, 16), dtype=torch.float32)
    expected = loss(logits, image, mask)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(logits, image, mask)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, expected)


@every_loss
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_logits_are_summed_in_float32(loss, dtype):
    logits, image, mask = a_batch(grid=(16, 16), dtype=torch.float32)
    half = logits.to(dtype)
    value = loss(half.requires_grad_(), image.to(dtype), mask)
    value.backward()
    assert value.dtype == torch.float32
    assert half.grad.dtype == dtype
    torch.testing.assert_close(value, loss(half.detach().float(), image.to(dtype).float(), mask))


@every_loss
def test_float32_agrees_with_float64(loss):
    logits, image, mask = a_batch(grid=(16, 16))
    single = loss(logits.float(), image.float(), mask)
    torch.testing.assert_close(single.double(), loss(logits, image, mask), rtol=1e-3, atol=1e-4)


@every_loss
def test_the_memory_format_does_not_matter(loss):
    logits, image, mask = a_batch(grid=(6, 7))
    channels_last = logits.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(loss(channels_last, image, mask), loss(logits, image, mask))


@every_loss
@pytest.mark.parametrize("grid", [(6, 7), (3, 4, 5)])
def test_without_reduction_it_is_a_map_of_each_voxels_share_of_the_sum(loss, grid):
    logits, image, mask = a_batch(grid=grid, channels=2)
    logits.requires_grad_()
    each, total = (loss(logits, image, mask, reduction=reduction) for reduction in ("none", "sum"))
    assert each.shape == mask.shape
    assert (each[~mask] == 0).all()
    torch.testing.assert_close(each.sum(), total)
    torch.testing.assert_close(*(torch.autograd.grad(value.sum(), logits)[0] for value in (each, total)))


@pytest.mark.parametrize("name", ["TV", "GMM", "GMM and TV", "GMM with bias"])
def test_the_mean_is_that_of_the_map_over_the_mask(name):
    logits, image, mask = a_batch(grid=(6, 7))
    each = LOSSES[name](logits, image, mask, reduction="none")
    torch.testing.assert_close(each[mask].mean(), LOSSES[name](logits, image, mask))


@every_loss
def test_a_map_of_an_empty_mask_is_zero_with_a_gradient_of_zero(loss):
    logits, image, mask = a_batch()
    each = loss(logits.requires_grad_(), image, torch.zeros_like(mask), reduction="none")
    each.sum().backward()
    assert (each == 0).all()
    assert (logits.grad == 0).all()


@every_loss
@pytest.mark.parametrize("reduction", LossReduction)
def test_monais_enumeration_serves_as_reduction(loss, reduction):
    logits, image, mask = a_batch()
    expected = loss(logits, image, mask, reduction=reduction.value)
    torch.testing.assert_close(loss(logits, image, mask, reduction=reduction), expected)


def test_another_reduction_is_refused():
    with pytest.raises(ValueError, match="must be 'mean', 'sum' or 'none', but is 'average'"):
        GMMLoss(reduction="average")


@pytest.mark.filterwarnings("error")
@every_loss
def test_monais_tensors_give_the_value_and_gradient_of_plain_ones(loss):
    logits, image, mask = a_batch(grid=(6, 7))
    expected = loss(logits.requires_grad_(), image, mask)
    value = loss(as_monai_loads_it(logits), as_monai_loads_it(image), as_monai_loads_it(mask))
    assert type(value) is torch.Tensor
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(*(torch.autograd.grad(each, logits)[0] for each in (value, expected)))


def as_monai_loads_it(values):
    """A batch whose items have headers, as MONAI's DataLoader makes it."""
    batch = MetaTensor(values)
    batch.is_batch = True
    return batch


@every_loss
def test_background_alone_cannot_be_left_out(loss):
    logits, image, mask = a_batch(classes=1)
    with pytest.raises(ValueError, match="include_background=False leaves no class"):
        loss(logits, image, mask, include_background=False)


def test_the_losses_are_exported_by_the_package():
    for name in ("GMMLoss", "TVLoss", "GMMTVLoss", "GMMBiasLoss", "TotalLoss"):
        assert issubclass(getattr(gmmseg, name), torch.nn.Module)
