"""The application goes on while a large volume is sent, segmented, shown, segmented again and brought back.

Counted is what the main thread computes between two looks at the events, not the time that passes: on a busy machine
that says nothing about the module. Time spent inside the system, such as handing out memory, is left out where it can
be told apart, because it goes by the machine's load: a turn of 65 ms was once measured as 370.
"""

from __future__ import annotations

import gc
import sys
import time

import numpy as np
import pytest
from PySide6 import QtCore

from .conftest import a_brain

if sys.platform == "linux":
    import resource

    def computed_seconds() -> float:
        """What this thread has computed so far."""
        return resource.getrusage(resource.RUSAGE_THREAD).ru_utime

else:
    computed_seconds = time.thread_time

SIZE = (256, 256, 176)
LIMIT_MS = 100


@pytest.fixture
def a_large_brain(an_application):
    """A head scan of the usual size: three shells of tissue in air."""
    import slicer

    squares = [np.linspace(-1.3, 1.3, size, dtype=np.float32) ** 2 for size in SIZE]
    radius = squares[2][:, None, None] + squares[1][:, None] + squares[0]
    image = np.select([radius < 0.4, radius < 0.8, radius < 1], [900, 600, 300], 0).astype(np.int16)
    volume = slicer.util.addVolumeFromArray(image, name="large")
    volume.CreateDefaultDisplayNodes()
    return volume


@pytest.fixture
def a_warm_panel(a_panel, run, a_large_brain):
    """Gives a function that shows the panel with the large brain chosen. A small one was segmented before: what the
    stand-in does once, such as reading the signatures of Qt's functions, is no matter of the module."""

    def show(behaviour: str = "done"):
        widget = a_panel(behaviour)
        widget._parameterNode.inputVolume = a_brain("small")
        run(widget)
        widget._parameterNode.inputVolume = a_large_brain
        return widget

    return show


@pytest.fixture
def the_longest_turn(an_application):
    """Gives a function that does something, lets events be handled until a condition holds, and tells the most
    milliseconds that were computed in one go."""

    def measure(act, condition, what: str) -> float:
        longest = 0.0

        def timed(function):
            nonlocal longest
            begin = computed_seconds()
            result = function()
            longest = max(longest, 1000 * (computed_seconds() - begin))
            return result

        gc.collect()
        gc.disable()  # what earlier tests have left behind would be looked through in the middle
        try:
            timed(act)
            deadline = time.monotonic() + 60
            while not condition():
                assert time.monotonic() < deadline, f"waited in vain until {what}"
                timed(QtCore.QCoreApplication.processEvents)
                time.sleep(0.001)
        finally:
            gc.enable()
        return longest

    return measure


def test_no_step_of_a_run_and_of_a_rerun_keeps_the_application_waiting(a_warm_panel, the_longest_turn, a_large_brain):
    from GMMSegExtensionLib.confirmations import Confirmations

    widget = a_warm_panel("t2")  # sends a preview as well
    widget.ui.createPosteriorsCheckBox.click()
    click, hasEnded = widget.ui.segmentButton.click, lambda: not widget.logic.isRunning
    assert the_longest_turn(click, hasEnded, "the run has ended") < LIMIT_MS
    outputs = widget.logic.outputsOf(a_large_brain)
    assert len(outputs.posteriors) == 3 and outputs.uncertainty is not None
    Confirmations(a_large_brain).addAll()
    assert the_longest_turn(click, hasEnded, "the rerun has ended") < LIMIT_MS


def test_cancelling_does_not_keep_the_application_waiting(
    a_warm_panel, run, the_longest_turn, a_fake_engine, a_large_brain
):
    widget = a_warm_panel()
    run(widget)
    widget.logic.stopEngine()
    widget.logic.engine = a_fake_engine("hang")
    segments = widget.logic.outputsOf(a_large_brain).segmentation.GetSegmentation()
    widget.ui.numberOfClassesSpinBox.value = 5
    click = widget.ui.segmentButton.click
    preview = the_longest_turn(click, lambda: segments.GetNumberOfSegments() == 5, "the preview is there")
    cancel = the_longest_turn(click, lambda: not widget.logic.isRunning, "the run is cancelled")
    assert segments.GetNumberOfSegments() == 3
    assert max(preview, cancel) < LIMIT_MS


def test_cancelling_while_results_are_written_does_not_keep_the_application_waiting(
    a_warm_panel, an_application, the_longest_turn, a_large_brain
):
    import slicer

    widget = a_warm_panel()
    count = slicer.mrmlScene.GetNumberOfNodes()
    widget.ui.segmentButton.click()
    an_application.process_events_until(lambda: widget.ui.progressBar.value > 0, "the run has begun")
    an_application.process_events_until(lambda: not widget.logic.engine.busy, "the results are there")
    assert widget.logic.isRunning
    turn = the_longest_turn(widget.ui.segmentButton.click, lambda: not widget.logic.isRunning, "the run has ended")
    assert slicer.mrmlScene.GetNumberOfNodes() == count and widget.logic.outputsOf(a_large_brain) is None
    assert turn < LIMIT_MS


def test_surfaces_do_not_keep_the_application_waiting(a_warm_panel, run, the_longest_turn, a_large_brain):
    from GMMSegExtensionLib import surfaces

    widget = a_warm_panel()
    run(widget)
    button = widget.ui.showSurfacesButton
    assert the_longest_turn(button.click, lambda: button.text == "3-D", "the surfaces are made") < LIMIT_MS
    assert surfaces.exist(widget.logic.outputsOf(a_large_brain).segmentation)


def test_a_series_does_not_keep_the_application_waiting(a_warm_panel, an_application, the_longest_turn, a_large_brain):
    import slicer

    widget = a_warm_panel()
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "series")
    sequence.SetDataNodeAtValue(a_large_brain, "0")
    sequence.SetDataNodeAtValue(a_large_brain, "1")
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    panel = widget._panels.series
    panel._ui.seriesBrowserSelector.setCurrentNode(browser)
    an_application.process_events()
    turn = the_longest_turn(panel._ui.seriesButton.click, lambda: not panel.isRunning, "the series has ended")
    assert panel._ui.seriesStatusLabel.text == "2 of 2 segmented.", [row.note for row in panel.summary()]
    assert turn < LIMIT_MS
