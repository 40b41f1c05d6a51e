"""IBSR v2, as NIfTI with a fourth axis of length 1 and as Analyze pairs."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_datasets as tiny
from gmmseg import datasets
from gmmseg.errors import InputError


def test_every_folder_is_a_labelled_person_with_coronal_slices(tmp_path):
    subjects = datasets.find(tiny.ibsr(tmp_path, count=3))
    assert [subject.id for subject in subjects] == ["IBSR_01", "IBSR_02", "IBSR_03"]
    assert len({subject.group for subject in subjects}) == 3
    assert {subject.slice_axis for subject in subjects} == {1}


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".hdr"])
def test_the_fourth_axis_is_dropped_and_the_filled_labels_are_read(tmp_path, suffix):
    subject = datasets.find(tiny.ibsr(tmp_path, suffix=suffix))[0]
    case = subject.case()
    assert np.array_equal(case.images[0].array, tiny.scan(1))
    assert np.array_equal(subject.labels().array, tiny.codes(1, 2, 3))
    assert case.mask_source == "given"
    assert np.array_equal(case.mask.array, tiny.codes(1, 2, 3) > 0)


def test_without_a_brain_mask_the_labels_are_the_mask(tmp_path):
    subject = datasets.find(tiny.ibsr(tmp_path, mask=False))[0]
    assert subject.without_labels().outlined_by_hand
    assert np.array_equal(subject.case().mask.array, tiny.codes(1, 2, 3) > 0)


def test_files_may_lie_deeper_and_the_scan_be_stripped(tmp_path):
    folder = tiny.ibsr(tmp_path, count=1, suffix=".hdr") / "IBSR_01"
    for half in (".hdr", ".img"):
        (folder / "images" / "analyze").mkdir(parents=True, exist_ok=True)
        scan = folder / f"IBSR_01_ana{half}"
        scan.rename(folder / "images" / "analyze" / f"IBSR_01_ana_strip{half}")
    subject = datasets.find(tmp_path)[0]
    assert np.array_equal(subject.case().images[0].array, tiny.scan(1))


@pytest.mark.parametrize("kind", ["ana", "segTRI_fill_ana"])
def test_a_missing_file_is_named(tmp_path, kind):
    gone = tiny.ibsr(tmp_path) / "IBSR_02" / f"IBSR_02_{kind}.nii.gz"
    gone.unlink()
    with pytest.raises(InputError) as error:
        datasets.find(tmp_path)
    assert str(error.value) == f"'{gone}' is missing; put it there, or take the folder 'IBSR_02' out of the data set."


def test_half_an_analyze_pair_is_no_scan(tmp_path):
    tiny.ibsr(tmp_path, suffix=".hdr")
    (tmp_path / "IBSR_01" / "IBSR_01_ana.img").unlink()
    with pytest.raises(InputError, match=r"IBSR_01_ana\.img.*keep both"):
        datasets.find(tmp_path)[0].case()


def test_there_is_only_t1(tmp_path):
    with pytest.raises(InputError, match="no channel 'FLAIR' in this data; known are: T1"):
        datasets.find(tiny.ibsr(tmp_path), ["FLAIR"])
