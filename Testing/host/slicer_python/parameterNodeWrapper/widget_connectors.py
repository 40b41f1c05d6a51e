"""Connectors for the widget classes Slicer knows."""

from __future__ import annotations

import enum
import logging
import pathlib

from . import annotations as limits
from .connector import GuiConnector, parameterNodeGuiConnector
from .types import findFirstAnnotation, getNodeTypes, isNodeOrUnionOfNodes, splitAnnotations, unannotatedType


def _is_a(widget, *names):
    """Whether the widget is exactly of one of the classes: a subclass does not count, as in Slicer."""
    return widget.className() in names


class _PropertyConnector(GuiConnector):
    """A widget whose value is one property with one change signal."""

    signal = ""
    valueProperty = ""

    def __init__(self, widget, datatype):
        super().__init__()
        self._widget = widget
        self._type, self._annotations = splitAnnotations(datatype)

    @classmethod
    def create(cls, widget, datatype):
        return cls(widget, datatype) if cls.canRepresent(widget, datatype) else None

    def _connect(self):
        getattr(self._widget, self.signal).connect(self.changed)

    def _disconnect(self):
        getattr(self._widget, self.signal).disconnect(self.changed)

    def widget(self):
        return self._widget

    def read(self):
        return getattr(self._widget, self.valueProperty)

    def write(self, value):
        setattr(self._widget, self.valueProperty, value)

    def _annotation(self, kind):
        return findFirstAnnotation(self._annotations, kind)

    def _bounds(self):
        """(minimum, maximum) from the annotations, None where there is none."""
        within = self._annotation(limits.WithinRange)
        if within is not None:
            return within.minimum, within.maximum
        minimum, maximum = self._annotation(limits.Minimum), self._annotation(limits.Maximum)
        return minimum and minimum.minimum, maximum and maximum.maximum

    def _set_step(self):
        step = self._annotation(limits.SingleStep)
        if step is not None:
            self._widget.singleStep = step.value


@parameterNodeGuiConnector
class CheckBoxConnector(_PropertyConnector):
    signal = "stateChanged"
    valueProperty = "checked"

    @staticmethod
    def canRepresent(widget, datatype):
        return unannotatedType(datatype) is bool and _is_a(widget, "QCheckBox", "ctkCheckBox")


@parameterNodeGuiConnector
class CheckableButtonConnector(_PropertyConnector):
    signal = "toggled"
    valueProperty = "checked"

    def __init__(self, widget, datatype):
        super().__init__(widget, datatype)
        if not widget.checkable:
            logging.warning(f"Making push button checkable for conversion to bool: button {widget}")
            widget.checkable = True

    @staticmethod
    def canRepresent(widget, datatype):
        return unannotatedType(datatype) is bool and _is_a(widget, "QPushButton")


@parameterNodeGuiConnector
class IntegerConnector(_PropertyConnector):
    signal = "valueChanged"
    valueProperty = "value"

    def __init__(self, widget, datatype):
        super().__init__(widget, datatype)
        if self._annotation(limits.Decimals) is not None:
            widget.decimals = self._annotation(limits.Decimals).value
        self._set_step()
        minimum, maximum = self._bounds()
        if _is_a(widget, "QSlider") and (minimum is None or maximum is None):
            raise RuntimeError("Cannot have a connection to QSlider where the int type is unbounded.")
        widget.setMinimum(-(2**31) if minimum is None else minimum)
        widget.setMaximum(2**31 - 1 if maximum is None else maximum)

    @staticmethod
    def canRepresent(widget, datatype):
        return unannotatedType(datatype) is int and _is_a(widget, "QSlider", "QSpinBox")


@parameterNodeGuiConnector
class NumberConnector(_PropertyConnector):
    """Spin boxes and sliders with decimals; whole numbers take no decimals."""

    signal = "valueChanged"
    valueProperty = "value"

    def __init__(self, widget, datatype):
        super().__init__(widget, datatype)
        if not _is_a(widget, "ctkDoubleSlider"):
            decimals = self._annotation(limits.Decimals)
            if self._type is int:
                widget.decimals = 0
            elif decimals is not None:
                widget.decimals = decimals.value
        self._set_step()
        minimum, maximum = self._bounds()
        if _is_a(widget, "ctkSliderWidget", "qMRMLSliderWidget") and (minimum is None or maximum is None):
            raise RuntimeError("Cannot have a connection to ctkSliderWidget where the float types is unbounded.")
        widget.minimum = float("-inf") if minimum is None else minimum
        widget.maximum = float("inf") if maximum is None else maximum

    @staticmethod
    def canRepresent(widget, datatype):
        return unannotatedType(datatype) in (float, int) and _is_a(
            widget,
            "QDoubleSpinBox",
            "ctkSliderWidget",
            "qMRMLSliderWidget",
            "ctkDoubleSlider",
            "ctkDoubleSpinBox",
            "qMRMLSpinBox",
        )

    def read(self):
        return self._type(super().read()) if self._type is int else super().read()

    def write(self, value):
        super().write(int(value) if self._type is int else value)


