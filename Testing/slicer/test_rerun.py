"""A second run on the same volume updates what the first one made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from demo.scene_export import labels_of, save_and_check
from gmmseg.settings import Settings
from GMMSegExtensionLib.steps import finish


@pytest.fixture
def a_volume(add_volume, a_phantom):
    """The phantom as volume node."""
    return add_volume(a_phantom.image)


@pytest.fixture
def a_writer(a_volume):
    """A writer of results of the volume."""
    from GMMSegExtensionLib.request import SegmentationRequest
    from GMMSegExtensionLib.scene_writer import SceneWriter

    return SceneWriter(SegmentationRequest(a_volume, settings=Settings(mode="em")))


@pytest.fixture
def a_result(a_phantom):
    """A result with one tissue and a strong field."""
    from GMMSegExtensionLib.engine_result import EngineResult

    field = np.linspace(0.5, 1.5, a_phantom.mask.size, dtype=np.float32).reshape(a_phantom.mask.shape)
    return EngineResult(
        labels=a_phantom.mask.astype(np.uint8),
        biasField=field[None],
        corrected=(a_phantom.image / field)[None],
        brainMask=a_phantom.mask,
        posteriors=None,
        box=tuple((0, size) for size in field.shape),
        report={"classes": [{"name": name} for name in ("CSF", "GM", "WM")]},
    )


def test_a_rerun_adds_no_node(a_scene, a_volume, write_results, a_phantom):
    write_results(a_volume, a_phantom)
    count = a_scene.GetNumberOfNodes()
    write_results(a_volume, a_phantom)
    assert a_scene.GetNumberOfNodes() == count


def test_a_rerun_puts_new_labels_into_the_same_segmentation(a_volume, write_results, a_phantom):
    first = write_results(a_volume, a_phantom)
    changed = np.where(a_phantom.truth == 1, 2, a_phantom.truth).astype(np.uint8)
    changed[0, 0, 0] = 1
    second = write_results(a_volume, replace(a_phantom, truth=changed, mask=changed > 0))
    assert second.segmentation is first.segmentation
    np.testing.assert_array_equal(labels_of(second.segmentation, a_volume), changed)


def test_a_rerun_after_loading_the_scene_finds_the_earlier_results(a_volume, write_results, a_phantom, tmp_path):
    import slicer

    write_results(a_volume, a_phantom)
    save_and_check(tmp_path / "scene.mrb")
    loaded = slicer.util.getNode("T1")
    names = {node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLDisplayableNode")}
    write_results(loaded, a_phantom)
    assert {node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLDisplayableNode")} == names


def test_two_volumes_have_results_of_their_own(add_volume, a_volume, write_results, a_phantom):
    other = add_volume(a_phantom.image, name="T1 later")
    one, two = write_results(a_volume, a_phantom), write_results(other, a_phantom)
    assert one.segmentation is not two.segmentation
    assert one.biasFields[0] is not two.biasFields[0]


def test_a_rerun_without_probabilities_takes_the_old_ones_away(a_volume, write_results, a_phantom):
    import slicer

    assert len(write_results(a_volume, a_phantom, posteriors=True).posteriors) == 3
    assert write_results(a_volume, a_phantom).posteriors == ()
    assert not [node for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if "prob" in node.GetName()]


def test_a_rerun_without_an_uncertainty_map_takes_the_old_one_away(a_scene, a_volume, write_results, a_phantom):
    made = write_results(a_volume, a_phantom, entropy=a_phantom.mask.astype(np.float32)).uncertainty
    count = a_scene.GetNumberOfNodes()
    assert write_results(a_volume, a_phantom, entropy=a_phantom.mask.astype(np.float32)).uncertainty is made
    assert a_scene.GetNumberOfNodes() == count
    assert write_results(a_volume, a_phantom).uncertainty is None
    assert not a_scene.IsNodePresent(made)


def test_an_uncertainty_map_comes_back_with_the_scene(a_volume, write_results, a_phantom, tmp_path):
    import slicer
    from GMMSegExtensionLib.scene import outputsOf
    from GMMSegExtensionLib.volumes import voxels

    entropy = np.where(a_phantom.mask, 0.5, 0).astype(np.float32)
    write_results(a_volume, a_phantom, entropy=entropy)
    save_and_check(tmp_path / "scene.mrb")
    loaded = outputsOf(slicer.util.getNode("T1")).uncertainty
    np.testing.assert_array_equal(voxels(loaded), entropy)
    display = loaded.GetDisplayNode()
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (0, 1)
    assert display.GetColorNode().GetName() == "Uncertainty (dark 0, bright 1)"


def test_each_channel_has_its_field_and_its_corrected_volume(add_volume, a_volume, write_results, a_phantom):
    second = add_volume(2 * a_phantom.image, name="T2")
    outputs = write_results(a_volume, a_phantom, further=(second,))
    assert [node.GetName() for node in outputs.biasFields] == ["T1 bias field", "T2 bias field"]
    assert [node.GetName() for node in outputs.correctedVolumes] == ["T1 corrected", "T2 corrected"]


def test_labels_that_the_user_confirmed_stay_in_a_rerun_and_the_report_stays_the_engines(
    a_volume, write_results, a_phantom
):
    from GMMSegExtensionLib.confirmations import Confirmations

    first = write_results(a_volume, a_phantom)
    middle = a_phantom.truth.shape[2] // 2
    Confirmations(a_volume).addSlice(2, middle)
    changed = np.where(a_phantom.truth > 0, 1 + a_phantom.truth % 3, 0).astype(np.uint8)
    second = write_results(a_volume, replace(a_phantom, truth=changed))
    expected = changed.copy()
    expected[:, :, middle] = a_phantom.truth[:, :, middle]
    np.testing.assert_array_equal(labels_of(second.segmentation, a_volume), expected)
    voxels = [entry["voxels"] for entry in second.report["classes"]]
    assert voxels == [np.count_nonzero(changed == label) for label in (1, 2, 3)]
    assert voxels != [entry["voxels"] for entry in first.report["classes"]]


def test_labels_that_the_user_confirmed_stay_in_previews_also_where_the_new_labels_have_no_brain(
    a_volume, write_results, a_phantom, a_writer
):
    from GMMSegExtensionLib.confirmations import Confirmations

    write_results(a_volume, a_phantom)
    middle = a_phantom.truth.shape[0] // 2
    Confirmations(a_volume).addSlice(0, middle)
    node = a_writer.preview(np.zeros_like(a_phantom.truth))
    expected = np.zeros_like(a_phantom.truth)
    expected[middle] = a_phantom.truth[middle]
    np.testing.assert_array_equal(labels_of(node, a_volume), expected)


def test_confirmed_labels_mean_nothing_for_another_number_of_classes(a_volume, write_results, a_phantom):
    from GMMSegExtensionLib.confirmations import Confirmations
    from GMMSegExtensionLib.request import SegmentationRequest
    from GMMSegExtensionLib.scene_writer import SceneWriter

    write_results(a_volume, a_phantom)
    Confirmations(a_volume).addAll()
    writer = SceneWriter(SegmentationRequest(a_volume, settings=Settings(number_of_classes=2)))
    two = np.minimum(a_phantom.truth, 2)
    for _preview in range(2):  # at the second one the segments have become two
        np.testing.assert_array_equal(labels_of(writer.preview(two), a_volume), two)


@pytest.mark.parametrize("isTakenBack", [False, True])
def test_confirmations_go_with_the_classes_they_were_of_and_come_back_with_them(
    a_volume, write_results, a_phantom, isTakenBack
):
    import slicer
    from GMMSegExtensionLib.confirmations import Confirmations, confirmedLabels
    from GMMSegExtensionLib.request import SegmentationRequest
    from GMMSegExtensionLib.scene_writer import SceneWriter

    write_results(a_volume, a_phantom)
    confirmations = Confirmations(a_volume)
    confirmations.addSlice(2, a_phantom.truth.shape[2] // 2)
    entries, known, node = confirmations.entries(), confirmedLabels(a_volume), confirmations.node
    writer = SceneWriter(SegmentationRequest(a_volume, settings=Settings(mode="em", number_of_classes=2)))
    two = np.minimum(a_phantom.truth, 2)
    writer.preview(two)
    assert confirmations.entries() == entries and not writer.hasDroppedConfirmed
    finish(writer.writeSteps(two_classes(a_phantom)))
    assert writer.hasDroppedConfirmed and confirmations.entries() == [] and not confirmedLabels(a_volume).any()
    (writer.undo if isTakenBack else writer.keep)()
    assert bool(slicer.mrmlScene.IsNodePresent(node)) == isTakenBack
    assert confirmations.entries() == (entries if isTakenBack else [])
    np.testing.assert_array_equal(confirmedLabels(a_volume), known if isTakenBack else 0 * known)


def two_classes(phantom):
    """A result in which grey and white matter are one class."""
    from GMMSegExtensionLib.engine_result import EngineResult

    field = np.ones((1, *phantom.mask.shape), dtype=np.float32)
    return EngineResult(
        labels=np.minimum(phantom.truth, 2),
        biasField=field,
        corrected=field,
        brainMask=phantom.mask,
        posteriors=None,
        box=tuple((0, size) for size in phantom.mask.shape),
        report={"classes": [{"name": name} for name in ("Class 1", "Class 2")]},
    )


def test_results_can_be_taken_back_until_they_are_kept(a_volume, write_results, a_phantom, a_writer, a_result):
    from GMMSegExtensionLib.scene import outputsOf
    from GMMSegExtensionLib.volumes import voxels

    before = write_results(a_volume, a_phantom, posteriors=True)
    field, window = voxels(before.biasFields[0]).copy(), before.biasFields[0].GetDisplayNode().GetWindow()
    for end, isBack in ((a_writer.undo, True), (a_writer.keep, False)):
        after = finish(a_writer.writeSteps(a_result))
        assert after.posteriors == () and labels_of(after.segmentation, a_volume).max() == 1
        assert not np.array_equal(voxels(after.biasFields[0]), field)
        end()
        outputs = outputsOf(a_volume)
        assert np.array_equal(labels_of(outputs.segmentation, a_volume), a_phantom.truth) == isBack
        assert np.array_equal(voxels(outputs.biasFields[0]), field) == isBack
        assert (outputs.biasFields[0].GetDisplayNode().GetWindow() == window) == isBack
        assert len(outputs.posteriors) == (3 if isBack else 0) and (outputs.report == before.report) == isBack
    a_writer.undo()
    assert labels_of(outputsOf(a_volume).segmentation, a_volume).max() == 1
