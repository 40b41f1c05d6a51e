"""Values on their way between Python and Qt, converted by PythonQt's rules.

PythonQt tries every overload twice: strictly (the value has the parameter's very type), then leniently, and lenient is
very lenient: a float for an int loses its fraction, anything at all becomes a text or a bool.
"""

from __future__ import annotations

import collections.abc
import enum
import functools
import math
import types
import typing
from collections.abc import Callable
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from .enums import EnumInt, enum_int
from .ownership import is_proxy, unwrap


def _not_yet(value: Any) -> Any:
    raise RuntimeError("The module `proxy` sets this.")


#: (value) -> its wrapper, or the value itself. Set by `proxy`, which needs this module.
wrap: Callable[[Any], Any] = _not_yet

Converter = Callable[[Any, bool], Any]
_NULLABLE_ITEMS = ("QLayoutItem", "QTableWidgetItem", "QListWidgetItem", "QTreeWidgetItem")


class MismatchError(Exception):
    """The value can't become what the parameter asks for."""


def to_python(value: Any) -> Any:
    """What Python gets to see of a value that Qt returned or a signal carried."""
    if isinstance(value, enum.Enum):
        return enum_int(value)
    if isinstance(value, list | tuple):
        return tuple(to_python(item) for item in value)
    if isinstance(value, dict):
        return {key: to_python(item) for key, item in value.items()}
    return wrap(value)


def property_to_python(value: Any) -> Any:
    """As `to_python`; but a property of an enumeration type is a plain int."""
    converted = to_python(value)
    return int(converted) if isinstance(converted, EnumInt) else converted


def to_bool(value: Any, strict: bool) -> bool:
    if strict and not isinstance(value, bool):
        raise MismatchError
    try:
        return bool(value)
    except (TypeError, ValueError) as error:
        raise MismatchError from error


def to_int(value: Any, strict: bool) -> int:
    if type(value) is int:
        return value
    if strict:
        raise MismatchError
    if isinstance(value, float):
        if not math.isfinite(value):
            raise MismatchError
        return math.floor(value)
    try:
        return int(value.__index__())
    except (AttributeError, TypeError) as error:
        raise MismatchError from error


def to_float(value: Any, strict: bool) -> float:
    if type(value) is float:
        return value
    if strict or isinstance(value, str):
        raise MismatchError
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise MismatchError from error


def to_text(value: Any, strict: bool) -> str:
    if isinstance(value, str):
        return value
    if strict:
        raise MismatchError
    return str(value)


def to_bytes(value: Any, strict: bool) -> Any:
    if isinstance(value, bytes):
        return QtCore.QByteArray(value)
    if is_proxy(value) and isinstance(unwrap(value), QtCore.QByteArray):
        return unwrap(value)
    if strict or not isinstance(value, str):
        raise MismatchError
    return QtCore.QByteArray(value.encode())


def to_text_list(value: Any, strict: bool) -> list[str]:
    # A text is a sequence of characters here too: `nodeTypes = "vtkMRMLNode"` gives eleven node types.
    if not isinstance(value, collections.abc.Sequence) or (strict and isinstance(value, str | bytes)):
        raise MismatchError
    return [to_text(item, False) for item in value]


def to_anything(value: Any, strict: bool) -> Any:
    if is_proxy(value):
        return unwrap(value)
    if isinstance(value, list | tuple):
        return [to_anything(item, strict) for item in value]
    return value


def _to_enum(enumeration: type[enum.Enum]) -> Converter:
    def convert(value: Any, strict: bool) -> enum.Enum:
        if strict and not (isinstance(value, EnumInt) and value.enumeration is enumeration):
            raise MismatchError
        try:
            return enumeration(to_int(value, False))
        except ValueError as error:
            raise MismatchError from error

    return convert


