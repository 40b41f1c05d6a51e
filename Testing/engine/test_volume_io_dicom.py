"""Folders and files of DICOM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from geometries import numbered
from gmmseg.errors import InputError
from gmmseg.volume_io import read_volume
from scan_files import as_simpleitk, sentence_for


def write_dicom(folder: Path, array: np.ndarray, affine: np.ndarray, series: str = "1", times: int = 1) -> None:
    """The slices of a volume as DICOM files whose names do not follow their order."""
    folder.mkdir(exist_ok=True)
    image = as_simpleitk(array, affine)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    direction = np.array(image.GetDirection()).reshape(3, 3)
    for time in range(times):
        for k in range(image.GetSize()[2]):
            piece = image[:, :, k]
            tags = {
                "0008|0016": "1.2.840.10008.5.1.4.1.1.4",
                "0008|0018": f"1.2.3.{series}.{time}.{k + 1}",
                "0008|0060": "MR",
                "0008|103e": f"series {series}",
                "0020|000d": "1.2.3",
                "0020|000e": f"1.2.3.{series}",
                "0020|0013": str(k + 1),
                "0020|0032": "\\".join(f"{x:.6f}" for x in image.TransformIndexToPhysicalPoint((0, 0, k))),
                "0020|0037": "\\".join(f"{x:.9f}" for x in [*direction[:, 0], *direction[:, 1]]),
            }
            for tag, value in tags.items():
                piece.SetMetaData(tag, value)
            writer.SetFileName(str(folder / f"{(k * 7) % 101:03d}-{series}-{time}.dcm"))
            writer.Execute(piece)


def test_a_dicom_folder_is_sorted_by_position(tmp_path):
    affine = np.array([[0, 0, -3.0, 10], [-0.9, 0, 0, 20], [0, -0.8, 0, 30], [0, 0, 0, 1]])
    write_dicom(tmp_path / "dicom", numbered((6, 5, 8)), affine)

    volume = read_volume(tmp_path / "dicom")

    world = {}
    for index in np.ndindex(6, 5, 8):
        world[tuple(np.round((affine @ [*index, 1])[:3], 3))] = numbered((6, 5, 8))[index]
    for index in np.ndindex(volume.array.shape):
        assert volume.array[index] == world[tuple(np.round((volume.affine @ [*index, 1])[:3], 3) + 0.0)]


def test_the_largest_of_several_series_is_taken_and_named(tmp_path):
    write_dicom(tmp_path / "dicom", numbered((6, 5, 4)), np.eye(4), series="1")
    write_dicom(tmp_path / "dicom", numbered((6, 5, 9)), np.eye(4), series="2")
    volume = read_volume(tmp_path / "dicom")
    assert volume.array.shape[2] == 9
    assert "series 2" in volume.notes[0]


def test_one_file_of_a_dicom_series_stands_for_the_series(tmp_path):
    write_dicom(tmp_path / "dicom", numbered((6, 5, 4)), np.eye(4), series="1")
    write_dicom(tmp_path / "dicom", numbered((6, 5, 9)), np.eye(4), series="2")
    volume = read_volume(next((tmp_path / "dicom").glob("*-1-0.dcm")))
    assert volume.array.shape[2] == 4
    assert volume.notes == ()


def test_missing_dicom_slices_are_noted(tmp_path):
    write_dicom(tmp_path / "dicom", numbered((6, 5, 9)), np.eye(4))
    (tmp_path / "dicom" / f"{(4 * 7) % 101:03d}-1-0.dcm").unlink()
    assert "lack 1" in read_volume(tmp_path / "dicom").notes[0]


def test_a_dicom_time_series_is_refused(tmp_path):
    write_dicom(tmp_path / "dicom", numbered((6, 5, 4)), np.eye(4), times=3)
    assert "3 volumes" in sentence_for(tmp_path / "dicom")


def test_a_single_dicom_slice_is_refused_as_2d(tmp_path):
    write_dicom(tmp_path / "dicom", numbered((6, 5, 1)), np.eye(4))
    with pytest.raises(InputError, match="2-D"):
        read_volume(tmp_path / "dicom")


def test_a_folder_without_dicom_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing here")
    assert "no DICOM" in sentence_for(tmp_path)
