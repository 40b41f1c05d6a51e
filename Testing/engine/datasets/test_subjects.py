"""A scan's files are read when asked for, onto one grid, with known codes only."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
import tiny_datasets as tiny
from gmmseg.datasets import Subject
from gmmseg.errors import InputError


@pytest.fixture
def a_subject(tmp_path):
    return Subject(
        id="x",
        group="x",
        channels={"T1": tiny.save(tmp_path / "t1.nii.gz", tiny.scan())},
        labels_path=tiny.save(tmp_path / "labels.nii.gz", tiny.codes(1, 2, 3)),
    )


def test_nothing_is_read_before_it_is_asked_for(tmp_path):
    subject = Subject("x", "x", {"T1": tmp_path / "none.nii.gz"}, tmp_path / "labels.nii.gz")
    with pytest.raises(InputError, match=r"none\.nii\.gz' does not exist"):
        subject.case()
    with pytest.raises(InputError, match=r"labels\.nii\.gz' does not exist"):
        subject.labels()


def test_labels_need_not_read_the_image_again(a_subject):
    image = a_subject.case().images[0]
    a_subject.channels["T1"].unlink()
    assert np.array_equal(a_subject.labels(image).array, tiny.codes(1, 2, 3))


@pytest.mark.parametrize("value", [4, 255, -1, 1.5, 1e9, np.nan, np.inf])
def test_a_code_without_a_meaning_is_named(a_subject, value):
    array = tiny.codes(1, 2, 3).astype(np.float32)
    array[0, 0, 0] = value
    tiny.save(a_subject.labels_path, array)
    with pytest.raises(
        InputError, match=r"labels\.nii\.gz' holds the value .*, which is no label known here \(0, 1, 2"
    ):
        a_subject.labels()


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_any_stored_type_of_whole_numbers_will_do(a_subject, kind):
    tiny.save(a_subject.labels_path, tiny.codes(1, 2, 3).astype(kind))
    labels = a_subject.labels()
    assert labels.array.dtype == np.uint8 and np.array_equal(labels.array, tiny.codes(1, 2, 3))


@pytest.mark.parametrize("what", ["labels", "mask"])
@pytest.mark.parametrize("change", ["size", "place"])
def test_another_grid_is_refused_and_both_files_are_named(a_subject, tmp_path, what, change):
    shape = (6, 8, 4) if change == "size" else tiny.SHAPE
    affine = tiny.AFFINE.copy()
    affine[0, 3] = 0.5 if change == "place" else 0
    other = tiny.save(tmp_path / "other.nii.gz", tiny.codes(1, shape=shape), affine)
    files = {"labels_path": other} if what == "labels" else {"mask_path": other}
    subject = Subject("x", "x", a_subject.channels, **files)
    with pytest.raises(InputError, match=r"'other\.nii\.gz' is on another grid than 't1\.nii\.gz' .*nearest neighbour"):
        subject.labels() if what == "labels" else subject.case()


def test_measures_count_in_the_mask_and_else_where_there_are_labels(a_subject, tmp_path):
    assert a_subject.evaluation_mask().array.dtype == np.uint8
    assert np.array_equal(a_subject.evaluation_mask().array, tiny.codes(1, 2, 3) > 0)
    everywhere = tiny.save(tmp_path / "mask.nii.gz", np.full(tiny.SHAPE, 9, np.uint8))
    masked = Subject("x", "x", a_subject.channels, a_subject.labels_path, everywhere)
    assert masked.evaluation_mask().array.min() == 1
    assert masked.without_labels().evaluation_mask().array.min() == 1


def test_without_labels_there_are_none(a_subject):
    bare = a_subject.without_labels()
    assert bare.labels() is None and bare.channels == a_subject.channels and a_subject.labels_path is not None


def test_it_can_be_handed_to_another_process_and_put_in_a_set(a_subject):
    assert pickle.loads(pickle.dumps(a_subject)) == a_subject
    assert len({a_subject, a_subject.without_labels(), a_subject}) == 2


def test_finding_data_loads_neither_torch_nor_slicer():
    code = "import sys, gmmseg.datasets; sys.exit(bool({'torch', 'slicer', 'qt'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
