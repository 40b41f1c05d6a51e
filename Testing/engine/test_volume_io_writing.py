"""Files that appear complete or not at all, and why they cannot."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from gmmseg.case import Volume
from gmmseg.errors import InputError
from gmmseg.volume_io import atomic, ensure_output_folder, read_volume, write_volume
from limits import file_size_limit


def test_several_volumes_are_written_one_after_the_other(tmp_path, a_nifti):
    like = read_volume(a_nifti)
    parts = [np.full((9, 8, 7), value) for value in (0.25, 0.5, 1.0)]

    write_volume(tmp_path / "p.nii.gz", iter(parts), like, count=3, dtype=np.uint16, slope=1 / 65535)

    result = nib.load(tmp_path / "p.nii.gz")
    assert result.get_data_dtype() == np.uint16
    np.testing.assert_allclose(result.get_fdata(), np.stack(parts, axis=3), atol=1e-5)


def test_the_same_result_gives_the_same_bytes(tmp_path, a_nifti):
    like = read_volume(a_nifti)
    for name in ("a.nii.gz", "b.nii.gz"):
        write_volume(tmp_path / name, like.array, like)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_a_file_appears_complete_or_not_at_all(tmp_path):
    target = tmp_path / "result.nii.gz"
    target.write_text("before")
    for error in (KeyboardInterrupt, RuntimeError):
        with pytest.raises(error), atomic(target) as temporary:
            assert temporary.name.endswith(".nii.gz")
            assert temporary.parent == tmp_path
            temporary.write_text("half")
            raise error
        assert target.read_text() == "before"
        assert list(tmp_path.iterdir()) == [target]
    with atomic(target) as temporary:
        temporary.write_text("after")
    assert target.read_text() == "after"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_leaves_nothing_behind_and_says_so(tmp_path, a_nifti):
    like = read_volume(a_nifti)
    with file_size_limit(4096), pytest.raises(InputError, match="disk is full"):
        write_volume(tmp_path / "result.nii", (like.array for _ in range(9)), like, count=9)
    assert list(tmp_path.iterdir()) == [a_nifti]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_failed_write_inside_the_block_is_explained(tmp_path, code):
    with pytest.raises(InputError, match="disk is full"), atomic(tmp_path / "report.json"):
        raise OSError(code, os.strerror(code))
    assert not list(tmp_path.iterdir())


def test_places_that_cannot_be_written_to_are_explained(tmp_path):
    (tmp_path / "a_file").write_text("")
    (tmp_path / "a_folder").mkdir()
    for path, words in (
        (tmp_path / "missing" / "x.nii", "does not exist"),
        (tmp_path / "a_file" / "x.nii", "does not exist"),
        (tmp_path / "a_folder", "is a folder"),
        (tmp_path / ("n" * 300 + ".nii"), "too long"),
    ):
        with pytest.raises(InputError, match=words), atomic(path):
            raise AssertionError("must not be reached")
    with pytest.raises(InputError, match="is a file"):
        ensure_output_folder(tmp_path / "a_file")
    with pytest.raises(InputError, match="is a file"):
        ensure_output_folder(tmp_path / "a_file" / "deeper")


def test_a_write_protected_folder_is_explained(tmp_path, an_ordinary_user):
    if os.geteuid() != 65534:
        tmp_path.chmod(0o555)
    with pytest.raises(InputError, match="write-protected"), atomic(tmp_path / "x.nii"):
        raise AssertionError("must not be reached")
    with pytest.raises(InputError, match="write-protected"):
        ensure_output_folder(tmp_path / "deeper")


def test_whatever_else_the_system_refuses_is_a_sentence_too(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError, match=r"cannot be used as output folder \(input/output error\)"):
        ensure_output_folder(tmp_path / "out")


def test_an_output_folder_is_made_with_its_parents(tmp_path):
    folder = ensure_output_folder(tmp_path / "a" / "b")
    assert folder.is_dir()
    assert not list(folder.iterdir())
    assert ensure_output_folder(folder) == folder


def test_the_writer_refuses_volumes_of_the_wrong_shape_or_number(tmp_path):
    like = Volume(np.zeros((3, 4, 5)), np.eye(4))
    with pytest.raises(ValueError, match="shape"):
        write_volume(tmp_path / "x.nii", iter([np.zeros((3, 4, 5)), np.zeros((3, 4, 4))]), like, count=2)
    with pytest.raises(ValueError, match="expected 3"):
        write_volume(tmp_path / "x.nii", iter([np.zeros((3, 4, 5))] * 2), like, count=3)
    assert not list(tmp_path.iterdir())
