"""ctkPathLineEdit and ctkDirectoryButton."""

from __future__ import annotations

from pathlib import Path

from PySide6 import QtCore, QtWidgets

from .base import stored
from .combo_boxes import ctkComboBox


class ctkPathLineEdit(QtWidgets.QWidget):
    currentPathChanged = QtCore.Signal(str)
    validInputChanged = QtCore.Signal(bool)

    Dirs, Files, Drives, NoSymLinks, AllEntries = 0x1, 0x2, 0x4, 0x8, 0x7
    Readable, Writable, Executable = 0x10, 0x20, 0x40
    AdjustToContents, AdjustToContentsOnFirstShow, AdjustToMinimumContentsLength = 0, 1, 2

    filters = stored("filters", int, AllEntries | 0x6000)
    label = stored("label", str, "")
    minimumContentsLength = stored("minimumContentsLength", int, 0)
    nameFilters = stored("nameFilters", "QStringList", [])
    options = stored("options", int, 0)
    settingKey = stored("settingKey", str, "")
    showHistoryButton = stored("showHistoryButton", bool, True)
    sizeAdjustPolicy = stored("sizeAdjustPolicy", int, AdjustToContentsOnFirstShow)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self.combo = ctkComboBox(self)
        self.combo.setEditable(True)
        self.combo.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)
        self.button = QtWidgets.QToolButton(self)
        self.button.setText("...")
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.combo)
        layout.addWidget(self.button)
        self._path, self._valid = "", False
        self.combo.editTextChanged.connect(self._follow_text)
        self.button.clicked.connect(self.browse)

    def _follow_text(self, path: str) -> None:
        if path == self._path:
            return
        self._path = path
        valid = bool(path) and Path(path).exists()
        self.currentPathChanged.emit(path)
        if valid != self._valid:
            self._valid = valid
            self.validInputChanged.emit(valid)

    def setCurrentPath(self, path: str) -> None:
        self.combo.setEditText(path)

    def comboBox(self) -> QtWidgets.QComboBox:
        return self.combo

    def addCurrentPathToHistory(self) -> None:
        if self._path and self.combo.findText(self._path) < 0:
            self.combo.insertItem(0, self._path)
            self.combo.setEditText(self._path)

    def retrieveHistory(self) -> None:
        """There is none: the stand-in keeps no settings between sessions."""

    def browse(self) -> None:
        if self.filters & self.Files:
            chosen = QtWidgets.QFileDialog.getOpenFileName(self, self.label, self._path, ";;".join(self.nameFilters))[0]
        else:
            chosen = QtWidgets.QFileDialog.getExistingDirectory(self, self.label, self._path)
        if chosen:
            self.setCurrentPath(chosen)

    currentPath = QtCore.Property(str, lambda self: self._path, setCurrentPath)
    showBrowseButton = QtCore.Property(
        bool, lambda self: not self.button.isHidden(), lambda self, v: self.button.setVisible(v)
    )


class ctkDirectoryButton(QtWidgets.QWidget):
    directoryChanged = QtCore.Signal(str)
    directorySelected = QtCore.Signal(str)

    acceptMode = stored("acceptMode", int, 0)
    caption = stored("caption", str, "")
    elideMode = stored("elideMode", int, 3)
    options = stored("options", int, 1)

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._directory, self._text = str(Path.cwd()), ""
        self.button = QtWidgets.QPushButton(self)
        self.button.setIcon(self.style().standardIcon(QtWidgets.QStyle.StandardPixmap.SP_DirIcon))
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        self.button.clicked.connect(self.browse)
        self._show_directory()

    def _show_directory(self) -> None:
        self.button.setText(self._text or self._directory)

    def _set_directory(self, directory: str) -> None:
        absolute = str(Path(directory).absolute())
        if absolute != self._directory:
            self._directory = absolute
            self._show_directory()
            self.directoryChanged.emit(absolute)
        self.directorySelected.emit(absolute)

    def _set_text(self, text: str) -> None:
        self._text = text
        self._show_directory()

    def browse(self) -> None:
        chosen = QtWidgets.QFileDialog.getExistingDirectory(self, self.caption, self._directory)
        if chosen:
            self._set_directory(chosen)

    directory = QtCore.Property(str, lambda self: self._directory, _set_directory)
    text = QtCore.Property(str, lambda self: self._text, _set_text)
    icon = QtCore.Property("QIcon", lambda self: self.button.icon(), lambda self, v: self.button.setIcon(v))
