"""ctkDoubleSpinBox: a spin box that is a plain widget with Qt's spin box in it."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from .base import stored


class ctkDoubleSpinBox(QtWidgets.QWidget):
    valueChanged = QtCore.Signal((float,), (str,))
    editingFinished = QtCore.Signal()
    decimalsChanged = QtCore.Signal(int)

    SetIfDifferent, SetAlways = 0, 1
    SizeHintByMinMax, SizeHintByValue = 0, 1

    decimalsOption = stored("decimalsOption", int, 0x20)
    invertedControls = stored("invertedControls", bool, False)
    setMode = stored("setMode", int, SetIfDifferent)
    sizeHintPolicy = stored("sizeHintPolicy", int, SizeHintByMinMax)
    isSettingValue = QtCore.Property(bool, lambda self: False)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self.box = QtWidgets.QDoubleSpinBox(self)
        self.box.setKeyboardTracking(False)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box)
        self.setFocusProxy(self.box)
        self.box.valueChanged.connect(self._emit_value)
        self.box.editingFinished.connect(self.editingFinished)

    def _emit_value(self, value: float) -> None:
        self.valueChanged[float].emit(value)
        self.valueChanged[str].emit(self.box.text())

    def setValue(self, value: float) -> None:
        if self.setMode == self.SetAlways:
            self.setValueAlways(value)
        else:
            self.setValueIfDifferent(value)

    def setValueIfDifferent(self, value: float) -> None:
        self.box.setValue(value)

    def setValueAlways(self, value: float) -> None:
        before = self.box.value()
        self.box.setValue(value)
        if self.box.value() == before:
            self._emit_value(before)

    def setDecimals(self, decimals: int) -> None:
        if decimals != self.box.decimals():
            self.box.setDecimals(decimals)
            self.decimalsChanged.emit(decimals)

    def setReadOnly(self, read_only: bool) -> None:
        self.box.setReadOnly(read_only)

    def stepUp(self) -> None:
        self.box.stepUp()

    def stepDown(self) -> None:
        self.box.stepDown()

    value = QtCore.Property(float, lambda self: self.box.value(), setValue)
    decimals = QtCore.Property(int, lambda self: self.box.decimals(), setDecimals)
    readOnly = QtCore.Property(bool, lambda self: self.box.isReadOnly(), setReadOnly)
    minimum = QtCore.Property(float, lambda self: self.box.minimum(), lambda self, v: self.box.setMinimum(v))
    maximum = QtCore.Property(float, lambda self: self.box.maximum(), lambda self, v: self.box.setMaximum(v))
    singleStep = QtCore.Property(float, lambda self: self.box.singleStep(), lambda self, v: self.box.setSingleStep(v))
    prefix = QtCore.Property(str, lambda self: self.box.prefix(), lambda self, v: self.box.setPrefix(v))
    suffix = QtCore.Property(str, lambda self: self.box.suffix(), lambda self, v: self.box.setSuffix(v))
    frame = QtCore.Property(bool, lambda self: self.box.hasFrame(), lambda self, v: self.box.setFrame(v))
    cleanText = QtCore.Property(str, lambda self: self.box.cleanText())
    alignment = QtCore.Property(
        int,
        lambda self: self.box.alignment().value,
        lambda self, v: self.box.setAlignment(QtCore.Qt.AlignmentFlag(v)),
    )
