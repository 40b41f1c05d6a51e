"""One case from start to end, in memory."""

from __future__ import annotations

import json

import numpy as np
import phantoms
import pytest
from gmmseg import Cancelled, Case, InputError, Settings, Volume, segment
from gmmseg.metrics import overlap
from gmmseg.progress import STAGES

EM = Settings(mode="em")
TRAIN = Settings(mode="train", iterations=6, base_width=4, batch_size=4)


@pytest.fixture(scope="module")
def a_phantom():
    return phantoms.from_labels(phantoms.label_map("12", 3), noise=0.03, field_range=0.3, spacing=3.0)


def case_of(phantom: phantoms.Phantom, image: np.ndarray | None = None, affine: np.ndarray | None = None) -> Case:
    array = phantom.image if image is None else image
    return Case((Volume(array, phantom.affine if affine is None else affine, "T1"),), mask_source="stripped")


def mean_dice(labels: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean([overlap(labels == k, truth == k)["dice"] for k in (1, 2, 3)]))


@pytest.fixture(scope="module")
def a_result(a_phantom):
    return segment(case_of(a_phantom), EM)


def test_a_phantom_is_segmented_near_its_truth(a_phantom, a_result):
    # At 3 mm, where most cortex is partial volume, the uncorrected mixture reaches .81.
    assert mean_dice(a_result.labels, a_phantom.truth) > 0.84


def test_labels_lie_in_the_mask_and_nowhere_else(a_phantom, a_result):
    np.testing.assert_array_equal(a_result.labels > 0, a_phantom.mask)
    np.testing.assert_array_equal(a_result.brain_mask, a_phantom.mask)


def test_labels_are_the_posteriors_largest_and_posteriors_sum_to_one(a_phantom, a_result):
    s = np.stack([a_result.posterior_on_grid(k) for k in range(3)])
    np.testing.assert_allclose(s.sum(axis=0)[a_phantom.mask], 1, atol=1e-4)
    assert (s[:, ~a_phantom.mask] == 0).all()
    np.testing.assert_array_equal(s.argmax(axis=0)[a_phantom.mask] + 1, a_result.labels[a_phantom.mask])


def test_the_field_has_mean_one_in_the_mask_and_is_defined_and_smooth_everywhere(a_phantom, a_result):
    field = a_result.bias_field[0]
    assert field[a_phantom.mask].mean() == pytest.approx(1, abs=1e-3)
    assert np.isfinite(field).all()
    assert field.min() >= 0.3
    assert field.max() <= 3.0
    steps = [np.abs(np.diff(field, axis=axis)).max() for axis in range(3)]
    assert max(steps) < 0.05


def test_corrected_times_field_is_the_input(a_phantom, a_result):
    np.testing.assert_allclose(a_result.corrected[0] * a_result.bias_field[0], a_phantom.image, rtol=1e-5, atol=1e-6)


def test_class_means_are_in_the_inputs_units_and_rise(a_phantom, a_result):
    means = [row["mean"][0] for row in a_result.report["classes"]]
    np.testing.assert_allclose(means, phantoms.CLASS_MEANS, atol=0.15)
    bigger = segment(case_of(a_phantom, a_phantom.image * 4000), EM)
    np.testing.assert_allclose(
        [row["mean"][0] for row in bigger.report["classes"]], np.multiply(means, 4000), rtol=1e-3
    )
    assert (bigger.labels == a_result.labels).mean() > 0.999


def test_the_report_is_json_and_tells_what_was_done(a_result):
    facts = json.loads(json.dumps(a_result.report))
    assert [row["name"] for row in facts["classes"]] == ["CSF", "GM", "WM"]
    assert sum(row["volume_ml"] for row in facts["classes"]) == pytest.approx(facts["mask"]["volume_ml"])
    assert facts["settings"] == EM.to_dict()
    assert set(facts["seconds"]) == {"mask", "prepare", "mixture", "results", "total"}
    assert facts["bias_field"][0]["applied"]
    assert facts["homogeneity"]["cjv_after"] < facts["homogeneity"]["cjv_before"]


