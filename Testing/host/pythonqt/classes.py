"""Which toolkit class stands behind a class name that Python sees, and the other way round."""

from __future__ import annotations

import functools
from typing import Any

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

from . import api, widgets

_TOOLKIT_MODULES = (QtWidgets, QtGui, QtCore, QtUiTools)


@functools.cache
def toolkit_class(name: str) -> type | None:
    """The PySide class or stand-in widget of that name; None when there is no such thing here."""
    if name in widgets.STAND_INS:
        return widgets.STAND_INS[name]
    for module in _TOOLKIT_MODULES:
        if name.startswith("Q") and hasattr(module, name):
            return getattr(module, name)
    return None


@functools.cache
def _listed_name(cls: type) -> str | None:
    for ancestor in cls.__mro__:
        if api.is_listed(ancestor.__name__) and toolkit_class(ancestor.__name__) is ancestor:
            return ancestor.__name__
    return None


def listed_name(value: Any) -> str | None:
    """The name of the most derived class of a toolkit object that Python has a wrapper for; None for plain values."""
    return _listed_name(type(value))
