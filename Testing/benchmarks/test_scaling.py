"""Time and memory by number of voxels."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from phantoms import label_map

from benchmarks import scaling


def test_a_resampled_label_map_covers_the_same_brain():
    labels = label_map(step=4)
    fine, coarse = scaling.resampled(labels, 0.7), scaling.resampled(labels, 2.0)
    assert set(np.unique(fine)) == set(np.unique(labels))
    assert np.count_nonzero(fine) * 0.7**3 == pytest.approx(np.count_nonzero(labels), rel=0.03)
    assert np.count_nonzero(coarse) * 2.0**3 == pytest.approx(np.count_nonzero(labels), rel=0.1)


def test_a_label_map_on_its_own_grid_stays_as_it_is():
    labels = label_map(step=4)
    assert np.array_equal(scaling.resampled(labels, 1.0), labels)


def test_a_phantom_lies_on_a_grid_of_its_spacing(tmp_path):
    scaling.write_phantom(tmp_path, 4.0)
    image, mask = (nibabel.load(tmp_path / f"{name}.nii") for name in ("image", "mask"))
    assert image.header.get_zooms() == mask.header.get_zooms() == (4.0, 4.0, 4.0)
    assert (np.asarray(image.dataobj)[np.asarray(mask.dataobj) == 0] == 0).all()


def test_a_run_says_what_it_cost():
    found = scaling.in_child("em", 4.0, threads=1)
    assert (found["spacing_mm"], found["threads"]) == (4.0, 1)
    assert found["million_voxels"] == pytest.approx(0.023, abs=0.01)
    assert min(found["wall_seconds"], found["cpu_seconds"], found["peak_memory_mb"]) > 0


def test_a_run_that_fails_says_why():
    with pytest.raises(RuntimeError, match="mode"):
        scaling.in_child("no such mode", 4.0, threads=1)


def test_records_are_found_by_method_from_fine_to_coarse():
    results = {scaling.key("fast", mm): {"spacing_mm": mm} for mm in (1.0, 2.0, 0.7)} | {
        "panel": {},
        "set/one/fast": {},
    }
    assert scaling.records(results) == {"fast": [{"spacing_mm": mm} for mm in (0.7, 1.0, 2.0)]}


def test_the_table_gives_seconds_for_each_million_of_voxels():
    one = {
        "spacing_mm": 0.7,
        "million_voxels": 4.0,
        "wall_seconds": 10.0,
        "cpu_seconds": 18.0,
        "peak_memory_mb": 2100.0,
    }
    assert scaling.as_table({"fast": [one]}).splitlines()[-1] == "| fast | 0.7 | 4.00 | 10.0 | 18.0 | 2.50 | 2.10 |"
    assert scaling.as_table({}) == ""
