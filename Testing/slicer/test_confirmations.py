"""Confirmed voxels: where they are, whose labels they have, undo, and that files give them back."""

from __future__ import annotations

import numpy as np
import pytest
from demo.scene_export import save_and_check
from host import scene


@pytest.fixture
def a_result(add_volume, write_results, a_phantom, an_affine):
    """A volume on each kind of grid, with results."""
    volume = add_volume(a_phantom.image, an_affine)
    write_results(volume, a_phantom)
    return volume


@pytest.fixture
def a_plain_result(add_volume, write_results, a_phantom):
    """A volume with results, on an oblique grid."""
    volume = add_volume(a_phantom.image)
    write_results(volume, a_phantom)
    return volume


@pytest.fixture
def the_truth(a_phantom) -> np.ndarray:
    return a_phantom.truth


def confirmations(volume):
    from GMMSegExtensionLib.confirmations import Confirmations

    return Confirmations(volume)


def confirmed_labels(volume) -> np.ndarray:
    from GMMSegExtensionLib.confirmations import confirmedLabels

    return confirmedLabels(volume)


def only(truth: np.ndarray, *slices: tuple[int, int]) -> np.ndarray:
    """``truth`` in the (axis, index) slices, 0 elsewhere."""
    expected = np.zeros_like(truth)
    for axis, index in slices:
        part = tuple(index if number == axis else slice(None) for number in range(3))
        expected[part] = truth[part]
    return expected


def segmentation_of(volume):
    from GMMSegExtensionLib.scene import outputsOf

    return outputsOf(volume).segmentation


def add_box(centre, size, turn: np.ndarray | None = None):
    import slicer

    box = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode")
    if turn is not None:
        box.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(turn))
    box.SetSize(*size)
    box.SetCenterWorld(*centre)
    return box


def test_nothing_is_confirmed_at_first(a_plain_result, the_truth):
    labels = confirmed_labels(a_plain_result)
    assert labels.shape == the_truth.shape and labels.dtype == np.uint8 and not labels.any()
    assert confirmations(a_plain_result).entries() == []


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_slice_is_confirmed_in_the_volumes_own_voxels(a_result, the_truth, axis):
    entry = confirmations(a_result).addSlice(axis, 9)
    np.testing.assert_array_equal(confirmed_labels(a_result), only(the_truth, (axis, 9)))
    assert (entry.axis, entry.index) == (axis, 9)
    assert entry.voxels == np.count_nonzero(np.take(the_truth, 9, axis))
    assert entry.name == f"{entry.orientation.capitalize()} 9"


def test_segments_that_are_hidden_or_never_shown_are_confirmed_all_the_same(a_plain_result, the_truth):
    import slicer

    display = segmentation_of(a_plain_result).GetDisplayNode()
    display.SetVisibility(False)
    display.SetAllSegmentsVisibility(False)
    confirmations(a_plain_result).addSlice(2, 9)
    slicer.mrmlScene.RemoveNode(display)
    confirmations(a_plain_result).addSlice(0, 9)
    np.testing.assert_array_equal(confirmed_labels(a_plain_result), only(the_truth, (2, 9), (0, 9)))


def test_slices_are_called_after_the_patients_axes(add_volume, write_results, a_phantom):
    from GMMSegExtensionLib.review_slices import axesByOrientation

    affine = np.array([[0, 0, 1.2, -80], [-0.9, 0, 0, 110], [0, -0.9, 0.1, 100], [0, 0, 0, 1.0]])
    volume = add_volume(a_phantom.image, affine)
    assert axesByOrientation(volume) == {"sagittal": 2, "coronal": 0, "axial": 1}


def test_the_labels_are_those_of_the_result_as_it_is_now(a_plain_result, the_truth):
    import slicer
    from GMMSegExtensionLib.tissues import segmentID

    confirmations(a_plain_result).addSlice(2, 9)
    node = segmentation_of(a_plain_result)
    changed = (the_truth > 0).astype(np.uint8)
    changed[..., :5] = 0
    array = changed.transpose(2, 1, 0)
    slicer.util.updateSegmentBinaryLabelmapFromArray(array, node, segmentID(3), a_plain_result)
    expected = only(np.where(changed, 3, the_truth).astype(np.uint8), (2, 9))
    np.testing.assert_array_equal(confirmed_labels(a_plain_result), expected)


def test_a_deleted_class_confirms_nothing(a_plain_result, the_truth):
    from GMMSegExtensionLib.tissues import segmentID

    confirmations(a_plain_result).addSlice(2, 9)
    segmentation_of(a_plain_result).GetSegmentation().RemoveSegment(segmentID(2))
    expected = only(np.where(the_truth == 2, 0, the_truth), (2, 9))
    np.testing.assert_array_equal(confirmed_labels(a_plain_result), expected)


