"""Results survive files: segmentation, label map, and the whole scene."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from demo.scene_export import contents, labels_of, save_and_check
from mrml_files import read_into, write


@pytest.fixture
def the_results(add_volume, write_results, a_phantom, an_affine):
    """A volume on each kind of grid, and its results."""
    volume = add_volume(a_phantom.image, an_affine)
    return volume, write_results(volume, a_phantom)


def test_a_seg_nrrd_file_gives_back_voxels_names_colours_and_codes(the_results, a_phantom, tmp_path):
    import slicer

    volume, outputs = the_results
    write(outputs.segmentation, tmp_path / "tissues.seg.nrrd")
    copy = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    read_into(copy, tmp_path / "tissues.seg.nrrd")
    np.testing.assert_array_equal(labels_of(copy, volume), a_phantom.truth)
    for index in range(3):
        mine = outputs.segmentation.GetSegmentation().GetNthSegment(index)
        theirs = copy.GetSegmentation().GetNthSegment(index)
        assert theirs.GetName() == mine.GetName()
        assert theirs.GetTerminology() == mine.GetTerminology()
        np.testing.assert_allclose(theirs.GetColor(), mine.GetColor(), atol=0.01)


def test_an_exported_label_map_is_read_by_others_in_the_same_place(the_results, a_phantom, an_affine, tmp_path):
    import slicer

    volume, outputs = the_results
    label_map = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    names = list(outputs.segmentation.GetSegmentation().GetSegmentIDs())
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.ExportSegmentsToLabelmapNode(outputs.segmentation, names, label_map, volume)
    write(label_map, tmp_path / "tissues.nii.gz")
    # NIfTI may store the axes in another order and direction, so both are turned to one.
    image = nib.as_closest_canonical(nib.load(tmp_path / "tissues.nii.gz"))
    expected = nib.as_closest_canonical(nib.Nifti1Image(a_phantom.truth, an_affine))
    np.testing.assert_array_equal(np.asarray(image.dataobj), np.asarray(expected.dataobj))
    np.testing.assert_allclose(image.affine, expected.affine, atol=1e-4)


def test_a_saved_scene_gives_back_volumes_and_segments(the_results, tmp_path):
    save_and_check(tmp_path / "scene.mrb")


def test_the_check_of_a_saved_scene_finds_a_changed_voxel(the_results):
    import slicer

    before = contents()
    volume, _ = the_results
    slicer.util.arrayFromVolume(volume)[0, 0, 0] += 1
    assert before.differences(contents()) == ["The voxels of 'T1' differ."]


def test_a_saved_scene_still_knows_whose_results_they_are(the_results, tmp_path):
    import slicer
    from GMMSegExtensionLib.scene import outputsOf

    _, outputs = the_results
    save_and_check(tmp_path / "scene.mrb")
    loaded = outputsOf(slicer.util.getNode("T1"))
    assert loaded.report == outputs.report
    assert loaded.segmentation.GetName() == "T1 segmentation"
    assert loaded.biasOverlay is not None
