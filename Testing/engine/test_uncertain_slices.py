"""Which slices are worth a look: known answers on made-up uncertainty."""

import subprocess
import sys

import numpy as np
import pytest
from data_paths import CHECKOUT
from gmmseg.uncertain_slices import most_uncertain, slice_uncertainty


@pytest.fixture
def a_ball():
    """Uncertainty .1 in a ball, .8 in a patch around slice (8, 12, 20) of it, and the ball."""
    grid = np.stack(np.meshgrid(*[np.arange(31) - 15.0] * 3, indexing="ij"))
    mask = (grid**2).sum(axis=0) < 14**2
    entropy = np.where(mask, np.float32(0.1), np.float32(0))
    entropy[7:10, 11:14, 19:22] = 0.8
    return entropy, mask


def test_the_patch_is_found_across_every_axis(a_ball):
    scores = slice_uncertainty(*a_ball)
    assert [most_uncertain(scores, axis) for axis in range(3)] == pytest.approx([8, 12, 20], abs=1)


def test_scores_of_full_slices_are_the_mean_over_the_brain(a_ball):
    entropy, mask = a_ball
    scores = slice_uncertainty(entropy, mask)
    for axis, score in enumerate(scores):
        for index in (11, 15, 19):
            inside = mask.take(index, axis)
            assert score[index] == pytest.approx(entropy.take(index, axis)[inside].mean(), rel=1e-5)


def test_a_pole_of_a_few_uncertain_voxels_does_not_win(a_ball):
    entropy, mask = a_ball
    entropy[5:14, 8:18, 20] = 0.8
    entropy[:, :, 2] = np.where(mask[:, :, 2], 0.5, 0.0)
    means = [entropy[..., k].sum() / max(mask[..., k].sum(), 1) for k in range(31)]
    assert np.argmax(means) == 2 and mask[..., 2].sum() < 100
    assert most_uncertain(slice_uncertainty(entropy, mask), 2) == 20


def test_confirmed_voxels_count_as_certain(a_ball):
    entropy, mask = a_ball
    confirmed = np.zeros(mask.shape, np.uint8)
    confirmed[:, :, 20] = 2
    score = slice_uncertainty(entropy, mask, confirmed)[2]
    assert score[20] == 0
    assert score[21] == slice_uncertainty(entropy, mask)[2][21]


def test_what_lies_outside_the_brain_does_not_count(a_ball):
    entropy, mask = a_ball
    outside = np.where(mask, entropy, np.float32(1.0))
    for inside_only, all_over in zip(slice_uncertainty(entropy, mask), slice_uncertainty(outside, mask), strict=True):
        np.testing.assert_allclose(inside_only, all_over, rtol=1e-6)


def test_memory_order_and_kinds_of_masks_change_nothing(a_ball):
    entropy, mask = a_ball
    entropy, mask = entropy[:, :, 5:], mask[:, :, 5:]
    confirmed = np.zeros(mask.shape, np.uint8)
    confirmed[9] = 1
    expected = slice_uncertainty(entropy.copy(), mask.copy(), confirmed)
    turned = slice_uncertainty(*(np.asfortranarray(grid) for grid in (entropy, mask.astype(np.int16), confirmed)))
    strided = slice_uncertainty(entropy, mask, confirmed)
    for one, other, third in zip(expected, turned, strided, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
        np.testing.assert_allclose(one, third, rtol=1e-5)


def test_the_next_slice_is_a_few_millimetres_away_from_those_seen(a_ball):
    scores = slice_uncertainty(*a_ball)
    for spacing in (1.0, 3.0):
        following = most_uncertain(scores, 2, exclude=[20], spacing_mm=spacing)
        assert abs(following - 20) * spacing >= 6


def test_going_on_visits_every_slice_once_and_then_ends(a_ball):
    scores = slice_uncertainty(*a_ball)
    seen = []
    while (index := most_uncertain(scores, 0, seen)) is not None:
        seen.append(index)
    assert sorted(seen) == list(np.flatnonzero(scores[0]))


def test_nothing_is_proposed_where_nothing_is_uncertain(a_ball):
    _, mask = a_ball
    assert most_uncertain(slice_uncertainty(np.zeros(mask.shape, np.float32), mask), 1) is None
    empty = np.zeros((4, 5, 6), np.float32)
    assert most_uncertain(slice_uncertainty(empty, empty), 1, exclude=[0, 99, -3]) is None


def test_arrays_of_different_shapes_are_refused(a_ball):
    entropy, mask = a_ball
    with pytest.raises(ValueError, match="one shape"):
        slice_uncertainty(entropy, mask[1:])


def test_what_the_panel_calls_needs_numpy_alone():
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('torch', 'scipy', 'matplotlib', 'nibabel'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "import gmmseg.uncertain_slices, gmmseg.inspection\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT / "GMMSegExtension", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
