"""The ctk stand-ins: values, ranges and signals."""

import pytest

from host import pythonqt

application = pythonqt.application()
qt = pythonqt.qt_module()
ctk = pythonqt.ctk_module()


@pytest.fixture
def a_slider():
    slider = ctk.ctkSliderWidget()
    slider.minimum, slider.maximum, slider.singleStep = 0.0, 1.0, 0.01
    return slider


@pytest.fixture
def a_section():
    section = ctk.ctkCollapsibleButton()
    section.text = "Inputs"
    layout = qt.QVBoxLayout(section)
    layout.addWidget(qt.QLabel("inside"))
    return section


def test_a_slider_emits_its_value(a_slider):
    values = []
    a_slider.valueChanged.connect(values.append)
    a_slider.value = 0.25
    a_slider.setValue(0.25)
    assert values == [0.25] and a_slider.value == 0.25


def test_a_slider_rounds_to_its_decimals_and_stays_in_its_range(a_slider):
    a_slider.value = 0.126
    assert a_slider.value == 0.13
    a_slider.decimals = 3
    a_slider.value = 0.126
    assert a_slider.value == 0.126
    a_slider.value = 7
    assert a_slider.value == 1.0


def test_the_inner_spin_box_of_a_slider_sets_its_value(a_slider):
    a_slider.SpinBox.value = 0.5
    assert a_slider.value == 0.5 and a_slider.Slider.value == pytest.approx(0.5)


def test_a_range_emits_its_values():
    range_, values = ctk.ctkRangeWidget(), []
    range_.minimum, range_.maximum = 0.5, 1.5
    range_.valuesChanged.connect(lambda low, high: values.append((low, high)))
    range_.setValues(0.8, 1.2)
    assert values == [(0.8, 1.2)]
    range_.minimumValue = 1.4
    assert (range_.minimumValue, range_.maximumValue) == (1.4, 1.4)


def test_a_section_collapses_by_property_and_by_click(a_section):
    seen = []
    a_section.contentsCollapsed.connect(seen.append)
    a_section.collapsed = True
    assert a_section.checked is False
    a_section.click()
    assert a_section.collapsed is False
    assert seen == [True, False]


def test_a_collapsed_section_is_as_high_as_its_title(a_section):
    a_section.show()
    open_height = a_section.sizeHint.height()
    a_section.collapsed = True
    assert a_section.sizeHint.height() < open_height
    a_section.close()


def test_what_was_hidden_stays_hidden_when_a_section_opens(a_section):
    hidden = qt.QLabel("hidden")
    a_section.layout().addWidget(hidden)
    hidden.visible = False
    a_section.show()
    a_section.collapsed = True
    a_section.collapsed = False
    assert hidden.isHidden()
    a_section.close()


def test_a_group_box_collapses():
    box = ctk.ctkCollapsibleGroupBox()
    box.collapsed = True
    assert box.checked is False
    box.collapsed = False
    assert box.checked is True


def test_a_path_line_edit_tells_whether_the_path_is_there(tmp_path):
    edit, paths, valid = ctk.ctkPathLineEdit(), [], []
    edit.currentPathChanged.connect(paths.append)
    edit.validInputChanged.connect(valid.append)
    edit.currentPath = str(tmp_path)
    edit.currentPath = "/no/such/folder"
    assert paths == [str(tmp_path), "/no/such/folder"] and valid == [True, False]


def test_a_combo_box_knows_its_user_data_as_text():
    box = ctk.ctkComboBox()
    box.addItem("Train", "train")
    box.addItem("EM", "em")
    box.currentUserDataAsString = "em"
    assert (box.currentIndex, box.currentUserDataAsString) == (1, "em")


def test_a_checkable_combo_box_reports_ticks():
    box, changes = ctk.ctkCheckableComboBox(), []
    box.addItems(["a", "b"])
    box.checkedIndexesChanged.connect(lambda: changes.append(len(box.checkedIndexes())))
    box.setCheckState(box.model().index(1, 0), qt.Qt.Checked)
    assert changes == [1] and not box.noneChecked() and not box.allChecked()


def test_a_color_button_emits_its_color():
    button, colors = ctk.ctkColorPickerButton(), []
    button.colorChanged.connect(lambda color: colors.append(color.name()))
    button.color = qt.QColor("#204060")
    assert colors == ["#204060"] and button.color.red() == 0x20


def test_a_double_spin_box_of_ctk_has_no_range_setter():
    box = ctk.ctkDoubleSpinBox()
    box.maximum = 5.0
    box.value = 9.0
    assert box.value == 5.0
    assert not hasattr(box, "setRange") and not hasattr(box, "setMaximum")


def test_ctk_widgets_inherit_as_in_ctk():
    assert ctk.ctkMenuButton().inherits("QPushButton")
    assert ctk.ctkCollapsibleButton().inherits("QAbstractButton")
    assert not ctk.ctkDoubleSpinBox().inherits("QDoubleSpinBox")
    assert ctk.ctkCheckBox().inherits("QCheckBox")