def test_without_the_segmentation_nothing_is_confirmed(a_plain_result):
    import slicer

    confirmations(a_plain_result).addAll()
    slicer.mrmlScene.RemoveNode(segmentation_of(a_plain_result))
    assert not confirmed_labels(a_plain_result).any()
    with pytest.raises(ValueError, match="segment the volume first"):
        confirmations(a_plain_result).addAll()


def test_segments_of_the_users_own_do_not_count(a_plain_result, the_truth):
    import slicer

    node = segmentation_of(a_plain_result)
    node.GetSegmentation().AddEmptySegment("lesion", "Lesion")
    lesion = np.ones(the_truth.shape[::-1], dtype=np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(lesion, node, "lesion", a_plain_result)
    confirmations(a_plain_result).addAll()
    np.testing.assert_array_equal(confirmed_labels(a_plain_result), the_truth)


def test_slices_without_brain_or_outside_are_refused(a_plain_result, the_truth):
    with pytest.raises(ValueError, match="No brain"):
        confirmations(a_plain_result).addSlice(2, the_truth.shape[2] - 1)
    with pytest.raises(ValueError, match="no slice"):
        confirmations(a_plain_result).addSlice(2, 500)
    assert confirmations(a_plain_result).node is None


def test_a_turned_box_confirms_the_brain_in_it(a_result, the_truth, an_affine):
    from scipy.spatial.transform import Rotation

    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("xyz", (20, 30, 40), degrees=True).as_matrix()
    centre = (an_affine @ [9, 8, 10, 1])[:3]
    size = (9.0, 7.0, 11.0)
    confirmations(a_result).addRegion(add_box(centre, size, turn))
    indices = np.indices(the_truth.shape).reshape(3, -1)
    offset = turn[:3, :3].T @ ((an_affine[:3, :3] @ indices + an_affine[:3, 3:]) - centre[:, None])
    inside = (np.abs(offset) <= np.array(size)[:, None] / 2).all(axis=0).reshape(the_truth.shape)
    np.testing.assert_array_equal(confirmed_labels(a_result), np.where(inside, the_truth, 0))


def test_a_box_follows_the_transform_of_the_volume(a_plain_result, the_truth):
    import slicer

    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    shift = np.eye(4)
    shift[:3, 3] = (50, -20, 30)
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(shift))
    from GMMSegExtensionLib.review_slices import position

    here = position(a_plain_result, (9, 8, 10))
    for node in (a_plain_result, segmentation_of(a_plain_result)):
        node.SetAndObserveTransformNodeID(transform.GetID())
    entry = confirmations(a_plain_result).addRegion(add_box(here + shift[:3, 3], (3, 3, 3)))
    assert confirmations(a_plain_result).node.GetTransformNodeID() == transform.GetID()
    assert 0 < entry.voxels < 100 and confirmed_labels(a_plain_result)[9, 8, 10] == the_truth[9, 8, 10]


def test_a_box_beside_the_brain_is_refused(a_plain_result):
    with pytest.raises(ValueError, match="No brain in the box"):
        confirmations(a_plain_result).addRegion(add_box((900, 0, 0), (30, 30, 30)))


def test_undo_goes_back_step_by_step(a_plain_result, the_truth):
    mine = confirmations(a_plain_result)
    first = mine.addSlice(2, 9)
    mine.addSlice(1, 8)
    mine.remove(first.id)
    np.testing.assert_array_equal(confirmed_labels(a_plain_result), only(the_truth, (1, 8)))
    assert mine.undo() == "Remove Axial 9"
    np.testing.assert_array_equal(confirmed_labels(a_plain_result), only(the_truth, (2, 9), (1, 8)))
    assert mine.undo() == "Confirm Coronal 8"
    np.testing.assert_array_equal(confirmed_labels(a_plain_result), only(the_truth, (2, 9)))
    assert mine.undo() == "Confirm Axial 9"
    assert mine.node is None and mine.undo() == ""


def test_undo_works_after_the_node_was_deleted(a_plain_result, the_truth):
    import slicer

    mine = confirmations(a_plain_result)
    mine.addSlice(2, 9)
    mine.addSlice(2, 10)
    mine.remove(*(entry.id for entry in mine.entries()))
    assert mine.node is None
    mine.undo()
    slicer.mrmlScene.RemoveNode(mine.node)
    mine.undo()
    assert mine.entries() == []


