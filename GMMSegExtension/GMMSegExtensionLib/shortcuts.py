"""The module's keyboard shortcuts, all in one place. They act while the module is open.

Free of the keys of Slicer's own: those of the slice views (B F G R T V, brackets, arrows), the 3-D views (+ -, the
keypad), of the Segment Editor (digits, Escape, Space, Z Y Q W I / * , . < >) and its effects (A X, Return); those of
the menus take Ctrl or Alt.

Qt itself leaves letters to text fields. A combo box picks its entries by letters too but does not claim them, so the
keys rest while one has the focus.
"""

from __future__ import annotations

import html
from collections.abc import Callable

import slicer
from slicer.i18n import tr as _

_FOCUS_CHANGED = "focusChanged(QWidget*,QWidget*)"


def shortcuts() -> tuple[tuple[str, str, str], ...]:
    """(action, key, what it does) of each shortcut, in the order of the help."""
    return (
        ("swap", "C", _("Before / after: original and corrected volume, or segments before and after teaching")),
        ("segments", "H", _("Show or hide the segments")),
        ("biasField", "M", _("Show or hide the bias field")),
        ("uncertainty", "U", _("Show or hide the uncertainty")),
        ("draw", "O", _("Draw the segments filled, outlined or both, in turn")),
        ("nextUncertain", "N", _("Go to the next uncertain slice")),
        ("confirmSlice", "K", _("Confirm the slice that is looked at")),
    )


def table() -> list[tuple[str, str]]:
    """(key, what it does) of each shortcut, for the help."""
    return [(key, text) for _action, key, text in shortcuts()]


def tableAsHtml() -> str:
    """The shortcuts as a table in rich text with a sentence below, for a tooltip or the help."""
    rows = "".join(
        f"<tr><td><b>{key}</b>&nbsp;&nbsp;</td><td>{html.escape(text, quote=False)}</td></tr>" for key, text in table()
    )
    resting = _("They rest while a text field or list of choices has the focus.")
    return f"<table>{rows}</table><p>{html.escape(resting, quote=False)}</p>"


class Shortcuts:
    """Keys of the main window that call the panels.

    :param actions: what to call for each action of :func:`shortcuts`; those that are missing get no key.
    """

    def __init__(self, actions: dict[str, Callable[[], None]]) -> None:
        unknown = set(actions) - {action for action, _key, _text in shortcuts()}
        if unknown:
            raise ValueError(f"There is no shortcut for {', '.join(sorted(unknown))}.")
        self._actions = actions
        self._installed: list = []

    def enter(self) -> None:
        """Install the keys. Without a main window there are none."""
        import qt  # here, because the table above is the help of an application without windows too

        self.exit()
        window = slicer.util.mainWindow()
        if window is None or not self._actions:
            return
        for action, key, _text in shortcuts():
            if action in self._actions:
                shortcut = qt.QShortcut(window)
                shortcut.setKey(qt.QKeySequence(key))
                shortcut.connect("activated()", self._actions[action])
                self._installed.append((shortcut, self._actions[action]))
        slicer.app.connect(_FOCUS_CHANGED, self._onFocusChanged)
        self._onFocusChanged(None, slicer.app.focusWidget())

    def exit(self) -> None:
        """Take the keys away, so that other modules have them."""
        if self._installed:
            slicer.app.disconnect(_FOCUS_CHANGED, self._onFocusChanged)
        for shortcut, action in self._installed:
            shortcut.disconnect("activated()", action)
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._installed = []

    def close(self) -> None:
        """The module is destroyed."""
        self.exit()

    def _onFocusChanged(self, _earlier, widget) -> None:
        isResting = widget is not None and widget.inherits("QComboBox")
        for shortcut, _action in self._installed:
            shortcut.setEnabled(not isResting)
