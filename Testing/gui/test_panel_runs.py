"""Runs started from the panel: nothing that goes wrong with them loses anything."""

from __future__ import annotations

import time

import numpy as np
import pytest
from host import messages

from .conftest import a_brain


def test_the_button_turns_into_cancel_and_cancelling_brings_the_earlier_result_back(
    a_panel, run, an_application, a_fake_engine
):
    import slicer

    volume = a_brain()
    widget = a_panel()
    run(widget)
    segmentation = widget.logic.outputsOf(volume).segmentation
    widget.logic.stopEngine()
    widget.logic.engine = a_fake_engine("hang")
    widget.ui.numberOfClassesSpinBox.value = 5
    widget.ui.segmentButton.click()
    assert widget.ui.segmentButton.text == "Cancel" and widget.ui.progressBar.visible
    segments = segmentation.GetSegmentation()
    an_application.process_events_until(lambda: segments.GetNumberOfSegments() == 5, "the preview is there")
    assert widget.ui.progressBar.value == 25 and widget.ui.statusLabel.text == "learning on this scan, 3 s left"
    count = slicer.mrmlScene.GetNumberOfNodes()
    run(widget)
    assert segments.GetNumberOfSegments() == 3 and slicer.mrmlScene.GetNumberOfNodes() == count
    assert widget.ui.segmentButton.text == "Segment" and widget.ui.segmentButton.enabled
    assert messages.shown == []


def test_a_cancelled_first_run_leaves_no_node(a_panel, run, an_application):
    import slicer

    a_brain()
    widget = a_panel("hang")
    widget.ui.segmentButton.click()
    an_application.process_events_until(
        lambda: slicer.util.getNodesByClass("vtkMRMLSegmentationNode"), "the preview is there"
    )
    run(widget)
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        ("fail", "The image 'T1' is constant; choose another one."),
        ("preview-then-fail", "Out of memory."),
        ("die", "the disk of memory is gone"),
        ("unavailable", "torch is not installed"),
    ],
)
def test_a_failed_run_shows_its_cause_once_and_the_panel_goes_on(a_panel, run, a_fake_engine, behaviour, sentence):
    import slicer

    volume = a_brain()
    widget = a_panel(behaviour)
    run(widget)
    assert len(messages.texts("error")) == 1 and sentence in messages.texts("error")[0]
    assert sentence in widget.ui.statusLabel.text and widget.ui.statusLabel.visible
    assert sentence in widget.ui.logTextEdit.toPlainText()
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    widget.logic.stopEngine()
    widget.logic.engine = a_fake_engine("done")
    run(widget)
    assert widget.logic.outputsOf(volume) is not None and not widget.ui.statusLabel.visible


def test_an_interpreter_that_is_not_there_is_said_once(a_panel, run):
    a_brain()
    widget = a_panel()
    widget.logic.engine.stop()
    widget.logic.engine._command = lambda: ["/no/such/python"]
    widget.ui.segmentButton.click()
    assert len(messages.texts("error")) == 1 and "'/no/such/python' cannot be started" in messages.texts("error")[0]
    assert not widget.logic.isRunning and "cannot be started" in widget.ui.statusLabel.text


def test_closing_the_scene_while_running_cancels_and_writes_nothing(a_panel, an_application, tmp_path):
    import slicer

    a_brain()
    widget = a_panel("hang")
    widget.ui.segmentButton.click()
    an_application.process_events_until(
        lambda: slicer.util.getNodesByClass("vtkMRMLSegmentationNode"), "the preview is there"
    )
    an_application.close_scene()
    assert not widget.logic.isRunning
    an_application.process_events_until(lambda: not widget.logic.engine.busy, "the worker has ended the job")
    an_application.process_events_until(lambda: not list(tmp_path.glob("**/gmmseg-*")), "the files are gone")
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    volume = a_brain("next")
    widget.ui.inputVolumeSelector.setCurrentNode(volume)
    assert widget.ui.segmentButton.enabled and widget.ui.segmentButton.text == "Segment"


def test_a_run_can_follow_at_once_on_one_that_was_abandoned(a_panel, run, an_application, the_requests):
    a_brain()
    widget = a_panel("slow")
    widget.ui.segmentButton.click()
    an_application.process_events_until(lambda: widget.ui.progressBar.value > 0, "the run has begun")
    an_application.close_scene()
    volume = a_brain("next")
    widget.ui.inputVolumeSelector.setCurrentNode(volume)
    run(widget)
    assert widget.logic.outputsOf(volume) is not None and len(the_requests()) == 2


def test_deleting_the_volume_while_running_cancels_with_a_sentence(a_panel, an_application):
    import slicer

    volume = a_brain()
    widget = a_panel("hang")
    widget.ui.segmentButton.click()
    an_application.process_events_until(lambda: widget.ui.progressBar.value > 0, "the run has begun")
    slicer.mrmlScene.RemoveNode(volume)
    an_application.process_events_until(lambda: not widget.logic.isRunning, "the run has ended")
    assert "'T1' was removed" in widget.ui.statusLabel.text
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


def test_leaving_the_module_lets_the_run_finish(a_panel, an_application):
    volume = a_brain()
    widget = a_panel("slow")
    widget.ui.segmentButton.click()
    an_application.select_module("")
    an_application.process_events_until(lambda: not widget.logic.isRunning, "the run has ended")
    assert widget.logic.outputsOf(volume) is not None
    an_application.select_module("GMMSegExtension")
    assert widget.ui.resultsTable.visible


def test_quitting_while_running_ends_the_worker_and_removes_the_files(a_panel, an_application, tmp_path):
    a_brain()
    widget = a_panel("hang")
    widget.ui.segmentButton.click()
    an_application.process_events_until(lambda: widget.ui.progressBar.value > 0, "the run has begun")
    an_application.app.aboutToQuit.emit()
    assert not widget.logic.engine.running and not list(tmp_path.glob("**/gmmseg-*"))


def test_the_interface_stays_alive_during_a_run(a_panel, an_application):
    import qt

    a_brain()
    widget = a_panel("slow")
    beats = []
    timer = qt.QTimer()
    timer.setInterval(10)
    timer.connect("timeout()", lambda: beats.append(time.monotonic()))
    timer.start()
    widget.ui.segmentButton.click()
    an_application.process_events_until(lambda: not widget.logic.isRunning, "the run has ended")
    timer.stop()
    assert len(beats) > 10 and np.diff(beats).max() < 2.0


def test_the_log_can_be_copied(a_panel, run, an_application):
    import slicer

    a_brain()
    widget = a_panel()
    run(widget)
    widget.ui.copyLogButton.click()
    assert "fake worker started" in slicer.app.clipboard().text()
