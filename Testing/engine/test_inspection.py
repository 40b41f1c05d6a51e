"""Histograms, Gaussians, evenness and the verdict, against numbers made here."""

import json

import numpy as np
import pytest
from gmmseg import report_warnings
from gmmseg.inspection import grey_level, homogeneity, inspect, tissue_cores, verdict
from phantom_results import result_of
from scipy.stats import norm

MEANS, DEVIATIONS, WEIGHTS = (300.0, 700.0, 1000.0), (60.0, 50.0, 40.0), (0.2, 0.45, 0.35)


def rows(names=("CSF", "GM", "WM"), means=MEANS, deviations=DEVIATIONS, weights=WEIGHTS, channels=1):
    """The report's ``classes``, of channels alike."""
    return [
        {"name": name, "mean": [mean] * channels, "covariance": np.eye(channels) * deviation**2, "weight": weight}
        for name, mean, deviation, weight in zip(names, means, deviations, weights, strict=True)
    ]


def inspected(before, after, classes=None, labels=None):
    """The one channel's part for (n,) values, all in the mask."""
    before, after = (np.asarray(values).reshape(1, -1, 1, 1) for values in (before, after))
    labels = np.zeros(before.shape[1:], np.uint8) if labels is None else labels
    mask = np.ones(before.shape[1:], bool)
    (channel,) = inspect(before, after, labels, mask, classes or rows(), ["T1"])["channels"]
    return channel


@pytest.fixture(scope="module")
def a_sample():
    """Draws from the mixture."""
    rng = np.random.default_rng(1)
    which = rng.choice(3, size=300_000, p=WEIGHTS)
    return rng.normal(np.take(MEANS, which), np.take(DEVIATIONS, which))


def test_both_histograms_have_the_same_equally_wide_bins(a_sample):
    channel = inspected(a_sample * 1.1, a_sample)
    steps = np.diff(channel["intensity"])
    np.testing.assert_allclose(steps, steps.mean(), rtol=3e-3)
    assert len(channel["before"]) == len(channel["after"]) == len(channel["sum"]) == len(channel["intensity"])
    assert 128 <= len(channel["intensity"]) <= 200


def test_counts_are_the_voxels_between_the_outermost_percentiles(a_sample):
    channel = inspected(a_sample, a_sample)
    assert sum(channel["before"]) == pytest.approx(len(a_sample) * 0.998, rel=2e-3)
    low, high = np.percentile(a_sample, (0.1, 99.9))
    assert channel["intensity"][0] == pytest.approx(low, abs=10)
    assert channel["intensity"][-1] == pytest.approx(high, abs=10)


def test_each_gaussian_is_its_classs_voxels_in_each_bin(a_sample):
    channel = inspected(a_sample, a_sample)
    middle = np.array(channel["intensity"])
    half = np.diff(middle).mean() / 2
    for curve, mean, deviation, weight in zip(channel["gaussians"], MEANS, DEVIATIONS, WEIGHTS, strict=True):
        inside = norm.cdf(middle + half, mean, deviation) - norm.cdf(middle - half, mean, deviation)
        expected = len(a_sample) * weight * inside
        np.testing.assert_allclose(curve["counts"], expected, atol=0.01 * expected.max())


def test_their_sum_lies_on_the_histogram_of_what_was_drawn_from_them(a_sample):
    channel = inspected(a_sample, a_sample)
    difference = np.array(channel["after"]) - np.array(channel["sum"])
    assert np.sqrt((difference**2).mean()) < 0.02 * max(channel["sum"])
    each = np.sum([curve["counts"] for curve in channel["gaussians"]], axis=0)
    np.testing.assert_allclose(each, channel["sum"], atol=3)


