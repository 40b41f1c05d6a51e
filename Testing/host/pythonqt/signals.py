"""Signals: connecting by text and by attribute, and calling Python when they are emitted."""

from __future__ import annotations

import inspect
import re
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6 import QtCore
from shiboken6 import Shiboken

from . import qt5
from .api import ClassApi
from .conversion import MismatchError, converter, to_python

#: Exceptions that left a slot or an overridden function. As in Slicer they were printed and went no further; tests
#: assert that there are none.
swallowed_exceptions: list[BaseException] = []


def guarded(function: Callable, *arguments: Any) -> None:
    """Call a slot the way PythonQt does: with as many arguments as it takes, its exceptions printed and dropped."""
    count = _number_of_arguments(function)
    try:
        function(*(arguments if count is None else arguments[:count]))
    except Exception as error:
        swallow(error)


def swallow(error: Exception) -> None:
    """Print an exception that Python can't be given, and remember it."""
    traceback.print_exception(error)
    swallowed_exceptions.append(error)


def _number_of_arguments(function: Callable) -> int | None:
    """How many arguments a Python function or method takes; None for any other callable, which gets them all."""
    plain = function.__func__ if inspect.ismethod(function) else function
    if not inspect.isfunction(plain) or plain.__code__.co_flags & inspect.CO_VARARGS:
        return None
    return plain.__code__.co_argcount - (plain is not function)


@dataclass(frozen=True)
class _Native:
    """A signal as the toolkit has it."""

    signature: str
    arguments: Callable[..., tuple]


@dataclass(frozen=True, eq=False)
class Connection:
    """Of a signal with something callable.

    :param sender: its class.
    """

    sender: str
    signature: str
    function: Callable
    handle: QtCore.QMetaObject.Connection

    def __str__(self) -> str:
        name = getattr(self.function, "__qualname__", repr(self.function))
        return f"{self.signature} of {self.sender} is still connected to {name}"


# Connections live as long as their sender in C++, whether or not Python still knows it: by address of the sender.
_connections: dict[int, list[Connection]] = {}


def normalized(signature: str) -> str:
    """`clicked( bool )` as Qt writes it. A leading 2, from C++'s SIGNAL(), is dropped."""
    name, _, types = signature.removeprefix("2").strip().removesuffix(")").partition("(")
    bare = [re.sub(r"\s+", "", re.sub(r"^\s*const\b(.*)&\s*$", r"\1", text)) for text in types.split(",")]
    return f"{name.strip()}({','.join(bare)})" if "(" in signature else signature


def signatures(sender: QtCore.QObject, api: ClassApi) -> list[str]:
    """All signatures of the signals that Python sees on an object, the first overload of each name first."""
    known: list[str] = []
    for listed in api.signals:
        known += [listed] if "(" in listed else _native_overloads(sender, listed)
    return known


def _native_signatures(sender: QtCore.QObject) -> list[str]:
    meta = sender.metaObject()
    methods = (meta.method(index) for index in range(meta.methodCount()))
    return [
        m.methodSignature().data().decode() for m in methods if m.methodType() == QtCore.QMetaMethod.MethodType.Signal
    ]


def _native_overloads(sender: QtCore.QObject, name: str) -> list[str]:
    qt5_only = [s for cls, s in qt5.SIGNALS if isinstance(sender, cls) and s.partition("(")[0] == name]
    return [s for s in _native_signatures(sender) if s.partition("(")[0] == name] + qt5_only


def _same(sender: QtCore.QObject, *arguments: Any) -> tuple:
    return arguments


def _native(sender: QtCore.QObject, signature: str) -> _Native:
    available = _native_signatures(sender)
    if signature in available:
        return _Native(signature, _same)
    replacement = qt5.find(qt5.SIGNALS, type(sender), signature)
    if replacement:
        return _Native(*replacement)
    # The signals of stand-in widgets carry MRML nodes and lists as Python objects.
    name, _, types = signature.removesuffix(")").partition("(")
    native = f"{name}({','.join('PyObject' if _is_python_object(t) else t for t in types.split(','))})"
    if native in available:
        return _Native(native, _same)
    raise NotImplementedError(f"{type(sender).__name__} has {signature} in Slicer, but not in the stand-in")


def _is_python_object(type_name: str) -> bool:
    return type_name.startswith(("vtk", "QList", "QStringList"))


