"""ctkComboBox and ctkCheckableComboBox."""

from __future__ import annotations

from PySide6 import QtCore, QtGui, QtWidgets

from .base import stored


class _ReturnReporting(QtWidgets.QComboBox):
    returnRelease = QtCore.Signal()

    def keyReleaseEvent(self, event: QtGui.QKeyEvent) -> None:
        if event.key() in (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter):
            self.returnRelease.emit()
        super().keyReleaseEvent(event)


class ctkComboBox(_ReturnReporting):
    AlwaysScroll, NeverScroll, ScrollWithFocus, ScrollWithNoVScrollBar = 0, 1, 2, 3

    defaultText = stored("defaultText", str, "", "update")
    defaultIcon = stored("defaultIcon", QtGui.QIcon, QtGui.QIcon(), "update")
    elideMode = stored("elideMode", int, 3, "update")
    forceDefault = stored("forceDefault", bool, False, "update")
    scrollWheelEffect = stored("scrollWheelEffect", int, AlwaysScroll)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)

    def setCurrentUserDataAsString(self, text: str) -> None:
        self.setCurrentIndex(self.findData(text))

    currentUserDataAsString = QtCore.Property(
        str, lambda self: str(self.currentData()) if self.currentData() is not None else "", setCurrentUserDataAsString
    )

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtWidgets.QStylePainter(self)
        option = QtWidgets.QStyleOptionComboBox()
        self.initStyleOption(option)
        if self.currentIndex() == -1 or self.forceDefault:
            option.currentText = self.defaultText
        painter.drawComplexControl(QtWidgets.QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QtWidgets.QStyle.ControlElement.CE_ComboBoxLabel, option)


class ctkCheckableComboBox(_ReturnReporting):
    checkedIndexesChanged = QtCore.Signal()

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self.model().dataChanged.connect(self._report)
        self.model().rowsInserted.connect(self._make_checkable)
        self.model().rowsRemoved.connect(lambda *_: self._report())
        self.view().pressed.connect(self._toggle)
        self._checked_before: list[int] = []

    def _make_checkable(self, parent: QtCore.QModelIndex, first: int, last: int) -> None:
        for row in range(first, last + 1):
            item = self.model().item(row)
            item.setCheckable(True)
            if item.data(QtCore.Qt.ItemDataRole.CheckStateRole) is None:
                item.setCheckState(QtCore.Qt.CheckState.Unchecked)

    def _toggle(self, index: QtCore.QModelIndex) -> None:
        item = self.model().itemFromIndex(index)
        checked = item.checkState() == QtCore.Qt.CheckState.Checked
        item.setCheckState(QtCore.Qt.CheckState.Unchecked if checked else QtCore.Qt.CheckState.Checked)

    def _report(self, *_: object) -> None:
        checked = [index.row() for index in self.checkedIndexes()]
        if checked != self._checked_before:
            self._checked_before = checked
            self.update()
            self.checkedIndexesChanged.emit()

    def checkableModel(self) -> QtCore.QAbstractItemModel:
        return self.model()

    def checkedIndexes(self) -> list:
        indexes = [self.model().index(row, 0) for row in range(self.count())]
        return [index for index in indexes if self.checkState(index) == QtCore.Qt.CheckState.Checked]

    def checkState(self, index: QtCore.QModelIndex) -> QtCore.Qt.CheckState:
        return self.model().itemFromIndex(index).checkState()

    def setCheckState(self, index: QtCore.QModelIndex, state: QtCore.Qt.CheckState) -> None:
        self.model().itemFromIndex(index).setCheckState(state)

    def allChecked(self) -> bool:
        return len(self.checkedIndexes()) == self.count()

    def noneChecked(self) -> bool:
        return not self.checkedIndexes()

    def checked_text(self) -> str:
        names = [index.data() for index in self.checkedIndexes()]
        if not names:
            return "None"
        return "All" if len(names) == self.count() and len(names) > 1 else ", ".join(names)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtWidgets.QStylePainter(self)
        option = QtWidgets.QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self.checked_text()
        painter.drawComplexControl(QtWidgets.QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QtWidgets.QStyle.ControlElement.CE_ComboBoxLabel, option)
