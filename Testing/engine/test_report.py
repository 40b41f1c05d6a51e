"""The report's facts, its warnings, and the page made of them."""

import dataclasses
import io
import json
import re

import numpy as np
import pytest
from gmmseg import picture_charts, pictures, report, report_html, report_warnings
from matplotlib.image import imread
from phantom_results import OBLIQUE, result_of
from phantoms import nested_spheres


@pytest.fixture(scope="module")
def a_result():
    return result_of()


def test_the_report_is_strict_json_with_every_promised_part(a_result):
    text = json.dumps(a_result.report, allow_nan=False)
    assert set(json.loads(text)) == {
        "settings", "versions", "device", "precision", "seconds", "peak_memory_mb", "gpu_peak_memory_mb", "inputs",
        "mask", "classes", "contrast", "bias_field", "homogeneity", "inspection", "log_likelihood", "iterations",
        "loss", "prior", "warnings",
    }  # fmt: skip


def test_volumes_are_counted_in_the_affines_millilitres(a_result):
    voxel_ml = np.linalg.det(OBLIQUE[:3, :3]) / 1000
    for row in a_result.report["classes"]:
        assert row["volume_ml"] == pytest.approx((a_result.labels == row["label"]).sum() * voxel_ml)
    assert sum(row["share_percent"] for row in a_result.report["classes"]) == pytest.approx(100)
    assert a_result.report["mask"]["volume_ml"] == pytest.approx(a_result.brain_mask.sum() * voxel_ml)


def test_seconds_add_up_to_a_total(a_result):
    assert a_result.report["seconds"]["total"] == pytest.approx(0.75)


def test_field_numbers_are_those_inside_the_mask(a_result):
    inside = a_result.bias_field[0][a_result.brain_mask]
    row = a_result.report["bias_field"][0]
    assert (row["min"], row["median"], row["max"]) == pytest.approx((inside.min(), np.median(inside), inside.max()))


def test_dividing_the_field_out_makes_tissues_more_even(a_result):
    evenness = a_result.report["homogeneity"]
    for quantity in ("cv_wm", "cv_gm", "cjv"):
        assert evenness[f"{quantity}_after"] < evenness[f"{quantity}_before"]


def test_a_t1_names_its_classes_by_increasing_mean(a_result):
    assert a_result.report["contrast"] == "T1-like"
    assert [row["name"] for row in a_result.report["classes"]] == ["CSF", "GM", "WM"]


def test_a_t2_reverses_the_names_says_so_and_still_knows_its_white_matter():
    facts = result_of(invert=True).report
    assert facts["contrast"] == "T2-like"
    assert [row["name"] for row in facts["classes"]] == ["WM", "GM", "CSF"]
    assert any("T2 contrast" in sentence for sentence in facts["warnings"])
    assert facts["homogeneity"]["cv_wm_after"] < facts["homogeneity"]["cv_wm_before"]


def test_fluid_left_only_in_the_ventricles_does_not_pass_for_white_matter():
    grid = np.stack(np.meshgrid(*[np.arange(40) - 19.5] * 3, indexing="ij"))
    radius = np.sqrt((grid**2).sum(axis=0))
    labels = np.select([radius < 5, radius < 14, radius < 19], [1, 3, 2], 0)
    assert report.contrast(labels, labels > 0, np.ones(3), 3) == "T1-like"


def test_other_numbers_of_classes_are_counted_through_and_claim_no_contrast():
    assert report.contrast(np.ones((4, 4, 4)), np.ones((4, 4, 4), bool), np.ones(3), 2) is None
    assert report.class_names(5, None) == ("Class 1", "Class 2", "Class 3", "Class 4", "Class 5")


def test_a_tissue_share_that_no_brain_has_is_warned_of():
    phantom = nested_spheres()
    truth = np.where(phantom.truth == 2, 3, phantom.truth).astype(np.uint8)
    truth[12, 12, 12] = 2
    warnings = result_of(dataclasses.replace(phantom, truth=truth)).report["warnings"]
    assert any(sentence.startswith("GM takes 0 % of the brain") for sentence in warnings)


def test_a_field_at_its_limit_is_warned_of():
    phantom = nested_spheres()
    field = phantom.field.copy()
    field[12, 12, 12] = report_warnings.FIELD_LIMITS[1]
    warnings = result_of(dataclasses.replace(phantom, field=field)).report["warnings"]
    assert any("reaches its limit" in sentence for sentence in warnings)


def test_a_correction_that_makes_tissues_less_even_is_warned_of():
    phantom = nested_spheres(field_range=0.3)
    worse = dataclasses.replace(phantom, field=(1 / phantom.field).astype(np.float32))
    assert any("raised the joint variation" in sentence for sentence in result_of(worse).report["warnings"])
    assert not any("raised the joint variation" in sentence for sentence in result_of(phantom).report["warnings"])


