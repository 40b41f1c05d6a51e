"""What connects a parameter with a widget, and which connector belongs to a pair of them."""

from __future__ import annotations

import abc

_registered = []


class GuiConnector(abc.ABC):
    """Reads and writes the value of one widget and tells when it changes."""

    def __init__(self):
        self._callback = None

    @staticmethod
    @abc.abstractmethod
    def canRepresent(widget, datatype) -> bool: ...

    @staticmethod
    @abc.abstractmethod
    def create(widget, datatype): ...

    @abc.abstractmethod
    def _connect(self): ...

    @abc.abstractmethod
    def _disconnect(self): ...

    @abc.abstractmethod
    def widget(self): ...

    @abc.abstractmethod
    def read(self): ...

    @abc.abstractmethod
    def write(self, value) -> None: ...

    def onChanged(self, callback):
        """Call `callback()` at each change; None ends it."""
        self._callback = callback
        if callback is None:
            self._disconnect()
        else:
            self._connect()

    def changed(self):
        if self._callback:
            self._callback()


def parameterNodeGuiConnector(classtype=None):
    """Class decorator that offers a connector to `createGuiConnector`."""

    def register(cls):
        if not issubclass(cls, GuiConnector):
            raise TypeError("Must be a GuiConnector subclass")
        _registered.append(cls)
        return cls

    return register if classtype is None else register(classtype)


def createGuiConnector(widget, datatype):
    """Connector for the pair; RuntimeError when Slicer has none."""
    for connector in _registered:
        if connector.canRepresent(widget, datatype):
            return connector.create(widget, datatype)
    raise RuntimeError(
        f"Unable to create GUI connector from datatype '{datatype}' to widget type '{widget.className()}'."
    )
