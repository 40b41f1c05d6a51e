"""Connectors for the widget classes Slicer knows."""

from __future__ import annotations

import enum
import logging
import pathlib

from . import annotations as limits
from .connector import GuiConnector, parameterNodeGuiConnector
from .types import findFirstAnnotation, getNodeTypes, isNodeOrUnionOfNodes, splitAnnotations, unannotatedType


class _PropertyConnector(GuiConnector):
    """A widget whose value is one property with one change signal."""

    widgetClasses: tuple[str, ...] = ()
    valueTypes: tuple[type, ...] = ()
    signal = ""
    valueProperty = ""

    def __init__(self, widget, datatype):
        super().__init__()
        self._widget = widget
        self._type, self._annotations = splitAnnotations(datatype)

    @classmethod
    def canRepresent(cls, widget, datatype):
        """Whether the widget is exactly of one of the classes: a subclass does not count, as in Slicer."""
        return widget.className() in cls.widgetClasses and cls._canHold(datatype)

    @classmethod
    def _canHold(cls, datatype):
        return unannotatedType(datatype) in cls.valueTypes

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


@parameterNodeGuiConnector
class CheckBoxConnector(_PropertyConnector):
    widgetClasses = ("QCheckBox", "ctkCheckBox")
    valueTypes = (bool,)
    signal = "stateChanged"
    valueProperty = "checked"


@parameterNodeGuiConnector
class CheckableButtonConnector(_PropertyConnector):
    widgetClasses = ("QPushButton",)
    valueTypes = (bool,)
    signal = "toggled"
    valueProperty = "checked"

    def __init__(self, widget, datatype):
        super().__init__(widget, datatype)
        if not widget.checkable:
            logging.warning(f"Making push button checkable for conversion to bool: button {widget}")
            widget.checkable = True


class _BoundedConnector(_PropertyConnector):
    """A number between a minimum and a maximum. A slider needs both, a spin box can do without."""

    signal = "valueChanged"
    valueProperty = "value"
    sliders: tuple[str, ...] = ()
    refusal = ""
    lowest: float
    highest: float

    def __init__(self, widget, datatype):
        super().__init__(widget, datatype)
        self._setDecimals()
        step = self._annotation(limits.SingleStep)
        if step is not None:
            widget.singleStep = step.value
        minimum, maximum = self._bounds()
        if widget.className() in self.sliders and (minimum is None or maximum is None):
            raise RuntimeError(self.refusal)
        widget.minimum = self.lowest if minimum is None else minimum
        widget.maximum = self.highest if maximum is None else maximum

    def _setDecimals(self):
        decimals = self._annotation(limits.Decimals)
        if decimals is not None:
            self._widget.decimals = decimals.value

    def _bounds(self):
        """(minimum, maximum) from the annotations, None where there is none."""
        within = self._annotation(limits.WithinRange)
        if within is not None:
            return within.minimum, within.maximum
        minimum, maximum = self._annotation(limits.Minimum), self._annotation(limits.Maximum)
        return minimum and minimum.minimum, maximum and maximum.maximum


@parameterNodeGuiConnector
class IntegerConnector(_BoundedConnector):
    widgetClasses = ("QSlider", "QSpinBox")
    valueTypes = (int,)
    sliders = ("QSlider",)
    refusal = "Cannot have a connection to QSlider where the int type is unbounded."
    lowest, highest = -(2**31), 2**31 - 1


@parameterNodeGuiConnector
class NumberConnector(_BoundedConnector):
    """Spin boxes and sliders with decimals; whole numbers take no decimals."""

    widgetClasses = (
        "QDoubleSpinBox",
        "ctkSliderWidget",
        "qMRMLSliderWidget",
        "ctkDoubleSlider",
        "ctkDoubleSpinBox",
        "qMRMLSpinBox",
    )
    valueTypes = (float, int)
    sliders = ("ctkSliderWidget", "qMRMLSliderWidget")
    refusal = "Cannot have a connection to ctkSliderWidget where the float types is unbounded."
    lowest, highest = float("-inf"), float("inf")

    def _setDecimals(self):
        if self._type is int and self._widget.className() != "ctkDoubleSlider":
            self._widget.decimals = 0
        elif self._widget.className() != "ctkDoubleSlider":
            super()._setDecimals()

    def read(self):
        return self._type(super().read()) if self._type is int else super().read()

    def write(self, value):
        super().write(int(value) if self._type is int else value)


class _ChoiceConnector(_PropertyConnector):
    """A combo box with one entry a value, filled from the declaration: entries of the .ui are dropped."""

    widgetClasses = ("QComboBox", "ctkComboBox")
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
    valueTypes = (int, float, str, bool)

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

    @classmethod
    def _canHold(cls, datatype):
        return _isSubclass(datatype, enum.Enum)

    def _all_choices(self):
        return self._type

    def _value_to_keep(self):
        return self.read()

    def _label(self, choice):
        return getattr(self._type, "label", lambda member: member.name)(choice)


@parameterNodeGuiConnector
class LineEditConnector(_PropertyConnector):
    widgetClasses = ("QLineEdit",)
    valueTypes = (str,)
    signal = "textChanged"
    valueProperty = "text"

    def write(self, value):
        # Writing moves the cursor to the end, which disturbs typing.
        if value != self.read():
            super().write(value)


@parameterNodeGuiConnector
class LabelConnector(_PropertyConnector):
    """Shows the value; a label never changes by itself."""

    widgetClasses = ("QLabel",)
    valueTypes = (str,)
    valueProperty = "text"

    def _connect(self):
        pass

    def _disconnect(self):
        pass


@parameterNodeGuiConnector
class TextEditConnector(_PropertyConnector):
    widgetClasses = ("QTextEdit",)
    valueTypes = (str,)
    signal = "textChanged"

    def read(self):
        return self._widget.toPlainText()

    def write(self, value):
        self._widget.setPlainText(value)


class _PathConnector(_PropertyConnector):
    @classmethod
    def _canHold(cls, datatype):
        return _isSubclass(datatype, pathlib.PurePath)

    def read(self):
        return self._type(super().read())

    def write(self, value):
        super().write(str(value))


@parameterNodeGuiConnector
class PathLineEditConnector(_PathConnector):
    widgetClasses = ("ctkPathLineEdit",)
    signal = "currentPathChanged"
    valueProperty = "currentPath"


@parameterNodeGuiConnector
class DirectoryButtonConnector(_PathConnector):
    widgetClasses = ("ctkDirectoryButton",)
    signal = "directoryChanged"
    valueProperty = "directory"


@parameterNodeGuiConnector
class NodeConnector(_PropertyConnector):
    """Sets the selector's node types from the declared type."""

    widgetClasses = ("qMRMLNodeComboBox",)
    signal = "currentNodeChanged"

    def __init__(self, widget, datatype):
        super().__init__(widget, datatype)
        widget.nodeTypes = getNodeTypes(datatype)

    @classmethod
    def _canHold(cls, datatype):
        return isNodeOrUnionOfNodes(datatype)

    def read(self):
        return self._widget.currentNode()

    def write(self, value):
        self._widget.setCurrentNode(value)


@parameterNodeGuiConnector
class ColorConnector(_PropertyConnector):
    widgetClasses = ("ctkColorPickerButton",)
    signal = "colorChanged"
    valueProperty = "color"

    @classmethod
    def _canHold(cls, datatype):
        import qt

        return unannotatedType(datatype) is qt.QColor


def _isSubclass(datatype, base):
    type_ = unannotatedType(datatype)
    return isinstance(type_, type) and issubclass(type_, base)
