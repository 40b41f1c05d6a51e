"""ctkCollapsibleButton, a titled section, and ctkCollapsibleGroupBox."""

from __future__ import annotations

from PySide6 import QtCore, QtGui, QtWidgets

from .base import stored


class _Folding:
    """Hides the direct children of a section while it is collapsed, and shows again those that it hid."""

    def __init__(self, section: QtWidgets.QWidget) -> None:
        self._section = section
        self._hidden: list[QtWidgets.QWidget] = []

    def apply(self, collapsed: bool) -> None:
        if not collapsed:
            hidden, self._hidden = self._hidden, []
            for child in hidden:
                child.setVisible(True)
            return
        for child in self._section.children():
            if isinstance(child, QtWidgets.QWidget) and not child.isWindow() and not child.isHidden():
                self._hidden.append(child)
                child.setVisible(False)


class ctkCollapsibleButton(QtWidgets.QAbstractButton):
    contentsCollapsed = QtCore.Signal(bool)

    buttonTextAlignment = stored("buttonTextAlignment", int, 0x81)
    collapsedHeight = stored("collapsedHeight", int, 0, "updateGeometry")
    contentsFrameShadow = stored("contentsFrameShadow", int, 0x10, "update")
    contentsFrameShape = stored("contentsFrameShape", int, 0, "update")
    contentsLineWidth = stored("contentsLineWidth", int, 1, "update")
    contentsMidLineWidth = stored("contentsMidLineWidth", int, 0, "update")
    flat = stored("flat", bool, False, "update")
    indicatorAlignment = stored("indicatorAlignment", int, 0x81)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._collapsed = False
        self._folding = _Folding(self)
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Minimum, QtWidgets.QSizePolicy.Policy.Preferred)
        self.setContentsMargins(0, self._header_height(), 0, 0)
        self.toggled.connect(lambda checked: self._set_collapsed(not checked))

    def _header_height(self) -> int:
        return self.fontMetrics().height() + 8

    def _set_collapsed(self, collapsed: bool) -> None:
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        self.setChecked(not collapsed)
        self._folding.apply(collapsed)
        self.updateGeometry()
        self.update()
        self.contentsCollapsed.emit(collapsed)

    collapsed = QtCore.Property(bool, lambda self: self._collapsed, _set_collapsed)

    def sizeHint(self) -> QtCore.QSize:
        header = QtCore.QSize(self.fontMetrics().horizontalAdvance(self.text()) + 40, self._header_height())
        if self._collapsed or self.layout() is None:
            return header + QtCore.QSize(0, self.collapsedHeight if self._collapsed else 0)
        return self.layout().totalSizeHint().expandedTo(header)

    def minimumSizeHint(self) -> QtCore.QSize:
        header = QtCore.QSize(40, self._header_height())
        if self._collapsed or self.layout() is None:
            return header
        return self.layout().totalMinimumSize().expandedTo(header)

    def event(self, event: QtCore.QEvent) -> bool:
        # children that came after the section was collapsed, as those of a .ui file do
        if event.type() in (QtCore.QEvent.Type.Show, QtCore.QEvent.Type.LayoutRequest) and self._collapsed:
            self._folding.apply(True)
        return super().event(event)

    def hitButton(self, position: QtCore.QPoint) -> bool:
        return position.y() < self._header_height()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        header = QtCore.QRect(0, 0, self.width(), self._header_height() - 2)
        palette = self.palette()
        painter.fillRect(header, palette.color(QtGui.QPalette.ColorRole.Button).darker(107))
        arrow = QtWidgets.QStyleOption()
        arrow.initFrom(self)
        arrow.rect = QtCore.QRect(6, header.center().y() - 5, 11, 11)
        element = QtWidgets.QStyle.PrimitiveElement
        shape = element.PE_IndicatorArrowRight if self._collapsed else element.PE_IndicatorArrowDown
        self.style().drawPrimitive(shape, arrow, painter, self)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        group = QtGui.QPalette.ColorGroup.Normal if self.isEnabled() else QtGui.QPalette.ColorGroup.Disabled
        painter.setPen(palette.color(group, QtGui.QPalette.ColorRole.ButtonText))
        flags = QtCore.Qt.AlignmentFlag.AlignVCenter | QtCore.Qt.AlignmentFlag.AlignLeft
        painter.drawText(header.adjusted(24, 0, -4, 0), flags | QtCore.Qt.TextFlag.TextShowMnemonic, self.text())


class ctkCollapsibleGroupBox(QtWidgets.QGroupBox):
    collapsedHeight = stored("collapsedHeight", int, 14, "updateGeometry")

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._folding = _Folding(self)
        self._maximum_height = self.maximumHeight()
        self.setCheckable(True)
        self.setChecked(True)
        self.toggled.connect(self._unfold)

    def _unfold(self, expanded: bool) -> None:
        self._folding.apply(not expanded)
        self.setMaximumHeight(self._maximum_height if expanded else self.fontMetrics().height() + self.collapsedHeight)

    def event(self, event: QtCore.QEvent) -> bool:
        if event.type() in (QtCore.QEvent.Type.Show, QtCore.QEvent.Type.LayoutRequest) and not self.isChecked():
            self._folding.apply(True)
        return super().event(event)

    collapsed = QtCore.Property(bool, lambda self: not self.isChecked(), lambda self, v: self.setChecked(not v))