def test_all_keeps_the_other_confirmations(a_plain_result, the_truth):
    mine = confirmations(a_plain_result)
    mine.addSlice(2, 9)
    mine.addAll()
    mine.addAll()
    assert [entry.kind for entry in mine.entries()] == ["slice", "all"]
    np.testing.assert_array_equal(confirmed_labels(a_plain_result), the_truth)
    mine.undo()
    mine.undo()
    np.testing.assert_array_equal(confirmed_labels(a_plain_result), only(the_truth, (2, 9)))


def test_the_node_lies_with_the_helpers_and_is_not_seen(a_plain_result):
    import slicer

    mine = confirmations(a_plain_result)
    mine.addSlice(2, 9)
    assert mine.node.GetName() == "T1 confirmed" and not mine.isShown
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    folder = tree.GetItemParent(tree.GetItemByDataNode(mine.node))
    assert tree.GetItemName(folder) == "T1 segmentation helpers"


def test_only_the_voxels_of_a_slice_are_stored(a_plain_result, the_truth):
    import slicer

    mine = confirmations(a_plain_result)
    entry = mine.addSlice(2, 9)
    image = slicer.vtkOrientedImageData()
    mine.node.GetBinaryLabelmapRepresentation(entry.id, image)
    assert image.GetDimensions() == (*the_truth.shape[:2], 1)


def test_a_saved_scene_gives_the_confirmations_back(a_result, the_truth, an_affine, tmp_path):
    import slicer
    from GMMSegExtensionLib.confirmations import brainLabels

    mine = confirmations(a_result)
    for axis, index in ((2, 9), (2, 11), (1, 8), (0, 10)):
        mine.addSlice(axis, index)
    mine.addRegion(add_box((an_affine @ [9, 8, 10, 1])[:3], (6, 6, 6)))
    kept = sorted((entry.kind, entry.orientation, entry.voxels) for entry in mine.entries())
    count = np.count_nonzero(confirmed_labels(a_result))
    save_and_check(tmp_path / "scene.mrb")
    loaded = slicer.util.getNode("T1")
    entries = confirmations(loaded).entries()
    assert sorted((entry.kind, entry.orientation, entry.voxels) for entry in entries) == kept
    labels = confirmed_labels(loaded)
    assert np.count_nonzero(labels) == count
    for entry in entries[:4]:  # a file may mirror an axis: the numbers are those of the volume as it is now
        whole, part = (np.take(array, entry.index, entry.axis) for array in (brainLabels(loaded), labels))
        np.testing.assert_array_equal(part, whole)
        assert np.count_nonzero(part) == entry.voxels
        assert entry.name == f"{entry.orientation.capitalize()} {entry.index}"


def test_confirming_goes_on_after_loading(a_plain_result, the_truth, tmp_path):
    import slicer

    confirmations(a_plain_result).addSlice(2, 9)
    confirmations(a_plain_result).addSlice(2, 10)
    save_and_check(tmp_path / "scene.mrb")
    volume = slicer.util.getNode("T1")
    mine = confirmations(volume)
    mine.addSlice(1, 8)
    mine.remove(mine.entries()[0].id)
    np.testing.assert_array_equal(confirmed_labels(volume), only(the_truth, (2, 10), (1, 8)))
    mine.undo()
    save_and_check(tmp_path / "again.mrb")
    labels = confirmed_labels(slicer.util.getNode("T1"))
    np.testing.assert_array_equal(labels, only(the_truth, (2, 9), (2, 10), (1, 8)))


def test_a_scene_read_into_another_keeps_both_volumes_confirmations(a_plain_result, the_truth, tmp_path):
    import slicer

    confirmations(a_plain_result).addSlice(2, 9)
    scene.save_scene(tmp_path / "scene.mrb")
    confirmations(a_plain_result).addSlice(2, 10)
    a_plain_result.SetName("mine")
    scene.load_scene(tmp_path / "scene.mrb", clear=False)
    np.testing.assert_array_equal(confirmed_labels(slicer.util.getNode("T1")), only(the_truth, (2, 9)))
    np.testing.assert_array_equal(confirmed_labels(a_plain_result), only(the_truth, (2, 9), (2, 10)))


def test_confirmed_voxels_are_counted_once(a_plain_result, the_truth):
    from GMMSegExtensionLib.confirmations import countConfirmed

    mine = confirmations(a_plain_result)
    mine.addSlice(2, 9)
    mine.addSlice(1, 8)
    found = countConfirmed(a_plain_result)
    assert found.voxels == np.count_nonzero(only(the_truth, (2, 9), (1, 8)))
    assert found.brain == np.count_nonzero(the_truth)
