"""The brain mask: given, of a stripped image, or found by the network, on the image's own grid."""

from __future__ import annotations

import data_paths
import numpy as np
import pytest
import torch
from gmmseg import brain_extraction
from gmmseg.brain_mask import automatic_mask, looks_stripped, missing_packages, resolve_mask
from gmmseg.case import Case, Volume
from gmmseg.errors import EngineUnavailable, InputError
from gmmseg.volume_io import read_volume
from scipy import ndimage
from scipy.spatial.transform import Rotation

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def a_head() -> Volume:
    return read_volume(data_paths.WHOLE_HEAD)


@pytest.fixture(scope="module")
def a_brain() -> Volume:
    return read_volume(data_paths.BRAIN)


@pytest.fixture(scope="module")
def the_heads_mask(a_head) -> np.ndarray:
    return automatic_mask(a_head, CPU)


@pytest.fixture
def a_small_image() -> Volume:
    rng = np.random.default_rng(0)
    return Volume(rng.normal(100, 10, (12, 13, 14)).astype(np.float32), np.diag([2.0, 2.0, 2.0, 1.0]), "T1.nii.gz")


def turned(array: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same head stored in another order of axes, with flipped ones and an oblique header."""
    array, affine = array.transpose(2, 0, 1)[:, ::-1], affine[:, [2, 0, 1, 3]].copy()
    affine[:3, 3] += affine[:3, 1] * (array.shape[1] - 1)
    affine[:3, 1] *= -1
    oblique = np.eye(4)
    oblique[:3, :3] = Rotation.from_euler("xyz", [12, -9, 15], degrees=True).as_matrix()
    return array, oblique @ affine


def on_zero_background(head: np.ndarray, mask: np.ndarray, centimetres: float, voxel_mm: float) -> np.ndarray:
    """What is left of a head that someone has masked generously around the brain."""
    distance = ndimage.distance_transform_edt(~mask) * voxel_mm
    return np.where(distance < 10 * centimetres, head, 0)


def dice(first: np.ndarray, second: np.ndarray) -> float:
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


def test_a_stripped_brain_is_recognised_in_any_orientation_and_when_cropped(a_brain):
    assert looks_stripped(a_brain)
    assert looks_stripped(Volume(*turned(a_brain.array, a_brain.affine)))
    box = ndimage.find_objects((a_brain.array != 0).astype(np.uint8))[0]
    assert looks_stripped(Volume(a_brain.array[box], a_brain.affine))
    assert looks_stripped(Volume(np.where(a_brain.array == 0, np.nan, a_brain.array), a_brain.affine))


def test_a_child_s_stripped_brain_and_thick_slices_are_recognised(a_brain):
    assert looks_stripped(Volume(a_brain.array, a_brain.affine @ np.diag([0.75, 0.75, 0.75, 1.0])))
    assert looks_stripped(Volume(a_brain.array[:, :, ::5], a_brain.affine @ np.diag([1.0, 1.0, 5.0, 1.0])))


def test_a_whole_head_is_not_taken_for_a_stripped_brain(a_head):
    assert not looks_stripped(a_head)


def test_a_head_on_a_zero_background_is_not_taken_for_a_stripped_brain(a_head, the_heads_mask):
    voxel_mm = float(a_head.spacing.mean())
    for centimetres in (1.5, 2.5):
        masked = on_zero_background(a_head.array, the_heads_mask, centimetres, voxel_mm)
        assert not looks_stripped(Volume(masked, a_head.affine))
        small = a_head.affine @ np.diag([0.75, 0.75, 0.75, 1.0])
        assert not looks_stripped(Volume(masked, small))


def test_the_same_head_stripped_by_its_mask_is_recognised(a_head, the_heads_mask):
    assert looks_stripped(Volume(np.where(the_heads_mask, a_head.array, 0), a_head.affine))


@pytest.mark.parametrize("value", [0, 1])
def test_an_image_that_is_constant_or_all_background_is_not_stripped(value):
    array = np.zeros((90, 90, 90), dtype=np.uint8)
    array[10:-10, 10:-10, 10:-10] = value
    assert not looks_stripped(Volume(array, np.diag([2.0, 2.0, 2.0, 1.0])))


def test_the_automatic_mask_holds_a_brain_in_one_piece(a_head, the_heads_mask):
    assert the_heads_mask.shape == a_head.array.shape
    assert the_heads_mask.dtype == bool
    millilitres = the_heads_mask.sum() * a_head.spacing.prod() / 1000
    assert 1500 < millilitres < 2000
    assert ndimage.label(the_heads_mask)[1] == 1
    assert the_heads_mask[tuple(np.rint(ndimage.center_of_mass(the_heads_mask)).astype(int))]


def test_the_automatic_mask_does_not_depend_on_how_the_head_is_stored(a_head, the_heads_mask):
    array, affine = turned(a_head.array.astype(np.float32), a_head.affine)
    holes = np.random.default_rng(0).random(array.shape) < 1e-3
    found = automatic_mask(Volume(np.where(holes, np.nan, array), affine), CPU)
    assert dice(found, turned(the_heads_mask, a_head.affine)[0]) > 0.998


def test_an_image_without_a_brain_gets_a_sentence():
    plate = np.where(np.indices((40, 40, 40))[0] == 3, 5.0, 0.0)
    with pytest.raises(InputError, match=r"No brain was found in plate\.nii"):
        automatic_mask(Volume(plate, np.eye(4), "plate.nii"), CPU)


@pytest.mark.parametrize("edge", [3, 60])
def test_a_mask_of_implausible_volume_is_refused(monkeypatch, edge):
    found = np.zeros((70, 70, 70), dtype=bool)
    found[2 : 2 + edge, 2 : 2 + edge, 2 : 2 + edge] = True
    monkeypatch.setattr(brain_extraction, "_run", lambda upright, device: found)
    with pytest.raises(InputError, match="No brain"):
        automatic_mask(Volume(np.ones((70, 70, 70)), np.diag([3.0, 3.0, 3.0, 1.0])), CPU)


def test_a_mask_in_several_pieces_is_refused(monkeypatch):
    found = np.zeros((70, 70, 70), dtype=bool)
    found[2:30, 2:50, 2:50] = found[40:60, 2:50, 2:50] = True
    monkeypatch.setattr(brain_extraction, "_run", lambda upright, device: found)
    with pytest.raises(InputError, match="No brain"):
        automatic_mask(Volume(np.ones((70, 70, 70)), np.diag([2.0, 2.0, 2.0, 1.0])), CPU)


def test_too_little_gpu_memory_falls_back_to_the_cpu_and_says_so(monkeypatch, a_head, the_heads_mask):
    def run(upright, device):
        if device.type == "cuda":
            raise RuntimeError("CUDA out of memory. Tried to allocate 1.00 GiB")
        return the_heads_mask

    monkeypatch.setattr(brain_extraction, "_run", run)
    monkeypatch.setattr(brain_extraction, "_upright", lambda image: (image.array, brain_extraction._RAS))
    mask, source, warnings = resolve_mask(Case((a_head,)), torch.device("cuda:0"))
    assert source == "automatic"
    assert "CPU" in warnings[0]
    np.testing.assert_array_equal(mask, the_heads_mask)


def test_a_missing_package_is_named_by_what_to_install(monkeypatch, a_head):
    assert missing_packages() == []
    monkeypatch.setitem(brain_extraction.PACKAGES, "no_such_package", "no-such-package")
    assert missing_packages() == ["no-such-package"]
    with pytest.raises(EngineUnavailable, match="no-such-package"):
        automatic_mask(a_head, CPU)


def test_a_stripped_image_is_detected_and_its_mask_is_its_nonzero_voxels(a_brain):
    mask, source, warnings = resolve_mask(Case((a_brain,)), CPU)
    assert (source, warnings) == ("stripped", [])
    np.testing.assert_array_equal(mask, a_brain.array != 0)


def test_a_few_non_finite_voxels_of_a_stripped_brain_are_left_out_and_counted(a_small_image):
    array = a_small_image.array.copy()
    array[:3], array[5, 5, 5], array[6, 6, 6], array[0, 0, 0] = 0, np.nan, np.inf, np.nan
    mask, _, warnings = resolve_mask(Case((Volume(array, a_small_image.affine, "T1.nii"),), None, "stripped"), CPU)
    np.testing.assert_array_equal(mask, (array != 0) & np.isfinite(array))
    assert warnings == ["T1.nii has 2 NaN or infinite voxels in the brain mask; they were left out."]


@pytest.mark.parametrize(
    ("part", "value"), [(np.s_[5:7], np.nan), (np.s_[-4:], np.inf), (np.s_[4:8, 4:8, 4:8], np.nan)]
)
def test_many_non_finite_voxels_of_a_stripped_brain_are_refused_with_their_number(a_small_image, part, value):
    array = a_small_image.array.copy()
    array[:3] = 0
    array[part] = value
    count = np.count_nonzero(~np.isfinite(array))
    with pytest.raises(InputError, match=rf"T1\.nii has {count} NaN or infinite voxels"):
        resolve_mask(Case((Volume(array, a_small_image.affine, "T1.nii"),), None, "stripped"), CPU)


def test_a_background_of_nan_is_no_loss_but_a_hole_in_the_brain_is(a_small_image):
    array = np.full(a_small_image.array.shape, np.nan, dtype=np.float32)
    array[2:10, 2:10, 2:12] = a_small_image.array[2:10, 2:10, 2:12]
    array[2:5, 2:5, 2:5] = np.nan  # a notch in the surface
    image = Volume(array, a_small_image.affine, "T1.nii")
    assert resolve_mask(Case((image,), None, "stripped"), CPU)[2] == []
    array[7, 7, 7] = np.nan
    assert "1 NaN or infinite voxel in" in resolve_mask(Case((image,), None, "stripped"), CPU)[2][0]


def test_an_image_said_to_be_stripped_that_has_no_background_gets_a_warning(a_small_image):
    _, _, warnings = resolve_mask(Case((a_small_image,), None, "stripped"), CPU)
    assert "whole image" in warnings[0]


def test_a_given_mask_counts_whatever_its_numbers(a_small_image):
    marks = np.zeros(a_small_image.array.shape, dtype=np.float32)
    marks[2:5], marks[5], marks[0, 0, 0] = 255, -1, np.nan
    mask, source, _ = resolve_mask(Case((a_small_image,), Volume(marks, a_small_image.affine), "given"), CPU)
    assert source == "given"
    np.testing.assert_array_equal(np.flatnonzero(mask.all(axis=(1, 2))), [2, 3, 4, 5])
    assert not mask[0, 0, 0]


def test_rounding_of_the_affine_leaves_a_given_mask_on_the_same_grid(a_small_image):
    affine = (a_small_image.affine + 1e-5).astype(np.float32)
    affine[3] = (0, 0, 0, 1)
    mask = Volume(np.ones(a_small_image.array.shape), affine)
    assert resolve_mask(Case((a_small_image,), mask, "given"), CPU)[0].all()


@pytest.mark.parametrize("change", ["shape", "origin", "flip", "spacing"])
def test_a_mask_on_another_grid_is_refused(a_small_image, change):
    array, affine = np.ones(a_small_image.array.shape), a_small_image.affine.copy()
    if change == "shape":
        array = array[1:]
    elif change == "origin":
        affine[0, 3] += 0.5
    elif change == "flip":
        affine[1, 1] *= -1
    else:
        affine[2, 2] += 0.01
    with pytest.raises(InputError, match=r"mask\.nii is on another grid than T1\.nii\.gz"):
        resolve_mask(Case((a_small_image,), Volume(array, affine, "mask.nii"), "given"), CPU)


def test_an_empty_or_missing_mask_is_refused(a_small_image):
    empty = Volume(np.zeros(a_small_image.array.shape), a_small_image.affine, "mask.nii")
    with pytest.raises(InputError, match=r"mask\.nii is empty"):
        resolve_mask(Case((a_small_image,), empty, "given"), CPU)
    with pytest.raises(InputError, match="No mask was given"):
        resolve_mask(Case((a_small_image,), None, "given"), CPU)


@pytest.mark.parametrize("source", ["detect", "stripped", "automatic"])
def test_a_constant_image_is_refused_before_a_brain_is_looked_for(source):
    with pytest.raises(InputError, match=r"T1\.nii is constant \(every voxel is 7\)"):
        resolve_mask(Case((Volume(np.full((9, 9, 9), 7), np.eye(4), "T1.nii"),), None, source), CPU)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ones((9, 9)), "not a 3-D volume"),
        (np.ones((9, 9, 1)), "not a 3-D volume"),
        (np.ones((9, 9, 9, 4)), "take one volume"),
        (np.ones((9, 9, 9), dtype=complex), "no plain numbers"),
        (np.full((9, 9, 9), np.nan), "no finite voxel"),
    ],
)
def test_arrays_that_are_no_grey_scale_volume_are_refused(array, words):
    with pytest.raises(InputError, match=words):
        resolve_mask(Case((Volume(array, np.eye(4)),)), CPU)


def test_an_affine_that_cannot_be_inverted_is_refused(a_small_image):
    with pytest.raises(InputError, match="inverted"):
        resolve_mask(Case((Volume(a_small_image.array, np.diag([1.0, 0.0, 1.0, 1.0])),)), CPU)
