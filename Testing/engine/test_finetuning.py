"""A model taught by a few confirmed voxels: what it learns, what it keeps, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gmmseg import models, segmenter
from gmmseg.case import Case, Volume
from gmmseg.correction_lessons import CorrectionLessons
from gmmseg.errors import Cancelled, InputError
from gmmseg.finetuning import finetune
from gmmseg.fixed_normalisation import recorded
from gmmseg.settings import Settings
from gmmseg.taught_scan import taught_scan
from gmmseg.teaching import Subject, Teaching
from phantoms import from_labels, label_map

SETTINGS = Settings(device="cpu")
QUICK = Teaching(steps=30)
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])


def _phantom(subject: str, seed: int):
    """A head of 2 mm voxels, of which the fluid is grey matter by the user's convention."""
    phantom = from_labels(label_map(subject, 2), noise=0.04, field_range=0.2, seed=seed, spacing=2.0)
    return phantom, np.where(phantom.truth == 1, 2, phantom.truth).astype(np.uint8)


def _case(phantom, name: str = "T1") -> Case:
    return Case((Volume(phantom.image, AFFINE, name),), Volume(phantom.mask.astype(np.uint8), AFFINE), "given")


@pytest.fixture(scope="module")
def a_head():
    return _phantom("01", seed=1)


@pytest.fixture(scope="module")
def another_head():
    return _phantom("12", seed=2)


@pytest.fixture(scope="module")
def the_slice(a_head):
    """(I, J, K) bool: brain voxels of one slice through the middle."""
    mask = a_head[0].mask
    chosen = np.zeros_like(mask)
    middle = int(np.mean(np.nonzero(mask.any(axis=(0, 1)))[0]))
    chosen[:, :, middle] = mask[:, :, middle]
    return chosen


@pytest.fixture(scope="module")
def a_subject(a_head, the_slice):
    phantom, convention = a_head
    return Subject("T1", _case(phantom), Volume(np.where(the_slice, convention, 0), AFFINE))


@pytest.fixture(scope="module")
def what_was_taught(a_subject):
    """A fine-tuning on one slice, and the steps and previews that were told."""
    steps, previews = [], []

    def progress(fraction, stage, message, preview=None):
        if preview is not None:
            previews.append(preview)

    return finetune([a_subject], SETTINGS, QUICK, progress, steps.append), steps, previews


def _right(labels, truth, where) -> float:
    return float((labels == truth)[where].mean())


def test_one_slice_teaches_the_rest_of_the_scan(what_was_taught, a_head, the_slice):
    phantom, convention = a_head
    rest = phantom.mask & ~the_slice
    before = segmenter.segment(_case(phantom), SETTINGS).labels
    after = what_was_taught[0].outcomes[0].result.labels
    assert _right(after, convention, rest) > _right(before, convention, rest) + 0.05


def test_what_was_learned_holds_for_another_head(what_was_taught, another_head):
    phantom, convention = another_head
    begun = segmenter.begin(_case(phantom), SETTINGS)
    before, after = segmenter.finish(begun), segmenter.finish(begun, model=what_was_taught[0].model)
    assert _right(after.labels, convention, phantom.mask) > _right(before.labels, convention, phantom.mask) + 0.05


def test_a_tissue_that_nobody_corrected_is_not_forgotten(what_was_taught, a_head, the_slice):
    phantom, _ = a_head
    rest = phantom.mask & ~the_slice
    before = segmenter.segment(_case(phantom), SETTINGS).labels
    after = what_was_taught[0].outcomes[0].result.labels
    assert _right(after == 3, phantom.truth == 3, rest) > _right(before == 3, phantom.truth == 3, rest) - 0.01


def test_voxels_held_out_from_the_learning_judge_it(what_was_taught, the_slice):
    agreement = what_was_taught[0].agreement
    assert 0.02 * the_slice.sum() < agreement.held_out_voxels < 0.4 * the_slice.sum()
    assert agreement.after > agreement.before


def test_every_step_is_told_with_its_losses_and_previews_come_early(what_was_taught, a_head):
    taught, steps, previews = what_was_taught
    assert [step.step for step in steps] == list(range(1, QUICK.steps + 1)) and tuple(steps) == taught.curve
    assert all(np.isfinite([step.cross_entropy, step.mixture, step.total]).all() for step in steps)
    assert np.mean([s.cross_entropy for s in steps[-3:]]) < np.mean([s.cross_entropy for s in steps[:3]])
    assert len(previews) == 3 and previews[0].shape == a_head[0].mask.shape and previews[0].dtype == np.uint8
    assert not taught.stopped_early


def test_the_model_that_was_taught_stays_as_it_was(what_was_taught):
    network = models.load(SETTINGS.model).network
    assert network is not what_was_taught[0].model.network
    assert not any(weight.requires_grad for weight in network.parameters()) and not network.training


def test_the_stored_model_gives_the_same_labels(what_was_taught, a_head, tmp_path, monkeypatch):
    taught = what_was_taught[0]
    models.save(tmp_path, "mine", taught.model.network, taught.model.card, half=True)
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(tmp_path))
    result = segmenter.segment(_case(a_head[0]), Settings(device="cpu", model="mine"))
    np.testing.assert_array_equal(result.labels, taught.outcomes[0].result.labels)
    assert result.report["prior"]["model"] == "mine"


