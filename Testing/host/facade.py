"""Python objects that pretend to be wrapped C++ objects: only names that Slicer has, no new attributes, signals.

They stand for what no widget of the stand-in can: `slicer.app`, the layout manager, views, module objects.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable

from host import pythonqt
from host.pythonqt import api
from host.pythonqt.signals import normalized


class Signal:
    """A signal with its connections, as an attribute (`app.startupCompleted.connect(f)`)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._slots: list[Callable] = []

    def connect(self, slot: Callable) -> bool:
        self._slots.append(slot)
        return True

    @property
    def is_connected(self) -> bool:
        return bool(self._slots)

    def disconnect(self, slot: Callable) -> bool:
        if slot not in self._slots:
            return False
        self._slots.remove(slot)
        return True

    def emit(self, *arguments) -> None:
        """Call each slot as Qt does: with as many arguments as it takes, what it raises is printed and recorded."""
        for slot in list(self._slots):
            pythonqt.guarded(slot, *arguments)

    def __call__(self, *arguments) -> None:
        self.emit(*arguments)


class Facade:
    """Base of the pretended objects.

    A subclass names in `listed` the entry of `widget-api.json` it stands for; defining a public name that Slicer does
    not have is an error of the stand-in and raises TypeError at import. Attributes of its own begin with `_`. `signals`
    are given with the types of their arguments: `layoutChanged(int)`.
    """

    listed: str | None = None
    signals: tuple[str, ...] = ()

    def __init_subclass__(cls, listed: str | None = None, signals: tuple[str, ...] = (), **kwargs) -> None:
        super().__init_subclass__(**kwargs)
        cls.listed = listed or cls.listed
        cls.signals = cls.signals + signals
        defined = {name: member for name, member in vars(cls).items() if not name.startswith("_")}
        defined.pop("listed"), defined.pop("signals")
        if cls.listed:
            names = (*defined, *map(_name, cls.signals))
            unknown = [name for name in names if not _is_in_slicer(cls.listed, name)]
            if unknown:
                raise TypeError(f"{cls.listed} has no {', '.join(unknown)} in Slicer")
        for name, member in defined.items():
            if inspect.isfunction(member):
                setattr(cls, name, _without_keywords(member))

    def __init__(self) -> None:
        for signature in self.signals:
            object.__setattr__(self, _name(signature), Signal(_name(signature)))

    def connect(self, signature: str, slot: Callable) -> bool:
        """Connect a signal given by its signature; a misspelt one prints a line and gives False."""
        signal = self._signal(signature)
        return signal is not None and signal.connect(slot)

    def disconnect(self, signature: str, slot: Callable) -> bool:
        signal = self._signal(signature)
        return signal is not None and signal.disconnect(slot)

    def _signal(self, signature: str) -> Signal | None:
        if normalized(signature) in self.signals:
            return getattr(self, _name(signature))
        print(f"QObject::connect: No such signal {type(self).__name__}::{signature}")
        return None

    def _connected_signals(self) -> list[str]:
        """The signals that something is connected with."""
        return [signature for signature in self.signals if getattr(self, _name(signature)).is_connected]

    def className(self) -> str:
        return type(self).__name__

    def __setattr__(self, name: str, value) -> None:
        if not name.startswith("_") and not isinstance(getattr(type(self), name, None), property):
            raise AttributeError(
                f"Attribute '{name}' does not exist and creating new attributes on C++ objects is not allowed"
            )
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str):
        if not name.startswith("_") and self.listed and _is_in_slicer(self.listed, name):
            raise AttributeError(f"{self.listed} has {name} in Slicer, but the stand-in does not offer it")
        raise AttributeError(f"{self.listed or type(self).__name__} has no attribute named '{name}'")


def _name(signature: str) -> str:
    return signature.partition("(")[0].strip()


def _is_in_slicer(listed: str, name: str) -> bool:
    known = api.class_api(listed)
    return name in known.properties or name in known.methods or known.has_signal(name)


def _without_keywords(method: Callable) -> Callable:
    """Slots of C++ objects take no keyword arguments."""

    @functools.wraps(method)
    def called(self, *arguments, **keywords):
        if keywords:
            raise ValueError(f"{method.__name__} does not take keyword arguments")
        return method(self, *arguments)

    return called
