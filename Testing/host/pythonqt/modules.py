"""The modules `qt` and `ctk`."""

from __future__ import annotations

import functools
import types
from typing import Any

from PySide6 import QtCore

from . import api
from .enums import enum_int
from .proxy import wrapper_class

# Enumerations and enumerators that came with Qt 6.
_SINCE_QT_6 = frozenset({"ColorScheme", "ContextMenuTrigger", "ReturnByValueConstant", "Initialization"})


class _Module(types.ModuleType):
    """A module whose attributes are the listed classes with one of its prefixes."""

    def __init__(self, name: str, prefix: str, doc: str) -> None:
        super().__init__(name, doc)
        self.__dict__["_prefix"] = prefix

    def __getattr__(self, name: str) -> Any:
        if name.startswith(self._prefix) and name in api.class_names():
            return wrapper_class(name)
        raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(n for n in api.class_names() if n.startswith(self._prefix))})


class _QtNamespace:
    """`qt.Qt`: all enumerators of Qt's namespace."""

    def __init__(self) -> None:
        for name, enumeration in vars(QtCore.Qt).items():
            if name not in _SINCE_QT_6 and hasattr(enumeration, "__members__"):
                for key, member in enumeration.__members__.items():
                    self.__dict__[key] = enum_int(member)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"'{name}' can not be set on Qt")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"type object 'Qt' has no attribute '{name}'")


@functools.cache
def qt_module() -> types.ModuleType:
    """The module to be imported as `qt`."""
    module = _Module("qt", "Q", "Qt as PythonQt shows it.")
    module.Qt = _QtNamespace()
    return module


@functools.cache
def ctk_module() -> types.ModuleType:
    """The module to be imported as `ctk`."""
    return _Module("ctk", "ctk", "The Common Toolkit's widgets.")


@functools.cache
def qmrml() -> dict[str, type]:
    """The qMRML and qSlicer widget classes, to become attributes of `slicer`."""
    from .classes import toolkit_class

    names = [n for n in api.class_names() if n.startswith(("qMRML", "qSlicer")) and toolkit_class(n) is not None]
    return {name: wrapper_class(name) for name in names}
