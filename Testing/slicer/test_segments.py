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
