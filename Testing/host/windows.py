"""The main window with its module panel, and the panel of one scripted module."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from host import pythonqt
from host.facade import Facade
from host.pythonqt import api, widgets

PANEL_WIDTH = 400


class qSlicerScriptedLoadableModuleWidget(QtWidgets.QWidget):
    """What a module's widget class gets as `parent`: an empty panel that knows whether it is shown to the user."""

    def __init__(self, module_name: str) -> None:
        super().__init__()
        self.setObjectName(f"{module_name}ModuleWidget")
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.python_instance = None
        self._module_name = module_name
        self._entered = False
        self._scene = None

    def _is_entered(self) -> bool:
        return self._entered

    def _get_module_name(self) -> str:
        return self._module_name

    isEntered = QtCore.Property(bool, _is_entered)
    moduleName = QtCore.Property(str, _get_module_name)
    mrmlSceneChanged = QtCore.Signal(object)

    def self(self) -> object:
        return self.python_instance

    def mrmlScene(self) -> object:
        return self._scene

    def setMRMLScene(self, scene: object) -> None:
        self._scene = scene
        self.mrmlSceneChanged.emit(scene)

    def enter(self) -> None:
        self._entered = True
        self._call("enter")

    def exit(self) -> None:
        self._entered = False
        self._call("exit")

    def _call(self, method: str) -> None:
        if hasattr(self.python_instance, method):
            pythonqt.guarded(getattr(self.python_instance, method))


class qSlicerModuleSelectorToolBar(Facade, signals=("moduleSelected(QString)",)):
    """Chooses the module that is shown."""

    def __init__(self, application) -> None:
        super().__init__()
        self._application = application

    @property
    def selectedModule(self) -> str:
        return self._application.selected_module

    def selectModule(self, name: str) -> None:
        self._application.select_module(name)


class qSlicerMainWindow(QtWidgets.QMainWindow):
    """Module panel on the left; the views on the right are there, but not seen."""

    def __init__(self, application) -> None:
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self.setWindowTitle("3D Slicer")
        self._selector = qSlicerModuleSelectorToolBar(application)
        self._scroll_area = QtWidgets.QScrollArea()
        self._scroll_area.setWidgetResizable(True)
        self._scroll_area.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._contents = QtWidgets.QWidget()
        layout = QtWidgets.QVBoxLayout(self._contents)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addStretch(0)
        self._scroll_area.setWidget(self._contents)
        self._dock = QtWidgets.QDockWidget("Module panel")
        self._dock.setObjectName("PanelDockWidget")
        self._dock.setWidget(self._scroll_area)
        self.addDockWidget(QtCore.Qt.DockWidgetArea.LeftDockWidgetArea, self._dock)
        self.setCentralWidget(application.layout_manager._viewport)
        self.statusBar()

    def moduleSelector(self) -> object:
        return self._selector

    def show_panel(self, panel: QtWidgets.QWidget) -> None:
        self._contents.layout().insertWidget(0, panel, 1)
        panel.setVisible(True)

    def remove_panel(self, panel: QtWidgets.QWidget) -> None:
        self._contents.layout().removeWidget(panel)
        panel.setVisible(False)
        panel.setParent(None)

    def set_panel_width(self, width: int) -> None:
        """Width that the panel has for its contents, scroll bar not counted."""
        self._scroll_area.setFixedWidth(width)


def _show_to_python(cls: type, properties: dict[str, str], methods: list[str], signals: list[str]) -> None:
    """Let `pythonqt.wrap` know a class: what Slicer shows of it, as in `widget-api.json`."""
    facts = {"extends": "QWidget", "properties": properties, "methods": methods, "signals": signals}
    api._facts()[cls.__name__] = facts
    widgets.STAND_INS[cls.__name__] = cls


_show_to_python(
    qSlicerScriptedLoadableModuleWidget,
    {"isEntered": "bool", "moduleName": "str"},
    ["self", "mrmlScene", "setMRMLScene", "enter", "exit"],
    ["mrmlSceneChanged(vtkMRMLScene*)"],
)
_show_to_python(qSlicerMainWindow, {}, ["moduleSelector", "statusBar", "centralWidget"], [])
