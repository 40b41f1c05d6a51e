"""What a lesson of slices holds, and that its loss is the paper's."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_cohort
import torch
import torch.nn.functional as F
from gmmseg import datasets, mixture, networks
from gmmseg.losses import GMMBiasLoss, GMMTVLoss, TotalLoss
from gmmseg.slicewise import prepared
from gmmseg.slicewise.lessons import SliceLessons, coordinates_of, network_input
from gmmseg.slicewise.prepared import OUTSIDE, UNLABELLED
from gmmseg.slicewise.settings import SliceSettings

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """Folders of four prepared scans by (labelled, with a mixture)."""
    folder = tmp_path_factory.mktemp("cohort")
    subjects = datasets.find(tiny_cohort.write(folder / "data", persons=4))
    return {
        (labelled, degree is not None): [
            prepared.prepared(s if labelled else s.without_labels(), folder / "p", "axial", degree, CPU)
            for s in subjects
        ]
        for labelled in (True, False)
        for degree in (None, 2)
    }


@pytest.fixture
def lessons_of(scans):
    """Gives lessons of two labelled, one unlabelled and one held-out scan."""

    def make(learning, **choices):
        settings = SliceSettings(
            **{"batch_size": 4, "scans_per_batch": 2, "steps": 10, "learning": learning, **choices}
        )
        if learning == "unsupervised":
            with_mixture = scans[False, True]
            return SliceLessons(with_mixture[:3], [], with_mixture[3:], settings)
        labelled, unlabelled = scans[True, False], scans[False, False]
        return SliceLessons(labelled[:2], unlabelled[2:3], labelled[3:], settings)

    return make


@pytest.fixture
def a_network():
    torch.manual_seed(0)
    return networks.build("unet", 2, 3, base_width=2)


def batched(lesson):
    return tuple(part[None] for part in lesson)


def logits_of(network, slices):
    seen = network_input(slices.image, slices.inside, slices.centre, slices.scale)
    return network(seen.contiguous(memory_format=torch.channels_last))


@pytest.mark.parametrize("learning", ["supervised", "semi-supervised", "unsupervised"])
def test_a_number_gives_the_same_lesson_each_time(lessons_of, learning):
    first, again, next_one = (lessons_of(learning).draw(n) for n in (3, 3, 4))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.image, next_one.image)


def test_semi_supervised_lessons_have_the_labelled_slices_of_supervised_ones_and_as_many_unlabelled(lessons_of):
    alone, beside = lessons_of("supervised", flips=False).draw(5), lessons_of("semi-supervised", flips=False).draw(5)
    assert torch.equal(beside.image[:4], alone.image) and len(beside.image) == 8
    assert (beside.labels[4:] == UNLABELLED).all() and (alone.labels != UNLABELLED).any()


def test_unsupervised_lessons_hold_no_label(lessons_of):
    lesson = lessons_of("unsupervised").draw(0)
    assert set(lesson.target.unique().tolist()) <= {OUTSIDE, UNLABELLED}


def test_slices_are_mirrored_from_left_to_right_only(lessons_of):
    plain, mirrored = (lessons_of("supervised", flips=flips) for flips in (False, True))
    seen = set()
    for number in range(8):
        for a, b in zip(plain.draw(number).image, mirrored.draw(number).image, strict=True):
            assert torch.equal(a, b) or torch.equal(a.flip(1), b)
            seen.add(torch.equal(a, b))
    assert seen == {True, False}


def test_the_network_sees_standardised_intensities_and_the_mask(lessons_of):
    slices = lessons_of("supervised").draw(0)
    seen = network_input(slices.image, slices.inside, slices.centre, slices.scale)
    assert torch.equal(seen[:, 1] > 0, slices.inside) and not seen[:, 0][~slices.inside].any()
    expected = (slices.image[0, 0] - slices.centre[0, 0]) / slices.scale[0, 0]
    torch.testing.assert_close(seen[0, 0][slices.inside[0]], expected[slices.inside[0]])


def test_supervised_loss_is_cross_entropy_of_labelled_voxels(lessons_of, a_network):
    lessons = lessons_of("supervised")
    slices = lessons.draw(1)
    logits = logits_of(a_network.eval(), slices)
    known = slices.labels != UNLABELLED
    expected = F.cross_entropy(logits.movedim(1, -1)[known], slices.labels[known])
    torch.testing.assert_close(lessons.loss(a_network, batched(slices)), expected)


@pytest.mark.parametrize("degree", [0, 2])
def test_semi_supervised_loss_adds_the_mixture_of_each_scan(lessons_of, a_network, degree):
    lessons = lessons_of("semi-supervised", beta=0.5, gamma=0.2, bias_degree=degree)
    slices = lessons.draw(1)
    logits = logits_of(a_network.eval(), slices)
    known = slices.labels != UNLABELLED
    cross_entropy = F.cross_entropy(logits.movedim(1, -1)[known], slices.labels[known])
    total, voxels = 0.0, 0
    for volume in slices.volume.unique():  # each scan alone: statistics never mix them
        here = slices.volume == volume
        count = int(slices.inside[here].sum())
        coordinates = {}
        if degree:
            rows, columns = torch.meshgrid(*(torch.arange(n) for n in slices.image.shape[2:]), indexing="ij")
            slabs = [
                torch.stack([rows.flip(0) if is_mirrored else rows, columns, torch.full_like(rows, int(place))])
                for place, is_mirrored in zip(slices.position[here], slices.mirrored[here], strict=True)
            ]
            coordinates = {"coordinates": torch.stack(slabs).float()}
        loss = GMMBiasLoss(0.2, degree) if degree else GMMTVLoss(0.2)
        one = torch.zeros(int(here.sum()), dtype=torch.long)
        total += count * loss(logits[here], slices.image[here], slices.inside[here], volume_index=one, **coordinates)
        voxels += count
    torch.testing.assert_close(lessons.loss(a_network, batched(slices)), cross_entropy + 0.5 * total / voxels)


def test_mirrored_slices_leave_the_field_of_their_scan_as_it_is(lessons_of):
    """A field that rises from left to right is found from true posteriors, whichever slices are mirrored."""
    lessons = lessons_of("semi-supervised", beta=1.0, gamma=0.0, bias_degree=1)
    slices = next(lesson for lesson in map(lessons.draw, range(20)) if 0 < lesson.mirrored[:2].sum() < 2)
    height = slices.image.shape[2]
    across = torch.linspace(0.7, 1.3, height)[None, :, None].expand(len(slices.image), height, 1)
    true = torch.where(slices.mirrored[:, None, None], across.flip(1), across)
    means = torch.tensor([0.3, 0.72, 1.0])
    known = slices.labels.clamp_max(2)
    first = slices.volume == 0  # a scan with labels
    inside = (slices.labels != UNLABELLED)[first]
    posteriors = F.one_hot(known[first], 3).movedim(-1, 1).float()
    fitted = GMMBiasLoss(0.0, 1, softmax=False).statistics(
        posteriors,
        (means[known] * true)[first][:, None],
        inside,
        volume_index=slices.volume[first],
        coordinates=coordinates_of(slices)[first],
    )
    ratio = (true[first].expand_as(inside)[inside] / fitted.field[:, 0][inside]).numpy()
    assert ratio.std() / ratio.mean() < 0.02


def test_without_labels_the_mixtures_posteriors_are_learned_first_and_then_its_free_energy(lessons_of, a_network):
    lessons = lessons_of("unsupervised", steps=10, gamma=0.3)
    a_network.eval()
    for number, is_warm in ((3, True), (4, False)):
        slices = lessons.draw(number)
        logits = logits_of(a_network, slices)
        log_s = logits.log_softmax(dim=1).movedim(1, -1)
        total = 0.0
        for volume in slices.volume.unique():
            item = int(torch.nonzero(slices.volume == volume)[0])
            here = slices.inside & (slices.volume == volume)[:, None, None]
            parameters = mixture.MixtureParameters(slices.mean[item], slices.covariance[item], slices.weight[item])
            x = slices.image.movedim(1, -1)[here]
            if is_warm:
                total = total - (mixture.posterior(x, parameters)[0] * log_s[here]).sum()
            else:
                joint = mixture.log_joint(x, parameters)
                total = total - (log_s[here].exp() * (joint - log_s[here])).sum()
        expected = total / slices.inside.sum()
        if not is_warm:
            expected = expected + GMMTVLoss(0.3).variation(logits, slices.inside) * 0.3
        torch.testing.assert_close(lessons.loss(a_network, batched(slices)), expected)


def test_warm_up_counts_steps_not_lessons(lessons_of):
    lessons = lessons_of("unsupervised", steps=10, lessons_per_step=3)
    assert [bool(lessons.draw(number).warming) for number in (0, 11, 12)] == [True, True, False]


def test_held_out_scans_are_scored_the_same_each_time(lessons_of, a_network):
    lessons = lessons_of("semi-supervised")
    a_network.eval()
    first = lessons.score(a_network)
    assert first == lessons.score(a_network)
    assert set(first) == {"held-out loss", "dice CSF", "dice GM", "dice WM"}
    assert lessons_of("supervised").score(a_network) == first  # the same yardstick for both
    assert set(lessons_of("unsupervised").score(a_network)) == {"held-out loss"}


def test_smaller_scans_are_filled_up_and_their_filling_counts_for_nothing(tmp_path, a_network):
    small = datasets.find(tiny_cohort.write(tmp_path / "small", persons=1, size=16))
    large = datasets.find(tiny_cohort.write(tmp_path / "large", persons=1, size=24))
    paths = [prepared.prepared(s, tmp_path / name, "axial") for name, (s,) in (("s", small), ("l", large))]
    settings = SliceSettings(learning="supervised", batch_size=4)
    lessons = SliceLessons(paths, [], [], settings)
    assert SliceLessons(paths[:1], [], [], settings, beside=paths[1:]).size == lessons.size
    slices = lessons.draw(0)
    sizes = {tuple(np.asarray(prepared.read(path).target.shape[1:])) for path in paths}
    assert slices.image.shape[2:] == tuple(max(size[axis] for size in sizes) for axis in (0, 1))
    assert lessons.score(a_network) == {}
    torch.testing.assert_close(
        lessons.loss(a_network.eval(), batched(slices)),
        TotalLoss(beta=0.0)(logits_of(a_network, slices), slices.labels, slices.image, slices.inside),
    )
