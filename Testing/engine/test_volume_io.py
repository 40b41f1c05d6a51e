"""Every format, orientation and damaged file that users hand in, and results that return to the input's grid."""

from __future__ import annotations

import errno
import gzip
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from geometries import affines, numbered, shapes
from gmmseg.case import Volume
from gmmseg.errors import InputError
from gmmseg.volume_io import atomic, ensure_output_folder, read_mask, read_volume, write_volume
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from limits import file_size_limit

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
MANY_GRIDS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def a_nifti(tmp_path) -> Path:
    path = tmp_path / "scan.nii.gz"
    nib.save(nib.Nifti1Image(numbered((9, 8, 7)), np.diag([-1.0, 1.0, 1.2, 1.0])), path)
    return path


@pytest.fixture
def an_ordinary_user():
    """Lets file permissions count also where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


def as_simpleitk(array: np.ndarray, affine: np.ndarray) -> sitk.Image:
    image = sitk.GetImageFromArray(array.transpose(2, 1, 0))
    lps = LPS @ affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    return image


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


def sentence_for(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_volume(path)
    sentence = str(caught.value)
    assert path.name in sentence
    assert "\n" not in sentence
    return sentence


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
