"""Surfaces of segments are closed, lie where the voxels lie, and face outwards, however the volume is stored."""

from __future__ import annotations

import numpy as np
import pytest
import vtk


@pytest.fixture
def surfaces_of(add_volume, write_results):
    """Gives a function that makes the surfaces of a phantom's segments on a grid: a list, in the order of labels."""
    from GMMSegExtensionLib import surfaces

    def make(phantom, affine) -> list[vtk.vtkPolyData]:
        volume = add_volume(phantom.image, affine)
        node = write_results(volume, phantom).segmentation
        return [surfaces.make(image, label) for image, label in surfaces.sources(node).values()]

    return make


def _enclosed(surface) -> float:
    """Cubic millimetres inside; the sign says whether the triangles face outwards."""
    points = np.array([surface.GetPoint(index) for index in range(surface.GetNumberOfPoints())])
    cells = np.array([[surface.GetCell(n).GetPointId(k) for k in range(3)] for n in range(surface.GetNumberOfCells())])
    corners = points[cells] - points.mean(axis=0)
    return float(np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6)


def test_a_surface_encloses_its_voxels_on_every_grid(surfaces_of, a_phantom, an_affine):
    inner = surfaces_of(a_phantom, an_affine)[2]
    voxel = abs(np.linalg.det(an_affine[:3, :3]))
    assert _enclosed(inner) == pytest.approx((a_phantom.truth == 3).sum() * voxel, rel=0.15)
    middle = np.array(inner.GetCenter())
    wanted = an_affine @ [*np.argwhere(a_phantom.truth == 3).mean(axis=0), 1]
    assert np.linalg.norm(middle - wanted[:3]) < 0.6 * np.linalg.norm(an_affine[:3, :3], axis=0).max()


def test_normals_face_outwards(surfaces_of, a_phantom, an_affine):
    inner = surfaces_of(a_phantom, an_affine)[2]
    normals = inner.GetPointData().GetNormals()
    middle = np.array(inner.GetCenter())
    outwards = [
        np.dot(np.array(inner.GetPoint(index)) - middle, normals.GetTuple(index)) > 0
        for index in range(inner.GetNumberOfPoints())
    ]
    assert np.mean(outwards) > 0.95


def test_a_segment_at_the_border_of_the_volume_is_closed(add_volume):
    import slicer
    from GMMSegExtensionLib import surfaces

    volume = add_volume(np.zeros((6, 7, 8), dtype=np.float32), np.eye(4))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    identifier = node.GetSegmentation().AddEmptySegment("all", "all", (1, 0, 0))
    slicer.util.updateSegmentBinaryLabelmapFromArray(np.ones((8, 7, 6), np.uint8), node, identifier, volume)
    edges = vtk.vtkFeatureEdges()
    edges.SetInputData(surfaces.make(*surfaces.sources(node)[identifier]))
    edges.FeatureEdgesOff()
    edges.Update()
    assert edges.GetOutput().GetNumberOfCells() == 0


def test_an_empty_segment_has_an_empty_surface_or_none(add_volume, write_results, a_phantom):
    import slicer
    from GMMSegExtensionLib import surfaces
    from GMMSegExtensionLib.tissues import segmentID

    volume = add_volume(a_phantom.image)
    node = write_results(volume, a_phantom).segmentation
    nothing = np.zeros(a_phantom.image.shape[::-1], dtype=np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(nothing, node, segmentID(2), volume)
    made = {identifier: surfaces.make(*source) for identifier, source in surfaces.sources(node).items()}
    assert segmentID(2) not in made or made[segmentID(2)].GetNumberOfPoints() == 0
    assert made[segmentID(3)].GetNumberOfPoints() > 0


def test_surfaces_that_are_replaced_are_remembered_until_they_are_made_anew(add_volume, write_results, a_phantom):
    from GMMSegExtensionLib import surfaces

    volume = add_volume(a_phantom.image)
    node = write_results(volume, a_phantom).segmentation
    assert not surfaces.exist(node) and not surfaces.areLost(node)
    for identifier, source in surfaces.sources(node).items():
        surfaces.put(node, identifier, surfaces.make(*source))
    surfaces.announce(node)
    assert surfaces.exist(node) and not surfaces.areLost(node)
    write_results(volume, a_phantom)
    assert not surfaces.exist(node) and surfaces.areLost(node)
    surfaces.forgetThem(node)
    assert not surfaces.areLost(node)