class _ChoiceConnector(_PropertyConnector):
    """A combo box with one entry a value, filled from the declaration: entries of the .ui are dropped."""

    signal = "currentIndexChanged"

    def __init__(self, widget, datatype):
        super().__init__(widget, datatype)
        self._choices = list(self._all_choices())
        selected = self._value_to_keep()
        widget.clear()
        for choice in self._choices:
            widget.addItem(self._label(choice))
        if selected is not None:
            self.write(selected)

    def _value_to_keep(self):
        return None

    def read(self):
        return self._choices[self._widget.currentIndex]

    def write(self, value):
        if value not in self._choices:
            raise ValueError(f"Unable to find value {value} in choices {self._choices}")
        self._widget.currentIndex = self._choices.index(value)


@parameterNodeGuiConnector
class ChoiceConnector(_ChoiceConnector):
    @staticmethod
    def canRepresent(widget, datatype):
        return _is_a(widget, "QComboBox", "ctkComboBox") and unannotatedType(datatype) in (int, float, str, bool)

    def _all_choices(self):
        choice = self._annotation(limits.Choice)
        if choice is None:
            raise RuntimeError("ComboBoxToStringableConnector requires the Choice annotation to be used.")
        return choice.choices

    def _label(self, choice):
        return str(choice)


@parameterNodeGuiConnector
class EnumConnector(_ChoiceConnector):
    """Entries are `label(member)` where the enum has such a function, else the member's name."""

    @staticmethod
    def canRepresent(widget, datatype):
        type_ = unannotatedType(datatype)
        return _is_a(widget, "QComboBox", "ctkComboBox") and isinstance(type_, type) and issubclass(type_, enum.Enum)

    def _all_choices(self):
        return self._type

    def _value_to_keep(self):
        return self.read()

    def _label(self, choice):
        return getattr(self._type, "label", lambda member: member.name)(choice)


@parameterNodeGuiConnector
class LineEditConnector(_PropertyConnector):
    signal = "textChanged"
    valueProperty = "text"

    @staticmethod
    def canRepresent(widget, datatype):
        return unannotatedType(datatype) is str and _is_a(widget, "QLineEdit")

    def write(self, value):
        # Writing moves the cursor to the end, which disturbs typing.
        if value != self.read():
            super().write(value)


@parameterNodeGuiConnector
class LabelConnector(_PropertyConnector):
    """Shows the value; a label never changes by itself."""

    valueProperty = "text"

    @staticmethod
    def canRepresent(widget, datatype):
        return unannotatedType(datatype) is str and _is_a(widget, "QLabel")

    def _connect(self):
        pass

    def _disconnect(self):
        pass


@parameterNodeGuiConnector
class TextEditConnector(_PropertyConnector):
    signal = "textChanged"

    @staticmethod
    def canRepresent(widget, datatype):
        return unannotatedType(datatype) is str and _is_a(widget, "QTextEdit")

    def read(self):
        return self._widget.toPlainText()

    def write(self, value):
        self._widget.setPlainText(value)


class _PathConnector(_PropertyConnector):
    widgetClass = ""

    @classmethod
    def canRepresent(cls, widget, datatype):
        type_ = unannotatedType(datatype)
        return _is_a(widget, cls.widgetClass) and isinstance(type_, type) and issubclass(type_, pathlib.PurePath)

    def read(self):
        return self._type(super().read())

    def write(self, value):
        super().write(str(value))


@parameterNodeGuiConnector
class PathLineEditConnector(_PathConnector):
    widgetClass = "ctkPathLineEdit"
    signal = "currentPathChanged"
    valueProperty = "currentPath"


@parameterNodeGuiConnector
class DirectoryButtonConnector(_PathConnector):
    widgetClass = "ctkDirectoryButton"
    signal = "directoryChanged"
    valueProperty = "directory"


@parameterNodeGuiConnector
class NodeConnector(_PropertyConnector):
    """Sets the selector's node types from the declared type."""

    signal = "currentNodeChanged"

    def __init__(self, widget, datatype):
        super().__init__(widget, datatype)
        widget.nodeTypes = getNodeTypes(datatype)

    @staticmethod
    def canRepresent(widget, datatype):
        return _is_a(widget, "qMRMLNodeComboBox") and isNodeOrUnionOfNodes(datatype)

    def read(self):
        return self._widget.currentNode()

    def write(self, value):
        self._widget.setCurrentNode(value)


@parameterNodeGuiConnector
class ColorConnector(_PropertyConnector):
    signal = "colorChanged"
    valueProperty = "color"

    @staticmethod
    def canRepresent(widget, datatype):
        if not _is_a(widget, "ctkColorPickerButton"):
            return False
        import qt

        return unannotatedType(datatype) is qt.QColor
