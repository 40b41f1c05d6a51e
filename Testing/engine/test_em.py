"""The classical mixture in turn with its bias field, on phantoms whose labels and field are known."""

from __future__ import annotations

import numpy as np
import phantoms
import pytest
import torch
from gmmseg import em
from gmmseg.errors import Cancelled
from gmmseg.metrics import overlap
from gmmseg.scan import Scan

# 2 mm: an eighth of the voxels, so that a fit takes a fraction of a second.
STEP = 2


def scan_of(phantom: phantoms.Phantom) -> Scan:
    scale = np.percentile(phantom.image[phantom.mask], 99)
    return Scan(torch.from_numpy(phantom.image / scale)[None], torch.from_numpy(phantom.mask), phantom.spacing)


def phantom_of(subject: str = "01", **options) -> phantoms.Phantom:
    return phantoms.from_labels(phantoms.label_map(subject, STEP), spacing=float(STEP), **options)


def field_of(scan: Scan, fit: em.Fit) -> np.ndarray:
    if fit.field is None:
        return np.ones(scan.mask.shape, dtype=np.float32)
    return scan.on_grid(fit.field, outside=1.0)[0].numpy()


def mean_dice(scan: Scan, fit: em.Fit, truth: np.ndarray) -> float:
    labels = scan.on_grid((fit.s.argmax(dim=1) + 1)[:, None])[0].numpy()
    return float(np.mean([overlap(labels == k, truth == k)["dice"] for k in (1, 2, 3)]))


@pytest.mark.parametrize(
    ("noise", "field_range", "subject"),
    [(noise, field_range, "01") for noise in (0.0, 0.03, 0.09) for field_range in (0.1, 0.2, 0.4)]
    + [(0.0, 0.1, "12"), (0.03, 0.2, "12"), (0.09, 0.4, "12")],
)
def test_the_corrected_field_error_is_below_the_uncorrected_one(noise, field_range, subject):
    phantom = phantom_of(subject, noise=noise, field_range=field_range, seed=3)
    scan = scan_of(phantom)
    before = phantoms.field_error(phantom.field, np.ones_like(phantom.field), phantom.mask)
    after = phantoms.field_error(phantom.field, field_of(scan, em.fit(scan, 3, 3)), phantom.mask)
    assert after < (0.95 if field_range < 0.2 else 0.7) * before


@pytest.mark.parametrize(("subject", "noise"), [("01", 0.0), ("12", 0.03), ("01", 0.09)])
def test_a_scan_without_field_gets_none(subject, noise):
    fit = em.fit(scan_of(phantom_of(subject, noise=noise, field_range=0.0)), 3, 3)
    assert fit.field is None
    assert any("too small" in warning for warning in fit.warnings)


def test_deep_grey_matter_between_the_classes_does_not_pass_for_field():
    phantom = phantom_of(noise=0.05, field_range=0.2, deep_grey_mean=0.86, seed=5)
    scan = scan_of(phantom)
    before = phantoms.field_error(phantom.field, np.ones_like(phantom.field), phantom.mask)
    after = phantoms.field_error(phantom.field, field_of(scan, em.fit(scan, 3, 3)), phantom.mask)
    assert after < before


@pytest.mark.parametrize("degree", [0, 1, 2, 4, 6])
def test_every_degree_is_safe(degree):
    phantom = phantom_of(noise=0.05, field_range=0.3, seed=2)
    scan = scan_of(phantom)
    fit = em.fit(scan, 3, degree)
    before = phantoms.field_error(phantom.field, np.ones_like(phantom.field), phantom.mask)
    after = phantoms.field_error(phantom.field, field_of(scan, fit), phantom.mask)
    assert after == before if degree == 0 else after < before


def test_correcting_the_field_improves_the_labels():
    phantom = phantom_of(noise=0.03, field_range=0.4, seed=1)
    scan = scan_of(phantom)
    assert (
        mean_dice(scan, em.fit(scan, 3, 3), phantom.truth) > mean_dice(scan, em.fit(scan, 3, 0), phantom.truth) + 0.01
    )


def test_a_clear_scan_comes_out_near_what_thresholds_halfway_between_the_true_means_give():
    phantom = phantom_of(noise=0.0, field_range=0.0)
    thresholds = np.where(phantom.mask, np.digitize(phantom.image, (0.51, 0.86)) + 1, 0)
    ceiling = np.mean([overlap(thresholds == k, phantom.truth == k)["dice"] for k in (1, 2, 3)])
    scan = scan_of(phantom)
    assert mean_dice(scan, em.fit(scan, 3, 3), phantom.truth) > ceiling - 0.01


def test_a_thousand_bright_outliers_do_not_take_a_class():
    phantom = phantom_of(noise=0.03, field_range=0.2)
    rim = np.argwhere(phantom.mask)[:600]
    image = phantom.image.copy()
    image[tuple(rim.T)] = 6.0
    scan = scan_of(phantoms.Phantom(image, phantom.truth, phantom.mask, phantom.field, phantom.spacing))
    assert mean_dice(scan, em.fit(scan, 3, 3), phantom.truth) > 0.9


def test_of_a_t2_the_bright_fluid_takes_no_part_in_the_field():
    phantom = phantom_of(noise=0.03, field_range=0.3, seed=4)
    flat = phantom.image / phantom.field
    inverted = np.where(phantom.mask, np.maximum((1.4 - flat) * phantom.field, 1e-3), 0).astype(np.float32)
    scan = scan_of(phantoms.Phantom(inverted, phantom.truth, phantom.mask, phantom.field, phantom.spacing))
    fit = em.fit(scan, 3, 3)
    assert em.field_classes(scan, fit.s).tolist() == [1.0, 1.0, 0.0]
    before = phantoms.field_error(phantom.field, np.ones_like(phantom.field), phantom.mask)
    assert phantoms.field_error(phantom.field, field_of(scan, fit), phantom.mask) <= before


def test_two_channels_get_a_field_each():
    first, second = (phantom_of(noise=0.03, field_range=0.3, seed=seed) for seed in (6, 7))
    scan = Scan(torch.from_numpy(np.stack([first.image, second.image])), torch.from_numpy(first.mask), first.spacing)
    fit = em.fit(scan, 3, 3)
    fields = scan.on_grid(fit.field, outside=1.0).numpy()
    for phantom, field in ((first, fields[0]), (second, fields[1])):
        before = phantoms.field_error(phantom.field, np.ones_like(phantom.field), phantom.mask)
        assert phantoms.field_error(phantom.field, field, phantom.mask) < 0.7 * before


@pytest.mark.parametrize("number_of_classes", [2, 4, 5, 8])
def test_any_number_of_classes_gives_ordered_means_and_posteriors(number_of_classes):
    scan = scan_of(phantom_of(noise=0.05, field_range=0.2))
    fit = em.fit(scan, number_of_classes, 3)
    assert fit.parameters.mean[:, 0].diff().gt(0).all()
    torch.testing.assert_close(fit.s.sum(dim=1), torch.ones(len(fit.s)), rtol=1e-4, atol=1e-4)


def test_progress_may_stop_the_fit():
    def stop(fraction, stage, message, preview=None):
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        em.fit(scan_of(phantom_of()), 3, 3, stop)
