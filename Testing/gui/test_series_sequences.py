"""Time points of a sequence, segmented one after another: the results step with the browser."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import OBLIQUE

SHAPE = (6, 8, 10)


def a_sequence(count: int = 3, name: str = "T1 series"):
    """A browser with a sequence of small volumes: the later, the larger."""
    import slicer

    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", name)
    sequence.SetIndexName("time")
    sequence.SetIndexUnit("s")
    for index in range(count):
        array = np.zeros(SHAPE, dtype=np.float32)
        size = 3 + index
        array[1:5, 1:7, 1 : 1 + size] = 1 + 100 * np.random.default_rng(index).random((4, 6, size))
        volume = slicer.util.addVolumeFromArray(array, ijkToRAS=OBLIQUE, name=name)
        sequence.SetDataNodeAtValue(volume, str(2 * index))
        slicer.mrmlScene.RemoveNode(volume)
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "browser")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    return browser, sequence


@pytest.fixture
def a_sequence_panel(a_series_panel, an_application):
    """Gives a function that shows the Series section with a sequence of `count` time points chosen."""

    def make(behaviour: str = "done", count: int = 3, name: str = "T1 series"):
        browser, sequence = a_sequence(count, name)
        widget, panel, ui = a_series_panel(behaviour)
        ui.seriesBrowserSelector.setCurrentNode(browser)
        an_application.process_events()
        return widget, panel, ui, browser, sequence

    return make


def _voxelsSeen(widget, proxy) -> int:
    """How many voxels the segments have that the browser shows now."""
    import slicer

    outputs = widget.logic.outputsOf(proxy)
    segmentation = outputs.segmentation
    return sum(
        int(slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, name, proxy).sum())
        for name in segmentation.GetSegmentation().GetSegmentIDs()
    )


def _step(browser, number: int) -> None:
    import slicer

    browser.SetSelectedItemNumber(number)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)


def test_the_time_points_are_listed_and_ticked(a_sequence_panel):
    _widget, panel, ui, _browser, _sequence = a_sequence_panel()
    titles = [ui.seriesTable.item(row, 0).text() for row in range(ui.seriesTable.rowCount)]
    assert titles == ["time 0 s", "time 2 s", "time 4 s"] and panel._table.ticked() == ["0", "2", "4"]


def test_stepping_the_browser_shows_each_result(a_sequence_panel, run_series):
    import slicer

    widget, panel, ui, browser, sequence = a_sequence_panel()
    run_series(panel, ui)
    assert ui.seriesStatusLabel.text == "3 of 3 segmented."
    proxy = browser.GetProxyNode(sequence)
    for number, size in ((0, 3), (1, 4), (2, 5), (0, 3)):
        _step(browser, number)
        outputs = widget.logic.outputsOf(proxy)
        assert _voxelsSeen(widget, proxy) == 4 * 6 * size
        corrected = slicer.util.arrayFromVolume(outputs.correctedVolumes[0])
        field = slicer.util.arrayFromVolume(outputs.biasFields[0])
        np.testing.assert_allclose(corrected * field, slicer.util.arrayFromVolume(proxy), atol=1e-3)
        assert sum(entry["voxels"] for entry in outputs.report["classes"]) == 4 * 6 * size


def test_the_panel_follows_the_browser(a_sequence_panel, run_series, an_application):
    widget, panel, ui, browser, sequence = a_sequence_panel()
    run_series(panel, ui)
    widget._parameterNode.inputVolume = browser.GetProxyNode(sequence)

    def voxels() -> int:
        return widget._results._outputs.report["classes"][0]["voxels"]

    assert widget.ui.resultsTable.visible and voxels() == 24
    _step(browser, 2)
    an_application.process_events_until(lambda: voxels() == 40, "the results are those of the item")
    ui.seriesTable.cellDoubleClicked(1, 0)
    assert browser.GetSelectedItemNumber() == 1


def test_no_helper_nodes_pile_up(a_sequence_panel, run_series):
    import slicer

    widget, panel, ui, browser, sequence = a_sequence_panel()
    before = {node.GetID() for node in slicer.util.getNodes("*", useLists=True).get("T1 series", [])}
    run_series(panel, ui)
    count = slicer.mrmlScene.GetNumberOfNodes()
    proxy = browser.GetProxyNode(sequence)
    results = list(slicer.util.getNodesByClass("vtkMRMLSegmentationNode"))
    assert [node.GetName() for node in results] == ["T1 series segmentation"]
    assert {node.GetID() for node in slicer.util.getNodes("*", useLists=True).get("T1 series", [])} == before
    assert not [node for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if node.GetHideFromEditors()]
    run_series(panel, ui)
    assert slicer.mrmlScene.GetNumberOfNodes() == count
    assert widget.logic.outputsOf(proxy).segmentation is results[0]
    assert {len(_items(node)) for node in slicer.util.getNodesByClass("vtkMRMLSequenceNode")} == {3}


def _items(sequence) -> list[str]:
    return [sequence.GetNthIndexValue(number) for number in range(sequence.GetNumberOfDataNodes())]


def test_the_user_may_step_while_the_series_runs(a_sequence_panel, an_application):
    widget, panel, ui, browser, sequence = a_sequence_panel("slow")
    ui.seriesButton.click()
    for number in (2, 1, 0, 2):
        _step(browser, number)
        for _tick in range(30):
            an_application.process_events()
    an_application.process_events_until(lambda: not panel.isRunning, "the series has ended")
    proxy = browser.GetProxyNode(sequence)
    for number in range(3):
        _step(browser, number)
        assert _voxelsSeen(widget, proxy) == 24 * (3 + number)
    assert sequence.GetNumberOfDataNodes() == 3


def test_a_time_point_that_was_not_segmented_shows_no_result(a_sequence_panel, run_series):
    import qt

    widget, panel, ui, browser, sequence = a_sequence_panel()
    ui.seriesTable.item(1, 0).setCheckState(qt.Qt.Unchecked)
    run_series(panel, ui)
    proxy = browser.GetProxyNode(sequence)
    _step(browser, 1)
    assert widget.logic.outputsOf(proxy) is None
    _step(browser, 2)
    assert _voxelsSeen(widget, proxy) == 24 * 5
    assert ui.seriesTable.item(1, 2).text() == "" and ui.seriesTable.item(2, 2).text() != ""


def test_edits_belong_to_their_time_point(a_sequence_panel, run_series):
    import slicer
    from GMMSegExtensionLib.tissues import segmentID

    widget, panel, ui, browser, sequence = a_sequence_panel()
    run_series(panel, ui)
    proxy = browser.GetProxyNode(sequence)
    _step(browser, 0)
    segmentation = widget.logic.outputsOf(proxy).segmentation
    nothing = np.zeros(SHAPE, dtype=np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(nothing, segmentation, segmentID(1), proxy)
    edited = _voxelsSeen(widget, proxy)
    assert edited == 48
    _step(browser, 1)
    assert _voxelsSeen(widget, proxy) == 24 * 4
    _step(browser, 0)
    assert _voxelsSeen(widget, proxy) == edited


def test_cancelling_keeps_the_finished_time_points(a_sequence_panel, an_application):
    import slicer

    widget, panel, ui, browser, sequence = a_sequence_panel("slow")
    ui.seriesButton.click()
    an_application.process_events_until(lambda: ui.seriesStatusLabel.text == "2 of 3: time 2 s", "the second runs")
    an_application.process_events_until(lambda: widget.logic.isRunning, "the second runs")
    ui.seriesButton.click()
    an_application.process_events_until(lambda: not panel.isRunning, "the series has ended")
    proxy = browser.GetProxyNode(sequence)
    assert _voxelsSeen(widget, proxy) == 24 * 3
    assert len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")) == 1


@pytest.mark.parametrize("removed", ["sequence", "browser", "item"])
def test_what_is_removed_meanwhile_is_left_out(a_sequence_panel, an_application, removed):
    import slicer

    widget, panel, ui, browser, sequence = a_sequence_panel("slow")
    ui.seriesButton.click()
    an_application.process_events_until(lambda: widget.logic.isRunning, "the first runs")
    if removed == "item":
        sequence.RemoveDataNodeAtValue("2")
    else:
        slicer.mrmlScene.RemoveNode({"sequence": sequence, "browser": browser}[removed])
    an_application.process_events_until(lambda: not panel.isRunning, "the series has ended")
    assert ui.seriesStatusLabel.text == ("2 of 3 segmented." if removed == "item" else "0 of 3 segmented.")


def test_closing_the_scene_ends_the_series(a_sequence_panel, an_application):
    import slicer

    widget, panel, ui, _browser, _sequence = a_sequence_panel("slow")
    ui.seriesButton.click()
    an_application.process_events_until(lambda: widget.logic.isRunning, "the first runs")
    an_application.close_scene()
    assert not panel.isRunning
    an_application.process_events_until(lambda: not widget.logic.engine.busy, "the worker has ended the job")
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


def test_results_lie_where_the_browsers_volume_lies(a_sequence_panel, run_series):
    import slicer

    widget, panel, ui, browser, sequence = a_sequence_panel()
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    proxy = browser.GetProxyNode(sequence)
    proxy.SetAndObserveTransformNodeID(transform.GetID())
    run_series(panel, ui)
    outputs = widget.logic.outputsOf(proxy)
    for node in (outputs.segmentation, outputs.biasFields[0], outputs.correctedVolumes[0]):
        assert node.GetTransformNodeID() == transform.GetID()


def test_the_results_come_back_from_an_mrb(a_sequence_panel, run_series, an_application, tmp_path):
    import slicer

    widget, panel, ui, _browser, _sequence = a_sequence_panel()
    run_series(panel, ui)
    an_application.save_scene(tmp_path / "scene.mrb")
    an_application.close_scene()
    an_application.load_scene(tmp_path / "scene.mrb")
    browser = slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode")[0]
    sequence = browser.GetMasterSequenceNode()
    panel.setParameters(widget._parameterNode)
    ui.seriesBrowserSelector.setCurrentNode(browser)
    an_application.process_events()
    assert ui.seriesTable.item(2, 2).text() != ""
    for number in (2, 0, 1):
        _step(browser, number)
        assert _voxelsSeen(widget, browser.GetProxyNode(sequence)) == 24 * (3 + number)
