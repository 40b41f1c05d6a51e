"""Teaching within the module: what the other sections make of it."""

from __future__ import annotations

import pytest
from host import messages

from .conftest import a_brain
from .teaching import labels_of, state_of


@pytest.fixture
def a_reviewed_brain(a_panel, run):
    """The module's panel after Segment and one confirmed slice."""
    from GMMSegExtensionLib.confirmations import Confirmations

    volume = a_brain()
    widget = a_panel()
    run(widget)
    Confirmations(volume).addSlice(2, 4)
    widget.onResultsChanged(volume)
    return widget


@pytest.fixture
def a_taught_brain(a_reviewed_brain, an_application):
    """The same after Fine-tune."""
    widget = a_reviewed_brain
    widget.before = state_of(widget._parameterNode.inputVolume)
    panel = widget._panels.teach
    assert panel._ui.finetuneButton.enabled, panel._ui.teachStatusLabel.text
    panel._ui.finetuneButton.click()
    an_application.process_events_until(lambda: not widget.logic.jobs.isRunning, "the run has ended")
    assert messages.texts("error") == []
    return widget


def test_segment_waits_for_the_decision(a_taught_brain, an_application):
    widget = a_taught_brain
    volume = widget._parameterNode.inputVolume
    assert not widget.ui.segmentButton.enabled and "Keep or discard" in widget.ui.statusLabel.text
    widget._panels.teach._ui.discardButton.click()
    an_application.process_events_until(lambda: not widget._panels.teach.undecided(), "everything is back")
    assert widget.ui.segmentButton.enabled and state_of(volume)["labels"] == widget.before["labels"]


def test_leaving_and_opening_the_module_keeps_the_decision_open(a_taught_brain, an_application):
    widget = a_taught_brain
    assert an_application.layout_manager.layout == 5021
    an_application.select_module("")
    assert an_application.layout_manager.layout == 3
    an_application.select_module("GMMSegExtension")
    assert an_application.layout_manager.layout == 5021 and widget._panels.teach.undecided()


def test_closing_and_loading_scenes_while_undecided_is_safe(a_taught_brain, an_application, tmp_path):
    import slicer

    widget = a_taught_brain
    after = labels_of(widget._parameterNode.inputVolume)
    an_application.save_scene(tmp_path / "scene.mrb")
    an_application.close_scene()
    assert widget._panels.teach.undecided() == "" and an_application.layout_manager.layout == 3
    an_application.process_events_until(lambda: not list(tmp_path.glob("**/gmmseg-*")), "the files are gone")
    an_application.load_scene(tmp_path / "scene.mrb")
    assert (labels_of(slicer.util.getNode("T1")) == after).all()
    assert an_application.layout_manager.layout == 3 and widget.ui.segmentButton.enabled


def test_quitting_while_undecided_removes_the_files(a_taught_brain, an_application, tmp_path):
    an_application.app.aboutToQuit.emit()
    a_taught_brain._panels.close()
    assert not list(tmp_path.glob("**/candidate.*"))


@pytest.mark.parametrize("behaviour", ["fail", "hang-early"])
def test_segment_can_be_clicked_after_a_teaching_that_came_to_nothing(
    a_reviewed_brain, a_fake_engine, an_application, behaviour
):
    widget, ui = a_reviewed_brain, a_reviewed_brain._panels.teach._ui
    widget.logic.stopEngine()
    widget.logic.engine = a_fake_engine(behaviour)
    ui.finetuneButton.click()
    assert not widget.ui.segmentButton.enabled and "at work on something else" in widget.ui.segmentButton.toolTip
    if behaviour == "hang-early":
        an_application.process_events_until(lambda: ui.teachProgressBar.value > 0, "the teaching has begun")
        ui.finetuneButton.click()
    an_application.process_events_until(lambda: not widget.logic.jobs.isRunning, "the teaching has ended")
    assert widget.ui.segmentButton.enabled and widget.ui.segmentButton.text == "Segment"


def test_the_network_can_be_taught_after_a_segmentation_was_cancelled(a_reviewed_brain, a_fake_engine, an_application):
    widget, ui = a_reviewed_brain, a_reviewed_brain._panels.teach._ui
    widget.logic.stopEngine()
    widget.logic.engine = a_fake_engine("hang")
    widget.ui.segmentButton.click()
    assert not ui.finetuneButton.enabled and "at work on something else" in ui.teachStatusLabel.text
    an_application.process_events_until(lambda: widget.ui.progressBar.value > 0, "the run has begun")
    widget.ui.segmentButton.click()
    an_application.process_events_until(lambda: not widget.logic.isRunning, "the run has ended")
    assert ui.finetuneButton.enabled and ui.finetuneButton.text == "Fine-tune"
