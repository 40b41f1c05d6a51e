"""Names, codes and colours of the segments."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

CODES = {"CSF": "SCT^65216001", "GM": "SCT^389081007", "WM": "SCT^389080008"}


@pytest.fixture
def the_segments(add_volume, write_results, a_phantom):
    """The segments of a T1-like phantom."""
    segmentation = write_results(add_volume(a_phantom.image), a_phantom).segmentation.GetSegmentation()
    return [segmentation.GetNthSegment(index) for index in range(segmentation.GetNumberOfSegments())]


def test_three_tissues_are_named_darkest_first(the_segments):
    assert [segment.GetName() for segment in the_segments] == ["CSF", "GM", "WM"]


def test_a_t2_like_scan_has_its_tissues_in_the_other_order(add_volume, write_results, a_phantom):
    from demo.scene_export import labels_of

    inverted = add_volume(np.where(a_phantom.mask, 1.4 - a_phantom.image, 0).astype(np.float32))
    outputs = write_results(inverted, a_phantom, invert=True)
    segmentation = outputs.segmentation.GetSegmentation()
    assert outputs.report["contrast"] == "T2-like"
    assert [segmentation.GetNthSegment(index).GetName() for index in range(3)] == ["WM", "GM", "CSF"]
    np.testing.assert_array_equal(labels_of(outputs.segmentation, inverted) == 1, a_phantom.truth == 3)


def test_every_segment_carries_the_code_of_its_tissue(the_segments):
    for segment in the_segments:
        assert CODES[segment.GetName()] in segment.GetTerminology()
        assert "SCT^123037004^Anatomical Structure" in segment.GetTerminology()


def test_slicer_understands_the_terminology(a_scene, the_segments):
    import slicer

    logic = slicer.modules.terminologies.logic()
    for segment in the_segments:
        entry = slicer.vtkSlicerTerminologyEntry()
        assert logic.DeserializeTerminologyEntry(segment.GetTerminology(), entry)
        assert entry.GetTypeObject().GetCodeValue() in CODES[segment.GetName()]


def test_colours_can_be_told_apart(the_segments):
    for one, other in itertools.combinations(the_segments, 2):
        assert np.linalg.norm(np.subtract(one.GetColor(), other.GetColor())) > 0.4


def test_the_segments_share_one_layer_on_the_grid_of_the_input(add_volume, write_results, a_phantom):
    import slicer

    volume = add_volume(a_phantom.image)
    segmentation = write_results(volume, a_phantom).segmentation
    assert segmentation.GetSegmentation().GetNumberOfLayers() == 1
    reference = segmentation.GetNodeReference(segmentation.GetReferenceImageGeometryReferenceRole())
    assert reference is volume
    assert slicer.util.arrayFromVolume(volume).shape == a_phantom.image.shape[::-1]


def test_the_labelmap_is_cut_to_the_box_around_the_brain(add_volume, write_results, a_phantom):
    segmentation = write_results(add_volume(a_phantom.image), a_phantom).segmentation.GetSegmentation()
    inside = [np.nonzero(a_phantom.mask.any(axis=axes))[0] for axes in ((1, 2), (0, 2), (0, 1))]
    extent = segmentation.GetNthSegment(0).GetRepresentation("Binary labelmap").GetExtent()
    assert list(extent) == [bound for part in inside for bound in (part[0], part[-1])]


def test_labels_without_any_brain_can_be_shown_too(add_volume, a_phantom):
    import slicer
    from gmmseg.settings import Settings
    from GMMSegExtensionLib.request import SegmentationRequest
    from GMMSegExtensionLib.scene_writer import SceneWriter

    volume = add_volume(a_phantom.image)
    node = SceneWriter(SegmentationRequest(volume, settings=Settings())).preview(np.zeros(a_phantom.mask.shape, "u1"))
    name = node.GetSegmentation().GetNthSegmentID(0)
    assert not slicer.util.arrayFromSegmentBinaryLabelmap(node, name, volume).any()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32, np.float64])
def test_voxels_arrive_whatever_their_kind_and_order_in_memory(add_volume, a_phantom, order, kind, monkeypatch):
    from GMMSegExtensionLib import steps
    from GMMSegExtensionLib.volumes import imageSteps, setVoxels, voxels

    monkeypatch.setattr(steps, "SLAB_VOXELS", 1000)
    array = np.array(100 * a_phantom.image, dtype=kind, order=order)
    assert len(steps.slabs(array)) > 5
    volume, target = add_volume(a_phantom.image), add_volume(np.zeros((2, 2, 2)))
    setVoxels(target, array, volume)
    assert voxels(target).dtype == kind
    np.testing.assert_array_equal(voxels(target), array)
    box = ((1, 3), (2, 6), (0, 4))
    part = array[1:3, 2:6, 0:4]
    target.SetAndObserveImageData(steps.finish(imageSteps(part, box=box, shape=array.shape)))
    expected = np.zeros_like(array)
    expected[1:3, 2:6, 0:4] = part
    np.testing.assert_array_equal(voxels(target), expected)


def test_a_bias_field_is_shown_symmetric_about_one_with_a_legend(add_volume, write_results, a_phantom):
    import slicer

    outputs = write_results(add_volume(a_phantom.image), a_phantom)
    for field in (outputs.biasFields[0], outputs.biasOverlay):
        display = field.GetDisplayNode()
        low, high = display.GetWindowLevelMin(), display.GetWindowLevelMax()
        assert (low + high) / 2 == pytest.approx(1)
        assert display.GetColorNode().IsA("vtkMRMLProceduralColorNode")
        legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(field)
        assert legend is not None and legend.GetColorNodeID() == display.GetColorNodeID()


def test_the_overlay_is_hidden_outside_the_brain(add_volume, write_results, a_phantom):
    from GMMSegExtensionLib.volumes import voxels

    overlay = write_results(add_volume(a_phantom.image), a_phantom).biasOverlay
    assert overlay.GetDisplayNode().GetApplyThreshold()
    np.testing.assert_array_equal(voxels(overlay) == 0, ~a_phantom.mask)


def test_original_and_corrected_volume_are_shown_with_one_window(add_volume, write_results, a_phantom):
    volume = add_volume(a_phantom.image)
    volume.GetDisplayNode().SetAutoWindowLevel(False)
    volume.GetDisplayNode().SetWindowLevel(0.9, 0.6)
    corrected = write_results(volume, a_phantom).correctedVolumes[0].GetDisplayNode()
    assert (corrected.GetWindow(), corrected.GetLevel()) == (0.9, 0.6)
