"""Results as files: on the input's grid, complete or not at all."""

import dataclasses
import json

import nibabel as nib
import numpy as np
import pytest
from gmmseg import outputs
from gmmseg.case import Volume
from gmmseg.errors import Cancelled, InputError
from limits import file_size_limit
from phantom_results import OBLIQUE, result_of


@pytest.fixture(scope="module")
def a_result():
    return result_of()


@pytest.fixture(scope="module")
def a_result_with_entropy(a_result):
    values = np.random.default_rng(0).random(a_result.labels.shape).astype(np.float32)
    return dataclasses.replace(a_result, entropy=np.where(a_result.brain_mask, values, 0))


@pytest.fixture
def like(a_result):
    return Volume(a_result.corrected[0] * a_result.bias_field[0], OBLIQUE)


@pytest.fixture
def a_folder(tmp_path):
    return tmp_path


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def voxels(path):
    return np.asanyarray(nib.load(path).dataobj)


def test_every_file_of_the_contract_appears_and_nothing_else(a_result, like, a_folder):
    outputs.write(a_result, like, a_folder)
    assert names_in(a_folder) == sorted(outputs.FILES)


def test_volumes_lie_on_the_inputs_grid(a_result, like, a_folder):
    outputs.write(a_result, like, a_folder)
    for name in outputs.VOLUMES:
        image = nib.load(a_folder / name)
        np.testing.assert_allclose(image.affine, OBLIQUE, atol=1e-5)
        assert image.shape[:3] == a_result.labels.shape


def test_volumes_hold_the_results_values(a_result, like, a_folder):
    outputs.write(a_result, like, a_folder)
    segmentation = nib.load(a_folder / "segmentation.nii.gz")
    assert segmentation.get_data_dtype() == np.uint8
    np.testing.assert_array_equal(np.asanyarray(segmentation.dataobj), a_result.labels)
    np.testing.assert_array_equal(voxels(a_folder / "brain_mask.nii.gz"), a_result.brain_mask)
    np.testing.assert_array_equal(voxels(a_folder / "bias_field.nii.gz"), a_result.bias_field[0])
    np.testing.assert_array_equal(voxels(a_folder / "corrected.nii.gz"), a_result.corrected[0])
    assert json.loads((a_folder / "report.json").read_text()) == a_result.report


def test_posteriors_sum_to_one_inside_the_mask_and_to_nought_outside(a_result, like, a_folder):
    outputs.write(a_result, like, a_folder)
    posteriors = voxels(a_folder / "posteriors.nii.gz")
    assert posteriors.shape == (*a_result.labels.shape, 3)
    np.testing.assert_allclose(posteriors.sum(axis=3), a_result.brain_mask, atol=2e-4)
    np.testing.assert_array_equal(np.where(a_result.brain_mask, posteriors.argmax(axis=3) + 1, 0), a_result.labels)


def test_several_channels_get_a_fourth_axis(like, a_folder):
    result = result_of(channels=2)
    outputs.write(result, like, a_folder)
    for name, channels in (("bias_field", result.bias_field), ("corrected", result.corrected)):
        written = voxels(a_folder / f"{name}.nii.gz")
        np.testing.assert_array_equal(np.moveaxis(written, 3, 0), channels)


def test_the_entropy_is_a_volume_on_the_grid_when_the_result_has_one(a_result_with_entropy, like, a_folder):
    outputs.write(a_result_with_entropy, like, a_folder)
    assert names_in(a_folder) == sorted([*outputs.FILES, "entropy.nii.gz"])
    image = nib.load(a_folder / "entropy.nii.gz")
    np.testing.assert_allclose(image.affine, OBLIQUE, atol=1e-5)
    np.testing.assert_allclose(image.get_fdata(), a_result_with_entropy.entropy, atol=2e-5)
    assert (image.get_fdata()[~a_result_with_entropy.brain_mask] == 0).all()


def test_an_entropy_of_an_earlier_run_goes_when_there_is_no_new_one(a_result, like, a_folder):
    for name in ("entropy.nii.gz", "mine.nii.gz"):
        (a_folder / name).write_text("old")
    outputs.write(a_result, like, a_folder)
    assert names_in(a_folder) == sorted([*outputs.FILES, "mine.nii.gz"])


def test_a_second_run_replaces_the_first_ones_files(a_result, like, a_folder):
    for name in outputs.FILES:
        (a_folder / name).write_text("old")
    outputs.write(a_result, like, a_folder)
    assert (voxels(a_folder / "segmentation.nii.gz") == a_result.labels).all()
    assert names_in(a_folder) == sorted(outputs.FILES)


@pytest.mark.parametrize("stop_at", [0.0, 0.4, 1.0])
def test_a_cancelled_write_leaves_the_earlier_results_untouched(stop_at, a_result, like, a_folder):
    earlier = ["entropy.nii.gz", "segmentation.nii.gz"]
    for name in earlier:
        (a_folder / name).write_text("old")

    def stop(fraction, stage, message, preview=None):
        if fraction >= stop_at:
            raise Cancelled

    with pytest.raises(Cancelled):
        outputs.write(a_result, like, a_folder, stop)
    assert names_in(a_folder) == earlier
    assert {(a_folder / name).read_text() for name in earlier} == {"old"}


def test_a_full_disk_is_said_and_leaves_nothing(a_result, like, a_folder):
    with file_size_limit(2000), pytest.raises(InputError, match="disk is full"):
        outputs.write(a_result, like, a_folder)
    assert names_in(a_folder) == []


def test_a_reserved_folder_is_made_with_its_parents_and_kept(a_folder):
    with outputs.reserve(a_folder / "a" / "b") as folder:
        assert folder.is_dir()
    assert folder.is_dir() and not names_in(folder)


def test_folders_made_for_a_failed_run_go_again_and_others_stay(a_folder):
    with pytest.raises(Cancelled), outputs.reserve(a_folder / "a" / "b"):
        raise Cancelled
    assert names_in(a_folder) == []


def test_a_file_where_the_folder_should_be_is_found_before_the_run(a_folder):
    (a_folder / "taken").write_text("")
    with pytest.raises(InputError, match="taken"), outputs.reserve(a_folder / "taken"):
        pytest.fail("the run must not start")
    with pytest.raises(InputError, match="taken"), outputs.reserve(a_folder / "taken" / "below"):
        pytest.fail("the run must not start")


@pytest.mark.parametrize("name", ["segmentation.nii.gz", "entropy.nii.gz"])
def test_a_folder_where_a_result_should_be_is_found_before_the_run(name, a_folder):
    (a_folder / name).mkdir()
    with pytest.raises(InputError, match="choose another output folder"), outputs.reserve(a_folder):
        pytest.fail("the run must not start")
