"""Results of cells: kept, found again, refused when they are of other settings, and made anew when damaged."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from gmmseg.experiments.store import BEGUN, RESULT, ScanCell, Store, TrainingCell
from gmmseg.experiments.supervised import SLICES, keep_slices, tidy
from sentences import sentence_of

CELL = TrainingCell("data set", "unet", "gmm_tv", Fraction(1, 4), 1e-4, 80.0, 2)
SCORES = {"s1": {"all": {1: {"recall": 0.5}}, "labelled": {1: {"recall": float("nan")}}}}
DECISIVE = {"settings": {"steps": 10}, "test": ["s1"]}
RESULT_OF_IT = {
    "decisive": DECISIVE,
    "scores": SCORES,
    "seconds": 1.0,
    "device": "CPU",
    "precision": "float32",
    "version": "1",
}


@pytest.fixture
def a_store(tmp_path):
    store = Store(tmp_path)
    store.begin(CELL, DECISIVE)
    store.finish(CELL, RESULT_OF_IT)
    return store


def test_cells_have_readable_names():
    assert CELL.key == "data_set/unet-gmm_tv-beta0.0001-gamma80-1of4-seed2"
    assert ScanCell("d", "em", "sub 1/x").key == "d/unsupervised-em-sub_1_x"


def test_a_finished_cell_is_found_again_and_undefined_scores_are_none(a_store):
    result = a_store.matching(CELL, DECISIVE)
    assert result["scores"] == {"s1": {"all": {"1": {"recall": 0.5}}, "labelled": {"1": {"recall": None}}}}


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": "another"}', '{"key": 1, "scores": 3}'])
def test_a_damaged_result_is_none_and_its_folder_is_begun_anew(a_store, damage):
    folder = a_store.folder(CELL)
    (folder / RESULT).write_text(damage)
    (folder / "checkpoint.json").write_text("stale")
    assert a_store.load(CELL) is None
    assert [file.name for file in a_store.begin(CELL, DECISIVE).iterdir()] == [BEGUN]


def test_an_unfinished_cell_keeps_its_checkpoint(tmp_path):
    store = Store(tmp_path)
    (store.begin(CELL, DECISIVE) / "checkpoint.json").write_text("{}")
    assert store.load(CELL) is None
    assert (store.begin(CELL, DECISIVE) / "checkpoint.json").exists()


@pytest.mark.parametrize("other", [{"settings": {"steps": 3}}, {"test": ["s2"]}])
def test_a_checkpoint_of_other_settings_or_scans_is_not_taken_up(tmp_path, other):
    store = Store(tmp_path)
    (store.begin(CELL, DECISIVE) / "checkpoint.json").write_text("{}")
    assert [file.name for file in store.begin(CELL, {**DECISIVE, **other}).iterdir()] == [BEGUN]


def test_a_cell_of_other_settings_or_scans_is_refused_by_name(a_store):
    other = {**DECISIVE, "settings": {"steps": 20}}
    sentence = sentence_of(a_store.matching, CELL, other)
    assert "steps 10, not steps 20" in sentence and CELL.key in sentence
    assert "1 scans (s1) for 'test'" in sentence_of(a_store.matching, CELL, {**DECISIVE, "test": ["s2"]})


def test_a_setting_that_a_record_does_not_know_yet_is_no_difference(a_store):
    assert a_store.matching(CELL, {**DECISIVE, "settings": {"steps": 10, "younger": None}})


def test_a_finished_cell_keeps_no_weights(a_store):
    folder = a_store.folder(CELL)
    for name in ("checkpoint.safetensors", "checkpoint.json", "log.csv", SLICES):
        (folder / name).write_text("x")
    tidy(folder)
    assert {file.name for file in folder.iterdir()} == {RESULT, "log.csv", SLICES}


@pytest.mark.parametrize(
    ("orientation", "axis"),
    [("sagittal", 2), ("coronal", 0), ("axial", 1)],
)
def test_the_middle_one_of_the_judged_slices_is_kept(tmp_path, orientation, axis):
    # Index axes: anterior, superior, left.
    affine = np.array([[0, 0, -1, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]])
    labels = np.zeros((9, 9, 9), dtype=np.uint8)
    for index in (2, 4, 6):
        labels[(slice(None),) * axis + (index,)] = index
    places = keep_slices(
        tmp_path / SLICES, {"s1": labels, "empty": labels * 0}, {"s1": affine, "empty": affine}, orientation
    )
    assert places == {"s1": {"axis": axis, "index": 4, "array": "slice_0"}}
    with np.load(tmp_path / SLICES, allow_pickle=False) as file:
        assert file.files == ["slice_0"] and (file["slice_0"] == 4).all()
