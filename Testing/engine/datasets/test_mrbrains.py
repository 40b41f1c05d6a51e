"""MRBrainS18: three channels, ten codes, and what of them is measured."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_datasets as tiny
from gmmseg import datasets
from gmmseg.errors import InputError


def test_every_folder_is_a_person_in_the_order_of_their_numbers(tmp_path):
    subjects = datasets.find(tiny.mrbrains(tmp_path))
    assert [subject.id for subject in subjects] == ["1", "4", "14", "070", "148"]
    assert {tuple(subject.channels) for subject in subjects} == {("T1", "IR", "FLAIR")}


def test_the_registered_channels_are_read_in_the_order_asked_for(tmp_path):
    subject = datasets.find(tiny.mrbrains(tmp_path), ["FLAIR", "T1"])[0]
    assert [path.name for path in subject.channels.values()] == ["FLAIR.nii.gz", "reg_T1.nii.gz"]
    assert [volume.name for volume in subject.case().images] == ["FLAIR.nii.gz", "reg_T1.nii.gz"]


def test_lesions_are_white_matter_and_the_cerebellum_has_no_tissue(tmp_path):
    labels = datasets.find(tiny.mrbrains(tmp_path))[0].labels()
    assert labels.array.dtype == np.uint8
    assert labels.array[:, 0, 0].tolist() == [0, 2, 2, 3, 3, 1, 1, 0, 0, 0, 0]


def test_all_labels_are_brain_but_what_is_no_tissue_is_not_measured(tmp_path):
    subject = datasets.find(tiny.mrbrains(tmp_path))[0]
    assert subject.case().mask.array[:, 0, 0].tolist() == [0] + [1] * 10
    assert subject.evaluation_mask().array[:, 0, 0].tolist() == [0] + [1] * 6 + [0] * 4


def test_test_scans_have_no_labels(tmp_path):
    for labels in tiny.mrbrains(tmp_path).glob("*/segm.nii.gz"):
        labels.unlink()
    subjects = datasets.find(tmp_path)
    assert [subject.labels() for subject in subjects] == [None] * 5
    assert subjects[0].case().mask_source == "detect"


@pytest.mark.parametrize("gone", ["segm", "pre/reg_T1", "pre/reg_IR", "pre/FLAIR"])
def test_a_missing_file_is_named(tmp_path, gone):
    path = tiny.mrbrains(tmp_path) / "070" / f"{gone}.nii.gz"
    path.unlink()
    with pytest.raises(InputError) as error:
        datasets.find(tmp_path)
    assert str(error.value).startswith(f"'{path}' is missing; put it there, or ")


def test_a_missing_channel_does_no_harm_where_it_is_not_wanted(tmp_path):
    (tiny.mrbrains(tmp_path) / "070" / "pre" / "reg_IR.nii.gz").unlink()
    assert len(datasets.find(tmp_path, ["T1", "FLAIR"])) == 5
