"""Channels on one grid, cropped to the brain, scaled; and what is refused before anything is fitted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from geometries import affines, numbered
from gmmseg.case import Case, Volume
from gmmseg.errors import InputError
from gmmseg.preprocessing import bounding_box, channel_on_grid, check_distinct, prepare
from hypothesis import given, settings
from hypothesis import strategies as st

SHAPE = (16, 17, 18)
MANY_GRIDS = settings(max_examples=25, deadline=None)


@pytest.fixture
def a_mask() -> np.ndarray:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[2:14, 3:15, 4:16] = True
    return mask


@pytest.fixture
def an_image() -> Volume:
    rng = np.random.default_rng(0)
    return Volume(rng.uniform(50, 900, SHAPE).astype(np.float32), np.diag([1.0, 1.0, 1.2, 1.0]), "T1")


def changed(volume: Volume, **values) -> Volume:
    return dataclasses.replace(volume, **values)


def places(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(..., 3) millimetres of every voxel's centre."""
    return np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]


def test_the_box_is_the_mask_and_one_voxel_more_where_there_is_one(an_image, a_mask):
    a_mask[15, 3, 4] = True
    assert bounding_box(a_mask) == (slice(1, 16), slice(2, 16), slice(3, 17))
    prepared = prepare(Case((an_image,)), a_mask)
    assert prepared.mask.shape == (15, 14, 14)
    assert prepared.full_shape == SHAPE
    np.testing.assert_array_equal(prepared.mask, a_mask[prepared.box])
    np.testing.assert_allclose(prepared.spacing, (1, 1, 1.2))


@pytest.mark.parametrize("factor", [1e-30, 1.0, 1e30])
def test_the_scale_gives_the_input_s_units_back(an_image, a_mask, factor):
    big = changed(an_image, array=an_image.array.astype(np.float64) * factor)
    prepared = prepare(Case((big,)), a_mask)
    assert prepared.image.dtype == np.float32
    assert 0.9 < np.percentile(prepared.image[0][prepared.mask], 99) < 1.1
    np.testing.assert_allclose(prepared.image[0] * prepared.scale[0], big.array[prepared.box], rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float16, np.float64, ">i2"])
def test_any_real_type_and_memory_order_is_taken(an_image, a_mask, dtype):
    array = np.asfortranarray((an_image.array / 4).astype(dtype))
    prepared = prepare(Case((changed(an_image, array=array),)), a_mask)
    assert prepared.image.flags.c_contiguous
    np.testing.assert_allclose(prepared.image[0] * prepared.scale[0], array[prepared.box].astype(float), rtol=1e-5)


@MANY_GRIDS
@given(first=affines(), second=affines(), slope=st.tuples(*[st.floats(-1, 1)] * 3))
def test_a_channel_on_any_grid_is_known_at_the_first_one_s_voxels(first, second, slope):
    """Linear interpolation is exact for an image that is linear in millimetres, whatever the two grids."""
    shape = (40, 41, 42)
    corners = places(first, SHAPE).reshape(-1, 3)
    second[:3, :3] *= 1.5 * np.ptp(corners, axis=0).max() / np.abs(second[:3, :3] @ np.array(shape)).max() + 0.5
    second[:3, 3] += corners.mean(axis=0) - (second @ [20, 20, 20, 1])[:3]
    centre = corners.mean(axis=0)
    truth = (places(first, SHAPE) - centre) @ slope
    source = Volume((places(second, shape) - centre) @ slope, second, "T2")
    reference = Volume(numbered(SHAPE), first, "T1")

    to_source = np.linalg.inv(second)
    index = places(first, SHAPE) @ to_source[:3, :3].T + to_source[:3, 3]
    reached = ((index > 0) & (index < np.array(shape) - 1)).all(axis=-1)
    values = channel_on_grid(source, reference)

    size = np.abs(source.array).max() + 1
    np.testing.assert_allclose(values[reached], truth[reached], atol=2e-4 * size)


@MANY_GRIDS
@given(affine=affines())
def test_a_permuted_and_flipped_copy_comes_back_voxel_for_voxel(affine):
    array = numbered((7, 8, 9), np.float32)
    moved, moved_affine = array.transpose(1, 2, 0)[::-1], affine[:, [1, 2, 0, 3]].copy()
    moved_affine[:3, 3] += moved_affine[:3, 0] * (moved.shape[0] - 1)
    moved_affine[:3, 0] *= -1
    values = channel_on_grid(Volume(moved, moved_affine), Volume(array, affine))
    np.testing.assert_allclose(values, array, atol=0.01)


def test_a_sheared_grid_is_resampled_exactly(an_image):
    affine = np.eye(4)
    affine[0, 1] = 0.4
    slope = np.array([1.0, -0.5, 0.25])
    source = Volume(places(affine, (40, 40, 40)) @ slope, affine)
    reference = changed(an_image, affine=np.array([[1, 0, 0, 14], [0, 1, 0, 4], [0, 0, 1, 4], [0, 0, 0, 1.0]]))
    truth = places(reference.affine, SHAPE) @ slope
    np.testing.assert_allclose(channel_on_grid(source, reference), truth, atol=1e-3)


