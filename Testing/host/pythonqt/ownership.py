"""Which wrapper belongs to which toolkit object, and how long it lives."""

from __future__ import annotations

import weakref
from typing import Any

from PySide6 import QtCore
from shiboken6 import Shiboken

# A wrapper of a class derived in Python has attributes of its own. So it lives as long as the object it wraps, while
# that one belongs to a parent: by address of the object.
_kept: dict[int, Any] = {}


def join(proxy: Any, object_: Any) -> None:
    """Make a wrapper the one of an object. The object must not keep it alive: an unparented widget dies with it."""
    object.__setattr__(proxy, "_pythonqt_object", object_)
    object_._pythonqt_proxy = weakref.ref(proxy)


def is_proxy(value: Any) -> bool:
    return hasattr(type(value), "_pythonqt_object")


def unwrap(value: Any) -> Any:
    """The toolkit object in a wrapper; any other value comes back as it is."""
    return value._pythonqt_object if is_proxy(value) else value


def proxy_of(object_: Any) -> Any | None:
    """The living wrapper of a toolkit object, or None."""
    reference = getattr(object_, "_pythonqt_proxy", None)
    return reference() if reference is not None else None


def is_alive(object_: Any) -> bool:
    return object_ is not None and (not isinstance(object_, Shiboken.Object) or Shiboken.isValid(object_))


def keep_while_owned(object_: Any) -> None:
    """Take or drop the reference that keeps a Python-derived wrapper alive, according to whether there is a parent."""
    proxy = proxy_of(object_)
    if proxy is None or not isinstance(object_, QtCore.QObject) or not type(proxy).is_derived_in_python():
        return
    address = Shiboken.getCppPointer(object_)[0]
    if object_.parent() is None:
        _kept.pop(address, None)
    elif address not in _kept:
        _kept[address] = proxy
        object_.destroyed.connect(lambda: _kept.pop(address, None))
