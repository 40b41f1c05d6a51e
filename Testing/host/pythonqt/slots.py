"""Methods of Qt objects: PythonQt's choice of overload, conversion of arguments and its errors."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shibokensupport.signature import get_signature

from .conversion import Converter, MismatchError, converter, to_python
from .ownership import is_alive


@dataclass(frozen=True)
class Overload:
    """One way to call a function: its parameters' converters, the last `optional` of which may be left out."""

    converters: tuple[Converter, ...]
    optional: int
    is_static: bool

    def takes(self, count: int) -> bool:
        return len(self.converters) - self.optional <= count <= len(self.converters)

    def convert(self, arguments: tuple, strict: bool) -> list:
        return [convert(value, strict) for convert, value in zip(self.converters, arguments, strict=False)]


def _overload(signature: inspect.Signature) -> Overload:
    positional = [
        p
        for p in signature.parameters.values()
        if p.name != "self" and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    optional = sum(p.default is not p.empty for p in positional)
    is_static = "self" not in signature.parameters
    return Overload(tuple(converter(p.annotation) for p in positional), optional, is_static)


@functools.cache
def overloads(function: Callable) -> tuple[Overload, ...] | None:
    """The overloads of a toolkit function or class, or None where their signatures are not known."""
    if inspect.isfunction(function):
        return (_overload(inspect.signature(function)),)
    if isinstance(function, type) and inspect.isfunction(function.__init__):
        return (_overload(inspect.signature(function.__init__)),)
    signatures = get_signature(function)
    if signatures is None:
        return None
    return tuple(_overload(s) for s in (signatures if isinstance(signatures, list) else [signatures]))


def convert_arguments(name: str, function: Callable, arguments: tuple, without_object: bool = False) -> list:
    """Arguments ready for the toolkit. Raises ValueError when no overload takes them."""
    known = overloads(function)
    if known is None:
        return list(arguments)
    callable_ones = [overload for overload in known if overload.is_static or not without_object]
    fitting = [overload for overload in callable_ones if overload.takes(len(arguments))]
    for strict in (True, False) if len(fitting) > 1 else (False,):
        for overload in fitting:
            try:
                return overload.convert(arguments, strict)
            except MismatchError:
                continue
    if len(known) == 1:
        raise ValueError(f"Called {name} with wrong arguments: {arguments!r}")
    raise ValueError(f"Could not find matching overload of {name} for given arguments: {arguments!r}")


def call(name: str, function: Callable, receiver: tuple, arguments: tuple) -> Any:
    """Call a toolkit function with Python's arguments. `receiver` is (object,), or () for a static function."""
    converted = convert_arguments(name, function, arguments, without_object=not receiver)
    if inspect.isfunction(function):
        return to_python(function(*receiver, *converted))
    if inspect.isbuiltin(function) and receiver:
        # static, with an overload that isn't (as QFile.exists): the object chooses
        function, receiver = getattr(receiver[0], function.__name__), ()
    try:
        return to_python(function(*receiver, *converted))
    except (TypeError, OverflowError) as error:
        raise ValueError(f"Called {name} with wrong arguments: {arguments!r}") from error


class SlotFunction:
    """A method as PythonQt gives it: bound to an object, or to a class when asked from there."""

    __slots__ = ("__name__", "__self__", "_function", "_is_static", "_result_is_first")

    def __init__(
        self, name: str, function: Callable, owner: Any, is_static: bool, result_is_first: bool = False
    ) -> None:
        self.__name__ = name
        self.__self__ = owner
        self._function = function
        self._is_static = is_static
        self._result_is_first = result_is_first

    def __repr__(self) -> str:
        return f"<qt slot {self.__name__} of {self.__self__!r}>"

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if keywords:
            raise ValueError(f"Called {self.__name__} with keyword arguments, but called slot does not support kwargs.")
        receiver, arguments = self._receiver(arguments)
        result = call(self.__name__, self._function, receiver, arguments)
        return result[0] if self._result_is_first else result

    def _receiver(self, arguments: tuple) -> tuple[tuple, tuple]:
        """The object to call the function on, in a tuple, and its arguments; no object for a static function."""
        owner = self.__self__
        if self._is_static and (isinstance(owner, type) or inspect.isfunction(self._function)):
            return (), arguments
        if isinstance(owner, type):
            if not arguments or not _is_instance(arguments[0], owner):
                raise ValueError(f"slot {self.__name__} requires {owner.__name__} instance as first argument.")
            owner, arguments = arguments[0], arguments[1:]
        object_ = owner._pythonqt_object
        if not is_alive(object_):
            raise ValueError(f"Trying to call '{self.__name__}' on a destroyed {type(owner).__name__} object")
        return (object_,), arguments


def _is_instance(value: Any, wrapper: type) -> bool:
    receiver = getattr(value, "_pythonqt_object", None)
    return receiver is not None and isinstance(receiver, wrapper._pythonqt_toolkit_class)
