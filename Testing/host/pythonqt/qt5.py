"""What Qt 5.15, and PythonQt in it, has and the Qt 6 of the stand-in lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from .enums import EnumInt


def _text_of_item(sender: QtWidgets.QComboBox, index: int) -> tuple[str]:
    return (sender.itemText(index),)


def _same(sender: QtCore.QObject, *arguments: Any) -> tuple:
    return arguments


# (class, signature) -> (signature here, what the slot is to get: from the sender and the arguments here)
SIGNALS: dict[tuple[type, str], tuple[str, Callable[..., tuple]]] = {
    (QtWidgets.QComboBox, "currentIndexChanged(QString)"): ("currentIndexChanged(int)", _text_of_item),
    (QtWidgets.QComboBox, "activated(QString)"): ("textActivated(QString)", _same),
    (QtWidgets.QComboBox, "highlighted(QString)"): ("textHighlighted(QString)", _same),
    (QtWidgets.QSpinBox, "valueChanged(QString)"): ("textChanged(QString)", _same),
    (QtWidgets.QDoubleSpinBox, "valueChanged(QString)"): ("textChanged(QString)", _same),
    (QtWidgets.QButtonGroup, "buttonClicked(int)"): ("idClicked(int)", _same),
    (QtWidgets.QButtonGroup, "buttonPressed(int)"): ("idPressed(int)", _same),
    (QtWidgets.QButtonGroup, "buttonReleased(int)"): ("idReleased(int)", _same),
    (QtWidgets.QButtonGroup, "buttonToggled(int,bool)"): ("idToggled(int,bool)", _same),
}


def _margin(self: QtWidgets.QLayout) -> int:
    margins = self.contentsMargins()
    sides = {margins.left(), margins.top(), margins.right(), margins.bottom()}
    return sides.pop() if len(sides) == 1 else -1


def _set_margin(self: QtWidgets.QLayout, margin: int) -> None:
    self.setContentsMargins(margin, margin, margin, margin)


def _tab_stop_width(self: Any) -> int:
    return int(self.tabStopDistance())


def _set_tab_stop_width(self: Any, width: int) -> None:
    self.setTabStopDistance(width)


# (class, property) -> (type name, getter, setter)
PROPERTIES: dict[tuple[type, str], tuple[str, Callable, Callable]] = {
    (QtWidgets.QLayout, "margin"): ("int", _margin, _set_margin),
    (QtWidgets.QTextEdit, "tabStopWidth"): ("int", _tab_stop_width, _set_tab_stop_width),
    (QtWidgets.QPlainTextEdit, "tabStopWidth"): ("int", _tab_stop_width, _set_tab_stop_width),
}


METHODS: dict[tuple[type, str], Callable] = {
    (QtWidgets.QLayout, "setMargin"): _set_margin,
    (QtWidgets.QTextEdit, "setTabStopWidth"): _set_tab_stop_width,
    (QtWidgets.QPlainTextEdit, "setTabStopWidth"): _set_tab_stop_width,
}

# PySide returns the chosen filter or the pressed button as well; PythonQt has the C++ return value only.
RESULT_IS_FIRST: dict[tuple[type, str], bool] = {
    (QtWidgets.QFileDialog, "getOpenFileName"): True,
    (QtWidgets.QFileDialog, "getOpenFileNames"): True,
    (QtWidgets.QFileDialog, "getSaveFileName"): True,
    (QtWidgets.QInputDialog, "getText"): True,
    (QtWidgets.QInputDialog, "getItem"): True,
    (QtWidgets.QInputDialog, "getInt"): True,
    (QtWidgets.QInputDialog, "getDouble"): True,
}

ENUMERATORS: dict[tuple[type, str], int] = {
    (QtWidgets.QComboBox, "AdjustToMinimumContentsLength"): 2,
}


def constructor_arguments(cls: type, arguments: tuple) -> tuple:
    """Arguments of a constructor that PythonQt would give to another overload than the order here says.

    `QKeySequence(Qt.Key_N)`: PythonQt looks at the overload for numbers before those for texts and standard keys.
    """
    if issubclass(cls, QtGui.QKeySequence):
        keys = [isinstance(a, EnumInt) and a.enumeration is not QtGui.QKeySequence.StandardKey for a in arguments]
        return tuple(int(a) if is_key else a for a, is_key in zip(arguments, keys, strict=True))
    return arguments


def find(table: dict[tuple[type, str], Any], cls: type, name: str) -> Any:
    """The entry for a class or its nearest ancestor that has one, or None."""
    for ancestor in cls.__mro__:
        if (ancestor, name) in table:
            return table[(ancestor, name)]
    return None
