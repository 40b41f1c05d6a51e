"""Mode fast: what the shipped network adds, and when it is not believed. Truth comes from phantoms."""

from functools import lru_cache

import numpy as np
import phantoms
import pytest
import torch
from gmmseg import Settings, em, fast, segment
from gmmseg.case import Case, Result, Volume
from gmmseg.metrics import overlap
from gmmseg.scan import Scan
from phantoms import Phantom, field_error, from_labels, label_map
from scipy import ndimage

DEEP_GREY = 0.86
CELLS = {
    "3 % noise, 20 % field": {"noise": 0.03, "field_range": 0.2},
    "9 % noise, 40 % field": {"noise": 0.09, "field_range": 0.4},
    "3 % noise, 40 % field": {"noise": 0.03, "field_range": 0.4},
    "5 % noise, 20 % field, deep grey": {"noise": 0.05, "field_range": 0.2, "deep_grey_mean": DEEP_GREY},
}


@lru_cache(maxsize=2)
def phantom(cell: str) -> Phantom:
    return from_labels(label_map("12"), **CELLS[cell])


@lru_cache(maxsize=4)
def result(cell: str, mode: str) -> Result:
    return run(phantom(cell), mode)


def run(one: Phantom, mode: str = "fast", image: np.ndarray | None = None, **settings) -> Result:
    volumes = Volume(one.image if image is None else image, one.affine, "T1")
    mask = Volume(one.mask.astype(np.uint8), one.affine, "mask")
    return segment(Case((volumes,), mask, "given"), Settings(mode=mode, device="cpu", **settings))


def mean_dice(labels: np.ndarray, one: Phantom) -> float:
    return float(np.mean([overlap(labels == k, one.truth == k)["dice"] for k in (1, 2, 3)]))


@pytest.mark.parametrize("cell", CELLS)
def test_the_field_s_error_is_smaller_after_than_before(cell):
    one, found = phantom(cell), result(cell, "fast")
    uncorrected = field_error(one.field, np.ones_like(one.field), one.mask)
    assert field_error(one.field, found.bias_field[0], one.mask) < 0.5 * uncorrected


@pytest.mark.parametrize("cell", CELLS)
def test_fast_is_above_the_classical_mixture_on_every_phantom(cell):
    assert mean_dice(result(cell, "fast").labels, phantom(cell)) > mean_dice(result(cell, "em").labels, phantom(cell))


def test_noise_makes_the_network_worth_six_hundredths_of_dice():
    cell = "9 % noise, 40 % field"
    gain = mean_dice(result(cell, "fast").labels, phantom(cell)) - mean_dice(result(cell, "em").labels, phantom(cell))
    assert gain > 0.06


def test_a_noise_free_scan_comes_out_no_worse_than_any_threshold_of_its_intensities_could_do():
    one = from_labels(label_map("12"), noise=0.0, field_range=0.0)
    assert mean_dice(run(one).labels, one) > pointwise_ceiling(one) - 0.005


def test_an_inverted_contrast_gets_the_mixture_s_answer_and_a_warning():
    one = phantom("3 % noise, 20 % field")
    inverted = np.where(one.mask, 1.4 - one.image, 0).astype(np.float32).clip(min=0)
    found, classical = run(one, "fast", inverted), run(one, "em", inverted)
    np.testing.assert_array_equal(found.labels, classical.labels)
    assert found.report["prior"]["used"] is False
    assert any("trained network knows T1 contrast only" in sentence for sentence in found.report["warnings"])


def test_the_report_tells_model_and_agreement():
    prior = result("3 % noise, 20 % field", "fast").report["prior"]
    assert prior["model"] == "t1-fast" and prior["used"] is True
    assert 0.7 < prior["agreement"] <= 1.0


def test_other_numbers_of_classes_get_the_mixture_s_answer_and_a_sentence():
    one = phantoms.nested_spheres(24)
    found, classical = run(one, number_of_classes=2), run(one, "em", number_of_classes=2)
    np.testing.assert_array_equal(found.labels, classical.labels)
    assert found.report["prior"] is None
    assert any("2 classes" in sentence for sentence in found.report["warnings"])