def test_a_channel_on_the_same_grid_is_not_touched_and_one_on_another_is_reported(an_image, a_mask):
    rng = np.random.default_rng(1)
    same = changed(an_image, array=rng.uniform(1, 2, SHAPE), name="T2")
    affine = np.diag([0.8, 0.8, 0.8, 1.0])
    affine[:3, 3] = -2
    other = Volume(rng.uniform(1, 2, (30, 30, 40)), affine, "FLAIR")

    prepared = prepare(Case((an_image, same, other)), a_mask)

    assert prepared.resampled == (False, False, True)
    assert prepared.names == ("T1", "T2", "FLAIR")
    assert prepared.image.shape == (3, *prepared.mask.shape)
    assert prepared.warnings == ()
    np.testing.assert_allclose(prepared.image[1] * prepared.scale[1], same.array[prepared.box], rtol=1e-5)
    np.testing.assert_allclose(
        prepared.image[2] * prepared.scale[2], channel_on_grid(other, an_image)[prepared.box], rtol=1e-4
    )


def test_channels_that_do_not_overlap_are_refused(an_image, a_mask):
    away = an_image.affine.copy()
    away[0, 3] = 500
    with pytest.raises(InputError, match="T2 does not overlap the brain in T1"):
        prepare(Case((an_image, changed(an_image, affine=away, name="T2"))), a_mask)


def test_voxels_that_a_channel_does_not_reach_are_left_out_and_counted(an_image, a_mask):
    shifted = an_image.affine.copy()
    shifted[0, 3] = 4
    prepared = prepare(Case((an_image, changed(an_image, affine=shifted, name="T2"))), a_mask)
    # The channel starts at voxel 4 and the mask at voxel 2.
    assert "T2 does not reach 288 voxels" in prepared.warnings[0]
    assert prepared.mask.sum() == a_mask.sum() - 288


def test_a_few_nan_and_infinite_voxels_are_left_out_and_counted(an_image, a_mask):
    array = an_image.array.copy()
    array[5, 5, 5], array[6, 6, 6], array[0, 0, 0] = np.nan, np.inf, np.nan
    prepared = prepare(Case((changed(an_image, array=array),)), a_mask)
    assert prepared.warnings == ("T1 has 2 NaN or infinite voxels in the brain mask; they were left out.",)
    assert prepared.mask.sum() == a_mask.sum() - 2
    assert np.isfinite(prepared.image).all()


def test_many_non_finite_voxels_are_refused_with_their_number(an_image, a_mask):
    array = an_image.array.copy()
    array[2:4] = np.nan
    with pytest.raises(InputError, match=r"288 NaN or infinite voxels in the brain mask \(16\.7%\)"):
        prepare(Case((changed(an_image, array=array),)), a_mask)


def test_an_image_that_is_constant_in_the_mask_is_refused(an_image, a_mask):
    with pytest.raises(InputError, match="T1 is constant inside the brain mask"):
        prepare(Case((changed(an_image, array=np.where(a_mask, 7.0, an_image.array)),)), a_mask)


def test_a_tiny_mask_is_refused_and_an_empty_one_too(an_image, a_mask):
    small = np.zeros(SHAPE, dtype=bool)
    with pytest.raises(InputError, match="empty"):
        prepare(Case((an_image,)), small)
    small[5:9, 5:9, 5:9] = True
    with pytest.raises(InputError, match="only 64 usable voxels"):
        prepare(Case((an_image,)), small)


def test_a_mask_of_the_whole_image_gets_a_warning(an_image):
    assert "covers all of T1" in prepare(Case((an_image,)), np.ones(SHAPE, dtype=bool)).warnings[0]


def test_negative_intensities_are_kept_and_warned_about(an_image, a_mask):
    shifted = changed(an_image, array=an_image.array - 400)
    prepared = prepare(Case((shifted,)), a_mask)
    assert "T1 is negative in 43% of the brain" in prepared.warnings[0]
    np.testing.assert_allclose(prepared.image[0] * prepared.scale[0], shifted.array[prepared.box], atol=1e-3)


def test_an_image_that_is_almost_everywhere_zero_still_gets_a_scale(an_image, a_mask):
    array = np.zeros(SHAPE)
    array[5, 5, 5:7] = 3.0
    prepared = prepare(Case((changed(an_image, array=array),)), a_mask)
    assert prepared.scale[0] == 3.0


def test_more_classes_than_distinct_values_are_refused(an_image, a_mask):
    few = changed(an_image, array=np.digitize(an_image.array, (300, 600)).astype(np.uint8))
    prepared = prepare(Case((few,)), a_mask)
    check_distinct(prepared, 3)
    with pytest.raises(InputError, match="only 3 distinct intensities, too few for 4 classes"):
        check_distinct(prepared, 4)


def test_distinct_vectors_count_where_there_are_several_channels(an_image, a_mask):
    first = changed(an_image, array=(an_image.array > 400).astype(np.uint8))
    second = changed(an_image, array=(np.indices(SHAPE)[0] % 2).astype(np.uint8), name="T2")
    check_distinct(prepare(Case((first, second)), a_mask), 4)


def test_a_case_without_or_with_too_many_channels_is_refused(an_image, a_mask):
    for images in ((), (an_image,) * 5):
        with pytest.raises(InputError, match="one to 4 channels"):
            prepare(Case(images), a_mask)


def test_how_the_files_were_read_is_handed_on_with_the_mask_s_warnings(an_image, a_mask):
    noted = changed(an_image, notes=("T1 lies somehow.",))
    assert prepare(Case((noted,)), a_mask, ["The mask is so."]).warnings == ("The mask is so.", "T1 lies somehow.")
