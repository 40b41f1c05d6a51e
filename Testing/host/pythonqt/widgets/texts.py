"""ctkSearchBox, ctkFittedTextBrowser and ctkMessageBox."""

from __future__ import annotations

from PySide6 import QtCore, QtGui, QtWidgets

from .base import stored


class ctkSearchBox(QtWidgets.QLineEdit):
    clearIcon = stored("clearIcon", QtGui.QIcon, QtGui.QIcon())
    searchIcon = stored("searchIcon", QtGui.QIcon, QtGui.QIcon())
    showSearchIcon = stored("showSearchIcon", bool, False)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("Search...")
        self.setClearButtonEnabled(True)


class ctkFittedTextBrowser(QtWidgets.QTextBrowser):
    disableMouseScroll = stored("disableMouseScroll", bool, False)
    showDetailsText = stored("showDetailsText", str, "Show details...")
    hideDetailsText = stored("hideDetailsText", str, "Hide details.")
    collapsed = stored("collapsed", bool, True, "_show_text")

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._teaser, self._details = "", ""
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Minimum)
        self.textChanged.connect(self._fit)

    def _fit(self) -> None:
        height = self.document().size().height() + 2 * self.frameWidth()
        self.setFixedHeight(max(int(height), self.fontMetrics().height() + 8))

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def setCollapsibleText(self, text: str) -> None:
        self._teaser, _, self._details = text.partition("<br>") if "<br>" in text else text.partition("\n")
        self._show_text()

    def _show_text(self) -> None:
        if self._teaser:
            self.setText(self._teaser if self.collapsed else f"{self._teaser}<br>{self._details}")

    def collapsibleText(self) -> str:
        return f"{self._teaser}<br>{self._details}"


class ctkMessageBox(QtWidgets.QMessageBox):
    dontShowAgainVisible = stored("dontShowAgainVisible", bool, False)
    dontShowAgainSettingsKey = stored("dontShowAgainSettingsKey", str, "")

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._again = QtWidgets.QCheckBox("Don't show this message again", self)
        self.setCheckBox(self._again)

    def setDontShowAgain(self, dont: bool) -> None:
        self._again.setChecked(dont)

    dontShowAgain = QtCore.Property(bool, lambda self: self._again.isChecked(), setDontShowAgain)
