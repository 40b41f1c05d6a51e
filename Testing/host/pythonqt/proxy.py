"""Python's view of Qt objects: wrapper classes and their instances, as strict as PythonQt's.

An instance is an `InstanceWrapper` around an object of the toolkit: PySide's, or a stand-in widget made from it. Only
the names that `widget-api.json` lists can be read, and only properties can be set.
"""

from __future__ import annotations

import enum
import functools
import inspect
from typing import Any

from PySide6 import QtCore, QtWidgets
from shiboken6 import Shiboken

from . import classes, conversion, decorators, ownership, properties, qt5, signals
from .api import ClassApi, class_api
from .enums import enum_int
from .slots import SlotFunction, convert_arguments


class ClassWrapper(type):
    """The type of wrapper classes: what `qt.QTimer` and the like are."""

    _pythonqt_api: ClassApi
    _pythonqt_toolkit_class: type
    _pythonqt_shell_class: type

    def __init__(cls, name: str, bases: tuple, namespace: dict, **keywords: Any) -> None:
        super().__init__(name, bases, namespace, **keywords)
        if bases and cls.is_derived_in_python():
            cls._pythonqt_shell_class = _shell_class(cls, namespace)

    def is_derived_in_python(cls) -> bool:
        """Whether this is a `class X(qt.QWidget)`, whose instances may have attributes of their own."""
        return "_pythonqt_api" not in vars(cls)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"type object '{cls.__name__}' has no attribute '{name}'")
        api = cls._pythonqt_api
        if name in api.enumerators:
            return _enumerator(cls._pythonqt_toolkit_class, name, api)
        method = api.method_name(name)
        if method is not None:
            return _slot(cls, method, cls)
        raise AttributeError(f"type object '{cls.__name__}' has no attribute '{name}'")

    def __dir__(cls) -> list[str]:
        return sorted({*type.__dir__(cls), *cls._pythonqt_api.methods, *cls._pythonqt_api.enumerators})


class InstanceWrapper(metaclass=ClassWrapper):
    """The base of all wrapper classes. They don't inherit one another: a button is no instance of `qt.QWidget`."""

    __slots__ = ("__weakref__", "_pythonqt_object")

    def __new__(cls, *arguments: Any, **keywords: Any) -> InstanceWrapper:
        self = object.__new__(cls)
        object.__setattr__(self, "_pythonqt_object", None)
        return self

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        cls = type(self)
        if keywords:
            raise ValueError(f"Called {cls.__name__} with keyword arguments, but called slot does not support kwargs.")
        toolkit_class = cls._pythonqt_toolkit_class
        arguments = qt5.constructor_arguments(toolkit_class, arguments)
        converted = convert_arguments(cls.__name__, toolkit_class, arguments)
        try:
            created = cls._pythonqt_shell_class(*converted)
        except (TypeError, NotImplementedError) as error:
            raise ValueError(f"Called {cls.__name__} with wrong arguments: {arguments!r}") from error
        ownership.join(self, created)
        ownership.keep_while_owned(created)

    def __getattr__(self, name: str) -> Any:
        # Python found nothing on the type; the order is that of PythonQt.
        if name.startswith("__"):
            raise AttributeError(name)
        cls = type(self)
        api = cls._pythonqt_api
        object_ = self._pythonqt_object
        property_ = api.property_name(name)
        if property_ is not None:
            if not ownership.is_alive(object_):
                raise ValueError(f"Trying to read property '{name}' from a destroyed {cls.__name__} object")
            return properties.read(object_, property_)
        method = api.method_name(name)
        if method is not None:
            return _slot(cls, method, self)
        if api.has_signal(name):
            return signals.SignalFunction(self, api, signals.first_signature(object_, api, name))
        if name in api.enumerators:
            return _enumerator(cls._pythonqt_toolkit_class, name, api)
        if ownership.is_alive(object_) and isinstance(object_, QtCore.QObject):
            if properties.is_dynamic(object_, name):
                return properties.read(object_, name)
            for child in object_.children():
                if child.objectName() == name:
                    return wrap(child)
        raise AttributeError(f"{cls.__name__} has no attribute named '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        cls = type(self)
        api = cls._pythonqt_api
        object_ = self._pythonqt_object
        property_ = api.property_name(name)
        if property_ is not None:
            if not ownership.is_alive(object_):
                raise AttributeError(f"Trying to set property '{name}' on a destroyed {cls.__name__} object")
            properties.write(object_, property_, value, cls.__name__)
        elif kind := _kind_that_is_not_writable(api, name):
            raise AttributeError(f"{kind} '{name}' can not be overwritten on {cls.__name__} object")
        elif (
            ownership.is_alive(object_) and isinstance(object_, QtCore.QObject) and properties.is_dynamic(object_, name)
        ):
            properties.write_dynamic(object_, name, value)
        elif cls.is_derived_in_python():
            object.__setattr__(self, name, value)
        else:
            raise AttributeError(
                f"'{name}' does not exist on {cls.__name__} and creating new attributes on C++ objects is not allowed"
            )

    def __bool__(self) -> bool:
        return ownership.is_alive(self._pythonqt_object)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, InstanceWrapper):
            return other is None and not self
        mine, theirs = self._pythonqt_object, other._pythonqt_object
        return mine is theirs or (
            type(mine) is type(theirs) and not isinstance(mine, QtCore.QObject) and mine == theirs
        )

    def __hash__(self) -> int:
        return id(self._pythonqt_object)

    def __repr__(self) -> str:
        return f"{type(self).__name__} ({type(self)._pythonqt_api.name} at: {id(self._pythonqt_object):#x})"

    def __str__(self) -> str:
        object_ = self._pythonqt_object
        # so a QByteArray reads b'...' and needs `.data()`
        return repr(object_.data()) if isinstance(object_, QtCore.QByteArray) else repr(self)

    def __dir__(self) -> list[str]:
        api = type(self)._pythonqt_api
        names = {s.partition("(")[0] for s in api.signals}
        return sorted({*object.__dir__(self), *api.properties, *api.methods, *api.enumerators, *names})


