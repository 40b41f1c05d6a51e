"""ctkRangeWidget: two spin boxes and a slider with two handles."""

from __future__ import annotations

from PySide6 import QtCore, QtGui, QtWidgets

from .base import stored
from .spin_boxes import ctkDoubleSpinBox


class _RangeBar(QtWidgets.QWidget):
    """A groove with a handle at each end of the range."""

    moved = QtCore.Signal(int, float)

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self.setMinimumSize(60, 18)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)
        self.fractions = [0.0, 1.0]
        self._dragged: int | None = None

    def _x(self, fraction: float) -> float:
        return 7 + fraction * (self.width() - 14)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        palette = self.palette()
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        painter.setBrush(palette.mid())
        painter.drawRoundedRect(QtCore.QRectF(self._x(0), middle - 2, self._x(1) - self._x(0), 4), 2, 2)
        low, high = (self._x(f) for f in self.fractions)
        painter.setBrush(palette.highlight())
        painter.drawRect(QtCore.QRectF(low, middle - 2, high - low, 4))
        painter.setPen(palette.color(QtGui.QPalette.ColorRole.Dark))
        painter.setBrush(palette.button())
        for x in (low, high):
            painter.drawRoundedRect(QtCore.QRectF(x - 5, middle - 8, 10, 16), 3, 3)

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        x = event.position().x()
        self._dragged = min((0, 1), key=lambda end: abs(self._x(self.fractions[end]) - x))

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:
        if self._dragged is not None:
            fraction = (event.position().x() - 7) / max(self.width() - 14, 1)
            self.moved.emit(self._dragged, min(max(fraction, 0.0), 1.0))

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:
        self._dragged = None


class ctkRangeWidget(QtWidgets.QWidget):
    minimumValueChanged = QtCore.Signal(float)
    minimumValueIsChanging = QtCore.Signal(float)
    maximumValueChanged = QtCore.Signal(float)
    maximumValueIsChanging = QtCore.Signal(float)
    valuesChanged = QtCore.Signal(float, float)
    rangeChanged = QtCore.Signal(float, float)

    autoSpinBoxWidth = stored("autoSpinBoxWidth", bool, True)
    customSpinBoxesLimitsMin = stored("customSpinBoxesLimitsMin", float, 0.0)
    customSpinBoxesLimitsMax = stored("customSpinBoxesLimitsMax", float, 0.0)
    spinBoxAlignment = stored("spinBoxAlignment", int, 0x80)
    spinBoxTextAlignment = stored("spinBoxTextAlignment", int, 1)
    symmetricMoves = stored("symmetricMoves", bool, False)
    tickInterval = stored("tickInterval", float, 0.0)
    tracking = stored("tracking", bool, True)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._range, self._values, self._step = (0.0, 99.0), (0.0, 99.0), 1.0
        self.low, self.high = ctkDoubleSpinBox(self), ctkDoubleSpinBox(self)
        self.low.setObjectName("MinimumSpinBox")
        self.high.setObjectName("MaximumSpinBox")
        self.bar = _RangeBar(self)
        self.bar.setObjectName("Slider")
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.low, self.bar, self.high):
            layout.addWidget(part)
        self.low.box.valueChanged.connect(lambda value: self.setValues(value, max(value, self._values[1])))
        self.high.box.valueChanged.connect(lambda value: self.setValues(min(value, self._values[0]), value))
        self.bar.moved.connect(self._follow_handle)
        self._show_values()

    def _follow_handle(self, end: int, fraction: float) -> None:
        value = self._range[0] + fraction * (self._range[1] - self._range[0])
        if end == 0:
            self.setMinimumValue(min(value, self._values[1]))
        else:
            self.setMaximumValue(max(value, self._values[0]))

    def _show_values(self) -> None:
        for box, value in zip((self.low.box, self.high.box), self._values, strict=True):
            was_blocked = box.blockSignals(True)
            box.setRange(*self._range)
            box.setValue(value)
            box.blockSignals(was_blocked)
        extent = self._range[1] - self._range[0]
        self.bar.fractions = [(v - self._range[0]) / extent if extent else 0.0 for v in self._values]
        self.bar.update()

    def setValues(self, minimum: float, maximum: float) -> None:
        low, high = sorted((minimum, maximum))
        bounded = tuple(
            round(min(max(v, self._range[0]), self._range[1]), self.low.box.decimals()) for v in (low, high)
        )
        before, self._values = self._values, bounded
        self._show_values()
        if bounded[0] != before[0]:
            self.minimumValueIsChanging.emit(bounded[0])
            self.minimumValueChanged.emit(bounded[0])
        if bounded[1] != before[1]:
            self.maximumValueIsChanging.emit(bounded[1])
            self.maximumValueChanged.emit(bounded[1])
        if bounded != before:
            self.valuesChanged.emit(*bounded)

    def setMinimumValue(self, value: float) -> None:
        self.setValues(value, max(value, self._values[1]))

    def setMaximumValue(self, value: float) -> None:
        self.setValues(min(value, self._values[0]), value)

    def setRange(self, minimum: float, maximum: float) -> None:
        self._range = (min(minimum, maximum), max(minimum, maximum))
        self.rangeChanged.emit(*self._range)
        self.setValues(*self._values)

    def setDecimals(self, decimals: int) -> None:
        self.low.setDecimals(decimals)
        self.high.setDecimals(decimals)

    def reset(self) -> None:
        self.setValues(*self._range)

    def _set_step(self, step: float) -> None:
        self._step = step
        self.low.box.setSingleStep(step)
        self.high.box.setSingleStep(step)

    def _set_prefix(self, prefix: str) -> None:
        self.low.box.setPrefix(prefix)
        self.high.box.setPrefix(prefix)

    def _set_suffix(self, suffix: str) -> None:
        self.low.box.setSuffix(suffix)
        self.high.box.setSuffix(suffix)

    minimum = QtCore.Property(
        float, lambda self: self._range[0], lambda self, v: self.setRange(v, max(v, self._range[1]))
    )
    maximum = QtCore.Property(
        float, lambda self: self._range[1], lambda self, v: self.setRange(min(v, self._range[0]), v)
    )
    minimumValue = QtCore.Property(float, lambda self: self._values[0], setMinimumValue)
    maximumValue = QtCore.Property(float, lambda self: self._values[1], setMaximumValue)
    decimals = QtCore.Property(int, lambda self: self.low.box.decimals(), setDecimals)
    singleStep = QtCore.Property(float, lambda self: self._step, _set_step)
    prefix = QtCore.Property(str, lambda self: self.low.box.prefix(), _set_prefix)
    suffix = QtCore.Property(str, lambda self: self.low.box.suffix(), _set_suffix)
