"""ctk's buttons and check boxes: Qt's with some properties more."""

from __future__ import annotations

from PySide6 import QtCore, QtGui, QtWidgets

from .base import stored


class ctkCheckBox(QtWidgets.QCheckBox):
    indicatorIcon = stored("indicatorIcon", QtGui.QIcon, QtGui.QIcon(), "update")
    indicatorIconSize = stored("indicatorIconSize", QtCore.QSize, QtCore.QSize(0, 0), "update")

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)


class ctkPushButton(QtWidgets.QPushButton):
    buttonTextAlignment = stored("buttonTextAlignment", int, 0x84)
    iconAlignment = stored("iconAlignment", int, 0x81)
    elideMode = stored("elideMode", int, 3)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)


class ctkMenuButton(QtWidgets.QPushButton):
    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)


class ctkColorPickerButton(QtWidgets.QPushButton):
    colorChanged = QtCore.Signal(QtGui.QColor)
    colorNameChanged = QtCore.Signal(str)

    dialogOptions = stored("dialogOptions", int, 0)
    displayColorName = stored("displayColorName", bool, True, "_show_color")

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._color, self._name = QtGui.QColor(QtCore.Qt.GlobalColor.black), ""
        self._show_color()
        self.clicked.connect(self.changeColor)

    def _show_color(self) -> None:
        swatch = QtGui.QPixmap(self.iconSize())
        swatch.fill(self._color)
        self.setIcon(QtGui.QIcon(swatch))
        self.setText((self._name or self._color.name()) if self.displayColorName else "")

    def changeColor(self) -> None:
        chosen = QtWidgets.QColorDialog.getColor(self._color, self)
        if chosen.isValid():
            self.setColor(chosen)

    def setColor(self, color: QtGui.QColor) -> None:
        if color != self._color:
            self._color = QtGui.QColor(color)
            self._show_color()
            self.colorChanged.emit(self._color)

    def setDisplayColorName(self, display: bool) -> None:
        self.displayColorName = display

    def _set_color_name(self, name: str) -> None:
        if name != self._name:
            self._name = name
            self._show_color()
            self.colorNameChanged.emit(name)

    color = QtCore.Property(QtGui.QColor, lambda self: self._color, setColor)
    colorName = QtCore.Property(str, lambda self: self._name, _set_color_name)
