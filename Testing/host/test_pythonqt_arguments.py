"""Arguments of Qt methods in Python are converted and refused as in a running Slicer."""

import pytest

from host import pythonqt

pythonqt.application()
qt = pythonqt.qt_module()
ctk = pythonqt.ctk_module()


def test_slots_take_no_keyword_arguments(a_button):
    with pytest.raises(ValueError, match="keyword arguments"):
        a_button.setText(text="x")
    with pytest.raises(ValueError, match="keyword arguments"):
        qt.QPushButton(text="x")


def test_wrong_arguments_are_a_value_error(a_button):
    for arguments in ((), ("a", "b"), (1, 2, 3)):
        with pytest.raises(ValueError, match="setText"):
            a_button.setText(*arguments)
    with pytest.raises(ValueError):
        qt.QSpinBox().setValue("three")
    with pytest.raises(ValueError):
        qt.QVBoxLayout().addWidget("a button")
    with pytest.raises(ValueError):
        qt.QWidget("no parent")


def test_a_float_for_an_int_silently_loses_its_fraction():
    box = qt.QSpinBox()
    box.setValue(2.7)
    assert box.value == 2
    box.value = 5.9
    assert box.value == 5


def test_anything_silently_becomes_a_text_or_a_bool(a_button):
    a_button.setText(None)
    assert a_button.text == "None"
    a_button.setText(3)
    assert a_button.text == "3"
    a_button.enabled = "no"
    assert a_button.enabled is True


def test_a_text_for_a_list_of_texts_silently_becomes_its_letters():
    box = qt.QComboBox()
    box.addItems("abc")
    assert (box.count, box.itemText(0)) == (3, "a")


def test_the_strictly_matching_overload_goes_first():
    assert qt.QColor(qt.Qt.red).name() == "#ff0000"
    assert qt.QColor("blue").name() == "#0000ff"
    assert qt.QColor(0, 128, 0).name() == "#008000"
    form = qt.QFormLayout()
    form.addRow("K", qt.QSpinBox())
    form.addRow(qt.QLabel("all"))
    assert form.rowCount() == 2


def test_there_are_no_conversions_that_only_pyside_makes():
    action = qt.QAction(None)
    with pytest.raises(ValueError):
        action.setShortcut("Ctrl+S")
    action.setShortcut(qt.QKeySequence("Ctrl+S"))
    assert action.shortcut.toString() == "Ctrl+S"
    item = qt.QTableWidgetItem("x")
    item.setBackground(qt.QColor(255, 0, 0))  # this one PythonQt makes as well
    assert item.background().color().red() == 255


def test_enumerators_are_integers():
    assert qt.Qt.Checked == 2 and isinstance(qt.Qt.Checked, int)
    assert qt.QMessageBox.Yes | qt.QMessageBox.No == 0x14000
    check_box = qt.QCheckBox()
    check_box.setCheckState(qt.Qt.PartiallyChecked)
    assert check_box.checkState() == qt.Qt.PartiallyChecked == 1
    with pytest.raises(AttributeError):
        qt.Qt.ColorScheme  # noqa: B018


def test_a_signal_blocker_is_no_context_manager(a_button):
    with pytest.raises((TypeError, AttributeError)), qt.QSignalBlocker(a_button):
        pass
    assert a_button.blockSignals(True) is False
    assert a_button.signalsBlocked() is True


def test_what_only_the_stand_in_lacks_says_so():
    with pytest.raises(NotImplementedError, match="exists in Slicer, but not in the stand-in"):
        qt.QLineEdit().getTextMargins()
    with pytest.raises(NotImplementedError):
        ctk.ctkFlowLayout  # noqa: B018
