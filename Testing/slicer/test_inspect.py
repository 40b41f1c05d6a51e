"""Looking at a bias field, on real nodes: lines of equal field, charts, profile, channels, layout."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import nested_spheres

from .conftest import OBLIQUE


@pytest.fixture
def an_inspected(add_volume, write_results):
    """Gives a function that segments a phantom on an affine and gives its channels."""
    from GMMSegExtensionLib.inspected_channel import channelsOf

    def make(affine: np.ndarray = OBLIQUE, field_range: float = 0.3, channels: int = 1):
        phantom = nested_spheres(48, field_range=field_range)
        volume = add_volume(phantom.image, affine)
        further = tuple(add_volume(phantom.image, affine, f"T{number}") for number in range(2, channels + 1))
        return channelsOf(volume, write_results(volume, phantom, further=further))

    return make


def contour(channel, view_ids: tuple = ()) -> list:
    from GMMSegExtensionLib import field_contours, output_nodes
    from GMMSegExtensionLib.steps import finish

    finish(field_contours.update(channel.inputVolume, channel.field, channel.overlay, view_ids))
    return output_nodes.findAll(channel.inputVolume, output_nodes.FIELD_CONTOUR)


def shifted(*nodes):
    """The nodes under a linear transform."""
    import slicer

    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "moved")
    matrix = np.array([[0, -1.0, 0, 5], [1, 0, 0, -7], [0, 0, 1, 30], [0, 0, 0, 1]])
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    for node in nodes:
        node.SetAndObserveTransformNodeID(transform.GetID())
    return matrix


def test_lines_of_equal_field_lie_where_the_field_is_so_and_end_at_the_brain(an_inspected, an_affine):
    import slicer
    from GMMSegExtensionLib.volumes import voxels

    channel = an_inspected(an_affine)[0]
    contours = contour(channel)
    assert len(contours) >= 2
    for model in contours:
        level = float(model.GetName().rsplit(" ", 1)[1])
        world = slicer.util.arrayFromModelPoints(model)
        points = (world - an_affine[:3, 3]) @ np.linalg.inv(an_affine[:3, :3]).T
        at = np.clip(np.rint(points).astype(int), 0, 47)
        np.testing.assert_allclose(voxels(channel.field)[tuple(at.T)], level, atol=0.03)
        assert np.linalg.norm(points - 23.5, axis=1).max() < 0.92 * 24 + 4
        display = model.GetDisplayNode()
        assert display.GetVisibility2D() and not display.GetVisibility3D()


def test_contours_are_renewed_and_those_left_over_go(an_inspected):
    import slicer
    from GMMSegExtensionLib import field_contours
    from GMMSegExtensionLib.volumes import setVoxels, voxels

    channel = an_inspected()[0]
    many = contour(channel)
    setVoxels(channel.field, 1 + (voxels(channel.field) - 1) / 4, channel.inputVolume)
    few = contour(channel)
    assert many[0] in few and field_contours.levelsOf(channel.inputVolume) != []
    field_contours.remove(channel.inputVolume)
    names = [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLModelNode")]
    assert not [name for name in names if "bias field" in name]


def test_contours_stand_in_the_helper_folder_and_in_the_fields_view_alone(an_inspected):
    import slicer

    channel = an_inspected()[0]
    model = contour(channel, ("vtkMRMLSliceNodeGMMSegField",))[0]
    assert model.GetDisplayNode().IsDisplayableInView("vtkMRMLSliceNodeGMMSegField")
    assert not model.GetDisplayNode().IsDisplayableInView("vtkMRMLSliceNodeRed")
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    folder = tree.GetItemParent(tree.GetItemByDataNode(model))
    assert "helpers" in tree.GetItemName(folder)


def test_the_field_is_drawn_with_its_legend_and_lines_in_its_view(an_inspected, monkeypatch):
    from demo import slice_pictures
    from host import scene

    channel = an_inspected(np.diag([1.0, 1, 1, 1]))[0]
    channel.outputs.segmentation.GetDisplayNode().SetVisibility(False)
    layers = slice_pictures.Layers(channel.original, channel.overlay, 1.0)

    def drawn() -> np.ndarray:
        monkeypatch.setitem(slice_pictures.LAYOUT_NAMES, "Axial", "GMMSegField")
        view = slice_pictures.SliceView(scene.current().application_logic, "Axial", (160, 160))
        view.show(layers, np.full(3, 24.0), 60.0)
        pixels = view.pixels().astype(int)
        view.close()
        return pixels

    plain = drawn()
    assert np.ptp(plain[:, 135:], axis=2).max() > 50  # the legend
    contour(channel, ("vtkMRMLSliceNodeGMMSegField",))
    assert (np.abs(drawn() - plain).max(axis=2) > 60).mean() > 0.005


@pytest.mark.parametrize("is_moved", [False, True])
def test_the_profile_reads_the_volumes_where_the_line_is(an_inspected, an_affine, is_moved):
    import vtk
    from GMMSegExtensionLib import profile_chart
    from GMMSegExtensionLib.volumes import voxels

    channel = an_inspected(an_affine)[0]
    to_world = an_affine
    if is_moved:
        to_world = shifted(channel.original, channel.corrected, channel.field, channel.overlay) @ an_affine
    line = profile_chart.obtainLine(channel.inputVolume, channel.overlay, ())
    ends = [np.array([5, 24, 24]), np.array([43, 24, 24])]
    for index, end in enumerate(ends):
        line.SetNthControlPointPositionWorld(index, vtk.vtkVector3d(*(to_world[:3, :3] @ end + to_world[:3, 3])))
    profile = profile_chart.profileOf(channel)
    length = np.linalg.norm(to_world[:3, :3] @ (ends[1] - ends[0]))
    assert profile.distance[-1] == pytest.approx(length)
    along = np.linspace(5, 43, len(profile.distance))
    for values, node in ((profile.original, channel.original), (profile.field, channel.field)):
        expected = np.interp(along, np.arange(48), voxels(node)[:, 24, 24])
        np.testing.assert_allclose(values, expected, atol=1e-4)


def test_a_new_line_goes_from_right_to_left_through_the_brains_middle(an_inspected, an_affine):
    from GMMSegExtensionLib import profile_chart

    channel = an_inspected(an_affine)[0]
    line = profile_chart.obtainLine(channel.inputVolume, channel.overlay, ())
    right, left = (np.array(line.GetNthControlPointPositionWorld(index)) for index in range(2))
    assert right[0] > left[0] and np.allclose(right[1:], left[1:])
    middle = an_affine[:3, :3] @ np.full(3, 23.5) + an_affine[:3, 3]
    np.testing.assert_allclose((right + left) / 2, middle, atol=4)
    assert profile_chart.obtainLine(channel.inputVolume, channel.overlay, ()) is line
    assert np.isfinite(profile_chart.profileOf(channel).corrected).mean() > 0.95


def test_outside_of_the_volume_the_profile_has_no_values(an_inspected):
    from GMMSegExtensionLib import profile_chart

    channel = an_inspected()[0]
    line = profile_chart.obtainLine(channel.inputVolume, channel.overlay, ())
    line.SetNthControlPointPositionWorld(0, 1000, 0, 0)
    profile = profile_chart.profileOf(channel)
    assert np.isnan(profile.field[0]) and profile.asLists()["field"][0] is None
    assert profile_chart.update(channel) is not None


def test_the_histogram_has_a_curve_for_each_segment_in_its_colour(an_inspected):
    import slicer
    from GMMSegExtensionLib import histogram_chart

    channel = an_inspected()[0]
    segmentation = channel.outputs.segmentation.GetSegmentation()
    first = segmentation.GetNthSegment(0)
    first.SetName("water")
    first.SetColor(0.1, 0.2, 0.3)
    chart = histogram_chart.update(channel)
    series = [chart.GetNthPlotSeriesNode(index) for index in range(chart.GetNumberOfPlotSeriesNodes())]
    assert [node.GetName() for node in series] == ["Before", "After", "water", "GM", "WM", "Sum of the classes"]
    np.testing.assert_allclose(series[2].GetColor(), (0.1, 0.2, 0.3))
    columns = [slicer.util.arrayFromTableColumn(node.GetTableNode(), node.GetYColumnName()) for node in series]
    np.testing.assert_allclose(sum(columns[2:5]), columns[5], atol=3)
    assert (chart.GetXAxisTitle(), chart.GetYAxisTitle()) == ("Intensity (units of the scan)", "Voxels in a bin")


def test_two_segments_of_one_name_have_curves_of_their_own(an_inspected):
    from GMMSegExtensionLib import histogram_chart

    channel = an_inspected()[0]
    segmentation = channel.outputs.segmentation.GetSegmentation()
    for index in range(2):
        segmentation.GetNthSegment(index).SetName("tissue")
    chart = histogram_chart.chart(channel)
    assert [curve.name for curve in chart.curves][2:4] == ["tissue", "tissue (2)"]


def test_results_of_an_earlier_version_have_no_histogram_but_everything_else(an_inspected):
    from GMMSegExtensionLib import histogram_chart

    channel = an_inspected()[0]
    del channel.outputs.report["inspection"]
    assert histogram_chart.update(channel) is None


def test_every_channel_has_its_own_overlay_that_follows_its_field(an_inspected):
    from GMMSegExtensionLib.volumes import setVoxels, voxels

    first, second = an_inspected(channels=2)
    assert (first.original.GetName(), second.original.GetName()) == ("T1", "T2")
    overlay = second.obtainOverlay()
    assert overlay is not first.overlay and overlay is second.obtainOverlay()
    setVoxels(second.field, np.full((48, 48, 48), 1.5, dtype=np.float32), second.inputVolume)
    assert second.obtainOverlay() is overlay
    assert set(np.unique(voxels(overlay))) == {0.0, 1.5}


def test_a_range_that_the_user_chose_outlives_a_run(an_inspected):
    from GMMSegExtensionLib import bias_display

    channel = an_inspected()[0]
    bias_display.chooseHalfWidth(channel.overlay, 0.07)
    bias_display.showAsBiasField(channel.overlay, 0.2, hideZero=True)
    assert bias_display.halfWidthOf(channel.overlay) == pytest.approx(0.07)
    bias_display.fitHalfWidth(channel.overlay, 0.2)
    bias_display.showAsBiasField(channel.overlay, 0.3, hideZero=True)
    assert bias_display.halfWidthOf(channel.overlay) == pytest.approx(0.3)


def test_without_views_the_layout_says_why_it_cannot_be_opened(a_scene):
    from GMMSegExtensionLib.inspect_layout import InspectLayout

    layout = InspectLayout()
    assert "no views" in layout.obstacle()
    layout.describe()
    layout.close()
    assert not layout.isOpen
