"""Reliability curves from counts, against figures computed voxel by voxel."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.reliability import as_table, curves, pooled


def counts(confidence: np.ndarray, right: np.ndarray) -> dict:
    """The record's group for voxels one by one."""
    step = np.minimum((confidence * 10).astype(int), 9)
    return {
        "reliability": {
            "bins": np.bincount(step, minlength=10).tolist(),
            "right": np.bincount(step, weights=right, minlength=10).tolist(),
            "confidence": np.bincount(step, weights=confidence, minlength=10).tolist(),
        }
    }


def test_voxels_that_are_right_as_often_as_they_are_sure_have_no_error():
    found = pooled([counts(np.full(10, 0.9), np.arange(10) < 9)])
    assert (found.confidence.tolist(), found.right.tolist()) == ([pytest.approx(0.9)], [0.9])
    assert found.calibration_error == pytest.approx(0.0)


def test_scans_are_pooled_by_voxel_and_empty_bins_left_out():
    found = pooled([counts(np.full(3, 0.55), np.ones(3)), counts(np.array([0.55, 0.95]), np.array([0, 1]))])
    assert found.share.tolist() == pytest.approx([0.8, 0.2])
    assert found.confidence.tolist() == pytest.approx([0.55, 0.95])
    assert found.right.tolist() == pytest.approx([0.75, 1.0])


def test_the_errors_are_those_over_voxels():
    found = pooled([counts(np.array([0.8, 0.8, 0.6, 0.6]) + 0.05, np.array([1, 0, 1, 1]))])
    assert found.calibration_error == pytest.approx((0.35 + 0.35) / 2)
    assert found.overconfidence == pytest.approx((0.35 - 0.35) / 2)


def test_methods_without_counts_have_no_curve():
    scans = {"fast": {"a": counts(np.full(4, 0.95), np.ones(4))}, "FAST": {"a": {"reliability": None}, "b": {}}}
    assert list(curves(scans)) == ["fast"]


def test_the_table_gives_each_bin_with_its_share():
    found = curves({"fast": {"a": counts(np.array([0.65, 0.95, 0.95, 0.95]), np.array([1, 1, 1, 0]))}})
    last = as_table(found).splitlines()[-1]
    assert last == "| fast | 0.300 | +0.125 | 0.65 → 1.00 (25.0 %), 0.95 → 0.67 (75.0 %) |"