@pytest.mark.parametrize(
    "worth, text",
    [
        ((np.float32(0.934), 1.0), "agrees with the mixture to 93 %"),
        ((0.65, 0.5), "agrees with the mixture to 65 %, so it counts 50 %"),
        ((0.405, 0.0), "agrees with the mixture to 40 %, but was not used"),
    ],
)
def test_what_the_model_was_worth_stands_in_the_report_and_on_the_page(worth, text):
    agreement, share = worth
    prior = {"model": "t1-fast", "agreement": agreement, "share": share, "used": share > 0}
    result = result_of(prior=prior)
    told = json.loads(json.dumps(result.report, allow_nan=False))["prior"]
    assert told == {**prior, "agreement": pytest.approx(float(agreement))}
    assert f"<td>model t1-fast</td><td>{text}</td>" in report_html.page(result)


def test_without_a_model_the_report_says_null_and_the_page_nothing(a_result):
    assert a_result.report["prior"] is None
    assert "agrees" not in report_html.page(a_result)


def test_numbers_that_json_cannot_hold_become_null():
    assert report.plain({"a": np.float32("nan"), "b": (np.int64(2), [np.inf])}) == {"a": None, "b": [2, [None]]}


def test_the_page_needs_nothing_from_elsewhere(a_result):
    page = report_html.page(a_result)
    assert page.count("data:image/png;base64,") == 4
    assert not re.findall(r"(?:src|href)=\"(?!data:)|https?://|<script|<link|@import|url\(", page)


def test_the_page_shows_the_uncertainty_when_the_result_has_it(a_result):
    entropy = np.where(a_result.brain_mask, np.float32(0.6), np.float32(0))
    page = report_html.page(dataclasses.replace(a_result, entropy=entropy))
    assert page.count("data:image/png;base64,") == 5 and "<h2>Uncertainty</h2>" in page
    assert "Uncertainty" not in report_html.page(a_result)


def test_the_page_escapes_what_users_call_their_files():
    page = report_html.page(result_of(name="<script>alert(1)</script>&"))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;0" in page


def test_the_page_is_made_for_several_channels_and_classes():
    page = report_html.page(result_of(channels=2, number_of_classes=3))
    assert "mean phantom0" in page and "mean phantom1" in page


def test_the_patients_right_is_on_the_viewers_left_whatever_the_storage_order():
    volume = np.zeros((6, 8, 10))
    volume[5, 7, 9] = 1  # right, anterior, superior corner of an RAS volume
    ras = np.diag([1.0, 2.0, 3.0, 1.0])
    stored = volume[::-1].transpose(2, 0, 1)
    affine = np.array([[0, -1.0, 0, 5], [0, 0, 2.0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]])
    for array, matrix, centre in ((volume, ras, (5, 7, 9)), (stored, affine, (9, 0, 7))):
        axial, coronal, sagittal = pictures.cuts(array, matrix, centre)
        assert axial.pixels[0, 0] == 1 and axial.size == (6, 16)
        assert coronal.pixels[0, 0] == 1 and coronal.size == (6, 30)
        assert sagittal.pixels[0, 0] == 1 and sagittal.size == (16, 30)


def test_the_field_picture_is_white_at_one_and_symmetric_about_it():
    mask = np.ones((4, 4, 4), bool)
    field = np.linspace(0.7, 1.1, 64).reshape(4, 4, 4)
    assert pictures.field_range(field, mask) == pytest.approx(1 - np.percentile(field, 2))
    assert pictures.field_range(np.ones((4, 4, 4)), mask) == pictures.LEAST_FIELD_RANGE


def test_the_uncertainty_is_drawn_only_where_one_is_not_sure(a_result):
    image, mask = a_result.corrected[0], a_result.brain_mask
    half = np.zeros(mask.shape, np.float32)
    half[: len(half) // 2] = 1
    drawn = [
        imread(io.BytesIO(pictures.png(pictures.uncertainty(image, entropy, mask, np.eye(4)), dpi=40)))[..., :3]
        for entropy in (np.where(mask, 0.03, 0), np.where(mask, half, 0), np.where(mask, 1.0, 0))
    ]
    coloured = [(np.ptp(picture[:, : int(0.8 * picture.shape[1])], axis=2) > 0.2).sum() for picture in drawn]
    assert coloured[0] < 0.1 * coloured[2]
    assert 0.3 < coloured[1] / coloured[2] < 0.7


def test_every_picture_is_a_png_with_something_on_it(a_result):
    image, field, mask = a_result.corrected[0], a_result.bias_field[0], a_result.brain_mask
    names = [row["name"] for row in a_result.report["classes"]]
    for figure in (
        pictures.segmentation(image, a_result.labels, OBLIQUE, names),
        pictures.bias_field(image, field, mask, OBLIQUE),
        pictures.uncertainty(image, np.where(mask, 0.6, 0.0), mask, OBLIQUE),
        pictures.before_after(image * field, image, mask, OBLIQUE),
        picture_charts.histogram(a_result.report["inspection"]["channels"][0]),
    ):
        pixels = imread(io.BytesIO(pictures.png(figure, dpi=40)))
        assert pixels[..., :3].std() > 0.05
