"""What the stand-in widgets share."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore


def stored(name: str, type_: Any, default: Any, on_change: str = "") -> Any:
    """A Qt property that keeps its value, and calls a method of the widget when that changes."""
    key = f"_stored_{name}"

    def get(self: Any) -> Any:
        return self.__dict__.get(key, default)

    def set_(self: Any, value: Any) -> None:
        if get(self) != value:
            self.__dict__[key] = value
            if on_change:
                getattr(self, on_change)()

    return QtCore.Property(type_, get, set_)
