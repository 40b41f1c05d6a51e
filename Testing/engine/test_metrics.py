"""Overlap and evenness, against scikit-learn and by hand."""

import math

import numpy as np
import pytest
from gmmseg import metrics
from sklearn.metrics import f1_score, jaccard_score, precision_score, recall_score

SKLEARN = {
    "precision": precision_score,
    "recall": recall_score,
    "f1": f1_score,
    "dice": f1_score,
    "jaccard": jaccard_score,
}


@pytest.fixture
def a_truth():
    return np.random.default_rng(0).integers(0, 4, (9, 8, 7)).astype(np.uint8)


@pytest.fixture
def a_prediction(a_truth):
    rng = np.random.default_rng(1)
    return np.where(rng.random(a_truth.shape) < 0.7, a_truth, rng.integers(0, 4, a_truth.shape)).astype(np.uint8)


@pytest.mark.parametrize("score", metrics.SCORES)
@pytest.mark.parametrize("label", [1, 2, 3])
def test_every_score_of_both_protocols_equals_scikit_learns(score, label, a_prediction, a_truth):
    scores = metrics.evaluate(a_prediction, a_truth)
    for protocol, chosen in (("all", np.ones(a_truth.shape, bool)), ("labelled", a_truth > 0)):
        expected = SKLEARN[score](a_truth[chosen] == label, a_prediction[chosen] == label)
        assert scores[protocol][label][score] == pytest.approx(expected)


def test_only_voxels_of_the_mask_count(a_prediction, a_truth):
    mask = np.zeros(a_truth.shape, bool)
    mask[:4] = True
    assert metrics.evaluate(a_prediction, a_truth, mask) == metrics.evaluate(a_prediction[:4], a_truth[:4])


def test_an_unlabelled_voxel_counts_as_background_only_in_the_protocol_all():
    truth, prediction = np.array([1, 1, 0, 0]), np.array([1, 1, 1, 0])
    scores = metrics.evaluate(prediction, truth)
    assert scores["all"][1]["precision"] == pytest.approx(2 / 3)
    assert scores["labelled"][1]["precision"] == 1.0


def test_labels_are_taken_as_they_are_and_those_of_either_map_are_scored():
    scores = metrics.evaluate(np.array([7, 0, 0]), np.array([42, 42, 0]))
    assert list(scores["all"]) == [7, 42]
    assert scores["all"][42]["recall"] == 0.0


def test_a_score_that_is_nought_by_nought_is_nan():
    scores = metrics.evaluate(np.array([0, 0]), np.array([1, 0]))["all"][1]
    assert math.isnan(scores["precision"])
    assert scores["recall"] == scores["dice"] == scores["jaccard"] == 0.0


def test_variation_coefficients_follow_their_formulas():
    white, grey = np.array([9.0, 11.0]), np.array([4.0, 8.0])
    assert metrics.coefficient_of_variation(white) == pytest.approx(1 / 10)
    assert metrics.coefficient_of_joint_variation(white, grey) == pytest.approx((1 + 2) / 4)


def test_a_tissue_without_voxels_has_no_variation():
    empty = np.empty(0)
    assert math.isnan(metrics.coefficient_of_variation(empty))
    assert math.isnan(metrics.coefficient_of_joint_variation(empty, np.ones(3)))


def test_a_field_raises_cv_and_cjv_and_dividing_it_out_lowers_them_again():
    rng = np.random.default_rng(0)
    field = np.linspace(0.8, 1.2, 4000)
    white, grey = rng.normal(100, 2, 4000), rng.normal(70, 2, 4000)
    assert metrics.coefficient_of_variation(white * field) > 3 * metrics.coefficient_of_variation(white)
    assert metrics.coefficient_of_joint_variation(
        white * field, grey * field
    ) > 3 * metrics.coefficient_of_joint_variation(white, grey)
