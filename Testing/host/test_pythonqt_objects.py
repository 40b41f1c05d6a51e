"""Qt objects in Python are as strict as in a running Slicer: properties, methods, attributes, conversions."""

import gc

import pytest

from host import pythonqt

pythonqt.application()
qt = pythonqt.qt_module()
ctk = pythonqt.ctk_module()


@pytest.fixture
def a_button():
    return qt.QPushButton("Apply")


@pytest.fixture
def a_panel():
    class Panel(qt.QWidget):
        def __init__(self, parent=None):
            super().__init__(parent)
            self.calls = []

        def changeEvent(self, event):
            self.calls.append(event.type())
            qt.QWidget.changeEvent(self, event)

    return Panel()


# properties


def test_a_property_is_an_attribute_that_holds_a_value(a_button):
    assert (a_button.text, a_button.enabled, a_button.checked) == ("Apply", True, False)


def test_a_property_can_not_be_called(a_button):
    with pytest.raises(TypeError, match="object is not callable"):
        a_button.text()


def test_setting_a_property_emits_its_signal():
    box, values = qt.QSpinBox(), []
    box.valueChanged.connect(values.append)
    box.value = 4
    assert values == [4]


def test_a_property_does_not_take_a_value_of_another_type():
    with pytest.raises(AttributeError, match="Property 'value' of type 'int' does not accept an object of type str"):
        qt.QSpinBox().value = "four"


def test_a_read_only_property_can_not_be_set(a_button):
    with pytest.raises(AttributeError, match="Property 'width' of QPushButton object is not writable"):
        a_button.width = 12


def test_getters_that_are_no_properties_are_methods(a_button):
    assert a_button.isEnabled() is True
    assert a_button.isChecked() is False
    assert a_button.layout() is None
    assert a_button.parent() is None


def test_name_is_the_object_name(a_button):
    a_button.name = "apply"
    assert a_button.objectName == "apply"


def test_a_property_of_an_enumeration_is_an_int_and_takes_its_name_too():
    label = qt.QLabel()
    label.alignment = qt.Qt.AlignRight | qt.Qt.AlignTop
    assert type(label.alignment) is int and label.alignment == 0x22
    label.alignment = "AlignCenter"
    assert label.alignment == qt.Qt.AlignCenter
    with pytest.raises(AttributeError):
        label.alignment = 1.0


def test_lists_come_back_as_tuples():
    widget = qt.QWidget()
    button = qt.QPushButton(widget)
    assert widget.children() == (button,)
    assert qt.QComboBox().children().__class__ is tuple


def test_values_such_as_sizes_have_methods(a_button):
    a_button.setFixedSize(qt.QSize(30, 20))
    assert (a_button.size.width(), a_button.size.height()) == (30, 20)
    assert a_button.size == qt.QSize(30, 20)


def test_qt_6_is_not_seen():
    layout = qt.QVBoxLayout()
    layout.setMargin(3)
    assert layout.margin == 3
    assert qt.QComboBox.AdjustToMinimumContentsLength == 2
    assert not hasattr(qt.QCheckBox(), "checkStateChanged")
    assert not hasattr(qt.QComboBox(), "labelDrawingMode")
    assert not hasattr(qt.QTimer(), "chronoInterval")


# names


def test_a_name_that_slicer_does_not_have_fails_in_reading_and_writing(a_button):
    with pytest.raises(AttributeError, match="QPushButton has no attribute named 'setTxt'"):
        a_button.setTxt  # noqa: B018
    with pytest.raises(AttributeError, match="creating new attributes on C\\+\\+ objects is not allowed"):
        a_button.payload = 3


def test_ctk_classes_have_no_setters_for_their_properties():
    section, slider = ctk.ctkCollapsibleButton(), ctk.ctkSliderWidget()
    section.collapsed = True
    slider.maximum = 10
    assert section.collapsed is True and slider.maximum == 10.0
    assert not hasattr(section, "setCollapsed")
    assert not hasattr(slider, "setMaximum")
    assert not hasattr(slider, "setRange")


def test_the_inner_workings_of_stand_in_widgets_do_not_show():
    slider = ctk.ctkSliderWidget()
    for name in ("spin_box", "slider", "_set_range", "SpinBoxes"):
        with pytest.raises(AttributeError):
            getattr(slider, name)


def test_a_method_can_not_be_overwritten(a_button):
    with pytest.raises(AttributeError, match="Slot 'setText' can not be overwritten"):
        a_button.setText = print
    with pytest.raises(AttributeError, match="Signal 'clicked' can not be overwritten"):
        a_button.clicked = print
    with pytest.raises(AttributeError, match="EnumValue 'Yes' can not be overwritten"):
        qt.QMessageBox().Yes = 1


def test_a_class_that_slicer_does_not_have_is_not_in_the_module():
    with pytest.raises(AttributeError, match="module 'qt' has no attribute 'QNonsense'"):
        qt.QNonsense  # noqa: B018
    with pytest.raises(AttributeError):
        ctk.ctkNonsense  # noqa: B018
    with pytest.raises(AttributeError):
        qt.Signal  # noqa: B018


def test_dynamic_properties_are_attributes(a_button):
    a_button.setProperty("SlicerParameterName", "preset")
    assert a_button.SlicerParameterName == "preset"
    a_button.SlicerParameterName = "other"
    assert a_button.property("SlicerParameterName") == "other"
    with pytest.raises(AttributeError, match="Dynamic property"):
        a_button.SlicerParameterName = None


def test_named_children_are_attributes():
    widget = qt.QWidget()
    button = qt.QPushButton(widget)
    button.objectName = "apply"
    assert widget.apply is button