def test_two_channels_get_the_mixture_s_answer_and_a_sentence():
    one = phantoms.nested_spheres(24)
    channels = (Volume(one.image, one.affine, "T1"), Volume(2 - one.image, one.affine, "T2"))
    case = Case(channels, Volume(one.mask.astype(np.uint8), one.affine, "mask"), "given")
    found = segment(case, Settings(device="cpu"))
    assert found.report["prior"] is None
    assert any("2 channels" in sentence for sentence in found.report["warnings"])


def test_the_same_scan_gives_the_same_labels_twice():
    cell = "9 % noise, 40 % field"
    np.testing.assert_array_equal(run(phantom(cell)).labels, result(cell, "fast").labels)


def test_degree_nought_corrects_nothing():
    found = run(phantom("3 % noise, 20 % field"), bias_degree=0)
    assert (found.bias_field == 1).all()


def test_the_entropy_map_lies_between_nought_and_one_and_is_nought_outside():
    one = phantoms.nested_spheres(24)
    found = run(one, "em", entropy=True)
    assert found.entropy is not None and found.entropy.shape == one.image.shape
    assert (found.entropy[~one.mask] == 0).all() and 0 <= found.entropy.min() <= found.entropy.max() <= 1
    assert run(one, "em").entropy is None


@pytest.mark.parametrize(("agreement", "share"), [(0.3, 0.0), (0.6, 0.0), (0.65, 0.5), (0.7, 1.0), (0.9, 1.0)])
def test_the_network_s_share_rises_with_the_agreement(agreement, share):
    assert fast.share_of(agreement) == pytest.approx(share)


def test_half_a_share_is_the_geometric_mean_of_both_posteriors():
    one, other = torch.tensor([[0.8, 0.1, 0.1]]), torch.tensor([[0.2, 0.4, 0.4]])
    expected = (one * other).sqrt() / (one * other).sqrt().sum()
    torch.testing.assert_close(fast.mixed(one, other, 0.5), expected)


def pointwise_ceiling(one: Phantom) -> float:
    """Mean Dice of the best two thresholds, found with the truth itself."""
    values, truth = one.image[one.mask], one.truth[one.mask]
    best = 0.0
    for low in np.linspace(0.40, 0.62, 12):
        for high in np.linspace(0.78, 0.92, 12):
            labels = 1 + (values > low).astype(int) + (values > high)
            best = max(best, float(np.mean([overlap(labels == k, truth == k)["dice"] for k in (1, 2, 3)])))
    return best


def test_a_bright_thalamus_is_not_believed_to_be_pure_grey_matter():
    one = from_labels(label_map("12", 2), noise=0.03, field_range=0.0, spacing=2.0, deep_grey_mean=0.9)
    scan = Scan(torch.from_numpy(one.image)[None], torch.from_numpy(one.mask), one.spacing)
    fit = em.fit(scan, 3, 0)
    truth = torch.nn.functional.one_hot(torch.from_numpy(one.truth[one.mask]).long() - 1, 3).float()
    believed = fast.plausibility(scan, fit, truth)
    codes = label_map("12", 2)
    cores = [ndimage.binary_erosion(codes == code)[one.mask] for code in (phantoms.DEEP_GREY, 3)]
    deep, white = (float(believed[torch.from_numpy(core)].mean()) for core in cores)
    assert deep < 0.1 < 0.8 < white


@pytest.mark.parametrize("degree", range(1, 7))
def test_every_degree_leaves_less_field_than_there_was_and_stays_smooth_outside_the_mask(degree):
    one = from_labels(label_map("12", 2), noise=0.05, field_range=0.4, spacing=2.0)
    field = run(one, bias_degree=degree).bias_field[0]
    assert field_error(one.field, field, one.mask) < field_error(one.field, np.ones_like(field), one.mask)
    assert np.isfinite(field).all() and max(float(np.abs(np.diff(field, axis=axis)).max()) for axis in range(3)) < 0.08