@pytest.mark.parametrize("axes", [(1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_a_scan_stored_in_another_orientation_gives_the_same_labels_turned(a_phantom, a_result, axes):
    flipped = np.ascontiguousarray(np.flip(a_phantom.image.transpose(axes), axis=0))
    turned = segment(case_of(a_phantom, flipped), EM)
    back = np.flip(turned.labels, axis=0).transpose(np.argsort(axes))
    assert (back == a_result.labels).mean() > 0.995


def test_degree_zero_corrects_nothing(a_phantom):
    result = segment(case_of(a_phantom), Settings(mode="em", bias_degree=0))
    assert (result.bias_field == 1).all()
    np.testing.assert_array_equal(result.corrected[0], a_phantom.image)
    assert not result.report["bias_field"][0]["applied"]


def test_of_a_t2_the_names_follow_the_contrast_and_a_warning_says_so(a_phantom):
    flat = np.where(a_phantom.mask, 1.4 - a_phantom.image / a_phantom.field, 0).astype(np.float32)
    result = segment(case_of(a_phantom, flat), EM)
    assert [row["name"] for row in result.report["classes"]] == ["WM", "GM", "CSF"]
    assert any("T2" in warning for warning in result.report["warnings"])


def test_a_channel_on_another_grid_is_brought_onto_the_first_and_the_report_says_so():
    phantom = phantoms.nested_spheres(48)
    coarse = np.ascontiguousarray(phantom.image[::2, ::2, ::2])
    channels = (
        Volume(phantom.image, phantom.affine, "T1"),
        Volume(coarse, phantom.affine @ np.diag([2, 2, 2, 1.0]), "T1 coarse"),
    )
    result = segment(Case(channels, mask_source="stripped"), EM)
    assert [row["resampled"] for row in result.report["inputs"]] == [False, True]
    assert result.bias_field.shape == (2, *phantom.image.shape)
    assert mean_dice(result.labels, phantom.truth) > 0.75


def test_a_few_nan_voxels_are_left_out_and_counted(a_phantom):
    image = a_phantom.image.copy()
    image[tuple(np.argwhere(a_phantom.mask)[1000:1007].T)] = np.nan
    mask = Volume(a_phantom.mask.astype(np.uint8), a_phantom.affine, "mask")
    result = segment(Case((Volume(image, a_phantom.affine, "T1"),), mask, "given"), EM)
    assert any("7 NaN" in warning for warning in result.report["warnings"])
    assert (result.labels[np.isnan(image)] == 0).all()
    assert np.isfinite(result.corrected).all()


@pytest.mark.parametrize("settings", [EM, TRAIN], ids=["em", "train"])
def test_the_same_run_twice_gives_the_same_labels(a_phantom, settings):
    first, second = (segment(case_of(a_phantom), settings) for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)


@pytest.mark.parametrize("settings", [EM, TRAIN], ids=["em", "train"])
def test_progress_rises_through_known_stages_to_one_and_shows_previews(a_phantom, settings):
    seen, previews = [], []

    def watch(fraction, stage, message, preview=None):
        seen.append((fraction, stage))
        if preview is not None:
            previews.append(preview)

    segment(case_of(a_phantom), settings, watch)
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert {stage for _, stage in seen} <= set(STAGES)
    assert previews
    assert all(preview.shape == a_phantom.image.shape for preview in previews)


@pytest.mark.parametrize("stage", ["mask", "prepare", "mixture", "warm-up", "train", "posterior", "results"])
def test_a_run_can_be_stopped_in_every_stage(a_phantom, stage):
    def stop(fraction, now, message, preview=None):
        if now == stage:
            raise Cancelled

    with pytest.raises(Cancelled):
        segment(case_of(a_phantom), TRAIN, stop)


def test_training_gives_its_losses_and_never_other_classes(a_phantom):
    result = segment(case_of(a_phantom), TRAIN)
    assert len(result.report["loss"]) == TRAIN.iterations
    assert mean_dice(result.labels, a_phantom.truth) > 0.85


def test_an_unknown_network_and_a_missing_device_get_sentences(a_phantom):
    with pytest.raises(InputError, match="network must be one of"):
        segment(case_of(a_phantom), Settings(network="resnet"))
    with pytest.raises(InputError, match="cuda:63 is not there"):
        segment(case_of(a_phantom), Settings(device="cuda:63"))


def test_more_classes_than_intensities_get_a_sentence(a_phantom):
    image = np.where(a_phantom.mask, 1.0 + (a_phantom.truth > 1), 0).astype(np.float32)
    with pytest.raises(InputError, match="only 2 distinct intensities"):
        segment(case_of(a_phantom, image), EM)
