"""Layouts with slice, 3-D, plot and table views; charts that draw; shortcuts of the main window."""

import numpy as np
import pytest

from host.scene import slicer

LAYOUT = 517


def _slice_item(name: str, orientation: str) -> str:
    return (
        f'<item><view class="vtkMRMLSliceNode" singletontag="{name}"><property name="orientation" action="default">'
        f'{orientation}</property><property name="viewlabel" action="default">{name[0]}</property>'
        f'<property name="viewgroup" action="default">3</property></view></item>'
    )


def _item(class_name: str, name: str) -> str:
    return f'<item><view class="{class_name}" singletontag="{name}"/></item>'


@pytest.fixture
def a_layout(an_application):
    """The layout manager in a layout of one's own: two linked slice views, a 3-D view, a plot and a table."""
    manager = slicer.app.layoutManager()
    items = _slice_item("Before", "Axial") + _slice_item("Change", "Coronal")
    items += _item("vtkMRMLViewNode", "Tissues") + _item("vtkMRMLPlotViewNode", "Histogram")
    items += _item("vtkMRMLTableViewNode", "Numbers")
    manager.layoutLogic().GetLayoutNode().AddLayoutDescription(LAYOUT, f'<layout type="vertical">{items}</layout>')
    manager.setLayout(LAYOUT)
    return manager


@pytest.fixture
def a_chart(a_layout):
    """A line and bars over the column x of a table."""
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "Counts")
    slicer.util.updateTableFromArray(table, np.array([[0.0, 1, 2, 3], [1, 4, 2, 3]]).T, ["x", "y"])
    chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", "Histogram")
    for name, kind in (("bars", "PlotTypeScatterBar"), ("line", "PlotTypeScatter")):
        series = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", name)
        series.SetAndObserveTableNodeID(table.GetID())
        series.SetXColumnName("x")
        series.SetYColumnName("y")
        series.SetPlotType(getattr(series, kind))
        series.SetColor(1, 0, 0)
        chart.AddAndObservePlotSeriesNodeID(series.GetID())
    chart.SetTitle("Grey levels")
    return chart


def _has_red(image) -> bool:
    pixels = [image.pixelColor(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)]
    return any(color.red() > 200 and color.green() < 80 for color in pixels)


def test_a_layout_of_ones_own_has_views_with_names_groups_and_logics(a_layout):
    before = a_layout.sliceWidget("Before")
    assert {"Before", "Change", "Red"} <= set(a_layout.sliceViewNames())
    assert before.mrmlSliceNode().GetViewGroup() == 3 and before.mrmlSliceNode().GetOrientation() == "Axial"
    assert before.sliceLogic().GetSliceNode() is before.mrmlSliceNode()
    assert before.mrmlSliceCompositeNode().GetID() == "vtkMRMLSliceCompositeNodeBefore"
    assert a_layout.threeDWidget("Tissues").threeDView().mrmlViewNode().GetLayoutName() == "Tissues"
    assert a_layout.viewWidget(before.mrmlSliceNode()) is before
    assert (a_layout.plotViewCount, a_layout.tableViewCount) == (1, 1)
    assert slicer.app.layoutManager().layout == LAYOUT


def test_a_3d_view_has_one_camera_of_its_own(a_layout):
    view = a_layout.threeDWidget("Tissues").threeDView()
    view.setFocalPoint(1.0, 2.0, 3.0)
    assert view.cameraNode().GetFocalPoint() == (1.0, 2.0, 3.0)
    assert view.cameraNode() is view.cameraNode()


def test_views_and_layout_outlive_a_closed_scene_and_come_back_with_a_saved_one(an_application, a_layout, tmp_path):
    an_application.save_scene(tmp_path / "scene.mrb")
    a_layout.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    an_application.close_scene()
    assert a_layout.sliceWidget("Red").mrmlSliceNode().GetScene() is slicer.mrmlScene
    an_application.load_scene(tmp_path / "scene.mrb")
    assert a_layout.layout == LAYOUT
    node = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeBefore")
    assert a_layout.sliceWidget("Before").mrmlSliceNode() is node


