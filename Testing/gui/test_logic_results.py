"""What the Logic puts into a real scene, without Qt, with a worker that is not the engine."""

from __future__ import annotations

import numpy as np
import pytest
from gmmseg import Settings
from host import scene

from .conftest import a_brain
from .scene_content import count_of_nodes, labels_of

EM = Settings(mode="em")


def _matrix(node):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return matrix


def test_a_volume_gets_segments_field_and_corrected_volume_beside_it(a_logic):
    import slicer

    volume = a_brain()
    outputs = a_logic().segment(volume, settings=EM)
    image = slicer.util.arrayFromVolume(volume)
    labels = labels_of(outputs, volume)
    assert ((labels > 0) == (image > 0)).all()
    assert image[labels == 1].max() <= image[labels == 2].min() <= image[labels == 3].max()
    field = slicer.util.arrayFromVolume(outputs.biasFields[0])
    corrected = slicer.util.arrayFromVolume(outputs.correctedVolumes[0])
    np.testing.assert_allclose(corrected * field, image, rtol=1e-5)
    for node in (outputs.biasFields[0], outputs.correctedVolumes[0]):
        np.testing.assert_array_equal(
            slicer.util.arrayFromVTKMatrix(_matrix(node)), slicer.util.arrayFromVTKMatrix(_matrix(volume))
        )
    tree = slicer.mrmlScene.GetSubjectHierarchyNode()
    parent = tree.GetItemParent(tree.GetItemByDataNode(volume))
    for node in (outputs.segmentation, outputs.biasFields[0], outputs.correctedVolumes[0]):
        assert tree.GetItemParent(tree.GetItemByDataNode(node)) == parent


def test_three_classes_are_tissues_with_terminology_and_one_layer(a_logic):
    from GMMSegExtensionLib.tissues import segmentID

    segmentation = a_logic().segment(a_brain(), settings=EM).segmentation.GetSegmentation()
    segments = [segmentation.GetSegment(segmentID(label)) for label in (1, 2, 3)]
    assert [segment.GetName() for segment in segments] == ["CSF", "GM", "WM"]
    assert "SCT^65216001^Cerebrospinal Fluid" in segments[0].GetTerminology()
    assert "SCT^389080008^White Matter" in segments[2].GetTerminology()
    assert segmentation.GetNumberOfLayers() == 1


def test_a_scan_with_reversed_contrast_gets_its_tissues_in_the_order_of_the_report(a_logic):
    from GMMSegExtensionLib.tissues import segmentID

    segmentation = a_logic("t2").segment(a_brain(), settings=EM).segmentation.GetSegmentation()
    segments = [segmentation.GetSegment(segmentID(label)) for label in (1, 2, 3)]
    assert [segment.GetName() for segment in segments] == ["WM", "GM", "CSF"]
    assert "White Matter" in segments[0].GetTerminology() and "Cerebrospinal" in segments[2].GetTerminology()


def test_other_numbers_of_classes_get_ordered_names_or_the_users(a_logic):
    logic, volume = a_logic(), a_brain()
    settings = Settings(mode="em", number_of_classes=4)
    segmentation = logic.segment(volume, settings=settings).segmentation.GetSegmentation()
    names = [segmentation.GetNthSegment(index).GetName() for index in range(4)]
    assert names == ["Class 1 (darkest)", "Class 2", "Class 3", "Class 4 (brightest)"]
    other = a_brain("other")
    named = logic.segment(other, settings=settings, classNames=("a", "b", "c", "d")).segmentation.GetSegmentation()
    assert [named.GetNthSegment(index).GetName() for index in range(4)] == ["a", "b", "c", "d"]


def test_a_rerun_updates_the_same_nodes_and_keeps_what_the_user_renamed(a_logic):
    from GMMSegExtensionLib.tissues import segmentID

    logic, volume = a_logic(), a_brain()
    first = logic.segment(volume, settings=EM)
    segment = first.segmentation.GetSegmentation().GetSegment(segmentID(1))
    segment.SetName("Liquor")
    segment.SetColor(0.1, 0.2, 0.3)
    first.segmentation.SetName("my segments")
    first.segmentation.GetSegmentation().AddEmptySegment("mine", "lesion")
    counts = count_of_nodes()
    second = logic.segment(volume, settings=EM)
    assert count_of_nodes() == counts
    assert second.segmentation is first.segmentation and second.segmentation.GetName() == "my segments"
    again = second.segmentation.GetSegmentation()
    assert again.GetSegment(segmentID(1)).GetName() == "Liquor"
    assert again.GetSegment(segmentID(1)).GetColor() == pytest.approx((0.1, 0.2, 0.3))
    assert again.GetSegment("mine").GetName() == "lesion"


def test_each_input_keeps_its_own_outputs(a_logic):
    logic, first, second = a_logic(), a_brain("first"), a_brain("second", seed=1)
    of_first, of_second = logic.segment(first, settings=EM), logic.segment(second, settings=EM)
    assert of_first.segmentation is not of_second.segmentation
    assert logic.outputsOf(first).segmentation is of_first.segmentation
    assert labels_of(of_first, first).tolist() != labels_of(of_second, second).tolist()


