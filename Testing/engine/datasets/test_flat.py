"""One folder with the files of all scans."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_datasets as tiny
from gmmseg import datasets
from gmmseg.errors import InputError


def test_scan_mask_and_tissues_belong_together(tmp_path):
    tiny.save(tiny.flat(tmp_path) / "1000_fast.nii.gz", tiny.codes(1))
    subjects = datasets.find(tmp_path)
    assert [subject.id for subject in subjects] == ["1000", "1001"]
    case = subjects[1].case()
    assert np.array_equal(case.images[0].array, tiny.scan(1)) and case.mask.array.all()
    assert np.array_equal(subjects[1].labels(case.images[0]).array, tiny.codes(1, 2, 3))


def test_a_scan_needs_neither_labels_nor_mask(tmp_path):
    for path in tiny.flat(tmp_path, labelled=False).glob("*_mask*"):
        path.unlink()
    subject = datasets.find(tmp_path)[0]
    assert subject.labels() is None and subject.case().mask is None
    with pytest.raises(InputError, match="'1000' has neither a brain mask nor labels"):
        subject.evaluation_mask()


@pytest.mark.parametrize(
    ("ids", "persons"),
    [
        (("OAS1_0061_MR1", "OAS1_0061_MR2", "OAS1_0080_MR1"), ["OAS1_0061", "OAS1_0061", "OAS1_0080"]),
        (("a7_ses-1", "a7_ses-2"), ["a7", "a7"]),
        (("kim", "kim_rescan"), ["kim", "kim"]),
        (("lee_test", "lee_retest"), ["lee", "lee"]),
        (("case_01", "case_02"), ["case_01", "case_02"]),
    ],
)
def test_rescans_belong_to_their_person_and_numbers_count_people(tmp_path, ids, persons):
    found = {subject.id: subject.group for subject in datasets.find(tiny.flat(tmp_path, ids))}
    assert [found[name] for name in ids] == persons


def test_labels_without_their_scan_name_it(tmp_path):
    gone = tiny.flat(tmp_path) / "1001_T1.nii.gz"
    gone.unlink()
    with pytest.raises(InputError) as error:
        datasets.find(tmp_path)
    assert (
        str(error.value) == f"'{gone}' is missing; put it there, or take the other files of '1001' out of the folder."
    )


def test_a_second_channel_is_read_when_asked_for(tmp_path):
    tiny.save(tiny.flat(tmp_path, ("7",)) / "7_FLAIR.nii.gz", tiny.scan(3))
    assert len(datasets.find(tmp_path, ["T1", "FLAIR"])[0].case().images) == 2
    assert len(datasets.find(tmp_path)[0].case().images) == 1


@pytest.mark.data
def test_the_manual_labels_of_real_scans_lie_on_their_scans(the_evaluation_data):
    subjects = datasets.find(the_evaluation_data / "manual15")
    assert len(subjects) == len({subject.group for subject in subjects}) == 15
    case = subjects[0].case()
    labels = subjects[0].labels(case.images[0])
    assert set(np.unique(labels.array)) == {0, 1, 2, 3} and case.mask_source == "given"
