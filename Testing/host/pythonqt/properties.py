"""Reading and writing Qt properties by PythonQt's rules."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from . import qt5
from .conversion import Converter, MismatchError, converter, property_to_python, to_anything

_CONVERTERS: dict[str, Any] = {
    "bool": bool,
    "int": int,
    "uint": int,
    "qlonglong": int,
    "double": float,
    "float": float,
    "QString": str,
    "QByteArray": bytes,
    "QStringList": "list[str]",
}


def is_dynamic(object_: QtCore.QObject, name: str) -> bool:
    """Whether `setProperty` (or a .ui file) has given the object a property that its class doesn't have."""
    return name.encode() in [bytes(p.data()) for p in object_.dynamicPropertyNames()]


def read(object_: Any, name: str) -> Any:
    restored = qt5.find(qt5.PROPERTIES, type(object_), name)
    if restored is not None:
        return restored[1](object_)
    if object_.metaObject().indexOfProperty(name) < 0 and not is_dynamic(object_, name):
        raise NotImplementedError(f"{type(object_).__name__}.{name} exists in Slicer, but not in the stand-in")
    return property_to_python(object_.property(name))


def write(object_: Any, name: str, value: Any, class_name: str) -> None:
    """Set a property. Raises AttributeError if it is read-only or the value isn't of its type."""
    restored = qt5.find(qt5.PROPERTIES, type(object_), name)
    if restored is not None:
        restored[2](object_, _converted(value, converter(_CONVERTERS[restored[0]]), name, restored[0]))
        return
    meta = object_.metaObject()
    property_ = meta.property(meta.indexOfProperty(name))
    if not property_.isValid():
        raise NotImplementedError(f"{class_name}.{name} exists in Slicer, but not in the stand-in")
    if not property_.isWritable():
        raise AttributeError(f"Property '{name}' of {class_name} object is not writable")
    convert = _to_enumerator if property_.isEnumType() else _converter(property_.typeName())
    if not object_.setProperty(name, _converted(value, convert, name, property_.typeName())):
        raise AttributeError(_refusal(name, property_.typeName(), value))


def write_dynamic(object_: QtCore.QObject, name: str, value: Any) -> None:
    if value is None:
        raise AttributeError(f"Dynamic property '{name}' does not accept an object of type NoneType (None)")
    object_.setProperty(name, to_anything(value, False))


def _converted(value: Any, convert: Converter, name: str, type_name: str) -> Any:
    try:
        return convert(value, False)
    except MismatchError as error:
        raise AttributeError(_refusal(name, type_name, value)) from error


def _refusal(name: str, type_name: str, value: Any) -> str:
    return (
        f"Property '{name}' of type '{type_name}' does not accept an object of type {type(value).__name__} ({value!r})"
    )


def _to_enumerator(value: Any, strict: bool) -> int | str:
    # The name of an enumerator will do as well.
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise MismatchError
    return int(value) if isinstance(value, int) else value


def _converter(type_name: str) -> Converter:
    if type_name in _CONVERTERS:
        return converter(_CONVERTERS[type_name])
    cls = next((getattr(m, type_name) for m in (QtCore, QtGui, QtWidgets) if hasattr(m, type_name)), None)
    return converter(cls) if cls is not None else to_anything