def _to_instance(cls: type) -> Converter:
    """For a parameter of a Qt class; None is a null pointer where the class is one of objects."""
    nullable = issubclass(cls, QtCore.QObject) or cls.__name__ in _NULLABLE_ITEMS

    def convert(value: Any, strict: bool) -> Any:
        if value is None and nullable:
            return None
        if is_proxy(value):
            object_ = unwrap(value)
            if isinstance(object_, cls):
                return object_
            if cls in (QtGui.QBrush, QtGui.QPen) and isinstance(object_, QtGui.QColor) and not strict:
                return cls(object_)
        elif isinstance(value, EnumInt) and not strict:
            if cls in (QtGui.QBrush, QtGui.QPen, QtGui.QColor) and value.enumeration is QtCore.Qt.GlobalColor:
                return cls(QtGui.QColor(QtCore.Qt.GlobalColor(int(value))))
            if cls is QtGui.QCursor and value.enumeration is QtCore.Qt.CursorShape:
                return cls(QtCore.Qt.CursorShape(int(value)))
        raise MismatchError

    return convert


def _to_vtk(class_name: str) -> Converter:
    def convert(value: Any, strict: bool) -> Any:
        if value is None or (hasattr(value, "IsA") and value.IsA(class_name)):
            return value
        raise MismatchError

    return convert


def _to_list(item: Converter) -> Converter:
    def convert(value: Any, strict: bool) -> list:
        if isinstance(value, str | bytes) or not isinstance(value, collections.abc.Sequence):
            raise MismatchError
        return [item(element, strict) for element in value]

    return convert


def _to_callable(value: Any, strict: bool) -> Callable:
    if not callable(value):
        raise MismatchError
    return value


def _to_one_of(converters: list[Converter]) -> Converter:
    def convert(value: Any, strict: bool) -> Any:
        for converter in converters:
            try:
                return converter(value, strict)
            except MismatchError:
                continue
        raise MismatchError

    return convert


_SIMPLE: dict[Any, Converter] = {
    bool: to_bool,
    int: to_int,
    float: to_float,
    str: to_text,
    bytes: to_bytes,
    QtCore.QByteArray: to_bytes,
    Any: to_anything,
    object: to_anything,
}


@functools.cache
def converter(annotation: Any) -> Converter:
    """The function (value, strict) that makes a Python value fit a parameter; it raises MismatchError when it can't."""
    if annotation in _SIMPLE:
        return _SIMPLE[annotation]
    if isinstance(annotation, str):
        return _converter_of_text(annotation)
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return _converter_of_union(annotation)
    if origin is collections.abc.Callable or annotation is collections.abc.Callable:
        return _to_callable
    if origin is not None and issubclass(origin, collections.abc.Iterable):
        item = (*typing.get_args(annotation), Any)[0]
        return to_text_list if item is str else _to_list(converter(item))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _to_enum(annotation)
    if isinstance(annotation, type):
        return _to_instance(annotation)
    return to_anything


def _converter_of_union(annotation: Any) -> Converter:
    # Beyond None, the further members are conversions that PySide makes on its own and PythonQt does not.
    members = typing.get_args(annotation)
    first = converter(next(member for member in members if member is not type(None)))
    if type(None) not in members:
        return first
    return lambda value, strict: None if value is None else first(value, strict)


def _converter_of_text(annotation: str) -> Converter:
    """For the annotations of the stand-in widgets, which are texts; `A | B` are two overloads there."""
    if "|" in annotation:
        return _to_one_of([converter(part.strip()) for part in annotation.split("|")])
    if annotation.startswith("vtk"):
        return _to_vtk(annotation)
    if annotation.startswith(("qMRML", "qSlicer")):
        return _to_instance(_stand_in(annotation))
    if annotation.startswith("Qt"):
        module, *names = annotation.split(".")
        return converter(
            functools.reduce(getattr, names, {"QtCore": QtCore, "QtGui": QtGui, "QtWidgets": QtWidgets}[module])
        )
    return {
        "bool": to_bool,
        "int": to_int,
        "float": to_float,
        "str": to_text,
        "list[str]": to_text_list,
        "Any": to_anything,
        "None": _to_none,
    }[annotation]


def _stand_in(name: str) -> type:
    # at the first call only: the stand-in widgets are made with this module
    from .widgets import STAND_INS

    return STAND_INS[name]


def _to_none(value: Any, strict: bool) -> None:
    if value is not None:
        raise MismatchError
