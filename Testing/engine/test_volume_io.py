"""Every format and orientation that users hand in, and results that return to the input's grid."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from geometries import affines, numbered, shapes
from gmmseg.volume_io import read_mask, read_volume, write_volume
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scan_files import LPS, as_simpleitk, sentence_for

MANY_GRIDS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@MANY_GRIDS
@given(affine=affines(), shape=shapes, suffix=st.sampled_from([".nii", ".nii.gz", ".mgz", ".hdr"]))
def test_nibabel_and_the_reader_agree_where_every_voxel_lies(tmp_path, affine, shape, suffix):
    path = tmp_path / f"scan{suffix}"
    kind = nib.MGHImage if suffix == ".mgz" else nib.Nifti1Pair if suffix == ".hdr" else nib.Nifti1Image
    nib.save(kind(numbered(shape), affine), path)

    volume = read_volume(path)

    np.testing.assert_allclose(volume.affine, affine, atol=1e-4)
    np.testing.assert_array_equal(volume.array, numbered(shape))


@MANY_GRIDS
@given(affine=affines(), shape=shapes, suffix=st.sampled_from([".nrrd", ".nhdr", ".mha", ".mhd", ".nii.gz"]))
def test_simpleitk_and_the_reader_agree_where_every_voxel_lies(tmp_path, affine, shape, suffix):
    image = as_simpleitk(numbered(shape), affine)
    path = tmp_path / f"scan{suffix}"
    sitk.WriteImage(image, str(path))

    volume = read_volume(path)

    last = tuple(length - 1 for length in shape)
    for index in ((0, 0, 0), last, (last[0], 0, 1)):
        ras = LPS[:3, :3] @ image.TransformIndexToPhysicalPoint(index)
        np.testing.assert_allclose((volume.affine @ [*index, 1])[:3], ras, atol=1e-3)
        assert volume.array[index] == image.GetPixel(*index)


@MANY_GRIDS
@given(affine=affines(), shape=shapes, suffix=st.sampled_from([".nii", ".nrrd", ".mha"]))
def test_results_return_to_the_exact_grid_of_the_input(tmp_path, affine, shape, suffix):
    sitk.WriteImage(as_simpleitk(numbered(shape), affine), str(tmp_path / f"scan{suffix}"))
    volume = read_volume(tmp_path / f"scan{suffix}")

    write_volume(tmp_path / "result.nii.gz", volume.array, volume, dtype=np.int16)

    image = sitk.ReadImage(str(tmp_path / f"scan{suffix}"))
    result = sitk.ReadImage(str(tmp_path / "result.nii.gz"))
    last = tuple(length - 1 for length in shape)
    for index in ((0, 0, 0), last):
        np.testing.assert_allclose(
            result.TransformIndexToPhysicalPoint(index), image.TransformIndexToPhysicalPoint(index), atol=1e-3
        )
    np.testing.assert_array_equal(sitk.GetArrayFromImage(result), sitk.GetArrayFromImage(image))


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_results_repeat_forms_codes_and_units_of_a_nifti_input(tmp_path, kind):
    image = kind(numbered((5, 6, 7)), np.diag([-1.0, 1.0, 1.2, 1.0]))
    image.set_qform(np.diag([-1.0, 1.0, 1.2, 1.0]), code=1)
    shifted = image.affine.copy()
    shifted[:3, 3] = (90, -100, -70)
    image.set_sform(shifted, code=4)
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_dim_info(freq=1, phase=0, slice=2)
    nib.save(image, tmp_path / "scan.nii.gz")
    volume = read_volume(tmp_path / "scan.nii.gz")

    write_volume(tmp_path / "result.nii.gz", np.ones((5, 6, 7)), volume, dtype=np.uint8)

    result = nib.load(tmp_path / "result.nii.gz")
    assert type(result) is kind
    for name in ("qform_code", "sform_code", "xyzt_units", "dim_info", "srow_x", "srow_y", "srow_z", "quatern_b"):
        np.testing.assert_array_equal(result.header[name], image.header[name])
    np.testing.assert_array_equal(result.affine, volume.affine)
    np.testing.assert_allclose(result.get_qform(), image.get_qform())
    assert result.get_data_dtype() == np.uint8


def test_a_sheared_affine_is_kept(tmp_path):
    affine = np.eye(4)
    affine[0, 1] = 0.3
    write_volume(tmp_path / "result.nii", np.ones((3, 4, 5)), affine)

    result = nib.load(tmp_path / "result.nii")
    np.testing.assert_allclose(result.affine, affine, atol=1e-6)
    assert result.header["qform_code"] == 0


def test_unscaled_numbers_keep_their_type_and_scaled_ones_become_float32(tmp_path):
    unscaled = numbered((4, 5, 6)).astype(">i2")
    big_endian = nib.Nifti1Header(endianness=">")
    big_endian.set_data_dtype(">i2")
    nib.save(nib.Nifti1Image(unscaled, np.eye(4), big_endian), tmp_path / "a.nii")
    scaled = nib.Nifti1Image(numbered((4, 5, 6), float), np.eye(4))
    scaled.set_data_dtype(np.int16)
    scaled.header.set_slope_inter(0.5, 0)
    nib.save(scaled, tmp_path / "b.nii")

    first, second = read_volume(tmp_path / "a.nii").array, read_volume(tmp_path / "b.nii").array

    assert first.dtype == np.int16
    assert first.dtype.isnative
    np.testing.assert_array_equal(first, numbered((4, 5, 6)))
    assert second.dtype == np.float32
    np.testing.assert_array_equal(second, numbered((4, 5, 6)) / 2)


def test_trailing_axes_of_one_are_dropped(tmp_path):
    nib.save(nib.Nifti1Image(numbered((4, 5, 6, 1, 1)), np.eye(4)), tmp_path / "scan.nii.gz")
    assert read_volume(tmp_path / "scan.nii.gz").array.shape == (4, 5, 6)


def test_nan_voxels_are_left_for_the_preprocessing(tmp_path):
    array = numbered((4, 5, 6), np.float32)
    array[1, 2, 3] = np.nan
    nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / "scan.nii.gz")
    np.testing.assert_array_equal(read_volume(tmp_path / "scan.nii.gz").array, array)


def test_a_mask_is_one_where_the_file_holds_anything(tmp_path):
    array = numbered((4, 5, 6), np.float32)
    array[0, 0, 0], array[0, 0, 1] = np.nan, 0
    nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / "mask.nii.gz")
    mask = read_mask(tmp_path / "mask.nii.gz").array
    assert mask.dtype == np.uint8
    assert (mask == 0).sum() == 2
    assert mask[0, 0, 0] == mask[0, 0, 1] == 0


def test_a_header_without_orientation_is_noted(tmp_path):
    image = nib.Nifti1Image(numbered((4, 5, 6)), None)
    image.header.set_zooms((1.0, 2.0, 3.0))
    image.header["qform_code"] = image.header["sform_code"] = 0
    nib.save(image, tmp_path / "scan.nii")
    volume = read_volume(tmp_path / "scan.nii")
    np.testing.assert_allclose(volume.spacing, (1, 2, 3))
    assert "left and right" in volume.notes[0]


def test_forms_that_disagree_are_noted_and_the_sform_is_taken(tmp_path):
    image = nib.Nifti1Image(numbered((4, 5, 6)), np.eye(4))
    moved = np.eye(4)
    moved[0, 3] = 12.0
    image.set_sform(moved, code=1)
    image.set_qform(np.eye(4), code=1)
    nib.save(image, tmp_path / "scan.nii")
    volume = read_volume(tmp_path / "scan.nii")
    np.testing.assert_array_equal(volume.affine, moved)
    assert "12.0 mm" in volume.notes[0]


def test_an_unusable_sform_gives_way_to_the_qform(tmp_path):
    image = nib.Nifti1Image(numbered((4, 5, 6)), np.eye(4))
    image.set_qform(np.diag([2.0, 2.0, 2.0, 1.0]), code=1)
    image.header["sform_code"] = 1
    for row in ("srow_x", "srow_y", "srow_z"):
        image.header[row] = 0
    with (tmp_path / "scan.nii").open("wb") as file:
        image.header["vox_offset"] = 352
        image.header["magic"] = b"n+1"
        image.header.write_to(file)
        file.write(b"\0" * 4 + numbered((4, 5, 6)).tobytes(order="F"))
    volume = read_volume(tmp_path / "scan.nii")
    np.testing.assert_allclose(volume.affine, np.diag([2.0, 2.0, 2.0, 1.0]))
    assert "qform" in volume.notes[0]


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_singular_affine_is_refused(tmp_path, value):
    image = nib.Nifti1Image(numbered((4, 5, 6)), np.eye(4))
    image.set_sform(np.diag([1.0, value, 1.0, 1.0]), code=1)
    image.header["qform_code"] = 0
    image.header.set_data_offset(352)
    (tmp_path / "scan.nii").write_bytes(image.header.binaryblock + b"\0" * 4 + numbered((4, 5, 6)).tobytes(order="F"))
    assert "affine" in sentence_for(tmp_path / "scan.nii")