def _kind_that_is_not_writable(api: ClassApi, name: str) -> str | None:
    if api.method_name(name) is not None:
        return "Slot"
    if api.has_signal(name):
        return "Signal"
    return "EnumValue" if name in api.enumerators else None


def wrap(value: Any) -> Any:
    """The wrapper of a toolkit object (the same one as long as it lives); any other value comes back as it is."""
    name = classes.listed_name(value)
    if name is None:
        if isinstance(value, Shiboken.Object):
            raise NotImplementedError(f"{type(value).__name__} objects are not in the stand-in")
        return value
    proxy = ownership.proxy_of(value)
    if proxy is None:
        proxy = InstanceWrapper.__new__(wrapper_class(name))
        ownership.join(proxy, value)
    return proxy


conversion.wrap = wrap


@functools.cache
def wrapper_class(name: str) -> ClassWrapper:
    """The class that Python sees under a name.

    Raises KeyError if Slicer doesn't have it, NotImplementedError if only the stand-in lacks it.
    """
    api = class_api(name)
    toolkit_class = classes.toolkit_class(name)
    if toolkit_class is None:
        raise NotImplementedError(f"{name} exists in Slicer, but not in the stand-in")
    module = "qt" if name.startswith("Q") else "ctk" if name.startswith("ctk") else "slicer"
    namespace = {
        "__slots__": (),
        "__module__": module,
        "_pythonqt_api": api,
        "_pythonqt_toolkit_class": toolkit_class,
        "_pythonqt_shell_class": toolkit_class,
    }
    return ClassWrapper(name, (InstanceWrapper,), namespace)


def _shell_class(cls: ClassWrapper, namespace: dict) -> type:
    """A toolkit class whose virtual functions call those that a class derived in Python defines."""
    base = next(c for c in cls.__mro__[1:] if isinstance(c, ClassWrapper))._pythonqt_shell_class
    toolkit_class = cls._pythonqt_toolkit_class
    overridden = [n for n, f in namespace.items() if inspect.isfunction(f) and not n.startswith("__")]
    members = {n: _forward(n, toolkit_class) for n in overridden if hasattr(toolkit_class, n)}
    if issubclass(toolkit_class, QtWidgets.QWidget) and base is toolkit_class:
        members["changeEvent"] = _watching_parent(members.get("changeEvent"), toolkit_class)
    return type(toolkit_class.__name__, (base,), members)


def _forward(name: str, toolkit_class: type) -> Any:
    def forward(self: Any, *arguments: Any) -> Any:
        proxy = ownership.proxy_of(self)
        if proxy is None:  # still under construction, or Python has let go of it
            return getattr(toolkit_class, name)(self, *arguments)
        try:
            result = getattr(proxy, name)(*(conversion.to_python(a) for a in arguments))
        except Exception as error:
            signals.swallow(error)
            return getattr(toolkit_class, name)(self, *arguments)
        return conversion.to_anything(result, False)

    forward.__name__ = name
    return forward


def _watching_parent(override: Any, toolkit_class: type) -> Any:
    def change_event(self: Any, event: QtCore.QEvent) -> None:
        if override is None:
            toolkit_class.changeEvent(self, event)
        else:
            override(self, event)
        if event.type() == QtCore.QEvent.Type.ParentChange:
            ownership.keep_while_owned(self)

    return change_event


def _enumerator(toolkit_class: type, name: str, api: ClassApi) -> int:
    restored = qt5.find(qt5.ENUMERATORS, toolkit_class, name)
    if restored is not None:
        return restored
    value = getattr(toolkit_class, name, None)
    if value is None:
        raise NotImplementedError(f"{api.name}.{name} exists in Slicer, but not in the stand-in")
    return enum_int(value) if isinstance(value, enum.Enum) else value


def _slot(cls: ClassWrapper, method: str, owner: Any) -> SlotFunction:
    toolkit_class = cls._pythonqt_toolkit_class
    function, is_static = _function(toolkit_class, method)
    if function is None:
        raise NotImplementedError(f"{cls.__name__}.{method}() exists in Slicer, but not in the stand-in")
    first = is_static and qt5.find(qt5.RESULT_IS_FIRST, toolkit_class, method) is not None
    return SlotFunction(method, function, owner, is_static, first)


@functools.cache
def _function(toolkit_class: type, method: str) -> tuple[Any, bool]:
    """The function behind a method and whether it is static."""
    static = decorators.STATIC_METHODS.get((toolkit_class.__name__, method))
    if static is not None:
        return static, True
    own = decorators.METHODS.get(method)
    if issubclass(toolkit_class, QtCore.QObject):
        own = own or decorators.METHODS_OF_OBJECTS.get(method)
    own = own or qt5.find(qt5.METHODS, toolkit_class, method)
    if own is not None:
        return own, False
    # PySide too puts an underscore behind Python's own words, but behind fewer of them
    function = getattr(toolkit_class, method, None) or getattr(toolkit_class, f"{method}_", None)
    return function, inspect.isbuiltin(function)
