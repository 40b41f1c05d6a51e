"""Every missing, damaged or unsuitable file gets one sentence that names it."""

from __future__ import annotations

import gzip
import os

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from geometries import numbered
from scan_files import sentence_for


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nrrd", "scan.dcm", "scan"])
def test_a_missing_file_gets_one_sentence_that_names_it(tmp_path, name):
    assert "does not exist" in sentence_for(tmp_path / name)


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "scan.mgz", "scan.nrrd", "scan.mha"])
def test_an_empty_file_gets_one_sentence_that_names_it(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    assert "empty" in sentence_for(tmp_path / name)


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "scan.mgz", "scan.hdr", "scan.nrrd", "scan.mha", "a.txt"])
def test_a_text_file_gets_one_sentence_that_names_it(tmp_path, name):
    (tmp_path / name).write_text("patient,age\n1,40\n" * 50)
    assert "not an image" in sentence_for(tmp_path / name)


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "scan.mgz", "scan.mgh", "scan.nrrd", "scan.mha"])
@pytest.mark.parametrize("kept", [0.5, 0.98])
def test_a_truncated_file_gets_one_sentence_that_names_it(tmp_path, name, kept):
    array = np.random.default_rng(0).integers(0, 2000, (20, 21, 22)).astype(np.int16)
    if name.endswith((".nrrd", ".mha")):
        sitk.WriteImage(sitk.GetImageFromArray(array), str(tmp_path / name))
    else:
        kind = nib.MGHImage if ".mg" in name else nib.Nifti1Image
        nib.save(kind(array, np.eye(4)), tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(kept * len(whole))])
    assert "cut short" in sentence_for(tmp_path / name)


def test_what_libraries_print_about_a_damaged_file_stays_off_the_terminal(tmp_path, capfd):
    sitk.WriteImage(sitk.GetImageFromArray(numbered((9, 9, 9))), str(tmp_path / "scan.mha"))
    capfd.readouterr()
    with (tmp_path / "scan.mha").open("r+b") as file:
        file.truncate(900)
    sentence_for(tmp_path / "scan.mha")
    os.write(2, b"still there")
    assert capfd.readouterr() == ("", "still there")


def test_a_complete_gzip_file_with_too_little_in_it_is_refused(tmp_path, a_nifti):
    data = gzip.decompress(a_nifti.read_bytes())
    (tmp_path / "short.nii.gz").write_bytes(gzip.compress(data[:-100]))
    assert "cut short" in sentence_for(tmp_path / "short.nii.gz")


def test_a_header_that_asks_for_more_than_memory_is_refused_at_once(tmp_path, a_nifti):
    data = bytearray(gzip.decompress(a_nifti.read_bytes()))
    header = nib.Nifti1Header(bytes(data[:348]))
    header.set_data_shape((30000, 30000, 30000))
    data[:348] = header.binaryblock
    (tmp_path / "huge.nii").write_bytes(data)
    (tmp_path / "huge.nii.gz").write_bytes(gzip.compress(data))
    for name in ("huge.nii", "huge.nii.gz"):
        assert "cut short" in sentence_for(tmp_path / name)


@pytest.mark.parametrize(
    ("header", "data"), [("scan.nhdr", "scan.raw"), ("scan.mhd", "scan.raw"), ("scan.hdr", "scan.img")]
)
def test_a_header_whose_data_file_is_missing_is_refused(tmp_path, header, data):
    if header == "scan.hdr":
        nib.save(nib.Nifti1Pair(numbered((5, 6, 7)), np.eye(4)), tmp_path / header)
    else:
        sitk.WriteImage(sitk.GetImageFromArray(numbered((5, 6, 7))), str(tmp_path / header))
    (tmp_path / data).unlink()
    assert "together" in sentence_for(tmp_path / header)


def test_a_file_that_may_not_be_read_gets_its_own_sentence(a_nifti, an_ordinary_user):
    if os.geteuid() != 65534:
        a_nifti.chmod(0)
    assert "permission" in sentence_for(a_nifti)


@pytest.mark.parametrize("shape", [(8, 9), (8, 9, 1), (1, 8, 9), (8, 9, 1, 1)])
def test_a_2d_image_is_refused(tmp_path, shape):
    nib.save(nib.Nifti1Image(numbered(shape), np.eye(4)), tmp_path / "scan.nii.gz")
    assert "2-D" in sentence_for(tmp_path / "scan.nii.gz")


def test_a_picture_is_refused(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((8, 9), np.uint8)), str(tmp_path / "grey.png"))
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((8, 9, 3), np.uint8), isVector=True), str(tmp_path / "rgb.png"))
    assert "2-D" in sentence_for(tmp_path / "grey.png")
    assert "colour" in sentence_for(tmp_path / "rgb.png")


@pytest.mark.parametrize("name", ["scan.nii.gz", "scan.nrrd"])
def test_a_series_of_volumes_is_refused(tmp_path, name):
    if name == "scan.nii.gz":
        nib.save(nib.Nifti1Image(numbered((5, 6, 7, 12)), np.eye(4)), tmp_path / name)
    else:
        sitk.WriteImage(sitk.GetImageFromArray(numbered((12, 7, 6, 5)), isVector=False), str(tmp_path / name))
    assert "12 volumes; take one" in sentence_for(tmp_path / name)


def test_colour_vectors_and_complex_numbers_are_refused(tmp_path):
    colour = np.zeros((5, 6, 7), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(colour, np.eye(4)), tmp_path / "rgb.nii.gz")
    nib.save(nib.Nifti1Image(numbered((5, 6, 7, 1, 3)), np.eye(4)), tmp_path / "vectors.nii.gz")
    nib.save(nib.Nifti1Image(numbered((5, 6, 7)).astype(np.complex64), np.eye(4)), tmp_path / "complex.nii.gz")
    sitk.WriteImage(sitk.GetImageFromArray(numbered((7, 6, 5, 3)), isVector=True), str(tmp_path / "vectors.nrrd"))
    for name in ("rgb.nii.gz", "vectors.nii.gz", "vectors.nrrd"):
        assert "several values per voxel" in sentence_for(tmp_path / name)
    assert "magnitude" in sentence_for(tmp_path / "complex.nii.gz")