def connect(sender: QtCore.QObject, api: ClassApi, signature: str, function: Callable) -> bool:
    """Connect a signal, given by its signature, to anything callable; False, and a printed line, if there is none."""
    wanted = normalized(signature)
    if wanted not in signatures(sender, api):
        print(f"PythonQt: QObject::connect() signal '{signature}' does not exist on {api.name}", file=sys.stderr)
        return False
    native = _native(sender, wanted)
    # No reference to the sender: it would keep alive what dies with Python's last reference.
    address, cls = Shiboken.getCppPointer(sender)[0], type(sender)

    def dispatch(*arguments: Any) -> None:
        values = native.arguments(Shiboken.wrapInstance(address, cls), *arguments)
        guarded(function, *(to_python(value) for value in values))

    handle = QtCore.QObject.connect(sender, QtCore.SIGNAL(native.signature), dispatch)
    _connections_of(sender).append(Connection(api.name, wanted, function, handle))
    return True


def _connections_of(sender: QtCore.QObject) -> list[Connection]:
    address = Shiboken.getCppPointer(sender)[0]
    if address not in _connections:
        _connections[address] = []
        sender.destroyed.connect(lambda: _connections.pop(address, None))
    return _connections[address]


def disconnect(sender: QtCore.QObject, api: ClassApi, signature: str, function: Callable | None) -> bool:
    """Undo one connection of a signal to a callable, or all of the signal; False if there was none."""
    wanted = normalized(signature)
    connections = _connections_of(sender)
    found = [c for c in connections if c.signature == wanted and (function is None or c.function == function)]
    for connection in found[:1] if function is not None else found:
        QtCore.QObject.disconnect(connection.handle)
        connections.remove(connection)
    if not found and wanted not in signatures(sender, api):
        print(f"PythonQt: QObject::disconnect() signal '{signature}' does not exist on {api.name}", file=sys.stderr)
    return bool(found)


def connections() -> list[Connection]:
    """All that there are of senders that live."""
    return [connection for of_sender in _connections.values() for connection in of_sender]


def disconnect_all() -> None:
    """Undo every connection there is: those of timers to methods of their owners would keep both for good."""
    for of_sender in list(_connections.values()):
        while of_sender:
            QtCore.QObject.disconnect(of_sender.pop().handle)


def emit(sender: QtCore.QObject, signature: str, arguments: tuple) -> None:
    """Emit a signal. Raises ValueError if the arguments aren't the signal's."""
    native = _native(sender, signature)
    name, _, types = native.signature.removesuffix(")").partition("(")
    type_names = types.split(",") if types else []
    if len(arguments) != len(type_names):
        raise ValueError(f"Called {signature} with wrong arguments: {arguments!r}")
    try:
        converted = [_argument_converter(t)(a, False) for t, a in zip(type_names, arguments, strict=True)]
    except MismatchError as error:
        raise ValueError(f"Called {signature} with wrong arguments: {arguments!r}") from error
    signal = getattr(sender, name)
    (signal[types] if types else signal).emit(*converted)


def _argument_converter(type_name: str) -> Callable[[Any, bool], Any]:
    python_name = {"bool": "bool", "int": "int", "double": "float", "QString": "str"}.get(type_name, "Any")
    return converter(python_name)


class SignalFunction:
    """A signal bound to an object, as an attribute access gives it: the first of its overloads."""

    __slots__ = ("__self__", "_api", "_signature")

    def __init__(self, owner: Any, api: ClassApi, signature: str) -> None:
        self.__self__ = owner
        self._api = api
        self._signature = signature

    def __repr__(self) -> str:
        return f"<qt signal {self._signature} of {self.__self__!r}>"

    def connect(self, *arguments: Any) -> bool:
        if len(arguments) != 1:
            raise ValueError("Called connect with wrong number of arguments")
        return connect(self.__self__._pythonqt_object, self._api, self._signature, arguments[0])

    def disconnect(self, *arguments: Any) -> bool:
        if len(arguments) > 1:
            raise ValueError("Called disconnect with wrong number of arguments")
        return disconnect(self.__self__._pythonqt_object, self._api, self._signature, *(arguments or (None,)))

    def emit(self, *arguments: Any) -> None:
        """Emit the overload that takes these arguments."""
        name = self._signature.partition("(")[0]
        sender = self.__self__._pythonqt_object
        fitting = [s for s in self._overloads(sender, name) if _arity(s) == len(arguments)]
        emit(sender, (fitting or [self._signature])[0], arguments)

    __call__ = emit

    def _overloads(self, sender: QtCore.QObject, name: str) -> list[str]:
        return [s for s in signatures(sender, self._api) if s.partition("(")[0] == name]


def _arity(signature: str) -> int:
    types = signature.removesuffix(")").partition("(")[2]
    return len(types.split(",")) if types else 0


def first_signature(sender: QtCore.QObject, api: ClassApi, name: str) -> str:
    """The signature that an attribute access takes."""
    return next(s for s in signatures(sender, api) if s.partition("(")[0] == name)
