"""One prepared scan: rows and grid, which voxels are typical, and the sample that mixtures are fitted on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gmmseg import scan
from gmmseg.scan import Scan


def a_scan_of(shape: tuple[int, int, int], channels: int = 1, inside: float = 0.5, seed: int = 0) -> Scan:
    rng = np.random.default_rng(seed)
    image = torch.from_numpy(rng.uniform(0, 1, (channels, *shape)).astype(np.float32))
    return Scan(image, torch.from_numpy(rng.random(shape) < inside), (1.0, 1.0, 1.0))


@pytest.mark.parametrize("channels", [1, 2])
def test_rows_are_the_masked_voxels_in_c_order(channels):
    one = a_scan_of((4, 5, 6), channels)
    assert one.channels == channels
    expected = np.stack([channel[one.mask.numpy()] for channel in one.image.numpy()], axis=1)
    np.testing.assert_array_equal(one.rows, expected)


@pytest.mark.parametrize("columns", [1, 3])
def test_rows_come_back_from_the_grid_as_they_were(columns):
    one = a_scan_of((4, 5, 6))
    rows = torch.rand(len(one.rows), columns, generator=torch.Generator().manual_seed(0))
    grid = one.on_grid(rows)
    assert grid.shape == (columns, 4, 5, 6)
    torch.testing.assert_close(one.rows_of(grid), rows)
    assert float(grid[:, ~one.mask].abs().max()) == 0


def test_outside_the_mask_the_grid_has_the_asked_value():
    one = a_scan_of((4, 5, 6))
    grid = one.on_grid(one.rows, outside=1.0)
    assert bool((grid[:, ~one.mask] == 1).all())
    torch.testing.assert_close(grid[:, one.mask], one.image[:, one.mask])


def test_the_brightest_half_percent_is_not_typical():
    one = a_scan_of((20, 20, 20), inside=1.1)
    assert int((~one.typical).sum()) == pytest.approx(0.005 * 8000, abs=1)
    assert float(one.rows[~one.typical].min()) > float(one.rows[one.typical].max())


def test_a_voxel_bright_in_any_channel_is_not_typical():
    one = a_scan_of((20, 20, 20), channels=2, inside=1.1)
    one.image[1, 3, 4, 5] = 50
    assert not bool(one.on_grid(one.typical[:, None])[0, 3, 4, 5])


def test_in_a_constant_image_every_voxel_is_typical():
    one = Scan(torch.full((1, 5, 5, 5), 0.7), torch.ones(5, 5, 5, dtype=torch.bool), (1.0, 1.0, 1.0))
    assert bool(one.typical.all())


def test_a_small_scan_is_its_own_sample_but_for_what_is_not_typical():
    one = a_scan_of((20, 20, 20))
    torch.testing.assert_close(one.sample, torch.nonzero(one.typical).flatten())


def test_a_large_scans_sample_is_the_same_each_time_and_evenly_spread(monkeypatch):
    monkeypatch.setattr(scan, "SAMPLE_SIZE", 1000)
    one, same = a_scan_of((30, 30, 30)), a_scan_of((30, 30, 30))
    torch.testing.assert_close(one.sample, same.sample)
    assert 500 < len(one.sample) <= 1000
    assert bool(one.typical[one.sample].all())
    # Every tenth of the scan gives about a tenth of the sample.
    shares = np.histogram(one.sample, bins=10, range=(0, len(one.rows)))[0] / len(one.sample)
    np.testing.assert_allclose(shares, 0.1, atol=0.01)
    assert float(one.rows[one.sample].mean()) == pytest.approx(float(one.rows[one.typical].mean()), abs=0.03)