def test_linked_views_of_a_group_move_together(a_layout):
    widgets = [a_layout.sliceWidget(name) for name in ("Before", "Change", "Red")]
    for widget in widgets:
        widget.mrmlSliceCompositeNode().SetLinkedControl(1)
        widget.setSliceOrientation("Axial")
    logic = widgets[0].sliceLogic()
    logic.StartSliceNodeInteraction(slicer.vtkMRMLSliceNode.SliceToRASFlag)
    logic.SetSliceOffset(12.5)
    logic.EndSliceNodeInteraction()
    assert [widget.sliceLogic().GetSliceOffset() for widget in widgets] == [12.5, 12.5, 0.0]


def test_a_view_whose_node_is_removed_is_gone(a_layout):
    a_layout.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    slicer.mrmlScene.RemoveNode(slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeBefore"))
    assert a_layout.sliceWidget("Before") is None and "Before" not in a_layout.sliceViewNames()


def test_a_plot_view_of_the_layout_shows_the_chart_that_the_logic_chooses(a_layout, a_chart, tmp_path):
    slicer.modules.plots.logic().ShowChartInLayout(a_chart)
    view = a_layout.plotWidget(0).plotView()
    assert a_layout.plotWidget(0).mrmlPlotViewNode().GetPlotChartNodeID() == a_chart.GetID()
    assert view.chart().GetNumberOfPlots() == 2 and view.title == "Grey levels"
    view.saveAsSVG(str(tmp_path / "chart.svg"))
    assert "<svg" in (tmp_path / "chart.svg").read_text()


def test_a_plot_widget_in_a_panel_draws_its_chart_and_follows_it(an_application, a_chart):
    widget = slicer.qMRMLPlotWidget()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotViewNode", "Loss")
    widget.setMRMLScene(slicer.mrmlScene)
    widget.setMRMLPlotViewNode(node)
    widget.resize(300, 200)
    assert not _has_red(widget.grab().toImage())
    node.SetPlotChartNodeID(a_chart.GetID())
    assert _has_red(widget.grab().toImage())
    while a_chart.GetNumberOfPlotSeriesNodes():
        slicer.mrmlScene.RemoveNode(a_chart.GetNthPlotSeriesNode(0))
    assert widget.plotView().chart().GetNumberOfPlots() == 0
    slicer.mrmlScene.RemoveNode(a_chart)
    assert not _has_red(widget.grab().toImage())


def test_a_series_without_its_columns_is_not_drawn(a_layout, a_chart):
    a_chart.GetNthPlotSeriesNode(0).SetXColumnName("missing")
    slicer.modules.plots.logic().ShowChartInLayout(a_chart)
    assert a_layout.plotWidget(0).plotView().chart().GetNumberOfPlots() == 1


def test_plot_views_have_no_more_names_than_in_slicer(an_application):
    widget = slicer.qMRMLPlotWidget()
    for view, unlisted in (
        (widget, "setChart"),
        (widget.plotView(), "mrmlPlotViewNode"),
        (widget.plotView(), "pixels"),
    ):
        with pytest.raises(AttributeError):
            getattr(view, unlisted)


def test_a_table_view_names_its_table(a_layout, a_chart):
    view = a_layout.tableWidget(0).tableView()
    view.setMRMLTableNode(slicer.util.getNode("Counts"))
    assert a_layout.tableWidget(0).mrmlTableViewNode().GetTableNode().GetName() == "Counts"
    assert view.mrmlTableNode().GetName() == "Counts"


def test_shortcuts_of_the_main_window_are_pressed(an_application):
    import qt

    pressed = []
    shortcut = qt.QShortcut(qt.QKeySequence("Shift+B"), slicer.util.mainWindow())
    assert shortcut.connect("activated()", lambda: pressed.append("B"))
    an_application.press("B")
    an_application.press("Shift+B")
    assert pressed == ["B"]
    shortcut.setEnabled(False)
    an_application.press("Shift+B")
    shortcut.setEnabled(True)
    shortcut.setKey(qt.QKeySequence(qt.Qt.Key_N))
    an_application.press("N")
    assert pressed == ["B", "B"]
    shortcut.delete()
    an_application.press("N")
    assert pressed == ["B", "B"]


def test_logics_of_markups_models_tables_and_sequences_are_there(an_application):
    modules = slicer.modules
    names = [getattr(modules, name).logic().GetClassName() for name in ("markups", "models", "tables", "sequences")]
    assert names == ["vtkSlicerMarkupsLogic", "vtkSlicerModelsLogic", "vtkSlicerTablesLogic", "vtkSlicerSequencesLogic"]
    assert slicer.app.moduleLogic("Sequences") is modules.sequences.logic()
