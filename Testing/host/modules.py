"""Scripted modules as the application holds them, and their manager."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import slicer

from host.facade import Facade
from host.scene import CoreModule

_SETTABLE = {
    "title": "",
    "categories": [],
    "contributors": [],
    "associatedNodeTypes": [],
    "helpText": "",
    "acknowledgementText": "",
    "extensions": {},
    "icon": None,
    "hidden": False,
    "dependencies": [],
    "index": -1,
    "widgetRepresentationCreationEnabled": True,
}


class ModuleError(Exception):
    """A module that could not be loaded or whose panel could not be made; the cause is chained."""


class qSlicerScriptedLoadableModule(Facade):
    """One scripted module: what its class gets as `parent`, and what `slicer.modules.<name>` is."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._values = dict(_SETTABLE)
        self._representation = None
        self._python_module = None

    @property
    def name(self) -> str:
        return self._path.stem

    @property
    def path(self) -> str:
        return str(self._path)

    def widgetRepresentation(self):
        """The panel; made (with `setup`) when first asked for."""
        if self._representation is None and self._values["widgetRepresentationCreationEnabled"]:
            self._representation = self._new_representation()
        return self._representation

    def logic(self):
        """The C++ logic, which for a scripted module knows nothing. The Python logic belongs to the widget."""
        return slicer.vtkSlicerScriptedLoadableModuleLogic()

    def _load(self) -> None:
        """Import the file and make the module object, as Slicer does at start."""
        sys.path[:] = [entry for entry in sys.path if entry != str(self._path.parent)]
        sys.path.insert(0, str(self._path.parent))
        try:
            spec = importlib.util.spec_from_file_location(self.name, self._path)
            self._python_module = importlib.util.module_from_spec(spec)
            sys.modules[self.name] = self._python_module
            spec.loader.exec_module(self._python_module)
            instance = getattr(self._python_module, self.name)(self)
            setattr(slicer.modules, self.name.lower(), self)
            setattr(slicer.modules, f"{self.name}Instance", instance)
            if hasattr(instance, "setup"):
                instance.setup()
        except Exception as error:
            raise ModuleError(f"{self.name} could not be loaded: {error}") from error

    def _new_representation(self):
        from host import pythonqt, windows

        representation = windows.qSlicerScriptedLoadableModuleWidget(self.name)
        try:
            widget = getattr(self._python_module, f"{self.name}Widget")(pythonqt.wrap(representation))
            representation.python_instance = widget
            setattr(slicer.modules, f"{self.name}Widget", widget)
            widget.setup()
        except Exception as error:
            representation.deleteLater()
            raise ModuleError(f"The panel of {self.name} could not be made: {error}") from error
        representation.setMRMLScene(slicer.mrmlScene)
        return pythonqt.wrap(representation)


def _settable(name: str) -> property:
    def get(self):
        value = self._values[name]
        return tuple(value) if isinstance(value, list) else value

    def set_(self, value):
        self._values[name] = value

    return property(get, set_)


for _name in _SETTABLE:
    setattr(qSlicerScriptedLoadableModule, _name, _settable(_name))


class qSlicerModuleFactoryManager(Facade):
    def __init__(self, modules: dict) -> None:
        super().__init__()
        self._modules = modules

    def loadedModuleNames(self) -> tuple[str, ...]:
        return tuple(self._modules)


class qSlicerModuleManager(
    Facade, signals=("moduleLoaded(QString)", "moduleAboutToBeUnloaded(QString)", "moduleUnloaded(QString)")
):
    """Modules by name; only scripted ones are loaded and unloaded."""

    def __init__(self) -> None:
        super().__init__()
        self._modules: dict[str, qSlicerScriptedLoadableModule] = {}

    def module(self, name: str):
        """The module, scripted or Slicer's own; None when there is none."""
        own = getattr(slicer.modules, name.lower(), None) if name else None
        return self._modules.get(name, own if isinstance(own, CoreModule) else None)

    def modulesNames(self) -> tuple[str, ...]:
        return tuple(self._modules)

    def factoryManager(self):
        return qSlicerModuleFactoryManager(self._modules)

    def _load(self, path: Path) -> qSlicerScriptedLoadableModule:
        module = qSlicerScriptedLoadableModule(path)
        module._load()
        self._modules[module.name] = module
        self.moduleLoaded.emit(module.name)
        return module

    def _unload_all(self) -> None:
        for name in list(self._modules):
            self.moduleAboutToBeUnloaded.emit(name)
            self._modules.pop(name)
            self.moduleUnloaded.emit(name)
