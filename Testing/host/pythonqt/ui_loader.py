"""Loading .ui files: `qt.QUiLoader`, with the stand-in widgets and the form's own connections."""

from __future__ import annotations

import functools
import operator
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from PySide6 import QtCore, QtUiTools, QtWidgets

from . import classes, decorators, signals, widgets
from .api import class_api, is_listed
from .proxy import wrap

_APPLICATION_PREFIXES = ("ctk", "qMRML", "qSlicer")


class QUiLoader(QtUiTools.QUiLoader):
    """Qt's loader. A class that nobody knows becomes, without a word, the one it says it extends."""

    def createWidget(self, class_name: str, parent: QtWidgets.QWidget = None, name: str = "") -> QtWidgets.QWidget:
        if class_name not in widgets.STAND_INS:
            return super().createWidget(class_name, parent, name)
        widget = widgets.STAND_INS[class_name](parent)
        widget.setObjectName(name)
        self._root = self.__dict__.get("_root") or widget
        return widget

    def load(self, device: QtCore.QIODevice, parent: QtWidgets.QWidget = None) -> Any:
        """The form's top widget, or None if the file can't be read or isn't a form."""
        if not device.isReadable():
            return None
        try:
            form = ElementTree.fromstring(bytes(device.readAll().data()))
        except ElementTree.ParseError as error:
            print(f"An error has occurred while reading the UI file: {error}")
            return None
        _refuse_missing_classes(form)
        connections = form.find("connections")
        if connections is not None:
            form.remove(connections)
        _give_numbers_for_enumerators(form)
        buffer = QtCore.QBuffer(self)
        buffer.setData(ElementTree.tostring(form))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        top = super().load(buffer, parent)
        self.__dict__.pop("_root", None)
        if top is not None and connections is not None:
            _connect(top, connections)
        return top


widgets.STAND_INS["QUiLoader"] = QUiLoader


def _refuse_missing_classes(form: ElementTree.Element) -> None:
    for element in form.iter("widget"):
        name = element.get("class", "")
        if name.startswith(_APPLICATION_PREFIXES) and is_listed(name) and classes.toolkit_class(name) is None:
            raise NotImplementedError(f"{name} exists in Slicer, but not in the stand-in")


def _give_numbers_for_enumerators(form: ElementTree.Element) -> None:
    # The stand-ins' own enumerations are plain ints, of which Qt's loader can make nothing.
    for widget in form.iter("widget"):
        cls = widgets.STAND_INS.get(widget.get("class", ""))
        for property_ in widget.findall("property") if cls is not None else ():
            is_int = property_.get("name") in _integer_properties(cls)
            value = property_.find("enum") if property_.find("enum") is not None else property_.find("set")
            if is_int and value is not None:
                value.tag, value.text = "number", str(_number(value.text or ""))


def learn_properties() -> None:
    """Asks every stand-in for its properties now, while the first application is there to answer."""
    for cls in widgets.STAND_INS.values():
        _integer_properties(cls)


@functools.cache
def _integer_properties(cls: type) -> frozenset[str]:
    """Names of the properties of type int. Asked once: a class's meta object is gone after the first application."""
    meta = cls.staticMetaObject
    properties = (meta.property(index) for index in range(meta.propertyCount()))
    return frozenset(property_.name() for property_ in properties if property_.typeName() == "int")


def _number(text: str) -> int:
    """The value of `Qt::AlignLeft|Qt::AlignTop` and the like."""
    values = []
    for name in re.split(r"\s*\|\s*", text.strip()):
        owner, *_, enumerator = name.split("::")
        value = getattr(QtCore.Qt if owner == "Qt" else classes.toolkit_class(owner), enumerator)
        values.append(int(getattr(value, "value", value)))
    return functools.reduce(operator.or_, values, 0)


def _connect(top: QtWidgets.QWidget, connections: ElementTree.Element) -> None:
    for connection in connections.iter("connection"):
        sender, receiver = (_named(top, connection.findtext(end, "")) for end in ("sender", "receiver"))
        if sender is None or receiver is None:
            continue
        target = decorators.ReceiverSlot(receiver, connection.findtext("slot", ""))
        if target.exists():
            signals.connect(sender, class_api(classes.listed_name(sender)), connection.findtext("signal", ""), target)
        else:
            print(f"QObject::connect: No such slot {classes.listed_name(receiver)}::{target.signature}")


def _named(top: QtWidgets.QWidget, name: str) -> QtCore.QObject | None:
    return top if top.objectName() == name else top.findChild(QtCore.QObject, name)


def load_ui(path: str | Path) -> Any:
    """The top widget of a .ui file, as `slicer.util.loadUI` gives it. Raises RuntimeError if there is none."""
    file = QtCore.QFile(str(path))
    if not file.exists():
        raise RuntimeError(f"Could not load UI file: file not found {path}")
    file.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
    top = QUiLoader().load(file)
    if top is None:
        raise RuntimeError(f"Could not load UI file: {path}")
    return wrap(top)
