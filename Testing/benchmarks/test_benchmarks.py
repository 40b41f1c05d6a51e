"""The benchmark goes on after an interruption, and its tables say what was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gmmseg.volume_io import write_volume
from phantoms import from_labels, label_map

from benchmarks import store, tables
from benchmarks.cases import BenchmarkCase, all_cases
from benchmarks.one_case import run

ONE = BenchmarkCase("phantom", "one", Path("one.nii"), Path("truth.nii"))
OTHER = BenchmarkCase("phantom", "other", Path("other.nii"), Path("truth.nii"))


def scored(dice: float) -> dict:
    rows = {str(label): {"dice": dice} for label in (1, 2, 3)}
    return {
        "scores": {"all": rows, "labelled": rows},
        "seconds": {"mixture": 1.5, "total": 2.0},
        "peak_memory_mb": 700.0,
        "volume_ml": {"GM": 650.0, "WM": 480.0},
        "homogeneity": None,
        "bias_field": [{"min": 0.9, "max": 1.1}],
    }


def test_results_are_kept_for_the_next_start(tmp_path):
    store.Store(tmp_path).keep("phantom/one/em", scored(0.9))
    assert store.Store(tmp_path).results == {"phantom/one/em": scored(0.9)}


def test_results_of_another_engine_are_forgotten(tmp_path, monkeypatch):
    store.Store(tmp_path).keep("phantom/one/em", scored(0.9))
    monkeypatch.setattr(store, "engine_fingerprint", lambda: "another")
    assert store.Store(tmp_path).results == {}


def test_the_accuracy_table_has_a_row_for_each_scan_and_their_mean():
    results = {"phantom/one/em": scored(0.9), "phantom/other/em": scored(0.8)}
    lines = tables.accuracy([ONE, OTHER], ["em"], results).splitlines()[2:]
    assert [line.split("|")[2].strip() for line in lines] == ["one", "other", "**mean**"]
    assert lines[2].count("0.850") == 6


def test_the_cost_table_gives_stages_total_and_memory():
    lines = tables.cost([ONE], ["em"], {"phantom/one/em": scored(0.9)}).splitlines()
    assert lines[0] == "| data | scan | method | mixture s | total s | memory GB | GM ml | WM ml |"
    assert lines[2] == "| phantom | one | em | 1.5 | 2.0 | 0.70 | 650 | 480 |"


def test_a_case_is_segmented_and_scored_under_both_protocols(tmp_path):
    phantom = from_labels(label_map(step=3), spacing=3.0)
    paths = {name: str(tmp_path / f"{name}.nii.gz") for name in ("image", "truth", "mask")}
    for name, array in (("image", phantom.image), ("truth", phantom.truth), ("mask", phantom.mask)):
        write_volume(paths[name], array, np.diag([3.0, 3, 3, 1]))
    answer = run({**paths, "settings": {"mode": "em", "device": "cpu"}})
    for protocol in ("all", "labelled"):
        assert min(row["dice"] for row in answer["scores"][protocol].values()) > 0.6
    assert answer["peak_memory_mb"] > 0


@pytest.mark.data
def test_every_case_of_the_benchmark_is_there(the_evaluation_data):
    assert len({case.key for case in all_cases()}) == 9
