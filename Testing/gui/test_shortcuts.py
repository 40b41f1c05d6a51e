"""Keys: they act while the module is open, call the panels, and are nobody else's."""

from __future__ import annotations

import pytest

# Of Slicer's documentation (slice views, 3-D views) and of qMRMLSegmentEditorWidget and the Draw effect.
SLICER_KEYS = set("BFGRTV[]{}+-") | {"Left", "Right", "Up", "Down", "Home", "End", "Ins", "Del", "Backspace"}
SEGMENT_EDITOR_KEYS = set("0123456789ZYQW/*,.<>IAX") | {"Esc", "Space", "Return", "Enter"}


@pytest.fixture
def pressed():
    """What was called, in order."""
    return []


@pytest.fixture
def the_shortcuts(an_application, pressed):
    """All shortcuts, each noting its action in `pressed`."""
    from GMMSegExtensionLib.shortcuts import Shortcuts, shortcuts

    made = Shortcuts({action: lambda name=action: pressed.append(name) for action, _key, _text in shortcuts()})
    yield made
    made.close()


def _installed():
    import slicer

    window = slicer.util.mainWindow()
    return {child.key.toString(): child for child in window.children() if child.className() == "QShortcut"}


def test_every_key_is_free_in_slicer_and_used_once(an_application):
    from GMMSegExtensionLib.shortcuts import shortcuts

    keys = [key for _action, key, _text in shortcuts()]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & (SLICER_KEYS | SEGMENT_EDITOR_KEYS)


def test_keys_call_their_action_while_the_module_is_open(the_shortcuts, pressed, an_application):
    from GMMSegExtensionLib.shortcuts import shortcuts

    assert not _installed()
    the_shortcuts.enter()
    for action, key, _text in shortcuts():
        _installed()[key].activated()
        assert pressed[-1] == action
    assert an_application.app.focusChanged.is_connected
    the_shortcuts.exit()
    an_application.process_events()
    assert not _installed() and not an_application.app.focusChanged.is_connected


def test_entering_twice_installs_once(the_shortcuts, pressed, an_application):
    the_shortcuts.enter()
    the_shortcuts.enter()
    an_application.process_events()
    _installed()["H"].activated()
    assert pressed == ["segments"]


@pytest.fixture
def a_combo_box(an_application):
    """In the main window, with entries that begin with letters that are keys, and a button beside it."""
    import qt
    import slicer

    panel = qt.QWidget(slicer.util.mainWindow())
    layout = qt.QVBoxLayout(panel)
    combo, button = qt.QComboBox(), qt.QPushButton("Apply")
    combo.addItems(["Axial", "Coronal", "Hidden"])
    for widget in (combo, button):
        layout.addWidget(widget)
    panel.show()
    an_application.process_events()
    return combo, button


def test_letters_are_the_combo_boxs_that_has_the_focus(the_shortcuts, pressed, a_combo_box, an_application):
    combo, button = a_combo_box
    the_shortcuts.enter()
    an_application.press("C")
    assert pressed == ["swap"]
    combo.setFocus()
    an_application.press("C")
    assert combo.currentText == "Coronal" and pressed == ["swap"]
    button.setFocus()
    an_application.press("H")
    assert combo.currentText == "Coronal" and pressed == ["swap", "segments"]


def test_keys_rest_at_once_when_the_module_is_opened_from_a_combo_box(
    the_shortcuts, pressed, a_combo_box, an_application
):
    combo, _button = a_combo_box
    an_application.press("X")  # a window that is not active has no focus
    combo.setFocus()
    the_shortcuts.enter()
    an_application.press("C")
    assert combo.currentText == "Coronal" and pressed == []


def test_actions_that_are_missing_get_no_key(an_application):
    from GMMSegExtensionLib.shortcuts import Shortcuts

    some = Shortcuts({"segments": lambda: None})
    some.enter()
    assert list(_installed()) == ["H"]
    some.close()
    with pytest.raises(ValueError, match="no shortcut for fly"):
        Shortcuts({"fly": lambda: None})


def test_without_actions_nothing_is_left_behind(an_application):
    from GMMSegExtensionLib.shortcuts import Shortcuts

    none = Shortcuts({})
    none.enter()
    none.exit()
    assert not an_application.app.focusChanged.is_connected


def test_the_table_for_the_help_has_every_key(an_application):
    from GMMSegExtensionLib.shortcuts import table, tableAsHtml

    assert all(f"<b>{key}</b>" in tableAsHtml() for key, _text in table())
    assert "They rest while a text field or list of choices has the focus." in tableAsHtml()


def test_without_a_main_window_there_are_no_keys(a_scene):
    from host.application import StandInApplication

    application = StandInApplication(main_window=False)
    try:
        from GMMSegExtensionLib.shortcuts import Shortcuts

        keys = Shortcuts({"segments": lambda: None})
        keys.enter()
        keys.close()
    finally:
        application.quit()
    assert application.problems() == []


def test_keys_act_after_a_choice_by_the_mouse_from_the_boxes_beside_them(a_panel, run, an_application):
    import slicer
    from host import pythonqt
    from PySide6 import QtCore, QtTest

    from .conftest import a_brain

    a_brain()
    widget = a_panel()
    run(widget)
    for name in ("views", "correct", "review"):
        getattr(widget.ui, f"{name}CollapsibleButton").collapsed = False
    an_application.press("X")  # a window that is not active has no focus
    views, review = widget._panels.views._ui, widget._panels.review._ui
    for box in (review.orientationComboBox, views.drawComboBox, views.overlayComboBox):
        QtTest.QTest.mouseClick(pythonqt.unwrap(box), QtCore.Qt.MouseButton.LeftButton)
        for key in ("Down", "Return"):
            an_application.press(key)
        focus = slicer.app.focusWidget()
        assert box.currentIndex == 1
        assert focus is None or not focus.inherits("QComboBox")
        assert _installed()["H"].isEnabled()
