"""The panel as a form: classes, tooltips, size, and what is enabled."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from gmmseg.models import find

from .conftest import MODULE, a_brain
from .managing_models import put_model

UI = MODULE.parent / "Resources" / "UI" / "GMMSegExtension.ui"
WIDGETS = {element.get("name"): element.get("class") for element in ElementTree.parse(UI).iter("widget")}
CONTROLS = [name for name, kind in WIDGETS.items() if kind not in ("QLabel", "qMRMLWidget")]
ONLY_WHEN_TRAINING = (
    "gammaSpinBox",
    "gammaSlider",
    "networkComboBox",
    "baseWidthSpinBox",
    "iterationsSpinBox",
    "learningRateSpinBox",
    "batchSizeSpinBox",
    "entropyWeightSpinBox",
    "seedSpinBox",
)
BOUND = {
    element.get("name")
    for element in ElementTree.parse(UI).iter("widget")
    if any(child.get("name") == "SlicerParameterName" for child in element.findall("property"))
}


def test_every_widget_of_the_form_is_of_the_class_that_the_form_says(a_panel):
    widget = a_panel()
    form = widget.parent.findChild("qMRMLWidget", "GMMSegExtension")
    assert form.className() == "qMRMLWidget"
    for name, kind in WIDGETS.items():
        if name != "GMMSegExtension":
            assert getattr(widget.ui, name).className() == kind, name


def test_every_control_has_a_tooltip_that_wraps(a_panel, run):
    a_brain()
    widget = a_panel()
    run(widget)
    for name in CONTROLS:
        assert getattr(widget.ui, name).toolTip.startswith("<p>"), name


def test_every_setting_of_the_engine_has_a_control(a_panel):
    import dataclasses

    from gmmseg import Settings

    parameters = {
        element.find("string").text
        for element in ElementTree.parse(UI).iter("property")
        if element.get("name") == "SlicerParameterName"
    }
    by_hand = {"network", "model", "device"}
    names = {field.name for field in dataclasses.fields(Settings)}
    camel = {first + "".join(part.title() for part in rest) for first, *rest in (name.split("_") for name in names)}
    assert camel <= parameters | by_hand


@pytest.mark.parametrize("expanded", [False, True])
def test_the_panel_fits_400_pixels(a_panel, run, an_application, expanded):
    a_brain("a volume with quite a long name that would widen a careless panel")
    widget = a_panel()
    widget.ui.entropyCheckBox.checked = expanded
    widget.ui.advancedCollapsibleButton.collapsed = not expanded
    widget.ui.outputsCollapsibleButton.collapsed = not expanded
    widget.ui.logCollapsibleButton.collapsed = not expanded
    run(widget)
    an_application.process_events()
    assert widget.parent.minimumSizeHint.width() <= 392  # what the scroll area leaves of 400
    if not expanded:
        assert widget.parent.sizeHint.height() <= 700


def test_controls_without_effect_are_disabled_and_say_why(a_panel):
    widget = a_panel()
    ui = widget.ui
    assert not ui.betaSpinBox.enabled and "only where labels are used" in ui.betaSpinBox.toolTip
    assert not ui.maskSelector.enabled and "choose 'From' first" in ui.maskSelector.toolTip
    for mode, has_network in (("Classical EM", False), ("Fast", True)):
        ui.modeComboBox.setCurrentText(mode)
        assert ui.precisionComboBox.enabled == has_network
        for name in ONLY_WHEN_TRAINING:
            assert not getattr(ui, name).enabled and f"No effect in {mode}." in getattr(ui, name).toolTip, name
        assert ui.numberOfClassesSpinBox.enabled and ui.biasDegreeSpinBox.enabled and ui.deviceComboBox.enabled
    ui.modeComboBox.setCurrentText("Train on this scan")
    assert ui.precisionComboBox.enabled
    for name in ONLY_WHEN_TRAINING:
        assert getattr(ui, name).enabled and "No effect" not in getattr(ui, name).toolTip, name


def test_the_model_can_be_chosen_where_it_is_used(a_panel):
    a_brain()
    other = a_brain("T2", seed=1)
    widget = a_panel()
    ui = widget.ui
    assert ui.modeComboBox.currentText == "Fast"
    assert ui.modelComboBox.enabled and "No effect" not in ui.modelComboBox.toolTip
    ui.numberOfClassesSpinBox.value = 4
    for control in (ui.modelComboBox, ui.precisionComboBox):
        assert not control.enabled and "this method is Classical EM" in control.toolTip
    ui.numberOfClassesSpinBox.value = 3
    assert ui.modelComboBox.enabled
    ui.furtherVolumesSelector.check(other)
    assert not ui.modelComboBox.enabled and "further channels" in ui.modelComboBox.toolTip
    ui.furtherVolumesSelector.uncheck(other)
    ui.modeComboBox.setCurrentText("Train on this scan")
    assert not ui.modelComboBox.enabled and "No effect in Train on this scan." in ui.modelComboBox.toolTip


def test_the_segment_button_says_why_it_cannot_run(a_panel):
    widget = a_panel()
    assert not widget.ui.segmentButton.enabled
    assert widget.ui.statusLabel.text == "Choose the volume to segment."
    assert widget.ui.segmentButton.toolTip == "<p>Choose the volume to segment.</p>"
    a_brain()
    widget.initializeParameterNode()
    assert widget.ui.segmentButton.enabled and not widget.ui.statusLabel.visible
    widget.ui.maskGivenRadioButton.click()
    assert not widget.ui.segmentButton.enabled and "Choose the brain mask" in widget.ui.statusLabel.text


def test_devices_and_networks_are_those_of_the_engine_and_models_those_on_disk(a_panel, an_application, tmp_path):
    put_model(tmp_path / "models", "mine", title="My scanner's T1")
    widget = a_panel()
    combo = widget.ui.deviceComboBox
    an_application.process_events_until(lambda: combo.count == 3, "the engine is ready")
    assert [combo.itemData(index) for index in range(3)] == ["auto", "cpu", "cuda:0"]
    assert combo.itemText(2) == "Graphics card 0 (CUDA)"
    assert [widget.ui.networkComboBox.itemData(index) for index in range(2)] == ["modified_unet", "unet"]
    assert [widget.ui.networkComboBox.itemText(index) for index in range(2)] == ["Modified U-Net", "U-Net"]
    models = widget.ui.modelComboBox
    assert [models.itemData(index) for index in range(models.count)] == ["t1-fast", "mine"]
    titles = [f"t1-fast: {find('t1-fast').card.title}", "mine: My scanner's T1"]
    assert [models.itemText(index) for index in range(models.count)] == titles


def test_a_device_that_is_not_here_stays_chosen_and_is_marked(a_panel, an_application):
    widget = a_panel()
    an_application.process_events_until(lambda: widget.ui.deviceComboBox.count == 3, "the engine is ready")
    widget._parameterNode.device = "cuda:7"
    assert widget.ui.deviceComboBox.currentText == "Graphics card 7 (CUDA) (not available here)"
    assert widget._parameterNode.device == "cuda:7"


def test_a_preset_sets_all_values_and_a_change_by_hand_shows_as_custom(a_panel):
    widget = a_panel()
    ui, parameters = widget.ui, widget._parameterNode
    ui.presetComboBox.setCurrentText("As printed in the paper")
    assert parameters.gamma == 80 and parameters.iterations == 2000 and ui.gammaSpinBox.value == 80
    assert ui.modeComboBox.currentText == "Train on this scan"
    ui.seedSpinBox.value = 5
    assert ui.presetComboBox.currentText == "Custom" and parameters.gamma == 80
    ui.presetComboBox.setCurrentText("Default")
    assert (parameters.gamma, parameters.seed, ui.seedSpinBox.value) == (0.1, 0, 0)
    assert ui.modeComboBox.currentText == "Fast"
    ui.gammaSpinBox.value = 0.2
    ui.gammaSpinBox.value = 0.1
    assert ui.presetComboBox.currentText == "Default"


def test_asking_for_the_uncertainty_map_is_no_business_of_the_preset(a_panel):
    ui = a_panel().ui
    ui.entropyCheckBox.click()
    assert ui.presetComboBox.currentText == "Default"
    ui.presetComboBox.setCurrentText("As printed in the paper")
    assert not ui.entropyCheckBox.checked and ui.presetComboBox.currentText == "As printed in the paper"


def test_the_smoothness_slider_and_box_follow_each_other(a_panel):
    ui = a_panel().ui
    assert ui.gammaSlider.value == 25
    ui.gammaSlider.value = 75
    assert ui.gammaSpinBox.value == pytest.approx(10)
    ui.gammaSpinBox.value = 0.01
    assert ui.gammaSlider.value == 0


def test_the_segment_selector_is_seen_only_for_a_segmentation(a_panel):
    import slicer

    a_brain("T1")
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "masks")
    for name in ("one", "two"):
        segmentation.GetSegmentation().AddEmptySegment(name, name)
    widget = a_panel()
    assert not widget.ui.maskSegmentSelector.visible
    widget.ui.maskGivenRadioButton.click()
    widget.ui.maskSelector.setCurrentNode(segmentation)
    assert widget.ui.maskSegmentSelector.visible
    assert widget._parameterNode.maskSegmentID == "one"
    widget.ui.maskSegmentSelector.setCurrentSegmentID("two")
    assert widget._parameterNode.maskSegmentID == "two"


def test_no_signal_or_slot_is_misspelt(a_panel, run, capsys):
    a_brain()
    run(a_panel())
    output = capsys.readouterr()
    assert "No such s" not in output.out + output.err
