"""Voxels and their place in space survive the way into the scene and back, exactly."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from data_paths import BRAIN, WHOLE_HEAD
from demo.scene_export import labels_of
from mrml_files import load_volume, write


def test_a_node_gives_back_the_array_and_the_affine_it_was_made_of(add_volume, a_phantom, an_affine):
    import slicer
    from GMMSegExtensionLib.volumes import ijkToRas, ijkToWorld, voxels

    node = add_volume(a_phantom.image, an_affine)
    np.testing.assert_array_equal(voxels(node), a_phantom.image)
    np.testing.assert_allclose(slicer.util.arrayFromVTKMatrix(ijkToRas(node)), an_affine, atol=1e-12)
    np.testing.assert_allclose(ijkToWorld(node), an_affine, atol=1e-12)


def test_exported_segments_equal_the_labels_on_the_same_grid(add_volume, write_results, a_phantom, an_affine):
    node = add_volume(a_phantom.image, an_affine)
    outputs = write_results(node, a_phantom)
    np.testing.assert_array_equal(labels_of(outputs.segmentation, node), a_phantom.truth)


def test_field_and_corrected_volume_lie_on_the_grid_of_the_input(add_volume, write_results, a_phantom, an_affine):
    import slicer
    from GMMSegExtensionLib.volumes import ijkToRas, voxels

    node = add_volume(a_phantom.image, an_affine)
    outputs = write_results(node, a_phantom)
    for result in (outputs.biasFields[0], outputs.correctedVolumes[0], outputs.biasOverlay):
        assert voxels(result).shape == a_phantom.image.shape
        np.testing.assert_array_equal(
            slicer.util.arrayFromVTKMatrix(ijkToRas(result)), slicer.util.arrayFromVTKMatrix(ijkToRas(node))
        )
    np.testing.assert_allclose(
        voxels(outputs.biasFields[0]) * voxels(outputs.correctedVolumes[0]), a_phantom.image, rtol=1e-5
    )


def test_results_follow_the_transform_of_their_input(a_scene, add_volume, write_results, a_phantom):
    import slicer

    node = add_volume(a_phantom.image)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    turned = np.array([[0, -1, 0, 30], [1, 0, 0, -20], [0, 0, 1, 5], [0, 0, 0, 1.0]])
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(turned))
    node.SetAndObserveTransformNodeID(transform.GetID())
    outputs = write_results(node, a_phantom)
    for result in (outputs.segmentation, outputs.biasFields[0], outputs.correctedVolumes[0], outputs.biasOverlay):
        assert result.GetParentTransformNode() is transform
    np.testing.assert_array_equal(labels_of(outputs.segmentation, node), a_phantom.truth)


def test_channels_and_masks_meet_in_the_world_of_the_transforms(a_scene, add_volume, a_phantom):
    import slicer
    from GMMSegExtensionLib.volumes import ijkToWorld

    node = add_volume(a_phantom.image, np.eye(4))
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    shift = np.eye(4)
    shift[:3, 3] = (10, -5, 3)
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(shift))
    node.SetAndObserveTransformNodeID(transform.GetID())
    np.testing.assert_allclose(ijkToWorld(node), shift)


@pytest.mark.parametrize("sample", [WHOLE_HEAD, BRAIN], ids=["head", "brain"])
def test_slicer_reads_a_sample_where_nibabel_does(a_scene, sample):
    import slicer
    from demo.scene_export import in_ras_order
    from GMMSegExtensionLib.volumes import ijkToRas, voxels

    node, image = load_volume(sample), nib.load(sample)
    read_by_nibabel = nib.as_closest_canonical(image)
    np.testing.assert_array_equal(in_ras_order(voxels(node), node), np.asarray(read_by_nibabel.dataobj))
    # Slicer mirrors an axis of a left-handed file, so voxel indices differ, places do not.
    first = slicer.util.arrayFromVTKMatrix(ijkToRas(node)) @ (0, 0, 0, 1)
    corners = image.affine @ [*np.array(list(np.ndindex(2, 2, 2))).T * (np.array(image.shape) - 1)[:, None], [1] * 8]
    assert np.abs(corners.T - first).max(axis=1).min() < 1e-3


def test_a_file_that_slicer_writes_is_read_by_the_engine_in_the_same_place(add_volume, a_phantom, an_affine, tmp_path):
    from gmmseg.volume_io import read_volume

    node = add_volume(a_phantom.image, an_affine)
    write(node, tmp_path / "T1.nrrd")
    volume = read_volume(tmp_path / "T1.nrrd")
    np.testing.assert_array_equal(volume.array, a_phantom.image)
    np.testing.assert_allclose(volume.affine, an_affine, atol=1e-4)
