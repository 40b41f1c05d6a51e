"""The stand-in application: Qt, an MRML scene, a main window, and the life of a scripted module in it.

    application = StandInApplication()
    widget = application.load_module("GMMSegExtension/GMMSegExtension.py")     # setup() has run
    application.select_module("GMMSegExtension")                              # enter() has run
    widget.ui.applyButton.click()
    application.process_events_until(lambda: widget.logic.isDone, "the run is done")
    application.close_scene()
    application.quit()                                                        # exit(), cleanup()
    assert application.problems() == []

One application lives at a time; `quit` makes place for the next.
"""

from __future__ import annotations

import gc
import os
import sys
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import psutil
from PySide6 import QtCore, QtGui, QtTest, QtWidgets

from host import dialogs, messages, pythonqt, scene
from host.app import qSlicerApplication
from host.layout import qSlicerLayoutManager
from host.modules import qSlicerScriptedLoadableModule
from host.pythonqt import signals, ui_loader
from host.pythonqt.proxy import wrapper_class
from host.scene import slicer
from host.windows import PANEL_WIDTH, qSlicerMainWindow, qSlicerScriptedLoadableModuleWidget

_SECONDS_TO_END = 5.0
# Marks widgets that were there before the application: tests of the toolkit alone leave some to the garbage collector.
_EARLIER = "wasThereBeforeTheApplication"


