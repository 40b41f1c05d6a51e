"""ctkDoubleSlider and ctkSliderWidget (a slider with a spin box)."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from .base import stored
from .spin_boxes import ctkDoubleSpinBox


class ctkDoubleSlider(QtWidgets.QWidget):
    valueChanged = QtCore.Signal(float)
    sliderMoved = QtCore.Signal(float)
    sliderPressed = QtCore.Signal()
    sliderReleased = QtCore.Signal()
    rangeChanged = QtCore.Signal(float, float)

    handleToolTip = stored("handleToolTip", str, "")
    pageStep = stored("pageStep", float, 10.0)
    sliderPosition = QtCore.Property(float, lambda self: self._value, lambda self, v: self.setValue(v))

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._minimum, self._maximum, self._step, self._value = 0.0, 99.0, 1.0, 0.0
        self.slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal, self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.slider)
        self.setFocusProxy(self.slider)
        self._place_handle()
        self.slider.valueChanged.connect(self._follow_handle)
        self.slider.sliderPressed.connect(self.sliderPressed)
        self.slider.sliderReleased.connect(self.sliderReleased)

    def _place_handle(self) -> None:
        steps = round((self._maximum - self._minimum) / self._step) if self._step > 0 else 0
        was_blocked = self.slider.blockSignals(True)
        self.slider.setRange(0, min(max(steps, 0), 1_000_000))
        self.slider.setValue(round((self._value - self._minimum) / self._step) if self._step > 0 else 0)
        self.slider.blockSignals(was_blocked)

    def _follow_handle(self, position: int) -> None:
        self._value = min(self._minimum + position * self._step, self._maximum)
        if self.slider.isSliderDown():
            self.sliderMoved.emit(self._value)
        self.valueChanged.emit(self._value)

    def setValue(self, value: float) -> None:
        bounded = min(max(value, self._minimum), self._maximum)
        if bounded != self._value:
            self._value = bounded
            self._place_handle()
            self.valueChanged.emit(bounded)

    def setOrientation(self, orientation: QtCore.Qt.Orientation) -> None:
        self.slider.setOrientation(QtCore.Qt.Orientation(orientation))

    def set_range(self, minimum: float, maximum: float) -> None:
        self._minimum, self._maximum = minimum, maximum
        self.rangeChanged.emit(minimum, maximum)
        self._place_handle()
        self.setValue(self._value)

    def set_step(self, step: float) -> None:
        self._step = step
        self._place_handle()

    value = QtCore.Property(float, lambda self: self._value, setValue)
    minimum = QtCore.Property(
        float, lambda self: self._minimum, lambda self, v: self.set_range(v, max(v, self._maximum))
    )
    maximum = QtCore.Property(
        float, lambda self: self._maximum, lambda self, v: self.set_range(min(v, self._minimum), v)
    )
    singleStep = QtCore.Property(float, lambda self: self._step, lambda self, v: self.set_step(v))
    orientation = QtCore.Property(int, lambda self: self.slider.orientation().value, setOrientation)
    tracking = QtCore.Property(bool, lambda self: self.slider.hasTracking(), lambda self, v: self.slider.setTracking(v))
    invertedAppearance = QtCore.Property(
        bool, lambda self: self.slider.invertedAppearance(), lambda self, v: self.slider.setInvertedAppearance(v)
    )
    invertedControls = QtCore.Property(
        bool, lambda self: self.slider.invertedControls(), lambda self, v: self.slider.setInvertedControls(v)
    )
    tickInterval = stored("tickInterval", float, 0.0)
    tickPosition = stored("tickPosition", int, 0)


class ctkSliderWidget(QtWidgets.QWidget):
    valueChanged = QtCore.Signal(float)
    valueIsChanging = QtCore.Signal(float)
    decimalsChanged = QtCore.Signal(int)

    popupSlider = stored("popupSlider", bool, False)
    synchronizeSiblings = stored("synchronizeSiblings", int, 0)
    tickInterval = stored("tickInterval", float, 0.0)
    tickPosition = stored("tickPosition", int, 0)
    tracking = stored("tracking", bool, True)
    pageStep = stored("pageStep", float, 10.0)
    invertedAppearance = stored("invertedAppearance", bool, False)
    invertedControls = stored("invertedControls", bool, False)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self.slider = ctkDoubleSlider(self)
        self.slider.setObjectName("Slider")
        self.spin_box = ctkDoubleSpinBox(self)
        self.spin_box.setObjectName("SpinBox")
        self.spin_box.box.setRange(0.0, 99.0)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.spin_box)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Minimum, QtWidgets.QSizePolicy.Policy.Fixed)
        self.slider.valueChanged.connect(self._follow_slider)
        self.slider.sliderReleased.connect(self._release)
        self.spin_box.box.valueChanged.connect(self._follow_spin_box)
        self._reported = 0.0

    def _follow_slider(self, value: float) -> None:
        # the spin box rounds to the decimals, and with it the widget's value
        self.spin_box.box.setValue(value)

    def _follow_spin_box(self, value: float) -> None:
        was_blocked = self.slider.blockSignals(True)
        self.slider.setValue(value)
        self.slider.blockSignals(was_blocked)
        self.valueIsChanging.emit(value)
        if self.tracking or not self.slider.slider.isSliderDown():
            self._report()

    def _release(self) -> None:
        self._report()

    def _report(self) -> None:
        value = self.spin_box.box.value()
        if value != self._reported:
            self._reported = value
            self.valueChanged.emit(value)

    def setValue(self, value: float) -> None:
        self.spin_box.box.setValue(value)

    def reset(self) -> None:
        self.setValue(0.0)

    def setDecimals(self, decimals: int) -> None:
        if decimals != self.spin_box.box.decimals():
            self.spin_box.box.setDecimals(decimals)
            self.decimalsChanged.emit(decimals)

    def setSpinBoxVisible(self, visible: bool) -> None:
        self.spin_box.setVisible(visible)

    def _set_minimum(self, minimum: float) -> None:
        self._set_range(minimum, max(minimum, self.maximum))

    def _set_maximum(self, maximum: float) -> None:
        self._set_range(min(maximum, self.minimum), maximum)

    def _set_range(self, minimum: float, maximum: float) -> None:
        was_blocked = self.slider.blockSignals(True)
        self.slider.set_range(minimum, maximum)
        self.slider.blockSignals(was_blocked)
        self.spin_box.box.setRange(minimum, maximum)

    def _set_step(self, step: float) -> None:
        self.slider.set_step(step)
        self.spin_box.box.setSingleStep(step)

    value = QtCore.Property(float, lambda self: self.spin_box.box.value(), setValue)
    decimals = QtCore.Property(int, lambda self: self.spin_box.box.decimals(), setDecimals)
    minimum = QtCore.Property(float, lambda self: self.spin_box.box.minimum(), _set_minimum)
    maximum = QtCore.Property(float, lambda self: self.spin_box.box.maximum(), _set_maximum)
    singleStep = QtCore.Property(float, lambda self: self.spin_box.box.singleStep(), _set_step)
    prefix = QtCore.Property(str, lambda self: self.spin_box.prefix, lambda self, v: self.spin_box.box.setPrefix(v))
    suffix = QtCore.Property(str, lambda self: self.spin_box.suffix, lambda self, v: self.spin_box.box.setSuffix(v))
    spinBoxVisible = QtCore.Property(bool, lambda self: not self.spin_box.isHidden(), setSpinBoxVisible)
    spinBoxAlignment = stored("spinBoxAlignment", int, int(QtCore.Qt.AlignmentFlag.AlignRight.value))