def test_chosen_outputs_are_written_to_and_used_by_the_next_run(a_logic):
    import slicer
    from GMMSegExtensionLib.request import ChosenOutputs

    logic, volume = a_logic(), a_brain()
    earlier = logic.segment(volume, settings=EM)
    chosen = ChosenOutputs(
        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "s"),
        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "b"),
        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "c"),
    )
    outputs = logic.segment(volume, settings=EM, outputs=chosen)
    assert outputs.segmentation is chosen.segmentation and outputs.biasFields == (chosen.biasField,)
    assert logic.segment(volume, settings=EM).segmentation is chosen.segmentation
    assert slicer.mrmlScene.IsNodePresent(earlier.segmentation)


def test_further_channels_give_a_field_and_a_corrected_volume_each(a_logic, the_requests):
    volume, other = a_brain("T1"), a_brain("T2", seed=2)
    outputs = a_logic().segment(volume, [other], settings=EM)
    assert [node.GetName() for node in outputs.biasFields] == ["T1 bias field", "T2 bias field"]
    assert [image["name"] for image in the_requests()[0]["images"]] == ["T1", "T2"]


def test_posteriors_come_on_demand_and_go_when_they_would_contradict(a_logic):
    import slicer
    from GMMSegExtensionLib.request import ChosenOutputs

    logic, volume = a_logic(), a_brain()
    outputs = logic.segment(volume, settings=EM, outputs=ChosenOutputs(posteriors=True))
    total = sum(slicer.util.arrayFromVolume(node) for node in outputs.posteriors)
    assert len(outputs.posteriors) == 3
    np.testing.assert_array_equal(total, slicer.util.arrayFromVolume(volume) > 0)
    assert logic.segment(volume, settings=EM).posteriors == ()


def test_the_uncertainty_map_comes_on_demand_beside_the_input_and_goes_when_it_would_contradict(a_logic):
    import slicer

    logic, volume = a_logic(), a_brain()
    settings = Settings(mode="em", entropy=True)
    outputs = logic.segment(volume, settings=settings)
    values = slicer.util.arrayFromVolume(outputs.uncertainty)
    np.testing.assert_array_equal(values, np.where(labels_of(outputs, volume) == 2, 0.75, 0))
    assert outputs.uncertainty.GetName() == "T1 uncertainty"
    tree = slicer.mrmlScene.GetSubjectHierarchyNode()
    parents = {tree.GetItemParent(tree.GetItemByDataNode(node)) for node in (volume, outputs.uncertainty)}
    assert len(parents) == 1
    count = slicer.mrmlScene.GetNumberOfNodes()
    assert logic.segment(volume, settings=settings).uncertainty is outputs.uncertainty
    assert slicer.mrmlScene.GetNumberOfNodes() == count
    assert logic.segment(volume, settings=EM).uncertainty is None
    assert not slicer.mrmlScene.IsNodePresent(outputs.uncertainty)


def test_the_uncertainty_map_is_shown_from_nought_to_one_with_a_legend(a_logic):
    import slicer

    node = a_logic().segment(a_brain(), settings=Settings(mode="em", entropy=True)).uncertainty
    display = node.GetDisplayNode()
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (0, 1)
    assert display.GetApplyThreshold() and 0 < display.GetLowerThreshold() < 0.1
    color = [0.0, 0.0, 0.0]
    transfer = display.GetColorNode().GetColorTransferFunction()
    lightness = []
    for position in range(0, 256, 15):
        transfer.GetColor(position, color)
        lightness.append(0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2])
    assert lightness == sorted(lightness)
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node)
    assert legend.GetColorNode() is display.GetColorNode() and legend.GetTitleText() == "Uncertainty"


@pytest.mark.parametrize("clear", [True, False])
def test_results_survive_saving_and_loading_also_into_a_scene_that_has_some(a_logic, tmp_path, clear):
    import slicer

    logic, volume = a_logic(), a_brain()
    report = logic.segment(volume, settings=EM).report
    scene.save_scene(tmp_path / "scene.mrb")
    scene.load_scene(tmp_path / "scene.mrb", clear=clear)
    inputs = [node for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if node.GetName() == "T1"]
    assert len(inputs) == (1 if clear else 2)
    found = [logic.outputsOf(node) for node in inputs]
    assert all(outputs.report == report for outputs in found)
    assert len({outputs.segmentation.GetID() for outputs in found}) == len(inputs)
    counts = count_of_nodes()
    assert logic.segment(inputs[-1], settings=EM).segmentation is found[-1].segmentation
    assert count_of_nodes() == counts


def test_the_bias_field_has_a_diverging_map_symmetric_about_one_with_a_legend(a_logic):
    import slicer

    field = a_logic().segment(a_brain(), settings=EM).biasFields[0]
    display = field.GetDisplayNode()
    assert display.GetWindowLevelMin() + display.GetWindowLevelMax() == pytest.approx(2)
    assert 0.05 < display.GetWindowLevelMax() - 1 < 0.11
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(field)
    assert legend.GetColorNode() is display.GetColorNode() and legend.GetVisibility()


def test_the_corrected_volume_has_the_window_of_its_input(a_logic):
    volume = a_brain()
    volume.GetDisplayNode().SetAutoWindowLevel(False)
    volume.GetDisplayNode().SetWindowLevel(77, 44)
    display = a_logic().segment(volume, settings=EM).correctedVolumes[0].GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel()) == (77, 44)
