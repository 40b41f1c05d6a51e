"""Loading .ui files: what Slicer's loader makes of them, its silent surprises included."""

from pathlib import Path

import pytest

from host import pythonqt, scene

application = pythonqt.application()
qt = pythonqt.qt_module()
FORM = Path(__file__).parent / "forms" / "sections.ui"


@pytest.fixture
def a_scene():
    return scene.install().scene


@pytest.fixture
def a_form():
    return pythonqt.load_ui(FORM)


@pytest.fixture
def its_ui(a_form):
    return pythonqt.child_widget_variables(a_form)


def _form_of(tmp_path, widget, rest=""):
    path = tmp_path / "form.ui"
    path.write_text(f'<?xml version="1.0"?><ui version="4.0"><class>Form</class>{widget}{rest}</ui>')
    return path


def test_the_form_has_its_widgets_with_their_classes(a_form, its_ui):
    assert a_form.className() == "qMRMLWidget"
    assert its_ui.volumeSelector.className() == "qMRMLNodeComboBox"
    assert its_ui.smoothnessSlider.className() == "ctkSliderWidget"
    assert its_ui.inputsButton.className() == "ctkCollapsibleButton"


def test_properties_are_those_of_the_form(its_ui):
    assert its_ui.volumeSelector.nodeTypes == ("vtkMRMLScalarVolumeNode",)
    assert its_ui.volumeSelector.addEnabled is False
    assert (its_ui.smoothnessSlider.value, its_ui.smoothnessSlider.maximum) == (0.1, 1.0)
    assert (its_ui.fieldRange.minimumValue, its_ui.fieldRange.maximumValue) == (0.8, 1.2)
    assert its_ui.outputPath.filters == 0x21
    assert its_ui.applyButton.enabled is False


def test_dynamic_properties_are_kept(its_ui):
    assert its_ui.volumeSelector.SlicerParameterName == "inputVolume"
    assert its_ui.volumeSelector.property("SlicerParameterName") == "inputVolume"


def test_an_unknown_class_becomes_the_one_it_extends(its_ui):
    assert its_ui.unknownButton.className() == "QPushButton"
    assert its_ui.unknownButton.text == "Unknown class"


def test_variables_include_inner_parts_of_widgets(its_ui):
    assert its_ui.Slider and its_ui.SpinBox and its_ui.qt_spinbox_lineedit


def test_the_forms_own_connections_hand_the_scene_on(a_form, its_ui, a_scene):
    a_form.setMRMLScene(a_scene)
    assert its_ui.volumeSelector.mrmlScene() is a_scene
    assert its_ui.maskSelector.mrmlScene() is a_scene


def test_connections_between_qt_widgets_work(its_ui):
    its_ui.previewCheckBox.checked = True
    assert its_ui.applyButton.enabled is True


def test_a_connection_to_a_missing_signal_or_slot_prints_a_line(tmp_path, capfd):
    ends = "<sender>Form</sender><signal>{}</signal><receiver>Form</receiver><slot>{}</slot>"
    connections = "".join(
        f"<connection>{ends.format(*pair)}</connection>"
        for pair in (("noSignal()", "show()"), ("windowTitleChanged(QString)", "noSlot()"))
    )
    widget = '<widget class="QWidget" name="Form"/>'
    pythonqt.load_ui(_form_of(tmp_path, widget, f"<connections>{connections}</connections>"))
    printed = "".join(capfd.readouterr())
    assert "noSignal()" in printed and "noSlot()" in printed


def test_a_collapsed_section_hides_its_contents(a_form, its_ui):
    a_form.show()
    application.processEvents()
    assert its_ui.advancedButton.collapsed is True
    assert its_ui.advancedLabel.visible is False
    its_ui.advancedButton.collapsed = False
    application.processEvents()
    assert its_ui.advancedLabel.visible is True
    a_form.close()


def test_a_missing_or_broken_file_is_a_runtime_error(tmp_path):
    with pytest.raises(RuntimeError, match="file not found"):
        pythonqt.load_ui(tmp_path / "nothing.ui")
    (tmp_path / "broken.ui").write_text("<ui><widget")
    with pytest.raises(RuntimeError, match="Could not load"):
        pythonqt.load_ui(tmp_path / "broken.ui")


def test_a_slicer_class_that_the_stand_in_lacks_is_not_passed_over(tmp_path):
    path = _form_of(tmp_path, '<widget class="qMRMLTableView" name="Form"/>')
    with pytest.raises(NotImplementedError, match="qMRMLTableView"):
        pythonqt.load_ui(path)


def test_slicers_own_load_ui_works_on_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "qt", qt)
    import slicer.util

    assert slicer.util.loadUI(str(FORM)).className() == "qMRMLWidget"


def test_a_form_fits_a_panel_of_400_pixels(a_form):
    a_form.resize(400, 640)
    a_form.show()
    application.processEvents()
    assert a_form.minimumSizeHint.width() <= 400
    picture = a_form.grab()
    assert (picture.width(), picture.height()) == (400, 640)
    a_form.close()
