"""The semi-supervised loss (eq 3.5): labelled voxels, weights and targets."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from engine.losses.batches import a_batch
from gmmseg.losses import GMMBiasLoss, GMMTVLoss, TotalLoss
from monai.data import MetaTensor
from monai.networks import one_hot


@pytest.fixture
def labels():
    return torch.randint(0, 3, (2, 1, 5, 6), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("degree", [0, 2])
def test_the_total_is_alpha_cross_entropy_plus_beta_mixture(labels, degree):
    logits, image, mask = a_batch()
    total = TotalLoss(alpha=2.0, beta=0.3, gamma=0.2, degree=degree)(logits, labels, image, mask)
    masked = mask[:, 0]
    cross_entropy = F.cross_entropy(logits.movedim(1, -1)[masked], labels[:, 0][masked])
    mixture = GMMBiasLoss(0.2, degree) if degree else GMMTVLoss(0.2)
    torch.testing.assert_close(total, 2.0 * cross_entropy + 0.3 * mixture(logits, image, mask))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_reduction_is_that_of_both_parts(labels, reduction):
    logits, image, _ = a_batch()
    total = TotalLoss(beta=0.0, reduction=reduction)(logits, labels, image)
    torch.testing.assert_close(total, F.cross_entropy(logits, labels[:, 0], reduction=reduction))


@pytest.mark.parametrize("unlabelled", [-1, 255])
def test_unlabelled_voxels_take_no_part_in_cross_entropy(labels, unlabelled):
    logits, image, mask = a_batch()
    sparse = torch.where(torch.rand(labels.shape) < 0.5, labels, unlabelled)
    total = TotalLoss(beta=0.0)(logits, sparse, image, mask)
    chosen = mask[:, 0] & (sparse[:, 0] != unlabelled)
    torch.testing.assert_close(total, F.cross_entropy(logits.movedim(1, -1)[chosen], sparse[:, 0][chosen]))


def test_a_batch_without_labels_has_the_mixture_part_alone():
    logits, image, mask = a_batch()
    nothing = torch.full((2, 5, 6), 255)
    total = TotalLoss(beta=0.5)(logits.requires_grad_(), nothing, image, mask)
    torch.testing.assert_close(total, 0.5 * GMMTVLoss()(logits, image, mask))


def test_a_batch_without_labels_and_beta_0_is_zero_with_a_gradient_of_zero():
    logits, image, mask = a_batch()
    logits.requires_grad_()
    total = TotalLoss(beta=0.0)(logits, torch.full((2, 5, 6), -1), image, mask)
    total.backward()
    assert total == 0
    assert (logits.grad == 0).all()


def test_class_probabilities_are_targets_too(labels):
    logits, image, mask = a_batch()
    loss = TotalLoss(beta=0.0)
    one_hot = F.one_hot(labels[:, 0], 3).movedim(-1, 1).double()
    torch.testing.assert_close(loss(logits, one_hot, image, mask), loss(logits, labels, image, mask))
    soft = a_batch(seed=5)[0].softmax(dim=1)
    torch.testing.assert_close(loss(logits, soft, image), F.cross_entropy(logits, soft))


def test_all_zero_class_probabilities_mean_unlabelled(labels):
    logits, image, mask = a_batch()
    one_hot = F.one_hot(labels[:, 0], 3).movedim(-1, 1).double()
    one_hot[:, :, :2] = 0
    sparse = labels.clone()
    sparse[:, :, :2] = 255
    loss = TotalLoss(beta=0.0)
    torch.testing.assert_close(loss(logits, one_hot, image, mask), loss(logits, sparse, image, mask))


def test_floating_labels_as_monai_gives_them_are_read(labels):
    logits, image, mask = a_batch()
    loss = TotalLoss()
    torch.testing.assert_close(loss(logits, labels.float(), image, mask), loss(logits, labels, image, mask))


@pytest.mark.parametrize("include_background", [True, False])
def test_monais_one_hot_targets_are_read_with_their_background_channel(labels, include_background):
    logits, image, mask = a_batch()
    loss = TotalLoss(beta=0.3, include_background=include_background)
    target = one_hot(MetaTensor(labels), num_classes=3)
    torch.testing.assert_close(loss(logits, target, image, mask), loss(logits, labels, image, mask))


def test_the_map_averages_over_labelled_voxels_to_cross_entropy(labels):
    logits, image, mask = a_batch()
    labels[0, :, :3] = 255
    each = TotalLoss(beta=0.0, reduction="none")(logits, labels, image, mask)
    labelled = mask & (labels != 255)
    assert (each[~labelled] == 0).all()
    torch.testing.assert_close(each[labelled].mean(), TotalLoss(beta=0.0)(logits, labels, image, mask))


def test_an_interpolated_label_map_is_refused(labels):
    logits, image, mask = a_batch()
    with pytest.raises(ValueError, match="whole numbers"):
        TotalLoss()(logits, labels + 0.5, image, mask)


def test_posteriors_in_place_of_logits_give_the_same_total(labels):
    logits, image, mask = a_batch()
    from_posteriors = TotalLoss(softmax=False)(logits.softmax(dim=1), labels, image, mask)
    torch.testing.assert_close(from_posteriors, TotalLoss()(logits, labels, image, mask))


def test_a_background_channel_is_learned_from_labels_outside_the_mask_too():
    logits, image, mask = a_batch(classes=4)
    labels = torch.where(mask, 2, 0)
    loss = TotalLoss(beta=0.3, include_background=False)
    expected = F.cross_entropy(logits, labels[:, 0]) + 0.3 * GMMTVLoss()(logits[:, 1:], image, mask)
    torch.testing.assert_close(loss(logits, labels, image, mask), expected)


def test_a_label_without_a_channel_is_refused(labels):
    logits, image, mask = a_batch()
    with pytest.raises(ValueError, match="must be 0 to 2, but are 7 to 7"):
        TotalLoss()(logits, torch.full_like(labels, 7), image, mask)


def test_a_target_of_another_shape_is_refused(labels):
    logits, image, mask = a_batch()
    with pytest.raises(ValueError, match="must be labels"):
        TotalLoss()(logits, labels[..., 1:], image, mask)
