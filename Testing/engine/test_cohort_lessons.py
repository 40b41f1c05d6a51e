"""Learning from unlabelled scans: how they are made ready, what a lesson is, and that the loss is the paper's."""

from __future__ import annotations

import os

import nibabel
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from gmmseg import cohort_scans, mixture, networks
from gmmseg.cohort_lessons import CohortLessons
from gmmseg.errors import InputError
from gmmseg.learning.model_training import Plan, read_log, train
from gmmseg.preprocessing import bounding_box
from gmmseg.prior_input import CHANNELS, MIXTURE_SHARE, standardise
from phantoms import nested_spheres

CPU = torch.device("cpu")
# Voxels so large that the phantom has the size of a brain.
AFFINE = np.diag([6.0, 6.0, 6.0, 1.0])
SIZE = 24


def write(path, image, affine=AFFINE):
    nibabel.save(nibabel.Nifti1Image(image, affine), path)
    return path


@pytest.fixture(scope="module")
def a_phantom():
    image = nested_spheres(SIZE, noise=0.04, field_range=0.2).image
    image[:4] = 0  # so that left and right differ
    return image


@pytest.fixture(scope="module")
def prepared_scans(tmp_path_factory, a_phantom):
    """Files of two scans made ready."""
    folder = tmp_path_factory.mktemp("cohort")
    return [
        cohort_scans.prepared(name, write(folder / f"{name}.nii.gz", image), folder / "prepared", CPU)
        for name, image in (("one", a_phantom), ("two", nested_spheres(SIZE, noise=0.05, seed=1).image))
    ]


@pytest.fixture(scope="module")
def a_scan(prepared_scans):
    return cohort_scans.read(prepared_scans[0])


def lessons_of(scans, held_out=(), **options):
    return CohortLessons(scans, held_out, **{"extent": 16, "gamma": 0.1, **options})


def batched(lesson):
    return tuple(part[None] for part in lesson)


class Bayes(torch.nn.Module):
    """Answers with the mixture's own posteriors of the intensities it is shown, off by ``logits``."""

    def __init__(self, logits=0.0):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.as_tensor(logits))

    def forward(self, volume):
        return (1 - MIXTURE_SHARE) * volume[:, 2:].clamp_min(1e-4).log() + self.logits


def test_a_scan_is_made_ready_with_its_mixture_at_ems_fixed_point(a_scan):
    rows = a_scan.image[a_scan.mask][:, None]
    fluid, grey, white = a_scan.parameters.mean[:, 0].tolist()
    assert 0 < fluid < grey < white
    typical = rows[rows[:, 0] < mixture.quantile(rows, 0.995)]
    again, _, _ = mixture.fit(typical, a_scan.parameters, iterations=1, covariance_sharing=0.3)
    torch.testing.assert_close(again.mean, a_scan.parameters.mean, atol=3e-3, rtol=0)


def test_a_prepared_scan_is_corrected_and_its_noise_known(tmp_path):
    phantom = nested_spheres(SIZE, noise=0.03, field_range=0.5)
    ready = cohort_scans.make(write(tmp_path / "scan.nii.gz", phantom.image), CPU)
    box = bounding_box(phantom.mask)
    white = phantom.truth[box] == 3
    after, before = ready.image.numpy()[white], phantom.image[box][white]
    assert after.std() / after.mean() < 0.7 * before.std() / before.mean()
    assert 0.5 < ready.noise / (0.03 / np.percentile(phantom.image[phantom.mask], 99)) < 1.6


def test_the_arrays_orientation_does_not_matter(tmp_path, a_phantom, a_scan):
    straight = nibabel.Nifti1Image(a_phantom, AFFINE)
    turned = straight.as_reoriented(np.array([[2, -1], [0, 1], [1, -1]]))
    nibabel.save(turned, tmp_path / "turned.nii.gz")
    ready = cohort_scans.make(tmp_path / "turned.nii.gz", CPU)
    assert torch.equal(ready.mask, a_scan.mask)
    torch.testing.assert_close(ready.image, a_scan.image, atol=5e-3, rtol=0)


def test_a_prepared_scan_is_kept_until_the_scan_changes(tmp_path, a_phantom):
    path = write(tmp_path / "scan.nii.gz", a_phantom)
    kept = cohort_scans.prepared("scan", path, tmp_path / "prepared", CPU)
    before = kept.stat().st_mtime_ns
    assert cohort_scans.prepared("scan", path, tmp_path / "prepared", CPU).stat().st_mtime_ns == before
    os.utime(path, ns=(1, 1))
    assert cohort_scans.prepared("scan", path, tmp_path / "prepared", CPU).stat().st_mtime_ns > before


def test_a_damaged_file_of_a_prepared_scan_is_made_anew(tmp_path, a_phantom, a_scan):
    path = write(tmp_path / "scan.nii.gz", a_phantom)
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared" / "scan.npz").write_bytes(b"PK damaged")
    kept = cohort_scans.prepared("scan", path, tmp_path / "prepared", CPU)
    assert torch.equal(cohort_scans.read(kept).mask, a_scan.mask)


def test_a_scan_that_is_no_t1_is_refused(tmp_path, a_phantom):
    path = write(tmp_path / "t2.nii.gz", np.where(a_phantom > 0, 1.4 - a_phantom, 0).astype(np.float32))
    with pytest.raises(InputError, match=r"t2\.nii\.gz does not look like a T1"):
        cohort_scans.make(path, CPU)


