"""Charts are drawn where there is something to draw, and are small."""

from __future__ import annotations

import numpy as np
from PIL import Image

from benchmarks import charts
from benchmarks.reliability import Curve
from benchmarks.small_records import record


def is_a_picture(path) -> bool:
    """A PNG that is not of one colour."""
    return len(np.unique(np.asarray(Image.open(path).convert("L")))) > 1


def test_the_dice_chart_is_small_even_with_many_data_sets(tmp_path):
    path, rng = tmp_path / "dice.png", np.random.default_rng(0)
    methods = ["fast", "train", "em", "N4 + Atropos", "N4 + GMM", "GMM", "HMRF", "FSL FAST after N4"]
    records = {
        f"phantoms {index}": {
            method: {str(scan): record(tuple(rng.random(3))) for scan in range(15)} for method in methods
        }
        for index in range(7)
    }
    assert charts.dice(path, records)
    assert is_a_picture(path)
    assert path.stat().st_size <= charts.LARGEST_FILE


def test_scans_without_truth_are_not_drawn(tmp_path):
    assert not charts.dice(tmp_path / "dice.png", {"heads": {"fast": {"a": record(None)}}})
    assert not (tmp_path / "dice.png").exists()


def test_a_reliability_chart_has_a_panel_for_each_group(tmp_path):
    curve = Curve(np.array([0.2, 0.8]), np.array([0.6, 0.95]), np.array([0.5, 0.9]))
    one, two = tmp_path / "one.png", tmp_path / "two.png"
    assert charts.reliability(one, {"phantoms": {"fast": curve}, "heads": {}})
    assert charts.reliability(two, {"phantoms": {"fast": curve}, "manual15": {"fast": curve}})
    assert Image.open(two).width > Image.open(one).width
    assert two.stat().st_size <= charts.LARGEST_FILE


def test_without_curves_there_is_no_reliability_chart(tmp_path):
    assert not charts.reliability(tmp_path / "curve.png", {"heads": {}})
