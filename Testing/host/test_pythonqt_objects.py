"""Qt objects in Python are as strict as in a running Slicer: properties, methods, attributes, classes."""

import pytest

from host import pythonqt

pythonqt.application()
qt = pythonqt.qt_module()
ctk = pythonqt.ctk_module()


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
