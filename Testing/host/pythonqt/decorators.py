"""Methods that PythonQt adds to Qt's own, or gives another form. `self` is the toolkit object."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from PySide6 import QtCore, QtWidgets
from shiboken6 import Shiboken

from . import classes, conversion, signals
from .api import ClassApi, class_api
from .ownership import keep_while_owned


def _api(object_: Any) -> ClassApi:
    return class_api(classes.listed_name(object_))


def _class_name(self: Any) -> str:
    return type(conversion.wrap(self)).__name__


def _inherits(self: Any, class_name: str) -> bool:
    if isinstance(self, QtCore.QObject):
        return self.inherits(class_name)
    return class_name in [ancestor.__name__ for ancestor in type(self).__mro__]


def _help(self: Any) -> None:
    api = _api(self)
    print("\n".join([api.name, *sorted(api.properties), *sorted(api.methods), *api.signals]))


def _delete(self: Any) -> None:
    Shiboken.delete(self)


@dataclass(frozen=True)
class ReceiverSlot:
    """A slot of an object, named as in C++: `setMRMLScene(vtkMRMLScene*)`."""

    receiver: QtCore.QObject
    signature: str

    def exists(self) -> bool:
        api = _api(self.receiver)
        return api.method_name(self._name) is not None or self._property() is not None

    @property
    def _name(self) -> str:
        return signals.normalized(self.signature.removeprefix("1")).partition("(")[0]

    def _property(self) -> str | None:
        # What Python sees of ctk's and qMRML's setters is the property; to C++ they are slots all the same.
        name = self._name.removeprefix("set")
        return _api(self.receiver).property_name(name[:1].lower() + name[1:]) if name != self._name else None

    def __call__(self, *arguments: Any) -> None:
        types = signals.normalized(self.signature).removesuffix(")").partition("(")[2]
        taken = arguments[: len(types.split(",")) if types else 0]
        proxy = conversion.wrap(self.receiver)
        if _api(self.receiver).method_name(self._name) is not None:
            getattr(proxy, self._name)(*taken)
        else:
            setattr(proxy, self._property(), taken[0])


def _connect(self: QtCore.QObject, signal: str, receiver: Any, slot: str | None = None) -> bool:
    if slot is None:
        return signals.connect(self, _api(self), signal, receiver)
    target = ReceiverSlot(receiver, slot)
    if not target.exists():
        print(f"QObject::connect: No such slot {_api(receiver).name}::{slot}", file=sys.stderr)
        return False
    return signals.connect(self, _api(self), signal, target)


def _disconnect(self: QtCore.QObject, signal: str, receiver: Any = None, slot: str | None = None) -> bool:
    target = receiver if slot is None else ReceiverSlot(receiver, slot)
    return signals.disconnect(self, _api(self), signal, target)


def _find_child(self: QtCore.QObject, type: Any, name: str | None = None) -> QtCore.QObject | None:
    return next(_descendants(self, _type_name(type), name, below_others=True), None)


def _find_children(self: QtCore.QObject, type: Any, name: str | None = None) -> list[QtCore.QObject]:
    # Given a name, PythonQt doesn't look below children of other names.
    return list(_descendants(self, _type_name(type), name, below_others=False))


def _type_name(type_: Any) -> str:
    return type_ if isinstance(type_, str) else type_.__name__


def _descendants(
    parent: QtCore.QObject, type_name: str, name: str | None, below_others: bool
) -> Iterator[QtCore.QObject]:
    for child in parent.children():
        is_named = name is None or child.objectName() == name
        if is_named and child.inherits(type_name):
            yield child
        if is_named or below_others:
            yield from _descendants(child, type_name, name, below_others)


def _property(self: QtCore.QObject, name: str) -> Any:
    return conversion.property_to_python(self.property(name))


def _set_parent(self: QtCore.QObject, parent: QtCore.QObject, flags: int | None = None) -> None:
    if flags is None:
        self.setParent(parent)
    else:
        self.setParent(parent, QtCore.Qt.WindowType(flags))
    keep_while_owned(self)


def _single_shot(milliseconds: int, function: Any) -> None:
    QtCore.QTimer.singleShot(milliseconds, lambda: signals.guarded(function))


def _set_override_cursor(cursor: Any) -> None:
    # PySide gives an object back whose deletion would restore the cursor; Qt 5 gives nothing.
    plain = conversion.unwrap(cursor)
    QtWidgets.QApplication.setOverrideCursor(QtCore.Qt.CursorShape(plain) if isinstance(plain, int) else plain)


METHODS: dict[str, Callable] = {
    "className": _class_name,
    "inherits": _inherits,
    "help": _help,
    "delete": _delete,
}
METHODS_OF_OBJECTS: dict[str, Callable] = {
    "connect": _connect,
    "disconnect": _disconnect,
    "findChild": _find_child,
    "findChildren": _find_children,
    "property": _property,
    "setParent": _set_parent,
}
STATIC_METHODS: dict[tuple[str, str], Callable] = {
    ("QApplication", "setOverrideCursor"): _set_override_cursor,
    ("QTimer", "singleShot"): _single_shot,
}