def test_a_trailing_underscore_is_ignored_for_methods(a_button):
    a_button.raise_()
    assert a_button.show_.__name__ == "show"
    assert hasattr(qt.QDialog(), "exec_") and hasattr(qt.QDialog(), "exec")


# classes


def test_wrapper_classes_do_not_inherit_one_another(a_button):
    assert type(a_button) == qt.QPushButton  # noqa: E721 - this is how Slicer's own scripts ask
    assert not isinstance(a_button, qt.QWidget)
    assert a_button.inherits("QWidget") and not a_button.inherits("QLabel")
    assert a_button.className() == "QPushButton"


def test_the_same_object_has_the_same_wrapper(a_button):
    layout_owner = qt.QWidget()
    layout = qt.QVBoxLayout(layout_owner)
    layout.addWidget(a_button)
    assert layout_owner.layout() is layout
    assert layout.itemAt(0).widget() is a_button
    assert a_button.parent() is layout_owner


def test_a_destroyed_object_is_false_and_refuses_everything(a_button):
    a_button.delete()
    assert not a_button and a_button == None  # noqa: E711
    with pytest.raises(ValueError, match="destroyed"):
        a_button.text  # noqa: B018
    with pytest.raises(ValueError, match="destroyed"):
        a_button.show()
    with pytest.raises(AttributeError, match="destroyed"):
        a_button.text = "x"


def test_a_python_subclass_may_add_attributes(a_panel):
    a_panel.answer = 42
    assert a_panel.answer == 42
    assert a_panel.className() == "Panel"


def test_a_python_subclass_may_not_use_the_name_of_a_property_or_slot(a_panel):
    for name in ("width", "x", "layout_", "show"):
        with pytest.raises(AttributeError):
            setattr(a_panel, name, 1)


def test_a_python_subclass_overrides_virtual_functions(a_panel):
    a_panel.setEnabled(False)
    assert qt.QEvent.EnabledChange in a_panel.calls
    assert not a_panel.isEnabled()


def test_an_event_filter_in_python_works(a_button):
    class Filter(qt.QObject):
        def __init__(self):
            qt.QObject.__init__(self)
            self.seen = []

        def eventFilter(self, watched, event):
            self.seen.append((watched, event.type()))
            return event.type() == qt.QEvent.EnabledChange

    filter_ = Filter()
    a_button.installEventFilter(filter_)
    a_button.enabled = False
    assert (a_button, qt.QEvent.EnabledChange) in filter_.seen


# arguments


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


# some classes at work


def test_a_table_shows_items():
    table = qt.QTableWidget(2, 3)
    item = qt.QTableWidgetItem("702 ml")
    table.setItem(0, 1, item)
    table.setHorizontalHeaderLabels(["Tissue", "Volume", "Share"])
    table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    assert table.item(0, 1) is item and table.item(0, 1).text() == "702 ml"
    assert table.item(1, 1) is None
    assert (table.rowCount, table.columnCount) == (2, 3)
    item.setFlags(qt.Qt.ItemIsEnabled)
    assert item.flags() == qt.Qt.ItemIsEnabled


def test_a_process_gives_its_output_as_bytes():
    import sys

    process = qt.QProcess()
    process.start(sys.executable, ["-c", "print('ready')"])
    assert process.waitForFinished(20000)
    assert process.readAllStandardOutput().data().strip() == b"ready"
    assert process.exitCode() == 0
    assert process.state() == qt.QProcess.NotRunning


def test_settings_keep_values(tmp_path):
    settings = qt.QSettings(str(tmp_path / "settings.ini"), qt.QSettings.IniFormat)
    settings.setValue("GMMSegExtension/preset", "default")
    assert settings.value("GMMSegExtension/preset") == "default"
    assert settings.value("nothing", 7) == 7
    assert settings.contains("GMMSegExtension/preset")


def test_a_combo_box_has_data():
    box = qt.QComboBox()
    box.addItem("Train on this scan", "train")
    box.addItem("Classical EM", "em")
    box.currentIndex = 1
    assert (box.count, box.currentText, box.itemData(1), box.findData("em")) == (2, "Classical EM", "em", 1)
    assert box.currentData == "em"


def test_icons_pixmaps_and_shortcuts_work(a_button, tmp_path):
    pixmap = qt.QPixmap(16, 16)
    pixmap.fill(qt.QColor(10, 20, 30))
    a_button.setIcon(qt.QIcon(pixmap))
    assert a_button.icon.isNull() is False
    shortcut = qt.QShortcut(qt.QKeySequence("Ctrl+G"), a_button)
    assert shortcut.key.toString() == "Ctrl+G"
    assert a_button.grab().save(str(tmp_path / "button.png"))


def test_widgets_in_layouts_belong_to_the_widget_of_the_layout():
    def rows():
        column, row, form = qt.QVBoxLayout(), qt.QHBoxLayout(), qt.QFormLayout()
        row.addWidget(qt.QLabel("gamma"))
        form.addRow("K", qt.QSpinBox())
        column.addLayout(row)
        column.addLayout(form)
        return column

    widget = qt.QWidget()
    widget.setLayout(rows())
    gc.collect()
    assert [label.text for label in widget.findChildren("QLabel")] == ["gamma", "K"]
    assert widget.layout().count() == 2


def test_a_dialog_returns_its_result():
    dialog = qt.QDialog()
    qt.QTimer.singleShot(0, dialog.accept)
    assert dialog.exec_() == qt.QDialog.Accepted


def test_find_child_takes_a_class_name_or_class():
    widget = qt.QWidget()
    inner = qt.QWidget(widget)
    button = qt.QPushButton(inner)
    button.objectName = "apply"
    assert widget.findChild("QPushButton", "apply") is button
    assert widget.findChild(qt.QPushButton) is button
    assert widget.findChildren("QWidget") == (inner, button)
    assert widget.findChild("QLabel") is None
