"""What Python sees of each class in a running Slicer, read from `widget-api.json`.

The file was recorded in Slicer 5.13 (Qt 5.15): per class its properties with their Python type, methods, signals and
enumerators. It is the truth of the stand-in: a name that is not in it does not exist.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

from .unlisted import UNLISTED_CLASSES

# Every QObject has these in PythonQt; the recording lists them only for some classes.
_OF_EVERY_QOBJECT = ("blockSignals", "isSignalConnected")
_OF_EVERY_WRAPPER = frozenset({"className", "inherits", "help", "delete"})
_SIGNALS_OF_EVERY_QOBJECT = ("destroyed(QObject*)", "destroyed()", "objectNameChanged(QString)")
# The recording took every attribute with "signal" in its name for one.
_NOT_SIGNALS = frozenset({"blockSignals", "isSignalConnected", "senderSignalIndex"})


@dataclass(frozen=True)
class ClassApi:
    """The names of one class: what `getattr` finds on an instance, and as what."""

    name: str
    properties: dict[str, str]
    enumerators: dict[str, str]
    methods: frozenset[str]
    signals: tuple[str, ...]
    default_constructible: bool = True

    def property_name(self, name: str) -> str | None:
        """The Qt property behind an attribute, or None. PythonQt reads `name` as `objectName` where there is none."""
        if name in self.properties:
            return name
        return "objectName" if name == "name" and "objectName" in self.properties else None

    def method_name(self, name: str) -> str | None:
        """The method behind an attribute, or None. A trailing underscore is ignored, for the sake of `exec_`."""
        for candidate in (name, name[:-1] if name.endswith("_") and not name.endswith("__") else name):
            if candidate in self.methods:
                return candidate
        return None

    def signatures_of(self, name: str) -> tuple[str, ...]:
        """Signatures of the signal's overloads in Qt's order; a bare name where the recording had no signature."""
        return tuple(s for s in self.signals if s.partition("(")[0] == name)

    def has_signal(self, name: str) -> bool:
        return bool(self.signatures_of(name))


@functools.cache
def _facts() -> dict[str, dict]:
    path = Path(__file__).parent.parent / "widget-api.json"
    return json.loads(path.read_text(encoding="utf-8")) | UNLISTED_CLASSES


@functools.cache
def class_names() -> tuple[str, ...]:
    """The names of all classes with known attributes."""
    return tuple(name for name in _facts() if name.isidentifier())


def is_listed(name: str) -> bool:
    return name in _facts()


@functools.cache
def class_api(name: str) -> ClassApi:
    """The facts about a class, with those of the class it extends. KeyError for a class that isn't listed."""
    facts = _facts()[name]
    base = class_api(facts["extends"]) if "extends" in facts else None
    listed = facts.get("properties", {})
    # Enumerators were recorded beside the properties: they begin with a capital and their "type" is the enum.
    properties = {n: t for n, t in listed.items() if n[0].islower()}
    enumerators = {n: t for n, t in listed.items() if n[0].isupper()}
    methods = set(facts.get("methods", ())) | _OF_EVERY_WRAPPER
    signals = [s for s in facts.get("signals", ()) if s.partition("(")[0] not in _NOT_SIGNALS]
    if "connect" in methods:
        methods.update(_OF_EVERY_QOBJECT)
        signals += _SIGNALS_OF_EVERY_QOBJECT
    if base:
        properties = base.properties | properties
        enumerators = base.enumerators | enumerators
        methods |= base.methods
        signals += base.signals
    methods -= set(properties)
    return ClassApi(
        name,
        properties,
        enumerators,
        frozenset(methods),
        tuple(dict.fromkeys(signals)),
        facts.get("note") != "not default constructible",
    )
