"""Enumerators as PythonQt shows them: integers that know their enumeration, so that overloads can be told apart."""

from __future__ import annotations

import enum
import functools


class EnumInt(int):
    """An enumerator. Its subclasses carry the enumeration of the toolkit it stands for."""

    enumeration: type[enum.Enum] | None = None


@functools.cache
def _wrapper(enumeration: type[enum.Enum]) -> type[EnumInt]:
    return type(enumeration.__name__, (EnumInt,), {"enumeration": enumeration, "__module__": "qt"})


def enum_int(value: enum.Enum) -> EnumInt:
    """The integer for a toolkit enumerator (or a combination of flags)."""
    return _wrapper(type(value))(value.value)
