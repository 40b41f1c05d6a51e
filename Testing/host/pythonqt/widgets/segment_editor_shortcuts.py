"""The segment editor's keyboard shortcuts, as Slicer installs them on its main window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer.util
from PySide6 import QtGui, QtWidgets
from shiboken6 import Shiboken

from ..ownership import unwrap


class SegmentEditorShortcuts:
    """Digits choose effects, Escape and Space leave and resume one, z and y undo and redo, q and w change segment."""

    def __init__(self, editor: Any) -> None:
        self._editor = editor
        self._shortcuts: list[QtGui.QShortcut] = []

    def install(self, parent: QtWidgets.QWidget | None) -> None:
        self.uninstall()
        window = parent if parent is not None else unwrap(slicer.util.mainWindow())
        for number in range(1, 11):
            self._add(window, str(number % 10), lambda index=number: self._toggle(index))
            self._add(window, f"Shift+{number % 10}", lambda index=number: self._toggle(index + 10))
        self._add(window, "Esc", lambda: self._editor.setActiveEffect(None))
        self._add(window, "Space", lambda: self._editor.setActiveEffect(self._editor.last_active))
        for keys, action in ((("Z", "Ctrl+Z"), "undo"), (("Y", "Ctrl+Shift+Z"), "redo")):
            for key in keys:
                self._add(window, key, getattr(self._editor, action))
        for key, offset in (("Q", -1), ("W", 1), ("/", -1), ("*", 1), (",", -1), (".", 1), (">", -1), ("<", 1)):
            self._add(window, key, lambda by=offset: self._editor.selectSegmentAtOffset(by))
        self._add(window, "I", self._editor.toggleSourceVolumeIntensityMaskEnabled)

    def _add(self, window: QtWidgets.QWidget, key: str, action: Callable[[], None]) -> None:
        shortcut = QtGui.QShortcut(QtGui.QKeySequence(key), window)
        shortcut.activated.connect(action)
        self._shortcuts.append(shortcut)

    def _toggle(self, index: int) -> None:
        if not self._editor.readOnly:
            effect = self._editor.effectByIndex(index)
            self._editor.setActiveEffect(None if effect is self._editor.activeEffect() else effect)

    def uninstall(self) -> None:
        for shortcut in self._shortcuts:
            if Shiboken.isValid(shortcut):
                Shiboken.delete(shortcut)
        self._shortcuts.clear()
