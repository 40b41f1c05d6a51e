"""Every control of the panel reaches the engine; settings and results come back with the scene."""

from __future__ import annotations

import pytest

from .conftest import a_brain
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