def test_the_card_tells_what_was_learned_from_but_names_no_scan(what_was_taught):
    card = what_was_taught[0].model.card
    assert card.name == "t1-fast-taught" and "1 scan with" in card.data[0]["use"]
    assert "Corrected labels of 1 scan" in card.label_use and card.settings["fine-tuning"]["steps"] == QUICK.steps
    assert "agreement with held-out voxels" in card.figures and "T1," not in card.to_json().split('"data"')[1][:200]


def test_the_same_corrections_give_the_same_model(a_subject):
    first, second = (finetune([a_subject], SETTINGS, Teaching(steps=2)).model.network for _ in range(2))
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_a_scan_without_labels_is_learned_from_and_gets_its_results(a_subject, another_head):
    other = Subject("other", _case(another_head[0]))
    taught = finetune([a_subject, other], SETTINGS, Teaching(steps=4))
    assert len(taught.outcomes) == 2 and taught.outcomes[1].agreement is None
    assert taught.outcomes[1].result.labels.shape == another_head[0].mask.shape
    assert taught.curve[2].cross_entropy == 0 and taught.curve[0].cross_entropy > 0
    assert "1 scan without labels" in taught.model.card.data[0]["use"]


def test_asked_to_finish_it_gives_the_best_so_far(a_subject):
    asked = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) == 3

    taught = finetune([a_subject], SETTINGS, QUICK, should_stop=stop)
    assert taught.stopped_early and len(taught.curve) == 3


def test_cancelling_ends_it_at_once(a_subject):
    def progress(fraction, stage, message, preview=None):
        if stage == "finetune":
            raise Cancelled

    with pytest.raises(Cancelled):
        finetune([a_subject], SETTINGS, QUICK, progress)


def test_two_channels_or_no_labels_or_nothing_at_all_are_refused_with_a_sentence(a_head, a_subject):
    image = a_subject.case.images[0]
    two = Subject("two", Case((image, image), a_subject.case.mask, "given"), a_subject.labels)
    with pytest.raises(InputError, match=r"'two' cannot be taught with: .*\.$"):
        finetune([two], SETTINGS, QUICK)
    with pytest.raises(InputError, match=r"No voxel is labelled.*\.$"):
        finetune([Subject("bare", _case(a_head[0]))], SETTINGS, QUICK)
    with pytest.raises(InputError, match=r"nothing to learn from.*\.$"):
        finetune([], SETTINGS, QUICK)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda labels: Volume(labels.array[1:], labels.affine), "another grid"),
        (lambda labels: Volume(labels.array, labels.affine + np.eye(4)), "another grid"),
        (lambda labels: Volume(labels.array * 4, labels.affine), "must be 0"),
        (lambda labels: Volume(np.where(labels.array, np.nan, 0), labels.affine), "must be 0"),
    ],
)
def test_labels_that_do_not_fit_are_refused_with_a_sentence(a_subject, change, words):
    with pytest.raises(InputError, match=words):
        finetune([Subject("T1", a_subject.case, change(a_subject.labels))], SETTINGS, QUICK)


@pytest.fixture(scope="module")
def a_taught_scan(a_subject):
    begun = segmenter.begin(a_subject.case, SETTINGS)
    return taught_scan(begun, a_subject, models.load(SETTINGS.model).network, held_out=0.15, seed=0)


def test_learned_and_held_out_voxels_are_the_labelled_ones_and_exclude_each_other(a_taught_scan, the_slice):
    learned, held_out = a_taught_scan.labels >= 0, a_taught_scan.held_out >= 0
    assert not bool((learned & held_out).any())
    assert int(learned.sum() + held_out.sum()) == int(the_slice.sum())


def test_the_loss_is_that_of_the_paper_plus_what_was_known_before(a_taught_scan):
    """Against the formula written out voxel by voxel (eq 3.5), on the network before it is taught."""
    teaching = Teaching(alpha=2.0, beta=0.5, gamma=0.0, retention=3.0)
    lessons = CorrectionLessons([a_taught_scan], teaching)
    network = models.load(SETTINGS.model).network
    with torch.no_grad(), recorded(network) as statistics:
        a_taught_scan.log_posteriors(network)
    lessons.statistics[id(a_taught_scan)] = statistics
    with torch.no_grad():
        total, parts = lessons.loss(network, 0)
    assert float(total) == pytest.approx(
        2.0 * float(parts.cross_entropy) + 0.5 * float(parts.mixture) + 3.0 * float(parts.retention), rel=1e-5
    )
    # The network is still the one that said what was known, up to the edges of the patch.
    assert 0 <= float(parts.retention) < 0.05


def test_a_run_of_another_contrast_is_refused(a_head):
    phantom, _ = a_head
    inverted = np.where(phantom.mask, 1.4 - phantom.image, 0).clip(0).astype(np.float32)
    case = Case((Volume(inverted, AFFINE),), Volume(phantom.mask.astype(np.uint8), AFFINE), "given")
    labels = Volume(phantom.truth, AFFINE)
    with pytest.raises(InputError, match="does not look like a T1"):
        finetune([Subject("T2", case, labels)], SETTINGS, QUICK)
