"""`slicer.app`."""

from __future__ import annotations

import platform
from pathlib import Path

from PySide6 import QtCore, QtWidgets

from host import installs, messages, pythonqt
from host.extensions import qSlicerExtensionsManagerModel
from host.facade import Facade, Signal
from host.io_manager import qSlicerCoreIOManager
from host.modules import qSlicerModuleManager


class ctkCommandOptions(Facade):
    def __init__(self, testing: bool, main_window: bool) -> None:
        super().__init__()
        self._testing = testing
        self._main_window = main_window

    @property
    def testingEnabled(self) -> bool:
        return self._testing

    @property
    def noMainWindow(self) -> bool:
        return not self._main_window


class qSlicerApplication(
    Facade,
    listed="slicer.app",
    signals=(
        "startupCompleted()",
        "aboutToQuit()",
        "mrmlSceneChanged(vtkMRMLScene*)",
        "lastWindowClosed()",
        "focusChanged(QWidget*,QWidget*)",
    ),
):
    """The part of Slicer's application object that modules use."""

    startupCompleted: Signal
    aboutToQuit: Signal
    focusChanged: Signal

    def __init__(self, environment, layout_manager, testing: bool) -> None:
        super().__init__()
        self._environment = environment
        self._layout_manager = layout_manager
        self._options = ctkCommandOptions(testing, layout_manager is not None)
        self._module_manager = qSlicerModuleManager()
        self._io_manager = qSlicerCoreIOManager()
        self._extensions = qSlicerExtensionsManagerModel()
        self._asked_to: list[str] = []
        QtWidgets.QApplication.instance().focusChanged.connect(self._on_focus_changed)

    def __getattr__(self, name: str):
        if name == "extensionsManagerModel" and installs.has_extensions_manager:
            return lambda: self._extensions
        return super().__getattr__(name)

    # state and services
    def applicationLogic(self):
        return self._environment.application_logic

    def mrmlScene(self):
        return self._environment.scene

    def layoutManager(self):
        return self._layout_manager

    def moduleManager(self):
        return self._module_manager

    def moduleLogic(self, name: str):
        return self._environment.application_logic.GetModuleLogic(name)

    def coreIOManager(self):
        return self._io_manager

    def ioManager(self):
        return self._io_manager

    def commandOptions(self):
        return self._options

    def testingEnabled(self) -> bool:
        return self._options.testingEnabled

    def settings(self):
        return pythonqt.wrap(QtCore.QSettings())

    def userSettings(self):
        return self.settings()

    def revisionUserSettings(self):
        return self.settings()

    def pythonConsole(self):
        return None

    # Qt
    def processEvents(self) -> None:
        QtCore.QCoreApplication.processEvents()

    def setOverrideCursor(self, cursor) -> None:
        shape = pythonqt.unwrap(cursor)
        if isinstance(shape, int):
            shape = QtCore.Qt.CursorShape(int(shape))
        QtWidgets.QApplication.setOverrideCursor(shape)

    def restoreOverrideCursor(self) -> None:
        QtWidgets.QApplication.restoreOverrideCursor()

    def overrideCursor(self):
        return pythonqt.wrap(QtWidgets.QApplication.overrideCursor())

    def topLevelWidgets(self) -> tuple:
        return tuple(pythonqt.wrap(widget) for widget in QtWidgets.QApplication.topLevelWidgets())

    def focusWidget(self):
        return pythonqt.wrap(QtWidgets.QApplication.focusWidget())

    def clipboard(self):
        return pythonqt.wrap(QtWidgets.QApplication.clipboard())

    def palette(self):
        return pythonqt.wrap(QtWidgets.QApplication.palette())

    def style(self):
        return pythonqt.wrap(QtWidgets.QApplication.style())

    def translate(self, context: str, text: str) -> str:
        return text

    def startupEnvironment(self):
        return pythonqt.wrap(QtCore.QProcessEnvironment.systemEnvironment())

    def pauseRender(self) -> None:
        pass

    def resumeRender(self) -> None:
        pass

    # wishes that a test only has to see
    def restart(self) -> None:
        self._asked_to.append("restart")

    def quit(self) -> None:
        self._asked_to.append("quit")

    def exit(self, status: int = 0) -> None:
        self._asked_to.append("exit")

    def openUrl(self, address: str) -> None:
        self._asked_to.append(f"open {address}")

    def confirmRestart(self, reason: str = "") -> None:
        """Ask whether to restart, which is then noted."""
        messages.shown.append(messages.Message("question", reason or "Restart now?"))
        if not (messages.answers and messages.answers.pop(0) == "reject"):
            self.restart()

    def moduleDocumentationUrl(self, name: str) -> str:
        return f"{self.documentationBaseUrl}/user_guide/modules/{name.lower()}.html"

    def _on_focus_changed(self, earlier, now) -> None:
        self.focusChanged.emit(pythonqt.wrap(earlier), pythonqt.wrap(now))

    def _close(self) -> None:
        QtWidgets.QApplication.instance().focusChanged.disconnect(self._on_focus_changed)

    # facts
    applicationName = property(lambda self: "Slicer")
    applicationVersion = property(lambda self: "5.13.0-2026-08-21")
    mainApplicationName = property(lambda self: "Slicer")
    majorVersion = property(lambda self: 5)
    minorVersion = property(lambda self: 13)
    revision = property(lambda self: "31053")
    os = property(lambda self: {"Windows": "win", "Darwin": "macosx"}.get(platform.system(), "linux"))
    arch = property(lambda self: "amd64")
    documentationBaseUrl = property(lambda self: "https://slicer.readthedocs.io/en/latest")
    temporaryPath = property(lambda self: str(self._environment.temporary_path))
    cachePath = property(lambda self: str(self._environment.temporary_path))
    extensionsInstallPath = property(lambda self: str(self._environment.temporary_path / "Extensions"))
    slicerHome = property(lambda self: str(Path(__file__).resolve().parent))
    startupWorkingPath = property(lambda self: str(Path.cwd()))
    slicerUserSettingsFilePath = property(lambda self: QtCore.QSettings().fileName())
