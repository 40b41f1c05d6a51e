"""Signals behave as PythonQt's: connecting, overloads, arguments, exceptions, lifetimes."""

import functools
import gc
import weakref

import pytest

from host import pythonqt

application = pythonqt.application()
qt = pythonqt.qt_module()


@pytest.fixture
def a_button():
    button = qt.QPushButton("Apply")
    button.checkable = True
    return button


@pytest.fixture
def swallowed():
    """The exceptions that left slots during the test."""
    pythonqt.swallowed_exceptions.clear()
    yield pythonqt.swallowed_exceptions
    pythonqt.swallowed_exceptions.clear()


class _Owner:
    def __init__(self):
        self.calls = []

    def on_clicked(self):
        self.calls.append("clicked")

    def on_toggled(self, checked):
        self.calls.append(checked)


def test_a_signal_connects_by_text_and_by_attribute(a_button):
    by_text, by_attribute = [], []
    assert a_button.connect("clicked(bool)", by_text.append) is True
    assert a_button.clicked.connect(by_attribute.append) is True
    a_button.click()
    assert by_text == by_attribute == [True]


def test_the_text_of_a_signal_may_hold_spaces_and_const(a_button):
    assert a_button.connect(" clicked( bool ) ", print) is True
    assert qt.QLineEdit().connect("textChanged(const QString &)", print) is True


def test_a_misspelt_signal_prints_a_line_and_returns_false(a_button, capfd):
    assert a_button.connect("clickd()", print) is False
    assert a_button.connect("clicked", print) is False
    assert a_button.connect("toggled()", print) is False
    assert "signal 'clickd()' does not exist on QPushButton" in capfd.readouterr().err
    with pytest.raises(AttributeError):
        a_button.clickd  # noqa: B018


def test_the_text_chooses_an_overload_and_the_attribute_is_the_first():
    box, by_number, by_text, by_attribute = qt.QComboBox(), [], [], []
    box.addItems(["a", "b"])
    box.connect("currentIndexChanged(int)", by_number.append)
    box.connect("currentIndexChanged(QString)", by_text.append)
    box.currentIndexChanged.connect(by_attribute.append)
    box.currentIndex = 1
    assert (by_number, by_text, by_attribute) == ([1], ["b"], [1])


def test_signals_that_went_with_qt_5_are_there():
    spin_box, texts = qt.QSpinBox(), []
    assert spin_box.connect("valueChanged(QString)", texts.append)
    spin_box.value = 7
    assert texts == ["7"]
    group, ids = qt.QButtonGroup(), []
    radio = qt.QRadioButton()
    group.addButton(radio, 5)
    assert group.connect("buttonClicked(int)", ids.append)
    radio.click()
    assert ids == [5]


def test_arguments_are_cut_to_what_a_function_takes(a_button):
    owner, seen = _Owner(), []
    a_button.clicked.connect(owner.on_clicked)
    a_button.clicked.connect(owner.on_toggled)
    a_button.clicked.connect(lambda: seen.append("none"))
    a_button.clicked.connect(lambda *arguments: seen.append(arguments))
    a_button.click()
    assert owner.calls == ["clicked", True]
    assert seen == ["none", (True,)]


def test_a_partial_gets_all_arguments(a_button, swallowed):
    a_button.clicked.connect(functools.partial(_Owner.on_clicked, _Owner()))
    a_button.click()
    assert [type(error) for error in swallowed] == [TypeError]


def test_an_exception_in_a_slot_is_printed_and_goes_no_further(a_button, swallowed, capfd):
    after = []
    a_button.clicked.connect(lambda: 1 / 0)
    a_button.clicked.connect(after.append)
    a_button.click()
    assert after == [True]
    assert "ZeroDivisionError" in capfd.readouterr().err
    assert [type(error) for error in swallowed] == [ZeroDivisionError]


def test_an_exception_in_a_single_shot_goes_no_further(swallowed):
    qt.QTimer.singleShot(0, lambda: 1 / 0)
    application.processEvents()
    assert [type(error) for error in swallowed] == [ZeroDivisionError]


