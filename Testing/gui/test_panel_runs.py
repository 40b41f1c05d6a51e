"""Runs started from the panel: every control reaches the engine, and nothing that goes wrong loses anything."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from host import messages

from .conftest import MODULE, a_brain
from .managing_models import put_model


def _set(name, value):
    def act(ui):
        getattr(ui, name).value = value

    return act


def _choose(name, text):
    return lambda ui: getattr(ui, name).setCurrentText(text)


@pytest.mark.parametrize(
    ("act", "setting", "expected"),
    [
        (_set("numberOfClassesSpinBox", 5), "number_of_classes", 5),
        (_set("biasDegreeSpinBox", 2), "bias_degree", 2),
        (_set("gammaSpinBox", 0.35), "gamma", 0.35),
        (_set("gammaSlider", 50), "gamma", 1.0),
        (_set("betaSpinBox", 0.002), "beta", 0.002),
        (_set("entropyWeightSpinBox", 0.5), "entropy_weight", 0.5),
        (_set("baseWidthSpinBox", 12), "base_width", 12),
        (_set("iterationsSpinBox", 33), "iterations", 33),
        (_set("learningRateSpinBox", 0.005), "learning_rate", 0.005),
        (_set("batchSizeSpinBox", 3), "batch_size", 3),
        (_set("seedSpinBox", 42), "seed", 42),
        (lambda ui: None, "mode", "fast"),
        (_choose("modeComboBox", "Train on this scan"), "mode", "train"),
        (_choose("modeComboBox", "Classical EM"), "mode", "em"),
        (_choose("modelComboBox", "mine: My scanner's T1"), "model", "mine"),
        (lambda ui: ui.entropyCheckBox.click(), "entropy", False),
        (lambda ui: None, "entropy", True),
        (_choose("networkComboBox", "U-Net"), "network", "unet"),
        (_choose("deviceComboBox", "Graphics card 0 (CUDA)"), "device", "cuda:0"),
        (_choose("precisionComboBox", "bfloat16"), "precision", "bfloat16"),
        (_choose("presetComboBox", "As printed in the paper"), "preset", "as-printed"),
    ],
)
def test_every_setting_of_the_panel_reaches_the_engine(
    a_panel, run, an_application, the_requests, tmp_path, act, setting, expected
):
    put_model(tmp_path / "models", "mine", title="My scanner's T1")
    a_brain()
    widget = a_panel()
    an_application.process_events_until(lambda: widget.ui.networkComboBox.count == 2, "the engine is ready")
    act(widget.ui)
    run(widget)
    assert the_requests()[0]["settings"][setting] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("button", "source"), [("maskAutomaticRadioButton", "detect"), ("maskStrippedRadioButton", "stripped")]
)
def test_the_mask_buttons_reach_the_engine(a_panel, run, the_requests, button, source):
    a_brain()
    widget = a_panel()
    widget.ui.maskStrippedRadioButton.click()
    getattr(widget.ui, button).click()
    run(widget)
    assert (the_requests()[0]["mask_source"], the_requests()[0]["mask"]) == (source, None)


def test_volume_channels_and_mask_reach_the_engine(a_panel, run, the_requests):
    a_brain("T1")
    volume, other, mask = a_brain("chosen"), a_brain("T2", seed=1), a_brain("mask")
    widget = a_panel()
    widget.ui.inputVolumeSelector.setCurrentNode(volume)
    widget.ui.furtherVolumesSelector.check(other)
    widget.ui.maskGivenRadioButton.click()
    widget.ui.maskSelector.setCurrentNode(mask)
    run(widget)
    request = the_requests()[0]
    assert [image["name"] for image in request["images"]] == ["chosen", "T2"]
    assert (request["mask_source"], request["mask"]["name"]) == ("given", "mask")


def test_the_output_controls_reach_the_scene(a_panel, run):
    import slicer

    a_brain()
    widget = a_panel()
    chosen = []
    for name, kind in (
        ("outputSegmentationSelector", "vtkMRMLSegmentationNode"),
        ("outputBiasFieldSelector", "vtkMRMLScalarVolumeNode"),
        ("outputCorrectedVolumeSelector", "vtkMRMLScalarVolumeNode"),
    ):
        chosen.append(slicer.mrmlScene.AddNewNodeByClass(kind, name))
        getattr(widget.ui, name).setCurrentNode(chosen[-1])
    widget.ui.createPosteriorsCheckBox.click()
    run(widget)
    outputs = widget.logic.outputsOf(widget._parameterNode.inputVolume)
    assert [outputs.segmentation, outputs.biasFields[0], outputs.correctedVolumes[0]] == chosen
    assert len(outputs.posteriors) == 3


def test_a_finished_run_shows_table_field_and_segments(a_panel, run):
    import slicer

    volume = a_brain()
    widget = a_panel("warn")
    assert widget.ui.resultsHintLabel.visible and not widget.ui.resultsTable.visible
    run(widget)
    table = widget.ui.resultsTable
    assert table.visible and not widget.ui.resultsHintLabel.visible
    assert [table.item(row, 0).text() for row in range(table.rowCount)] == ["CSF", "GM", "WM"]
    assert [table.item(2, column).text() for column in (1, 2, 3)] == ["0.1", "33.3", "300"]
    assert widget.ui.fieldRangeLabel.text == "Bias field 0.90–1.10"
    assert "touches the border" in widget.ui.warningLabel.text and widget.ui.warningLabel.visible
    composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    assert {node.GetBackgroundVolumeID() for node in composites} == {volume.GetID()}
    assert widget.ui.segmentButton.text == "Segment" and not widget.ui.progressBar.visible


def test_the_show_buttons_change_what_the_views_show(a_panel, run):
    import slicer

    volume = a_brain()
    widget = a_panel()
    run(widget)
    outputs = widget.logic.outputsOf(volume)
    view = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")[0]
    assert widget.ui.showSegmentsButton.checked
    widget.ui.showBiasFieldButton.click()
    assert view.GetForegroundVolumeID() == outputs.biasOverlay.GetID()
    assert not outputs.segmentation.GetDisplayNode().GetVisibility() and not widget.ui.showSegmentsButton.checked
    widget.ui.showCorrectedButton.click()
    assert view.GetBackgroundVolumeID() == outputs.correctedVolumes[0].GetID()
    widget.ui.showCorrectedButton.click()
    widget.ui.showSegmentsButton.click()
    assert view.GetBackgroundVolumeID() == volume.GetID() and view.GetForegroundVolumeID() is None
    assert outputs.segmentation.GetDisplayNode().GetVisibility()


def test_the_uncertainty_map_is_made_unless_it_is_not_wanted_and_can_be_shown(a_panel, run):
    import slicer

    volume = a_brain()
    widget = a_panel()
    ui = widget.ui
    assert not ui.showUncertaintyButton.visible
    run(widget)
    assert ui.showUncertaintyButton.visible and ui.showUncertaintyButton.enabled
    outputs = widget.logic.outputsOf(volume)
    view = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")[0]
    ui.showUncertaintyButton.click()
    assert view.GetForegroundVolumeID() == outputs.uncertainty.GetID()
    assert ui.showUncertaintyButton.checked and not ui.showSegmentsButton.checked
    ui.showBiasFieldButton.click()
    assert view.GetForegroundVolumeID() == outputs.biasOverlay.GetID() and not ui.showUncertaintyButton.checked
    ui.showUncertaintyButton.click()
    assert view.GetForegroundVolumeID() == outputs.uncertainty.GetID() and not ui.showBiasFieldButton.checked
    ui.showCorrectedButton.click()
    assert ui.showUncertaintyButton.checked and ui.showCorrectedButton.checked
    ui.showUncertaintyButton.click()
    assert view.GetForegroundVolumeID() is None and not ui.showSegmentsButton.checked
    ui.entropyCheckBox.click()
    run(widget)
    assert not ui.showUncertaintyButton.visible and widget.logic.outputsOf(volume).uncertainty is None


@pytest.mark.parametrize(
    ("behaviour", "mode", "text"),
    [
        ("done", "Fast", "t1-fast and the mixture agree to 93 %"),
        ("doubtful", "Fast", "t1-fast and the mixture agree to 65 %; the model counts 50 %"),
        ("unusual", "Fast", "t1-fast and the mixture agree to 41 % only; the model was not used"),
        ("done", "Classical EM", ""),
    ],
)
def test_the_results_tell_what_the_model_was_worth(a_panel, run, behaviour, mode, text):
    a_brain()
    widget = a_panel(behaviour)
    widget.ui.modeComboBox.setCurrentText(mode)
    run(widget)
    assert widget.ui.priorLabel.text == text and widget.ui.priorLabel.visible == bool(text)


def test_class_names_of_other_than_three_classes_can_be_edited_and_are_kept(a_panel, run):
    import qt

    a_brain()
    widget = a_panel()
    run(widget)
    assert not widget.ui.resultsTable.item(0, 0).flags() & qt.Qt.ItemIsEditable
    widget.ui.numberOfClassesSpinBox.value = 2
    run(widget)
    item = widget.ui.resultsTable.item(0, 0)
    assert item.text() == "Class 1 (darkest)" and item.flags() & qt.Qt.ItemIsEditable
    item.setText("bone")
    segmentation = widget.logic.outputsOf(widget._parameterNode.inputVolume).segmentation.GetSegmentation()
    assert segmentation.GetNthSegment(0).GetName() == "bone"
    other = a_brain("other")
    widget.ui.inputVolumeSelector.setCurrentNode(other)
    run(widget)
    assert widget.ui.resultsTable.item(0, 0).text() == "bone"


def test_the_preview_is_seen_over_its_volume_even_when_the_segments_were_hidden(
    a_panel, run, a_fake_engine, an_application
):
    import slicer

    volume = a_brain()
    other = a_brain("other")
    widget = a_panel()
    widget._parameterNode.inputVolume = volume
    run(widget)
    display = widget.logic.outputsOf(volume).segmentation.GetDisplayNode()
    display.SetVisibility(False)
    slicer.util.setSliceViewerLayers(background=other)
    widget.logic.engine = a_fake_engine("hang")
    widget.ui.segmentButton.click()
    an_application.process_events_until(display.GetVisibility, "the preview is seen")
    assert slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")[0].GetBackgroundVolumeID() == volume.GetID()
    widget.ui.segmentButton.click()
    an_application.process_events_until(lambda: not widget.logic.isRunning, "the run is cancelled")


def test_a_surface_in_the_3d_views_is_made_anew_once_by_a_rerun(a_panel, run, a_fake_engine, an_application):
    from GMMSegExtensionLib.segments import hasSurface

    volume = a_brain()
    widget = a_panel()
    run(widget)
    assert "replaced" in widget.ui.segmentButton.toolTip
    segmentation = widget.logic.outputsOf(volume).segmentation
    segmentation.CreateClosedSurfaceRepresentation()
    for behaviour in ("t2", "preview-then-fail"):
        widget.logic.engine = a_fake_engine(behaviour)
        run(widget)
        an_application.process_events_until(lambda: hasSurface(segmentation), f"the surface is there: {behaviour}")


def test_a_rerun_adds_no_nodes(a_panel, run):
    import slicer

    a_brain()
    widget = a_panel()
    run(widget)
    count = slicer.mrmlScene.GetNumberOfNodes()
    run(widget)
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_another_volume_shows_its_own_results_and_frees_the_chosen_outputs(a_panel, run):
    first, second = a_brain("first"), a_brain("second", seed=1)
    widget = a_panel()
    run(widget)
    outputs = widget.logic.outputsOf(first)
    widget.ui.outputSegmentationSelector.setCurrentNode(outputs.segmentation)
    widget.ui.inputVolumeSelector.setCurrentNode(second)
    assert widget.ui.outputSegmentationSelector.currentNode() is None
    assert widget.ui.resultsHintLabel.visible
    widget.ui.inputVolumeSelector.setCurrentNode(first)
    assert widget.ui.resultsTable.visible


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


@pytest.mark.parametrize("clear", [True, False])
@pytest.mark.parametrize("open_while_loading", [True, False])
def test_settings_and_results_survive_saving_and_loading_the_scene(
    a_panel, run, an_application, tmp_path, clear, open_while_loading
):
    import slicer

    a_brain("first")
    volume, other = a_brain("T1", seed=3), a_brain("T2", seed=4)
    widget = a_panel()
    ui = widget.ui
    ui.inputVolumeSelector.setCurrentNode(volume)
    ui.furtherVolumesSelector.check(other)
    ui.maskStrippedRadioButton.click()
    ui.numberOfClassesSpinBox.value = 4
    ui.deviceComboBox.setCurrentText("Processor (CPU)")
    run(widget)
    table = [ui.resultsTable.item(row, 1).text() for row in range(4)]
    an_application.save_scene(tmp_path / "scene.mrb")
    an_application.close_scene()
    if not clear:
        a_brain("already here")
        widget.initializeParameterNode()
    if not open_while_loading:
        an_application.select_module("")
    an_application.load_scene(tmp_path / "scene.mrb", clear=clear)
    an_application.select_module("GMMSegExtension")
    assert ui.inputVolumeSelector.currentNode().GetName() == "T1"
    assert [node.GetName() for node in ui.furtherVolumesSelector.checkedNodes()] == ["T2"]
    assert ui.maskStrippedRadioButton.checked and ui.numberOfClassesSpinBox.value == 4
    assert widget._parameterNode.device == "cpu"
    assert [ui.resultsTable.item(row, 1).text() for row in range(4)] == table
    count = slicer.mrmlScene.GetNumberOfNodes()
    run(widget)
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_packages_are_asked_for_on_the_first_click_and_declining_is_harmless(a_panel, run):
    from host import installs

    a_brain()
    widget = a_panel()
    installs.pretend(missing={"fill-voids", "deepbet"})
    messages.answers.append("reject")
    widget.ui.segmentButton.click()
    assert installs.record == [] and not widget.logic.isRunning
    assert "Nothing was installed" in widget.ui.statusLabel.text
    run(widget)
    asked = messages.texts("question")
    assert len(asked) == 2 and len(installs.record) == 1
    assert installs.record[0].no_deps_requirements == ["deepbet>=1.0.2"]
    assert widget.logic.outputsOf(widget._parameterNode.inputVolume) is not None
    run(widget)
    assert len(messages.texts("question")) == 2


def test_torch_is_installed_through_its_extension(a_panel, run):
    from host import installs

    a_brain()
    widget = a_panel()
    installs.set_pytorch(extension=True, torch=None)
    run(widget)
    assert [entry.tool for entry in installs.record] == ["torch"]
    assert installs.record[0].requirements == ["torch>=2.2,!=2.13.*"]


def test_the_panel_says_while_it_installs_and_takes_no_second_click(a_panel, monkeypatch):
    import slicer
    from host import installs
    from PySide6.QtWidgets import QApplication, QProgressDialog

    a_brain()
    widget = a_panel()
    installs.set_pytorch(extension=True, torch=None)
    seen = []

    def install(_logic, **_options):
        slicer.app.processEvents()
        widget.ui.segmentButton.click()
        windows = [window for window in QApplication.topLevelWidgets() if isinstance(window, QProgressDialog)]
        seen.append((widget.ui.segmentButton.enabled, widget.ui.statusLabel.text))
        assert [(window.labelText().split(";")[0], window.isModal()) for window in windows] == [
            ("Downloading and installing PyTorch", True)
        ]

    import PyTorchUtils

    monkeypatch.setattr(PyTorchUtils.PyTorchUtilsLogic, "installTorch", install)
    widget.ui.segmentButton.click()
    assert seen == [(False, "Packages are being installed; this may take some minutes.")]
    assert widget.ui.segmentButton.enabled and "PyTorch was not installed" in widget.ui.statusLabel.text


def test_a_worker_without_its_packages_is_mentioned_before_the_first_click(a_panel, an_application):
    a_brain()
    widget = a_panel("unavailable")
    an_application.process_events_until(lambda: widget.ui.statusLabel.visible, "the panel tells")
    assert "asks before it installs" in widget.ui.statusLabel.text and widget.ui.segmentButton.enabled


def test_a_missing_pytorch_extension_is_explained(a_panel):
    from host import installs

    a_brain()
    widget = a_panel()
    installs.set_pytorch(extension=False, torch=None)
    widget.ui.segmentButton.click()
    assert "The extension 'PyTorch' is missing" in widget.ui.statusLabel.text
    assert len(messages.texts("error")) == 1


@pytest.mark.parametrize("answer", ["accept", "reject"])
def test_the_pytorch_extension_is_installed_after_asking(a_panel, answer):
    from host import installs

    a_brain()
    widget = a_panel()
    installs.has_extensions_manager = True
    installs.set_pytorch(extension=False, torch=None)
    messages.answers.append(answer)
    widget.ui.segmentButton.click()
    assert [entry.requirements for entry in installs.record] == ([["PyTorch"]] if answer == "accept" else [])
    words = "restarts" if answer == "accept" else "'PyTorch' is missing"
    assert words in widget.ui.statusLabel.text and messages.texts("error") == []


def test_a_failed_installation_says_which_wheels_to_bring(a_panel):
    from host import installs

    a_brain()
    widget = a_panel()
    installs.pretend(missing={"fill-voids"})
    installs.outcome = "fail"
    widget.ui.segmentButton.click()
    assert "bring wheels of fill-voids>=2.0" in widget.ui.statusLabel.text and not widget.logic.isRunning


def test_nothing_is_installed_when_the_site_has_its_own_python(a_panel, run, monkeypatch):
    from host import installs

    monkeypatch.setenv("GMMSEG_PYTHON", "/usr/bin/python3")
    a_brain()
    widget = a_panel()
    installs.pretend(missing={"fill-voids", "deepbet"})
    run(widget)
    assert installs.record == [] and messages.texts("question") == []


def test_the_log_can_be_copied(a_panel, run, an_application):
    import slicer

    a_brain()
    widget = a_panel()
    run(widget)
    widget.ui.copyLogButton.click()
    assert "fake worker started" in slicer.app.clipboard().text()


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


def test_the_self_test_of_the_module_passes(an_application, monkeypatch):
    """The scenarios that also run inside Slicer, but for the one on a whole brain, which is the demo's."""
    from GMMSegExtensionLib.self_test import SelfTest

    monkeypatch.delattr(SelfTest, "test_a_shipped_brain_gives_three_tissues")
    an_application.load_module(MODULE)
    sys.modules["GMMSegExtension"].GMMSegExtensionTest().runTest()


def test_a_deleted_result_is_no_longer_offered(a_panel, run):
    import slicer

    volume = a_brain()
    widget = a_panel()
    run(widget)
    slicer.mrmlScene.RemoveNode(widget.logic.outputsOf(volume).correctedVolumes[0])
    widget.ui.showSegmentsButton.click()
    assert not widget.ui.showCorrectedButton.enabled and "was deleted" in widget.ui.showCorrectedButton.toolTip
    slicer.mrmlScene.RemoveNode(widget.logic.outputsOf(volume).segmentation)
    widget.ui.showBiasFieldButton.click()
    assert widget.ui.resultsHintLabel.visible and not widget.ui.showSegmentsButton.visible


def test_a_foreground_of_the_user_stays_through_a_run(a_panel, run):
    import slicer

    a_brain()
    other = a_brain("other")
    widget = a_panel()
    view = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")[0]
    view.SetForegroundVolumeID(other.GetID())
    run(widget)
    assert view.GetForegroundVolumeID() == other.GetID()
