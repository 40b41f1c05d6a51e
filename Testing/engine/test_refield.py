"""The field of another degree, against fields that are known."""

import copy
import dataclasses
import json

import numpy as np
import pytest
from gmmseg import report_warnings
from gmmseg.case import Case, Volume
from gmmseg.inspection import verdict
from gmmseg.refield import LABELS_WITHOUT_FIELD, Evidence, Finding, recompute
from gmmseg.segmenter import segment
from gmmseg.settings import Settings
from numpy.polynomial import legendre
from phantoms import CLASS_MEANS, Phantom, field_error, from_labels, label_map, nested_spheres


def polynomial(shape, degree, strength=0.2):
    """A Legendre polynomial along the first axis, as field of mean about 1."""
    along = legendre.Legendre.basis(degree)(np.linspace(-1, 1, shape[0]))
    return np.broadcast_to((1 + strength * along)[:, None, None], shape).astype(np.float32)


def under(phantom, field):
    """The phantom with another field, of mean 1 in the mask."""
    field = field / field[phantom.mask].mean()
    return dataclasses.replace(phantom, image=phantom.image / phantom.field * field, field=field)


def case_of(phantom, *more):
    volumes = [Volume(image, phantom.affine, f"image{n}") for n, image in enumerate((phantom.image, *more))]
    return Case(tuple(volumes), Volume(phantom.mask, phantom.affine, "mask"), "given")


def run(case, degree, mode="em"):
    return segment(case, Settings(mode=mode, bias_degree=degree, device="cpu"))


def evidence_of(case, result, found=True, by_prior=False):
    finding = Finding.of(result) if found else None
    return Evidence(case, result.brain_mask, result.labels, len(result.report["classes"]), by_prior, finding)


def difference(one, other, mask):
    return float(np.sqrt(np.square((one - other)[:, mask]).mean()))


@pytest.fixture(scope="module")
def a_phantom():
    """A brain of 3 mm voxels under a smooth field that is no polynomial."""
    return from_labels(label_map("01", 3), noise=0.03, field_range=0.4, seed=3, spacing=3.0)


@pytest.fixture(scope="module")
def a_result(a_phantom):
    return run(case_of(a_phantom), 3)


@pytest.fixture(scope="module")
def the_evidence(a_phantom, a_result):
    return evidence_of(case_of(a_phantom), a_result)


