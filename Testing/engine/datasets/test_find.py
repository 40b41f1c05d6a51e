"""Which layout a folder has, and what is said of one that has none."""

from __future__ import annotations

import os

import pytest
import tiny_datasets as tiny
from gmmseg import datasets
from gmmseg.errors import InputError


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none' does not exist; check the name"):
        datasets.find(tmp_path / "none")


def test_an_empty_folder_is_called_so(tmp_path):
    with pytest.raises(InputError, match="is empty; check the name"):
        datasets.find(tmp_path)


def test_a_folder_of_another_layout_hears_of_all_layouts(tmp_path):
    tiny.save(tmp_path / "scan.nii.gz", tiny.scan())
    with pytest.raises(InputError, match=r"none of the layouts .*manifest.*IBSR.*MRBrainS18.*BIDS.*1000_T1") as error:
        datasets.find(tmp_path)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_manifest_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"is no folder and no manifest; a manifest's name ends in \.csv"):
        datasets.find(tiny.save(tmp_path / "scan.nii.gz", tiny.scan()))


@pytest.mark.parametrize("layout", [tiny.ibsr, tiny.mrbrains, tiny.bids, tiny.flat])
def test_a_folder_around_the_data_set_points_to_it(tmp_path, layout):
    layout(tmp_path / "inner")
    with pytest.raises(InputError, match="but the folder 'inner' in it is; give"):
        datasets.find(tmp_path)


@pytest.mark.parametrize("layout", [tiny.ibsr, tiny.mrbrains, tiny.bids, tiny.flat])
def test_hidden_files_and_notes_do_no_harm(tmp_path, layout):
    folder = layout(tmp_path)
    count = len(datasets.find(folder))
    (folder / "README.txt").write_text("notes")
    (folder / ".DS_Store").write_text("")
    (folder / "._1000_T1.nii.gz").write_text("")
    (folder / ".git").mkdir()
    assert len(datasets.find(str(folder))) == count


@pytest.mark.parametrize("channels", [[], ["T1", "T1"], ["T9"]])
@pytest.mark.parametrize("layout", [tiny.ibsr, tiny.mrbrains, tiny.bids, tiny.flat])
def test_a_choice_of_channels_must_make_sense(tmp_path, layout, channels):
    with pytest.raises(InputError, match=r"known are: T1|named twice"):
        datasets.find(layout(tmp_path), channels)


def test_a_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    def denied(folder):
        raise PermissionError(13, os.strerror(13), str(folder))

    monkeypatch.setattr(datasets.ibsr, "recognises", denied)
    with pytest.raises(InputError, match="cannot be read"):
        datasets.find(tmp_path)
