"""Volumes of the scene, segmented one after another."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from .conftest import a_brain


def _tick(ui, *titles: str) -> None:
    import qt

    table = ui.seriesTable
    for row in range(table.rowCount):
        isWanted = table.item(row, 0).text() in titles
        table.item(row, 0).setCheckState(qt.Qt.Checked if isWanted else qt.Qt.Unchecked)


def _texts(ui, row: int) -> list[str]:
    return [ui.seriesTable.item(row, column).text() for column in range(ui.seriesTable.columnCount)]


def test_the_volumes_of_the_scene_are_listed_without_results(a_series_panel, run, an_application):
    a_brain("first")
    a_brain("second", seed=1)
    widget, panel, ui = a_series_panel()
    run(widget)
    panel.show(None, None)
    an_application.process_events_until(lambda: ui.seriesTable.columnCount == 6, "the list is refreshed")
    assert [ui.seriesTable.item(row, 0).text() for row in range(ui.seriesTable.rowCount)] == ["first", "second"]
    assert _texts(ui, 0)[2:] == ["0.1", "0.1", "0.1", "0.90–1.10"]


def test_new_and_removed_volumes_change_the_list_and_ticks_stay(a_series_panel, an_application):
    import slicer

    first = a_brain("first")
    a_brain("second", seed=1)
    _widget, panel, ui = a_series_panel()
    _tick(ui, "second")
    a_brain("third", seed=2)
    slicer.mrmlScene.RemoveNode(first)
    an_application.process_events_until(
        lambda: [_texts(ui, row)[0] for row in range(ui.seriesTable.rowCount)] == ["second", "third"],
        "the list is refreshed",
    )
    assert panel._table.ticked() == [slicer.util.getNode("second").GetID()]


def test_the_button_says_what_is_missing(a_series_panel, an_application):
    _widget, panel, ui = a_series_panel()
    assert not ui.seriesButton.enabled and "no volumes" in ui.seriesButton.toolTip
    a_brain()
    an_application.process_events_until(lambda: ui.seriesTable.rowCount == 1, "the list is refreshed")
    assert not ui.seriesButton.enabled and "Tick what to segment" in ui.seriesButton.toolTip
    ui.seriesAllButton.click()
    assert ui.seriesButton.enabled
    ui.seriesNoneButton.click()
    assert not ui.seriesButton.enabled
    panel.setParameters(None)
    assert not ui.seriesButton.enabled


def test_ticked_volumes_are_segmented_one_after_another_with_the_panels_settings(
    a_series_panel, run_series, the_requests
):
    volumes = [a_brain("first"), a_brain("second", seed=1), a_brain("third", seed=2)]
    widget, panel, ui = a_series_panel()
    widget.ui.biasDegreeSpinBox.value = 2
    _tick(ui, "first", "third")
    run_series(panel, ui)
    assert [request["images"][0]["name"] for request in the_requests()] == ["first", "third"]
    assert {request["settings"]["bias_degree"] for request in the_requests()} == {2}
    outputs = [widget.logic.outputsOf(volume) for volume in volumes]
    assert outputs[0] is not None and outputs[1] is None and outputs[2] is not None
    assert outputs[2].segmentation.GetName() == "third segmentation"
    assert ui.seriesStatusLabel.text == "2 of 2 segmented."
    assert _texts(ui, 2)[2:5] == ["0.1", "0.1", "0.1"]


def test_only_the_segments_of_the_volume_that_is_looked_at_are_seen(a_series_panel, run_series):
    first, second = a_brain("first"), a_brain("second", seed=1)
    widget, panel, ui = a_series_panel()
    widget._parameterNode.inputVolume = first
    ui.seriesAllButton.click()
    run_series(panel, ui)
    displays = [widget.logic.outputsOf(node).segmentation.GetDisplayNode() for node in (first, second)]
    assert [bool(display.GetVisibility()) for display in displays] == [True, False]
    ui.seriesTable.cellDoubleClicked(1, 0)
    assert [bool(display.GetVisibility()) for display in displays] == [False, True]
    assert widget._parameterNode.inputVolume is second and widget.ui.resultsTable.visible


def test_one_failure_does_not_stop_the_rest(a_series_panel, run_series):
    first, bad, last = a_brain("first"), a_brain("bad one", seed=1), a_brain("last", seed=2)
    widget, panel, ui = a_series_panel()
    ui.seriesAllButton.click()
    run_series(panel, ui)
    assert widget.logic.outputsOf(first) is not None and widget.logic.outputsOf(last) is not None
    assert widget.logic.outputsOf(bad) is None
    assert _texts(ui, 1)[1] == "failed: The image 'T1' is constant; choose another one."
    assert ui.seriesStatusLabel.text == "2 of 3 segmented. 1 failed; the notes say why."


def test_a_volume_that_was_removed_is_left_out(a_series_panel, an_application):
    import slicer

    volumes = [a_brain("first"), a_brain("second", seed=1), a_brain("third", seed=2)]
    widget, panel, ui = a_series_panel("slow")
    ui.seriesAllButton.click()
    ui.seriesButton.click()
    an_application.process_events_until(lambda: widget.logic.isRunning, "the first runs")
    slicer.mrmlScene.RemoveNode(volumes[0])
    slicer.mrmlScene.RemoveNode(volumes[1])
    an_application.process_events_until(lambda: not panel.isRunning, "the series has ended")
    assert widget.logic.outputsOf(volumes[2]) is not None
    assert ui.seriesStatusLabel.text == "1 of 3 segmented."


def test_segment_waits_for_the_end_of_a_series(a_series_panel, an_application):
    a_brain("first")
    a_brain("second", seed=1)
    widget, panel, ui = a_series_panel("slow")
    button = widget.ui.segmentButton
    ui.seriesAllButton.click()
    ui.seriesButton.click()
    an_application.process_events_until(lambda: widget.logic.isRunning, "the first runs")
    for change in (lambda: None, lambda: setattr(widget._parameterNode, "gamma", 0.5)):
        change()
        assert button.text == "Segment" and not button.enabled
        assert "at work on something else" in widget.ui.statusLabel.text
    an_application.process_events_until(lambda: not panel.isRunning, "the series has ended")
    assert button.text == "Segment" and button.enabled and not widget.ui.progressBar.visible


def test_progress_tells_which_of_how_many_and_cancel_keeps_what_is_done(a_series_panel, an_application):
    volumes = [a_brain(name, seed=seed) for seed, name in enumerate(("first", "second", "third"))]
    widget, panel, ui = a_series_panel("slow")
    ui.seriesAllButton.click()
    ui.seriesButton.click()
    assert ui.seriesButton.text == "Cancel" and not ui.seriesAllButton.enabled
    an_application.process_events_until(lambda: ui.seriesStatusLabel.text == "2 of 3: second", "the second runs")
    an_application.process_events_until(lambda: widget.logic.isRunning, "the second runs")
    assert ui.seriesProgressBar.visible and ui.seriesProgressBar.value >= 33
    ui.seriesButton.click()
    an_application.process_events_until(lambda: not panel.isRunning, "the series has ended")
    assert widget.logic.outputsOf(volumes[0]) is not None and widget.logic.outputsOf(volumes[2]) is None
    assert _texts(ui, 2)[1] == "not done: cancelled" and ui.seriesButton.text == "Segment series"


def test_a_missing_package_ends_the_series_at_once(a_series_panel, run_series, the_requests):
    a_brain("first")
    a_brain("second", seed=1)
    _widget, panel, ui = a_series_panel("unavailable")
    ui.seriesAllButton.click()
    run_series(panel, ui)
    assert ui.seriesStatusLabel.text == "0 of 2 segmented. 1 failed; the notes say why."
    assert "torch is not installed" in _texts(ui, 0)[1] and "torch is not installed" in _texts(ui, 1)[1]


def test_further_channels_are_said_to_be_left_out(a_series_panel, run_series, the_requests, an_application):
    a_brain("first")
    other = a_brain("T2", seed=1)
    widget, panel, ui = a_series_panel()
    widget._parameterNode.furtherVolumes = [other]
    an_application.process_events()
    assert "single case" in ui.seriesStatusLabel.text
    _tick(ui, "first")
    run_series(panel, ui)
    assert len(the_requests()[0]["images"]) == 1


def test_leaving_the_module_lets_the_series_go_on(a_series_panel, an_application):
    volumes = [a_brain("first"), a_brain("second", seed=1)]
    widget, panel, ui = a_series_panel("slow")
    ui.seriesAllButton.click()
    ui.seriesButton.click()
    panel.setParameters(None)
    panel.exit()
    an_application.select_module("")
    an_application.process_events_until(lambda: not panel.isRunning, "the series has ended")
    assert all(widget.logic.outputsOf(volume) is not None for volume in volumes)


@pytest.mark.parametrize("behaviour", ["slow", "hang"])
def test_closing_the_scene_ends_the_series(a_series_panel, an_application, behaviour):
    import slicer

    a_brain("first")
    a_brain("second", seed=1)
    widget, panel, ui = a_series_panel(behaviour)
    ui.seriesAllButton.click()
    ui.seriesButton.click()
    an_application.process_events_until(lambda: widget.logic.isRunning, "the first runs")
    an_application.close_scene()
    assert not panel.isRunning and ui.seriesTable.rowCount == 0
    an_application.process_events_until(lambda: not widget.logic.engine.busy, "the worker has ended the job")
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


def test_the_table_can_be_copied_and_saved(a_series_panel, run_series, tmp_path):
    import slicer

    a_brain("first, left")
    a_brain("bad one", seed=1)
    a_brain("not ticked", seed=2)
    _widget, panel, ui = a_series_panel("warn")
    assert not ui.seriesCopyButton.enabled and not ui.seriesSaveButton.enabled
    _tick(ui, "first, left", "bad one")
    run_series(panel, ui)
    ui.seriesCopyButton.click()
    lines = slicer.app.clipboard().text().splitlines()
    assert lines[0].split("\t") == ["Volume", "Note", "CSF (ml)", "GM (ml)", "WM (ml)", "Bias field"]
    panel.saveSummary(str(tmp_path / "table.csv"))
    with (tmp_path / "table.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows[1:]] == ["first, left", "bad one"]
    assert rows[1][2:] == ["0.1", "0.1", "0.1", "0.90–1.10"] and "touches the border" in rows[1][1]
    assert rows[2][1].startswith("failed: ")


def test_a_rerun_of_the_series_adds_no_nodes(a_series_panel, run_series):
    import slicer

    a_brain("first")
    a_brain("second", seed=1)
    _widget, panel, ui = a_series_panel()
    ui.seriesAllButton.click()
    run_series(panel, ui)
    count = slicer.mrmlScene.GetNumberOfNodes()
    run_series(panel, ui)
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_classes_of_different_numbers_share_one_table():
    from GMMSegExtensionLib.series_summary import SummaryRow, asText

    def report(**volumes):
        classes = [{"name": name, "volume_ml": volume} for name, volume in volumes.items()]
        return {"classes": classes, "bias_field": [{"applied": False, "min": 1, "max": 1}], "warnings": []}

    rows = [SummaryRow("one", report(CSF=1.0, GM=2.0)), SummaryRow("two", report(dark=3.0)), SummaryRow("three", None)]
    lines = asText(rows, ";").splitlines()
    assert lines[0] == "Volume;Note;CSF (ml);GM (ml);dark (ml);Bias field"
    assert lines[1:] == ["one;;1.0;2.0;;", "two;;;;3.0;", "three;;;;;"]
    assert np.all([line.count(";") == 5 for line in lines])
