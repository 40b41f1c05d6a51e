"""The panel and the self-test of the module with the real engine."""

from __future__ import annotations

import sys

from host import messages

from .conftest import MODULE


def test_the_real_engine_segments_a_small_volume_from_the_panel(an_application):
    import slicer
    from GMMSegExtensionLib.self_test import makePhantom
    from GMMSegExtensionLib.tissues import segmentID

    imported_before = "torch" in sys.modules
    volume = makePhantom()
    widget = an_application.load_module(MODULE)
    an_application.select_module("GMMSegExtension")
    widget.ui.modeComboBox.setCurrentText("Classical EM")
    widget.ui.maskStrippedRadioButton.click()
    widget.ui.segmentButton.click()
    an_application.process_events_until(lambda: not widget.logic.isRunning, "the run has ended", timeout=120)
    assert messages.texts("error") == []
    segmentation = widget.logic.outputsOf(volume).segmentation
    brightest = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segmentID(3), volume)
    image = slicer.util.arrayFromVolume(volume)
    assert brightest[image > 90].mean() > 0.95 and brightest[image < 80].mean() < 0.02
    assert ("torch" in sys.modules) == imported_before  # only the worker may import it


def test_slicers_test_driver_runs_each_scenario_on_its_own(an_application):
    import unittest

    an_application.load_module(MODULE)
    case = sys.modules["GMMSegExtension"].GMMSegExtensionTest
    names = [name for name in unittest.TestLoader().getTestCaseNames(case) if "constant" in name or "bad_input" in name]
    result = unittest.TestResult()
    unittest.TestSuite(case(name) for name in names).run(result)
    assert result.testsRun == 1 and result.wasSuccessful(), result.errors + result.failures


def test_the_self_test_of_the_module_passes_and_leaves_nothing_behind(an_application, monkeypatch, tmp_path):
    """The scenarios that also run inside Slicer, but for the one on a whole brain, which is the demo's."""
    from GMMSegExtensionLib.self_test import SelfTest

    monkeypatch.delattr(SelfTest, "test_a_shipped_brain_gives_three_tissues")
    an_application.load_module(MODULE)
    sys.modules["GMMSegExtension"].GMMSegExtensionTest().runTest()
    assert not (tmp_path / "models").exists() and not list(tmp_path.glob("**/*.safetensors"))
    assert not list(tmp_path.glob("**/gmmseg-*"))
