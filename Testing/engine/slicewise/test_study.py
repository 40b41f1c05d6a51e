"""One training from data set to scores, and one network applied to a scan."""

from __future__ import annotations

import dataclasses

import nibabel
import numpy as np
import pytest
import tiny_cohort
import torch
from gmmseg import datasets, metrics, networks
from gmmseg.datasets import Split
from gmmseg.errors import InputError
from gmmseg.slicewise import prediction, prepared
from gmmseg.slicewise.settings import SliceSettings
from gmmseg.slicewise.study import evaluate, learn

QUICK = {"network": "unet", "base_width": 8, "batch_size": 8, "learning_rate": 5e-3, "schedule": "cosine", "steps": 80}


@pytest.fixture(scope="module")
def a_split(tmp_path_factory):
    """Five tiny persons, divided."""
    folder = tmp_path_factory.mktemp("cohort")
    return datasets.by_shares(datasets.find(tiny_cohort.write(folder / "data")), seed=1)


@pytest.fixture(scope="module")
def the_prepared(tmp_path_factory):
    return tmp_path_factory.mktemp("prepared")


def dice(outcome):
    scores = next(iter(outcome.scores.values()))["labelled"]
    return np.mean([scores[code]["dice"] for code in (1, 2, 3)])


@pytest.mark.parametrize("learning", ["supervised", "semi-supervised", "unsupervised"])
def test_a_network_learns_the_tissues_of_other_persons(a_split, the_prepared, tmp_path, learning):
    split = a_split
    if learning == "semi-supervised":
        with_labels, without = datasets.labelled(split.training, 0.3)
        split = Split(with_labels + without, split.validation, split.test)
    settings = SliceSettings(**QUICK, learning=learning, beta=0.01)
    outcome = learn(split, settings, tmp_path, prepared_in=the_prepared, device="cpu")
    assert dice(outcome) > 0.9
    assert set(outcome.scores) == set(outcome.labels) == {subject.id for subject in split.test}
    assert outcome.steps == 80 and "held-out loss" in outcome.log[-1]
    image = split.test[0].case().images[0]
    assert next(iter(outcome.labels.values())).shape == image.array.shape


def test_a_finished_training_is_judged_again_without_a_further_step(a_split, the_prepared, tmp_path):
    settings = SliceSettings(**{**QUICK, "steps": 4, "base_width": 2}, learning="supervised")
    first, again = (learn(a_split, settings, tmp_path, prepared_in=the_prepared, device="cpu") for _ in range(2))
    assert first.scores == again.scores and first.log == again.log


def test_only_judged_slices_count(a_split, the_prepared, tmp_path):
    settings = SliceSettings(**{**QUICK, "steps": 2, "base_width": 2}, learning="supervised")
    outcome = learn(a_split, settings, tmp_path, prepared_in=the_prepared, device="cpu", score_slices=4)
    labels = next(iter(outcome.labels.values()))
    used = labels.any(axis=(0, 1)).nonzero()[0]
    assert len(used) == 4 and set(np.diff(used)) == {4}
    scan = prepared.read(prepared.prepared(a_split.test[0], the_prepared, "axial"))
    judged = prediction.judged(scan, 4)
    assert set(judged.any(axis=(0, 1)).nonzero()[0]) == set(used) and judged[:, :, used].all()
    worse = np.where(judged, labels, 3).astype(np.uint8)
    assert evaluate(a_split.test[0], worse, judged) == outcome.scores[a_split.test[0].id]


def test_brain_that_the_mask_has_lost_counts_as_missed(a_split, the_prepared, tmp_path):
    """A mask that leaves out half the brain halves the recall."""
    subject = a_split.test[0]
    mask = nibabel.load(subject.mask_path).get_fdata().astype(np.uint8)
    half = np.zeros_like(mask)
    half[:, : mask.shape[1] // 2] = mask[:, : mask.shape[1] // 2]
    lossy = dataclasses.replace(subject, mask_path=tiny_cohort.save(tmp_path / "half.nii.gz", half))
    scan = prepared.read(prepared.prepared(lossy, the_prepared, "axial"))
    truth = subject.labels().array
    for every in (1, 2):
        judged = prediction.judged(scan, every)
        found = metrics.evaluate(np.where(half > 0, truth, 0), truth, (mask > 0) & judged)["all"]
        assert all(found[code]["recall"] < 0.6 for code in (1, 2, 3))


def test_patience_without_scans_to_measure_on_is_refused(a_split, the_prepared, tmp_path):
    alone = Split(a_split.training, (), a_split.test)
    with pytest.raises(InputError, match="Patience needs scans"):
        learn(alone, SliceSettings(**QUICK, patience=1), tmp_path, prepared_in=the_prepared)


def test_without_labels_only_t1_can_be_learned(a_split, the_prepared, tmp_path):
    path = next(iter(a_split.training[0].channels.values()))
    bright = tuple(dataclasses.replace(subject, channels={"T2": path}) for subject in a_split.training)
    with pytest.raises(InputError, match="named by their brightness in T1"):
        learn(
            Split(bright, (), a_split.test),
            SliceSettings(**QUICK, learning="unsupervised"),
            tmp_path,
            prepared_in=the_prepared,
        )


def test_learning_with_labels_needs_some(a_split, the_prepared, tmp_path):
    bare = Split(tuple(subject.without_labels() for subject in a_split.training), (), a_split.test)
    with pytest.raises(InputError, match="no scan to learn from has labels"):
        learn(bare, SliceSettings(**QUICK, learning="supervised"), tmp_path, prepared_in=the_prepared)


def test_scans_of_other_channels_are_refused_by_name(a_split, the_prepared, tmp_path):
    path = next(iter(a_split.test[0].channels.values()))
    odd = dataclasses.replace(a_split.test[0], channels={"T1": path, "T2": path})
    split = Split(a_split.training, a_split.validation, (odd,))
    with pytest.raises(InputError, match=f"'{odd.id}' has 2 channels, but '.*' has 1"):
        learn(split, SliceSettings(**QUICK), tmp_path, prepared_in=the_prepared)


def test_labels_come_back_on_the_scans_own_grid(a_split, the_prepared):
    """A network that tells intensities apart by hand gives the labels that those intensities make."""
    subject = a_split.test[0]
    scan = prepared.read(prepared.prepared(subject, the_prepared, "coronal"))

    class Thresholds(torch.nn.Module):
        def forward(self, seen):
            x = seen[:, :1] * float(scan.deviation[0]) + float(scan.mean[0])
            return torch.cat([-((x - mean) ** 2) for mean in (0.3, 0.72, 1.0)], dim=1)

    labels = prediction.segment_slices(Thresholds(), scan, torch.device("cpu"))
    truth = subject.labels().array
    assert (labels == truth)[truth > 0].mean() > 0.97 and not labels[truth == 0].any()


@pytest.mark.parametrize("name", networks.available())
def test_every_network_can_be_trained(a_split, the_prepared, tmp_path, name):
    settings = SliceSettings(
        **{**QUICK, "network": name, "base_width": 2, "steps": 2, "batch_size": 2}, learning="supervised"
    )
    outcome = learn(a_split, settings, tmp_path, prepared_in=the_prepared, device="cpu", score_slices=8)
    assert np.isfinite(outcome.log[-1]["loss"])