def test_an_exception_in_an_overridden_function_goes_no_further(swallowed):
    class Broken(qt.QWidget):
        def changeEvent(self, event):
            raise RuntimeError("broken")

    widget = Broken()
    widget.enabled = False
    assert widget.enabled is False
    assert {str(error) for error in swallowed} == {"broken"}


def test_disconnect_undoes_one_connection(a_button):
    calls = []
    a_button.clicked.connect(calls.append)
    assert a_button.clicked.disconnect(calls.append) is True
    assert a_button.clicked.disconnect(calls.append) is False
    a_button.click()
    assert calls == []


def test_disconnect_by_text_finds_a_bound_method(a_button):
    owner = _Owner()
    a_button.connect("clicked(bool)", owner.on_toggled)
    assert a_button.disconnect("clicked(bool)", owner.on_toggled) is True
    a_button.click()
    assert owner.calls == []


def test_a_connection_to_a_bound_method_keeps_its_owner_alive(a_button):
    owner = _Owner()
    reference = weakref.ref(owner)
    a_button.clicked.connect(owner.on_clicked)
    del owner
    gc.collect()
    assert reference() is not None
    a_button.click()
    assert reference().calls == ["clicked"]
    a_button.delete()
    gc.collect()
    assert reference() is None


def test_a_connection_outlives_the_wrapper_of_its_sender():
    widget, calls = qt.QWidget(), []
    qt.QPushButton(widget).clicked.connect(calls.append)
    gc.collect()
    widget.children()[0].click()
    assert calls == [False]


def test_an_unparented_widget_dies_with_its_last_reference():
    button, deaths = qt.QPushButton(), []
    button.destroyed.connect(lambda: deaths.append("button"))
    del button
    gc.collect()
    assert deaths == ["button"]


def test_an_unparented_timer_dies_with_its_last_reference():
    fired = []

    def start():
        timer = qt.QTimer()
        timer.timeout.connect(lambda: fired.append("local"))
        timer.start(0)

    start()
    kept = qt.QTimer()
    kept.setSingleShot(True)
    kept.timeout.connect(lambda: fired.append("kept"))
    kept.start(0)
    for _ in range(5):
        application.processEvents()
    assert fired == ["kept"]


def test_a_python_subclass_lives_as_long_as_its_parent():
    class Marked(qt.QPushButton):
        def __init__(self, parent=None):
            super().__init__(parent)
            self.mark = "mine"

    widget = qt.QWidget()
    layout = qt.QVBoxLayout(widget)
    layout.addWidget(Marked())
    gc.collect()
    button = layout.itemAt(0).widget()
    assert button.mark == "mine"
    reference = weakref.ref(button)
    del button, layout
    widget.delete()
    gc.collect()
    assert reference() is None


def test_blocked_signals_reach_nobody(a_button):
    calls = []
    a_button.clicked.connect(calls.append)
    a_button.blockSignals(True)
    a_button.click()
    a_button.blockSignals(False)
    assert calls == []


def test_a_signal_can_be_emitted(a_button):
    calls = []
    a_button.toggled.connect(calls.append)
    a_button.toggled.emit(True)
    assert calls == [True]
    with pytest.raises(ValueError):
        a_button.toggled.emit(1, 2)


def test_connect_takes_a_receiver_and_its_slot(a_button, capfd):
    other = qt.QPushButton()
    assert a_button.connect("toggled(bool)", other, "setDisabled(bool)") is True
    assert a_button.connect("toggled(bool)", other, "noSuchSlot()") is False
    assert "No such slot" in capfd.readouterr().err
    a_button.click()
    assert other.enabled is False


def test_signals_bring_wrappers_and_numbers():
    group, seen = qt.QButtonGroup(), []
    radio = qt.QRadioButton()
    group.addButton(radio)
    group.connect("buttonToggled(QAbstractButton*,bool)", lambda button, on: seen.append((button, on)))
    radio.checked = True
    assert seen == [(radio, True)]


def test_connect_wants_exactly_one_callable(a_button):
    with pytest.raises(ValueError, match="wrong number of arguments"):
        a_button.clicked.connect(print, 1)