class StandInApplication:
    """Slicer as a module sees it.

    `testing` is Slicer's switch --testing, `main_window=False` its --no-main-window. Nothing appears on the screen
    unless `visible`, for which there must be one.
    """

    _running: StandInApplication | None = None

    def __init__(self, testing: bool = False, main_window: bool = True, visible: bool = False) -> None:
        if StandInApplication._running is not None:
            raise RuntimeError("Quit the running stand-in application before starting another.")
        if not visible:
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        self.selected_module = ""
        self._problems: list[str] = []
        self._earlier_processes = set(psutil.Process().children(recursive=True))
        self.qt_application = pythonqt.application()
        ui_loader.learn_properties()
        sys.modules["qt"], sys.modules["ctk"] = pythonqt.qt_module(), pythonqt.ctk_module()
        pythonqt.swallowed_exceptions.clear()
        for widget in QtWidgets.QApplication.topLevelWidgets():
            widget.setProperty(_EARLIER, True)
        self._earlier_connections = weakref.WeakSet(signals.connections())
        self.environment = scene.install()
        self._provide_widgets()
        self.layout_manager = qSlicerLayoutManager(self.environment) if main_window else None
        self.app = slicer.app = qSlicerApplication(self.environment, self.layout_manager, testing)
        self._settle_settings()
        self.main_window = qSlicerMainWindow(self) if main_window else None
        if self.main_window:
            self.main_window.resize(PANEL_WIDTH + 500, 800)
            self.set_panel_width(PANEL_WIDTH)
            self.main_window.show()
        messages.reset()
        dialogs.answer_in_place_of_a_user()
        self._earlier_hook = sys.excepthook
        sys.excepthook = self._on_unhandled
        StandInApplication._running = self

    def _provide_widgets(self) -> None:
        for name, cls in pythonqt.qmrml.items():
            setattr(slicer, name, cls)
        slicer.qSlicerScriptedLoadableModule = qSlicerScriptedLoadableModule
        slicer.qSlicerScriptedLoadableModuleWidget = wrapper_class("qSlicerScriptedLoadableModuleWidget")

    def _settle_settings(self) -> None:
        """`qt.QSettings()` must not touch the settings of whoever runs the tests."""
        QtCore.QCoreApplication.setOrganizationName("NA-MIC")
        QtCore.QCoreApplication.setApplicationName("Slicer")
        ini = QtCore.QSettings.Format.IniFormat
        QtCore.QSettings.setDefaultFormat(ini)
        QtCore.QSettings.setPath(ini, QtCore.QSettings.Scope.UserScope, str(self.environment.temporary_path))

    # modules
    def load_module(self, path: str | Path):
        """Load a scripted module and make its panel; gives the instance of its widget class. Raises ModuleError."""
        module = self.app.moduleManager()._load(Path(path).resolve())
        self.app.startupCompleted.emit()
        representation = module.widgetRepresentation()
        return representation.self() if representation else None

    def select_module(self, name: str) -> None:
        """Show the module's panel, "" for none: `exit` of the one shown before, then `enter`."""
        if name and self.app.moduleManager().module(name) is None:
            raise RuntimeError(f"There is no module named {name}")
        shown = self._panel(self.selected_module)
        if shown is not None:
            shown.exit()
            self.main_window.remove_panel(shown)
        self.selected_module = name
        panel = self._panel(name)
        if panel is not None:
            self.main_window.show_panel(panel)
            panel.enter()
        self.process_events()

    def _panel(self, name: str) -> qSlicerScriptedLoadableModuleWidget | None:
        module = self.app.moduleManager().module(name) if self.main_window else None
        return pythonqt.unwrap(module.widgetRepresentation()) if module else None

    @property
    def wishes(self) -> list[str]:
        """What the module asked the application to do that a test only has to see: "restart", "quit", "open URL"..."""
        return self.app._asked_to

    # events and time
    def process_events(self) -> None:
        """Let everything that is due now happen, deletions included."""
        for _ in range(3):
            QtCore.QCoreApplication.processEvents()
            QtCore.QCoreApplication.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)

    def process_events_until(self, condition: Callable[[], bool], what: str = "", timeout: float = 10.0) -> None:
        """Run the event loop until the condition holds. TimeoutError when it does not come to hold."""
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"Waited {timeout:g} s in vain until {what or 'the condition holds'}.")
            QtCore.QCoreApplication.processEvents(QtCore.QEventLoop.ProcessEventsFlag.AllEvents, 20)
            time.sleep(0.002)
        self.process_events()

    def press(self, keys: str) -> None:
        """Press a key or a combination ("Shift+B") in the main window, as a user does."""
        self.main_window.activateWindow()
        self.process_events()
        for combination in QtGui.QKeySequence(keys):
            QtTest.QTest.keyClick(self.main_window.windowHandle(), combination.key(), combination.keyboardModifiers())
        self.process_events()

    # scene
    def close_scene(self) -> None:
        """File / Close scene."""
        self.environment.scene.Clear(0)
        self.process_events()

    def save_scene(self, path: str | Path) -> None:
        """File / Save as .mrb."""
        scene.save_scene(path)

    def load_scene(self, path: str | Path, clear: bool = True) -> None:
        """Load an .mrb, in place of the present scene or (clear=False) into it."""
        scene.load_scene(path, clear)
        self.process_events()

    # pictures
    def set_panel_width(self, width: int) -> None:
        if self.main_window:
            self.main_window.set_panel_width(width)

    def save_screenshot(self, path: str | Path) -> None:
        """Picture of the shown panel, as tall as it wants to be."""
        panel = self._panel(self.selected_module)
        self.process_events()
        panel.resize(panel.width(), max(panel.height(), panel.sizeHint().height()))
        self.process_events()
        if not panel.grab().save(str(path)):
            raise RuntimeError(f"The picture could not be written to {path}.")

    # end
    def quit(self) -> None:
        """Leave as Slicer does: exit of the module, aboutToQuit, cleanup of the modules; then windows and scene go."""
        try:
            self.select_module("")
            self.app.aboutToQuit.emit()
            for representation in self._unload_modules():
                representation.deleteLater()
            if self.main_window:
                self.main_window.deleteLater()
            self.process_events()
            self._look_for_leaks()
            self._look_for_processes()
            self._look_for_connections()
            signals.disconnect_all()
            if self.layout_manager:
                self.layout_manager._close()
            self.app._close()
            scene.uninstall()
        finally:
            sys.excepthook = self._earlier_hook
            del slicer.app
            StandInApplication._running = None

    def _unload_modules(self) -> list[QtWidgets.QWidget]:
        manager = self.app.moduleManager()
        modules = [manager.module(name) for name in manager.modulesNames()]
        made = [module._representation for module in modules if module._representation is not None]
        manager._unload_all()
        for representation in made:
            self._look_for_observers(representation.self())
        return [pythonqt.unwrap(representation) for representation in made]

    def _look_for_observers(self, widget) -> None:
        left = getattr(widget, "Observations", None)
        if left:
            self._problems.append(f"{type(widget).__name__}.cleanup left {len(left)} MRML observer(s)")

    def _look_for_leaks(self) -> None:
        gc.collect()
        self.process_events()
        left = [w for w in QtWidgets.QApplication.topLevelWidgets() if not w.property(_EARLIER)]
        for widget in left:
            name = widget.objectName() or widget.metaObject().className()
            self._problems.append(f"The widget {name} outlives the application")
            widget.deleteLater()

    def _look_for_connections(self) -> None:
        """Those of a timer keep it and its owner for good; those of the application call a panel that is gone."""
        left = [c for c in signals.connections() if c not in self._earlier_connections]
        self._problems += map(str, left)
        for facade in filter(None, (self.app, self.layout_manager)):
            for signature in facade._connected_signals():
                if signature != "startupCompleted()":  # it comes once, to the modules' own objects, which stay
                    self._problems.append(f"{signature} of {facade.listed} is still connected")

    def _look_for_processes(self) -> None:
        """Processes that the module started must end with the application; they have a moment to do so."""
        started = set(psutil.Process().children(recursive=True)) - self._earlier_processes
        _, alive = psutil.wait_procs(started, timeout=_SECONDS_TO_END)
        for process in alive:
            self._problems.append(f"The process {process.pid} ({process.name()}) outlives the application")
            process.kill()

    def _on_unhandled(self, kind, error, traceback) -> None:
        """Exceptions in VTK observers come here: VTK prints them and goes on."""
        self._problems.append(f"{kind.__name__} in an observer: {error}")
        self._earlier_hook(kind, error, traceback)

    def forget_swallowed(self) -> list[BaseException]:
        """Exceptions that left a slot so far; a test that expects them takes them from the record."""
        taken = list(pythonqt.swallowed_exceptions)
        pythonqt.swallowed_exceptions.clear()
        return taken

    def problems(self) -> list[str]:
        """What went wrong unseen: exceptions in slots and observers, things left over after `quit`."""
        swallowed = [f"{type(error).__name__} in a slot: {error}" for error in pythonqt.swallowed_exceptions]
        return swallowed + self._problems
