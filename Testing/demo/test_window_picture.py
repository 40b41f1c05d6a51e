"""Pictures of layouts: where the views lie, and what is drawn in them."""

import numpy as np
import pytest
import slicer
from host.application import StandInApplication
from PIL import Image

from demo import layout_tree
from demo.window_picture import BAR, layout_picture, window_picture

EXAMPLE = "host/example/Example.py"
LAYOUT = (
    '<layout type="vertical" split="true"><item splitSize="600"><layout type="horizontal">'
    '<item><view class="vtkMRMLSliceNode" singletontag="Mine"><property name="orientation" action="default">Axial'
    '</property><property name="viewlabel" action="default">M</property></view></item>'
    '<item><view class="vtkMRMLViewNode" singletontag="Surfaces"/></item></layout></item>'
    '<item splitSize="300"><layout type="horizontal">'
    '<item><view class="vtkMRMLPlotViewNode" singletontag="Chart"/></item>'
    '<item><view class="vtkMRMLTableViewNode" singletontag="Numbers"/></item></layout></item></layout>'
)
SIZE = (404, 304)


@pytest.fixture
def an_application():
    application = StandInApplication()
    yield application
    application.quit()
    assert application.problems() == []


@pytest.fixture
def a_layout(an_application):
    """The layout manager with `LAYOUT` shown."""
    manager = slicer.app.layoutManager()
    manager.layoutLogic().GetLayoutNode().AddLayoutDescription(517, LAYOUT)
    manager.setLayout(517)
    return manager


@pytest.fixture
def a_ball(a_layout):
    """A bright volume in the slice view, with a red segment in its middle that has a surface."""
    indices = np.indices((16, 16, 16)) - 7.5
    volume = slicer.util.addVolumeFromArray(np.full((16, 16, 16), 200, dtype=np.uint8), name="T1")
    volume.GetDisplayNode().SetAutoWindowLevel(False)
    volume.GetDisplayNode().SetWindowLevelMinMax(0, 200)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Ball")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.GetSegmentation().AddEmptySegment("ball", "ball", (1.0, 0.0, 0.0))
    mask = (np.sqrt((indices**2).sum(axis=0)) < 5).astype(np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, "ball", volume)
    node.CreateClosedSurfaceRepresentation()
    node.GetDisplayNode().SetOpacity2DFill(1.0)
    widget = a_layout.sliceWidget("Mine")
    widget.mrmlSliceCompositeNode().SetBackgroundVolumeID(volume.GetID())
    widget.fitSliceToBackground()
    return node


def _part(picture: np.ndarray, box: layout_tree.Box) -> np.ndarray:
    return picture[box.top + BAR : box.top + box.height, box.left : box.left + box.width].astype(int)


def _red(part: np.ndarray) -> np.ndarray:
    return (part[..., 0] > 120) & (part[..., 1] < 80) & (part[..., 2] < 80)


def test_a_layout_is_cut_into_its_views():
    found = layout_tree.places(LAYOUT, SIZE)
    assert [place.tag for place in found] == ["Mine", "Surfaces", "Chart", "Numbers"]
    assert [(p.box.left, p.box.top, p.box.width, p.box.height) for p in found] == [
        (0, 0, 200, 200),
        (204, 0, 200, 200),
        (0, 204, 200, 100),
        (204, 204, 200, 100),
    ]


def test_grids_and_tabs_are_laid_out_too():
    view = '<view class="vtkMRMLSliceNode" singletontag="{}"/>'
    grid = "".join(f'<item row="{i // 2}" column="{i % 2}">{view.format(i)}</item>' for i in range(3))
    boxes = [place.box for place in layout_tree.places(f'<layout type="grid">{grid}</layout>', (204, 104))]
    assert [(box.left, box.top) for box in boxes] == [(0, 0), (104, 0), (0, 54)]
    tabs = layout_tree.places(f'<layout type="tab">{grid}</layout>', (204, 104))
    assert [place.tag for place in tabs] == ["0"]


def test_slices_and_surfaces_show_the_segments(an_application, a_ball):
    picture = layout_picture(an_application.environment, SIZE)
    slices, surfaces, *_ = (_part(picture, place.box) for place in layout_tree.places(LAYOUT, SIZE))
    assert _red(slices).sum() > 500 and (slices.min(axis=2) > 180).sum() > 500
    assert _red(surfaces).sum() > 200
    a_ball.GetDisplayNode().SetVisibility(False)
    picture = layout_picture(an_application.environment, SIZE)
    assert not any(_red(_part(picture, place.box)).any() for place in layout_tree.places(LAYOUT, SIZE)[:2])


def test_plots_and_tables_show_their_nodes(an_application, a_layout):
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "Counts")
    slicer.util.updateTableFromArray(table, np.array([[0.0, 1, 2], [1, 4, 2]]).T, ["x", "y"])
    series = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", "line")
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName("x")
    series.SetYColumnName("y")
    series.SetPlotType(series.PlotTypeScatterBar)
    series.SetColor(1, 0, 0)
    chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", "Histogram")
    chart.AddAndObservePlotSeriesNodeID(series.GetID())
    a_layout.plotWidget(0).mrmlPlotViewNode().SetPlotChartNodeID(chart.GetID())
    a_layout.tableWidget(0).tableView().setMRMLTableNode(table)
    picture = layout_picture(an_application.environment, SIZE)
    plot, numbers = (_part(picture, place.box) for place in layout_tree.places(LAYOUT, SIZE)[2:])
    assert _red(plot).sum() > 100
    assert (numbers.max(axis=2) < 100).sum() > 20  # letters


def test_the_panel_stands_beside_the_views(an_application, a_ball, tmp_path):
    from data_paths import TESTING

    an_application.load_module(TESTING / EXAMPLE)
    an_application.select_module("Example")
    path = window_picture(an_application, tmp_path / "window.png", (800, 400))
    with Image.open(path) as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (400, 800, 3)
    assert _red(pixels[:, 410:].astype(int)).sum() > 500 and not _red(pixels[:, :390].astype(int)).any()
