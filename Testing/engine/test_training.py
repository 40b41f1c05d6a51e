"""Label-free training on one scan, on phantoms small enough to train on in seconds."""

from __future__ import annotations

import numpy as np
import phantoms
import pytest
import torch
from gmmseg import em, networks, training
from gmmseg.errors import Cancelled
from gmmseg.metrics import overlap
from gmmseg.scan import Scan
from gmmseg.settings import Settings

CPU = torch.device("cpu")
QUICK = Settings(iterations=12, base_width=4, batch_size=4)


def scan_of(phantom: phantoms.Phantom, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Scan:
    return Scan(torch.from_numpy(phantom.image)[None], torch.from_numpy(phantom.mask), spacing)


def trained(scan: Scan, settings: Settings = QUICK, degree: int = 0, **options) -> training.Trained:
    return training.train_on_scan(scan, em.fit(scan, 3, degree), settings, CPU, torch.float32, **options)


def mean_dice(scan: Scan, s: torch.Tensor, truth: np.ndarray) -> float:
    labels = scan.on_grid((s.argmax(dim=1) + 1)[:, None])[0].numpy()
    return float(np.mean([overlap(labels == k, truth == k)["dice"] for k in (1, 2, 3)]))


@pytest.fixture(scope="module")
def a_noisy_scan():
    phantom = phantoms.nested_spheres(36, noise=0.13)
    return scan_of(phantom), phantom.truth


def test_training_without_labels_beats_the_mixture_it_starts_from_on_a_noisy_scan(a_noisy_scan):
    scan, truth = a_noisy_scan
    start = em.fit(scan, 3, 0)
    result = trained(scan, Settings(iterations=60, base_width=8, batch_size=8))
    assert mean_dice(scan, result.fit.s, truth) > mean_dice(scan, start.s, truth) + 0.02


def test_training_leaves_a_clear_scan_as_good_as_it_was():
    phantom = phantoms.nested_spheres(36, noise=0.02)
    scan = scan_of(phantom)
    assert mean_dice(scan, trained(scan).fit.s, phantom.truth) > 0.97


@pytest.mark.parametrize("name", networks.available())
def test_every_network_trains(name):
    scan = scan_of(phantoms.nested_spheres(24, noise=0.05))
    result = trained(scan, Settings(network=name, iterations=3, base_width=4, batch_size=2))
    assert len(result.losses) == 3
    assert np.isfinite(result.losses).all()
    torch.testing.assert_close(result.fit.s.sum(dim=1), torch.ones(len(result.fit.s)), rtol=1e-4, atol=1e-4)


def test_posteriors_sum_to_one(a_noisy_scan):
    s = trained(a_noisy_scan[0]).fit.s
    torch.testing.assert_close(s.sum(dim=1), torch.ones(len(s)), rtol=1e-4, atol=1e-4)


def test_the_same_seed_gives_the_same_posteriors_and_another_seed_others(a_noisy_scan):
    scan, _ = a_noisy_scan
    first, again, other = (trained(scan, Settings(iterations=4, base_width=4, seed=seed)).fit.s for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_callers_random_numbers_are_left_alone(a_noisy_scan):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trained(a_noisy_scan[0], Settings(iterations=2, base_width=2))
    assert torch.equal(torch.rand(3), expected)


def test_every_step_has_a_loss_and_progress_rises_to_the_end(a_noisy_scan):
    seen = []
    result = trained(a_noisy_scan[0], progress=lambda fraction, stage, *rest: seen.append((fraction, stage)))
    assert len(result.losses) == QUICK.iterations
    assert np.isfinite(result.losses).all()
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert {"warm-up", "train", "posterior"} == {stage for _, stage in seen}


def test_previews_are_labels_in_the_scans_box(a_noisy_scan):
    scan, _ = a_noisy_scan
    previews = []
    trained(scan, progress=lambda fraction, stage, message, preview=None: previews.append(preview))
    shown = [preview for preview in previews if preview is not None]
    assert shown
    assert all(preview.shape == tuple(scan.mask.shape) and preview.dtype == np.uint8 for preview in shown)
    assert set(np.unique(shown[-1])) == {0, 1, 2, 3}


def test_progress_may_stop_the_training_at_any_step(a_noisy_scan):
    steps = []

    def stop(fraction, stage, message, preview=None):
        steps.append(stage)
        if len(steps) == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        trained(a_noisy_scan[0], progress=stop)
    assert len(steps) == 5


def test_thick_slices_are_trained_on_in_their_own_plane():
    phantom = phantoms.nested_spheres(32, noise=0.1)
    scan = scan_of(phantom, spacing=(1.0, 1.0, 5.0))
    trainer_views = training.orientations(scan.spacing)
    assert [view.axis for view in trainer_views] == [2]
    assert mean_dice(scan, trained(scan).fit.s, phantom.truth) > 0.7


@pytest.mark.parametrize("settings", [Settings(iterations=1), Settings(iterations=3, entropy_weight=0.0, gamma=80.0)])
def test_short_and_as_printed_trainings_end_in_posteriors(a_noisy_scan, settings):
    s = trained(a_noisy_scan[0], Settings.from_dict({**settings.to_dict(), "base_width": 2})).fit.s
    assert torch.isfinite(s).all()


def test_two_channels_and_five_classes_are_trained_on():
    phantom = phantoms.nested_spheres(24, noise=0.1)
    image = torch.from_numpy(np.stack([phantom.image, np.where(phantom.mask, 1.4 - phantom.image, 0)]))
    scan = Scan(image.float(), torch.from_numpy(phantom.mask), (1.0, 1.0, 1.0))
    result = training.train_on_scan(scan, em.fit(scan, 5, 0), QUICK, CPU, torch.float32)
    assert result.fit.s.shape == (int(phantom.mask.sum()), 5)


def test_bfloat16_gives_nearly_the_labels_of_float32(a_noisy_scan):
    scan, _ = a_noisy_scan
    start = em.fit(scan, 3, 0)
    exact, half = (
        training.train_on_scan(scan, start, QUICK, CPU, kind).fit.s for kind in (torch.float32, torch.bfloat16)
    )
    assert float((exact.argmax(dim=1) == half.argmax(dim=1)).float().mean()) > 0.93


def test_a_scan_whose_field_was_refused_gets_none_from_the_network(a_noisy_scan):
    scan, _ = a_noisy_scan
    start = em.fit(scan, 3, 0)
    assert training.statistics(scan, start.s, start, bias_degree=3).field is None


def test_better_posteriors_give_a_better_field():
    phantom = phantoms.from_labels(phantoms.label_map("01", 2), noise=0.09, field_range=0.4, seed=1, spacing=2.0)
    scan = scan_of(phantom, phantom.spacing)
    start = em.fit(scan, 3, 3)
    truth = torch.nn.functional.one_hot(torch.from_numpy(phantom.truth[phantom.mask]).long() - 1, 3).float()
    refined = training.statistics(scan, truth, start, bias_degree=3)

    def error(fit: em.Fit) -> float:
        field = scan.on_grid(fit.field, outside=1.0)[0].numpy()
        return phantoms.field_error(phantom.field, field, phantom.mask)

    assert error(refined) <= error(start)