def test_files_and_folders_are_scans_by_name(tmp_path):
    (tmp_path / "folder").mkdir()
    for name in ("b.nii.gz", "a.NII", "c.d.mgz", "participants.tsv", ".hidden.nii"):
        (tmp_path / "folder" / name).touch()
    found = cohort_scans.find([tmp_path / "folder", tmp_path / "single.nrrd"])
    assert list(found) == ["a", "b", "c.d", "single"]


def test_two_scans_of_one_name_and_folders_without_any_get_a_sentence(tmp_path):
    (tmp_path / "a.nii").touch()
    with pytest.raises(InputError, match=r"Two scans are called a .*rename one"):
        cohort_scans.find([tmp_path, tmp_path / "a.nii.gz"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no scan in the folder"):
        cohort_scans.find([tmp_path / "empty"])


def test_a_number_gives_the_same_lesson_and_another_another(prepared_scans):
    lessons, again = lessons_of(prepared_scans), lessons_of(prepared_scans)
    lessons.draw(3)
    for one, other in zip(lessons.draw(5), again.draw(5), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(lessons.draw(5)[0], lessons.draw(6)[0])
    assert not torch.equal(lessons.draw(5)[0], lessons_of(prepared_scans, seed=1).draw(5)[0])


@pytest.mark.parametrize("extent", [8, 16, 40])
def test_a_lesson_is_a_cube_of_the_brain_with_what_its_loss_needs(prepared_scans, extent):
    for number in range(10):
        volume, intensities, mean, covariance, weight, spacing = lessons_of(prepared_scans, extent=extent).draw(number)
        assert volume.shape == (CHANNELS, extent, extent, extent) and intensities.shape == (1, extent, extent, extent)
        assert (mean.shape, covariance.shape, weight.shape) == ((3, 1), (3, 1, 1), (3,))
        assert spacing.tolist() == [6, 6, 6]
        inside = volume[1] > 0
        assert inside.any() and not volume[:, ~inside].any()
        torch.testing.assert_close(volume[2:].sum(dim=0)[inside], torch.ones(int(inside.sum())))


def test_patches_are_mirrored_left_to_right_at_random(prepared_scans, a_scan):
    lessons = lessons_of(prepared_scans[:1], extent=SIZE)
    margin = [side for n in reversed(a_scan.image.shape) for side in (0, SIZE - n)]
    straight = F.pad(a_scan.image, margin)
    images = [lessons.draw(number)[1][0] for number in range(12)]
    as_it_is = [torch.equal(image, straight) for image in images]
    mirrored = [torch.equal(image, straight.flip(0)) for image in images]
    assert any(as_it_is) and any(mirrored)
    assert all(one != other for one, other in zip(as_it_is, mirrored, strict=True))


def test_the_network_sees_more_noise_than_the_loss_is_taken_with(prepared_scans, a_scan):
    volume, intensities, mean, *_ = lessons_of(prepared_scans[:1]).draw(2)
    inside = volume[1] > 0
    clean = standardise(intensities[0], mean[1], mean[2])
    added = float((volume[0] - clean)[inside].std() * (mean[2] - mean[1]))
    assert added == pytest.approx(1.5 * a_scan.noise, rel=0.15)


def test_bayes_posteriors_are_the_minimum_of_the_loss_without_total_variation(prepared_scans):
    lessons = lessons_of(prepared_scans, gamma=0.0)
    lesson = batched(lessons._patch(prepared_scans[:1], 0, 0, noise=0.0))
    best = Bayes(torch.zeros(1, 3, 1, 1, 1))
    loss = lessons.loss(best, lesson)
    loss.backward()
    assert best.logits.grad.abs().max() < 1e-3
    x = lesson[1][0, 0][lesson[0][0, 1] > 0][:, None]
    _, log_likelihood = mixture.posterior(x, mixture.MixtureParameters(*(part[0] for part in lesson[2:5])))
    assert float(loss.detach()) == pytest.approx(-float(log_likelihood), abs=0.02)
    for shift in ([0.5, 0, 0], [0, 0.5, 0], [0, 0, -0.5]):
        assert lessons.loss(Bayes(torch.tensor(shift).reshape(1, 3, 1, 1, 1)), lesson) > loss


def test_total_variation_adds_to_the_loss_by_gamma(prepared_scans):
    lesson = batched(lessons_of(prepared_scans).draw(0))
    losses = []
    for gamma in (0.0, 0.1, 0.2):
        losses.append(float(lessons_of(prepared_scans, gamma=gamma).loss(Bayes(), lesson).detach()))
    assert losses[0] < losses[1]
    assert losses[2] - losses[1] == pytest.approx(losses[1] - losses[0], rel=1e-3)


def test_scores_are_those_of_the_held_out_scans_and_repeatable(prepared_scans):
    lessons = lessons_of(prepared_scans[:1], prepared_scans[1:])
    first = lessons.score(Bayes())
    assert set(first) == {"free energy", "total variation"} and lessons.score(Bayes()) == first
    assert lessons.score(Bayes(torch.tensor([2.0, 0, 0]).reshape(1, 3, 1, 1, 1)))["free energy"] > first["free energy"]
    assert lessons_of(prepared_scans).score(Bayes()) == {}


def test_the_loss_falls_while_a_network_learns(prepared_scans, tmp_path):
    torch.manual_seed(0)
    network = networks.build_volume("modified_unet_3d", CHANNELS, 3, 4)
    lessons = lessons_of(prepared_scans[:1], prepared_scans[1:], extent=24)
    plan = Plan(steps=20, learning_rate=0.05, log_every=5, score_every=20, loaders=0)
    train(network, lessons, plan, tmp_path, CPU)
    log = read_log(tmp_path)
    assert log[-1]["loss"] < log[0]["loss"] - 0.1
    assert np.isfinite(log[-1]["free energy"])
