"""Observing VTK objects from a widget without keeping it alive."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import vtk
from shiboken6 import Shiboken

# Python's garbage collector sees through VTK objects to their observers. A callback that it finds in a cycle of garbage
# it takes apart, and VTK, deleting the observed object, still calls it: a crash. So the callbacks are held here.
_callbacks: dict[tuple[int, int], Callable] = {}


class Observers:
    """The observations of one widget. They end with the widget, and call nothing after it is gone."""

    def __init__(self, widget: Any) -> None:
        self._widget = weakref.ref(widget)
        self._tags: list[tuple[Any, int]] = []
        tags = self._tags
        widget.destroyed.connect(lambda: _remove(tags, None))

    def add(self, observed: Any, event: int | str, method: str, with_node: bool = False) -> None:
        """Call a method of the widget, by name, on an event; with the node that the event is about if asked for."""
        callback = _calling_with_node(self._widget, method) if with_node else _calling(self._widget, method)
        tag = observed.AddObserver(event, callback)
        self._tags.append((observed, tag))
        _callbacks[id(observed), tag] = callback

    def remove(self, observed: Any = None) -> None:
        """Stop observing one object, or all."""
        _remove(self._tags, observed)


def _remove(tags: list[tuple[Any, int]], observed: Any) -> None:
    for known, tag in list(tags):
        if observed is None or known is observed:
            known.RemoveObserver(tag)
            _callbacks.pop((id(known), tag), None)
            tags.remove((known, tag))


def _calling(reference: weakref.ref, method: str) -> Callable:
    def callback(caller: Any, event: str) -> None:
        widget = reference()
        if widget is not None and Shiboken.isValid(widget):
            getattr(widget, method)()

    return callback


def _calling_with_node(reference: weakref.ref, method: str) -> Callable:
    @vtk.calldata_type(vtk.VTK_OBJECT)
    def callback(caller: Any, event: str, node: Any) -> None:
        widget = reference()
        if widget is not None and Shiboken.isValid(widget):
            getattr(widget, method)(node)

    return callback