@pytest.fixture(scope="module")
def slabs():
    """Slabs of grey and white matter with fluid around them, everywhere in the grid's box."""
    truth = np.ones((44, 44, 44), np.uint8)
    truth[4:-4, 4:-4, 4:-4] = (2 + np.arange(36) // 9 % 2)[None, None, :]
    image = np.take([0, *CLASS_MEANS], truth) + np.random.default_rng(0).normal(0, 0.01, truth.shape)
    return Phantom(image.astype(np.float32), truth, truth > 0, np.ones(truth.shape, np.float32), (1.0, 1.0, 1.0))


@pytest.fixture(scope="module")
def spheres():
    """Tissues without noise, texture or partial volume."""
    return nested_spheres(40, noise=0.002)


def test_the_runs_own_degree_gives_the_runs_field(a_phantom, a_result, the_evidence):
    again = recompute(the_evidence, 3, a_result.report)
    assert difference(again.bias_field, a_result.bias_field, a_phantom.mask) < 1e-3


@pytest.mark.parametrize("degree", [2, 5])
def test_another_degree_gives_the_field_of_a_run_with_it(degree, a_phantom, a_result, the_evidence):
    whole = run(case_of(a_phantom), degree)
    found = recompute(the_evidence, degree, a_result.report)
    assert difference(found.bias_field, whole.bias_field, a_phantom.mask) < 4e-3


def test_every_degree_comes_near_to_the_true_field(a_phantom, a_result, the_evidence):
    errors = [
        field_error(a_phantom.field, recompute(the_evidence, degree, a_result.report).bias_field[0], a_phantom.mask)
        for degree in range(7)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert max(errors[2:]) < 0.4 * errors[0]


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_a_polynomial_field_is_found_by_its_own_degree_and_by_no_lower_one(degree, slabs):
    phantom = under(slabs, polynomial(slabs.mask.shape, degree))
    evidence = Evidence(case_of(phantom), phantom.mask, phantom.truth, 3, by_prior=False)
    truth = phantom.field[phantom.mask]

    def error(of_degree):
        field, _ = evidence.field(of_degree)
        return np.std(field[:, 0].numpy() / truth)

    # The bending penalty keeps the more of a field back the more it bends.
    assert error(degree) < {1: 0.1, 2: 0.1, 3: 0.35}[degree] * np.std(truth)
    assert degree == 1 or error(degree - 1) > 0.7 * np.std(truth)


def test_without_what_the_run_left_the_field_is_nearly_the_same(a_phantom, a_result, the_evidence):
    rebuilt = evidence_of(case_of(a_phantom), a_result, found=False)
    for degree in (1, 3, 5):
        known = recompute(the_evidence, degree, a_result.report)
        found = recompute(rebuilt, degree, a_result.report)
        assert difference(known.bias_field, found.bias_field, a_phantom.mask) < 0.1 * a_phantom.field.std()


def test_under_a_networks_posteriors_the_field_is_found_too(a_phantom, a_result):
    rebuilt = Evidence(case_of(a_phantom), a_phantom.mask, a_phantom.truth, 3, by_prior=True)
    found = recompute(rebuilt, 3, a_result.report)
    nothing = field_error(a_phantom.field, np.ones_like(a_phantom.field), a_phantom.mask)
    assert field_error(a_phantom.field, found.bias_field[0], a_phantom.mask) < 0.4 * nothing


def test_degrees_asked_for_before_change_nothing(a_phantom, a_result, the_evidence):
    fresh = evidence_of(case_of(a_phantom), a_result)
    first = recompute(fresh, 4, a_result.report)
    recompute(fresh, 1, a_result.report)
    recompute(fresh, 0, a_result.report)
    again = recompute(fresh, 4, a_result.report)
    np.testing.assert_array_equal(first.bias_field, again.bias_field)
    assert first.report == again.report


def test_degree_nought_corrects_nothing_and_says_so(a_phantom, a_result, the_evidence):
    found = recompute(the_evidence, 0, a_result.report)
    assert (found.bias_field == 1).all()
    np.testing.assert_array_equal(found.corrected[0], a_phantom.image)
    assert not found.report["bias_field"][0]["applied"]
    assert verdict(found.report).startswith("Nothing was corrected, because the degree is 0")


def test_the_corrected_image_is_the_image_over_the_field(a_phantom, a_result, the_evidence):
    found = recompute(the_evidence, 2, a_result.report)
    np.testing.assert_allclose(found.corrected * found.bias_field, a_phantom.image[None], rtol=1e-5)
    assert found.bias_field[0][a_phantom.mask].mean() == pytest.approx(1, abs=1e-3)


def test_the_report_follows_the_field_and_nothing_else_of_it_changes(a_phantom, a_result, the_evidence):
    before = copy.deepcopy(a_result.report)
    found = recompute(the_evidence, 5, a_result.report)
    assert a_result.report == before
    json.dumps(found.report, allow_nan=False)
    changed = {key for key in found.report if found.report[key] != before.get(key)}
    assert changed <= {
        "settings", "classes", "bias_field", "homogeneity", "inspection", "log_likelihood", "warnings",
        "labels_under_field",
    }  # fmt: skip
    assert found.report["settings"] == {**before["settings"], "bias_degree": 5}
    inside = found.bias_field[0][a_phantom.mask]
    row = found.report["bias_field"][0]
    assert (row["min"], row["max"], row["degree"]) == (inside.min(), inside.max(), 5)
    for now, then in zip(found.report["classes"], before["classes"], strict=True):
        assert now["mean"] == pytest.approx(then["mean"], rel=0.02)
        assert now["volume_ml"] == then["volume_ml"]


def test_the_users_labels_count_and_what_they_erased_does_not(spheres):
    phantom = under(spheres, polynomial(spheres.mask.shape, 1))
    case = case_of(phantom)
    result = run(case, 1)
    wrong = result.labels.copy()
    wrong[: wrong.shape[0] // 2][wrong[: wrong.shape[0] // 2] == 3] = 2
    spoilt = Evidence(case, result.brain_mask, wrong, 3, False, Finding.of(result))
    erased = Evidence(case, result.brain_mask, np.where(wrong == result.labels, wrong, 0), 3, False, Finding.of(result))
    good, bad, rest = (
        field_error(phantom.field, recompute(e, 1, result.report).bias_field[0], phantom.mask)
        for e in (evidence_of(case, result), spoilt, erased)
    )
    assert bad > 3 * good and rest < 2 * good + 1e-3


def test_a_mask_that_was_changed_since_is_followed(a_phantom, a_result):
    mask = a_result.brain_mask.copy()
    mask[: mask.shape[0] // 3] = False
    smaller = Evidence(case_of(a_phantom), mask, a_result.labels * mask, 3, False, Finding.of(a_result))
    found = recompute(smaller, 2, a_result.report)
    assert found.bias_field[0][mask].mean() == pytest.approx(1, abs=1e-3)
    assert field_error(a_phantom.field, found.bias_field[0], mask) < 0.03


def test_each_channel_has_its_own_field(spheres):
    one, two = (under(spheres, polynomial(spheres.mask.shape, degree)) for degree in (1, 2))
    second = 2 * two.image
    case = case_of(one, second)
    result = run(case, 2)
    found = recompute(evidence_of(case, result), 2, result.report)
    for field, phantom in zip(found.bias_field, (one, two), strict=True):
        assert field_error(phantom.field, field, one.mask) < 0.02
    np.testing.assert_allclose(found.corrected[1] * found.bias_field[1], second, rtol=1e-5)
    assert len(found.report["inspection"]["channels"]) == 2


@pytest.fixture(scope="module")
def a_result_without_field(a_phantom):
    return run(case_of(a_phantom), 0)


@pytest.mark.parametrize("found", [True, False])
def test_a_run_without_field_still_lets_one_be_found(found, a_phantom, a_result_without_field):
    result = a_result_without_field
    evidence = evidence_of(case_of(a_phantom), result, found)
    refielded = recompute(evidence, 3, result.report)
    nothing = field_error(a_phantom.field, np.ones_like(a_phantom.field), a_phantom.mask)
    assert field_error(a_phantom.field, refielded.bias_field[0], a_phantom.mask) < 0.6 * nothing
    assert LABELS_WITHOUT_FIELD in refielded.report["warnings"]
    back = recompute(evidence, 0, refielded.report)
    assert LABELS_WITHOUT_FIELD not in back.report["warnings"]
    assert LABELS_WITHOUT_FIELD in recompute(evidence, 2, back.report).report["warnings"]


def test_turning_the_field_off_and_on_does_not_blame_the_labels(a_result, the_evidence):
    off = recompute(the_evidence, 0, a_result.report)
    on = recompute(the_evidence, 3, off.report)
    assert LABELS_WITHOUT_FIELD not in on.report["warnings"]


def test_a_field_that_the_run_refused_is_applied_when_asked_for_and_judged(spheres):
    case = case_of(spheres)
    result = run(case, 3)
    assert report_warnings.FIELD_TOO_SMALL in result.report["warnings"]
    found = recompute(evidence_of(case, result), 3, result.report)
    assert found.report["bias_field"][0]["applied"]
    assert report_warnings.FIELD_TOO_SMALL not in found.report["warnings"]
    assert "hardly any field" in verdict(found.report)


def test_too_little_pure_tissue_is_said_instead_of_a_field(spheres):
    case = case_of(spheres)
    report = run(case, 0).report
    scattered = np.where(spheres.mask, 1 + np.indices(spheres.mask.shape).sum(axis=0) % 3, 0).astype(np.uint8)
    found = recompute(Evidence(case, spheres.mask, scattered, 3, False), 3, report)
    assert (found.bias_field == 1).all() and not found.report["bias_field"][0]["applied"]
    assert verdict(found.report).startswith(report_warnings.TOO_LITTLE_PURE.removesuffix("."))


def test_other_numbers_of_classes_have_fields_too(spheres):
    phantom = under(spheres, polynomial(spheres.mask.shape, 1))
    case = case_of(phantom)
    result = segment(case, Settings(mode="em", number_of_classes=2, bias_degree=1, device="cpu"))
    found = recompute(evidence_of(case, result), 1, result.report)
    assert field_error(phantom.field, found.bias_field[0], phantom.mask) < 0.03
    assert found.report["homogeneity"] is None and "cannot be told" in verdict(found.report)