@pytest.mark.parametrize("scale", [1.0, 0.37, 4.88])
@pytest.mark.parametrize("levels", [90, 500, 4000])
def test_the_histogram_of_an_image_of_whole_numbers_is_no_comb(scale, levels):
    image = np.round(np.repeat(np.arange(levels) + 7, 200_000 // levels) * scale, 2)  # every level equally often
    field = np.random.default_rng(0).uniform(0.9, 1.1, image.size).astype(np.float32)
    as_the_run_hands_it_back = (image.astype(np.float32) / field) * field
    counts = np.array(inspected(as_the_run_hands_it_back, image / 1.1)["before"])
    inner = counts[np.flatnonzero(counts)][4:-4]
    assert np.ptp(inner) < 0.1 * inner.mean()


def test_bins_are_no_narrower_than_a_grey_level():
    image = np.random.default_rng(0).integers(0, 60, 50_000)
    steps = np.diff(inspected(image, image / 1.02)["intensity"])
    np.testing.assert_allclose(steps, 1.0, rtol=1e-3)


def test_an_image_of_any_values_has_no_grey_level():
    assert grey_level(np.random.default_rng(0).normal(size=20_000)) is None
    assert grey_level(np.ones(5)) is None
    assert grey_level(np.repeat(np.arange(50) * 3.0, 100)) == pytest.approx(3.0)


def test_values_that_are_all_alike_do_no_harm():
    channel = inspected(np.full(100, 5.0), np.full(100, 5.0))
    assert sum(channel["before"]) == pytest.approx(100)
    json.dumps(channel, allow_nan=False)


def test_the_part_stays_small_however_much_there_is_to_show():
    rng = np.random.default_rng(0)
    names = [f"Class {k}" for k in range(1, 9)]
    classes = rows(names, np.linspace(100, 2000, 8), [80.0] * 8, [1 / 8] * 8, channels=4)
    image = rng.normal(900, 400, (4, 100, 100, 20))
    labels = np.ones(image.shape[1:], np.uint8)
    part = inspect(image, image * 1.01, labels, labels > 0, classes, ["T1", "T2", "PD", "FLAIR"])
    assert len(json.dumps(part, allow_nan=False)) < 30_000
    assert [channel["channel"] for channel in part["channels"]] == ["T1", "T2", "PD", "FLAIR"]


def test_evenness_is_that_of_the_tissues_insides():
    labels = np.zeros((24, 24, 24), np.uint8)
    labels[2:12, 2:22, 2:22], labels[12:22, 2:22, 2:22] = 3, 2
    field = np.linspace(0.8, 1.2, 24)[:, None, None] * np.ones(labels.shape)
    truth = np.select([labels == 3, labels == 2], [100.0, 70.0], 0.0)
    ripple = 1 + 0.01 * (-1) ** np.arange(24)[None, None, :]
    found = homogeneity(tissue_cores(labels, ("CSF", "GM", "WM")), truth * field * ripple, truth * ripple)
    white, grey = (truth * field * ripple)[3:11, 3:21, 3:21], (truth * field * ripple)[13:21, 3:21, 3:21]
    assert found["cv_wm_before"] == pytest.approx(white.std() / white.mean())
    assert found["cv_gm_before"] == pytest.approx(grey.std() / grey.mean())
    assert found["cjv_before"] == pytest.approx((white.std() + grey.std()) / abs(white.mean() - grey.mean()))
    assert found["cv_wm_after"] == pytest.approx(0.01, rel=1e-6)
    assert found["cjv_after"] == pytest.approx(1.7 / 30, rel=1e-6)


def test_evenness_needs_white_and_grey_matter():
    labels = np.ones((5, 5, 5), np.uint8)
    assert tissue_cores(labels, ("Class 1", "Class 2")) is None
    cores = tissue_cores(np.zeros((5, 5, 5), np.uint8), ("CSF", "GM", "WM"))
    assert set(homogeneity(cores, labels, labels).values()) == {None}


def a_report(low=0.87, high=1.16, applied=True, degree=3, warnings=(), **evenness):
    numbers = {"cv_wm_before": 0.098, "cv_wm_after": 0.051, "cv_gm_before": 0.12, "cv_gm_after": 0.09}
    numbers |= {"cjv_before": 0.8, "cjv_after": 0.6} | evenness
    row = {"channel": "T1", "min": low, "median": 1.0, "max": high, "applied": applied, "degree": degree}
    return {"bias_field": [row], "homogeneity": numbers, "warnings": list(warnings)}


def test_the_verdict_of_a_helpful_correction():
    assert verdict(a_report()) == (
        "Field range 0.87–1.16; WM variation 9.8 % → 5.1 %, GM 12.0 % → 9.0 %, CJV 0.80 → 0.60: "
        "the correction made the tissues more even."
    )


@pytest.mark.parametrize(
    "change, words",
    [
        ({"cv_wm_after": 0.12, "cv_gm_after": 0.13, "cjv_after": 0.9}, "made the tissues less even, so a lower degree"),
        ({"cv_wm_after": 0.098, "cv_gm_after": 0.1199, "cjv_after": 0.801}, "hardly changed how even"),
        ({"cv_gm_after": 0.14}, "made WM more even but GM less even, the two are told apart better"),
        ({"cv_wm_after": 0.11, "cjv_after": 0.9}, "made GM more even but WM less even, the two are told apart worse"),
        ({"low": 0.99, "high": 1.012}, "Field range 0.99–1.01, which is hardly any field; WM variation"),
    ],
)
def test_the_verdict_does_not_flatter(change, words):
    assert words in verdict(a_report(**change))


def test_the_verdict_of_no_correction_says_why():
    zero = verdict(a_report(applied=False, degree=0))
    assert zero == ("Nothing was corrected, because the degree is 0; WM varies by 9.8 %, GM by 12.0 %, CJV is 0.80.")
    for reason in report_warnings.NO_FIELD_REASONS:
        told = verdict(a_report(applied=False, warnings=["Something else.", reason]))
        assert told.startswith(reason.removesuffix(".") + "; WM varies")
    assert verdict({**a_report(applied=False), "homogeneity": None}) == "No bias field was corrected."


def test_the_verdict_knows_when_it_cannot_judge():
    without = verdict({**a_report(), "homogeneity": None})
    assert without.startswith("Field range 0.87–1.16; ") and "cannot be told" in without
    assert verdict({**a_report(cjv_after=None)}) == without


def test_the_verdict_names_the_channels_where_there_are_several():
    facts = a_report()
    facts["bias_field"] += [{**facts["bias_field"][0], "channel": "T2", "min": 0.9, "max": 1.1}]
    assert verdict(facts).startswith("Field range T1 0.87–1.16, T2 0.90–1.10; ")


def test_a_runs_report_holds_it_all():
    facts = result_of(channels=2).report
    first, second = facts["inspection"]["channels"]
    assert first["channel"] == facts["inputs"][0]["name"] and second["channel"] == facts["inputs"][1]["name"]
    assert first["homogeneity"] == facts["homogeneity"]
    assert [curve["name"] for curve in first["gaussians"]] == ["CSF", "GM", "WM"]
    assert "the correction made the tissues more even" in verdict(facts)


def test_a_class_without_voxels_has_no_gaussian_and_the_others_keep_theirs(a_sample):
    nan = float("nan")
    empty = inspected(a_sample, a_sample, rows(means=(nan, *MEANS[1:]), deviations=(nan, *DEVIATIONS[1:])))
    whole = inspected(a_sample, a_sample)
    assert not any(empty["gaussians"][0]["counts"])
    assert empty["gaussians"][1:] == whole["gaussians"][1:]
    assert json.loads(json.dumps(empty, allow_nan=False)) == empty
