"""A second run on the same volume updates what the first one made."""

from __future__ import annotations

import numpy as np
import pytest
from demo.scene_export import labels_of, save_and_check


@pytest.fixture
def a_volume(add_volume, a_phantom):
    """The phantom as volume node."""
    return add_volume(a_phantom.image)


def test_a_rerun_adds_no_node(a_scene, a_volume, write_results, a_phantom):
    write_results(a_volume, a_phantom)
    count = a_scene.GetNumberOfNodes()
    write_results(a_volume, a_phantom)
    assert a_scene.GetNumberOfNodes() == count


def test_a_rerun_puts_new_labels_into_the_same_segmentation(a_volume, write_results, a_phantom):
    from dataclasses import replace

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
