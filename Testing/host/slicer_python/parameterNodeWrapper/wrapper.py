"""`parameterNodeWrapper`: the class decorator that turns type hints into properties stored in a parameter node."""

from __future__ import annotations

import logging
import typing
import weakref

import slicer.util
import vtk

from .annotations import Default, split_off
from .connector import GuiConnector, createGuiConnector
from .serializer import createSerializer
from .types import splitAnnotations

SlicerParameterNamePropertyName = "SlicerParameterName"


class _Parameter:
    """How one parameter is declared: name, type as written, serializer, default."""

    def __init__(self, name, declaredType, serializer, default):
        self.name = name
        self.declaredType = declaredType
        self.serializer = serializer
        self.default = default

    def read(self, node):
        if not self.serializer.isIn(node, self.name):
            self.serializer.write(node, self.name, self.default.value)
        return self.serializer.read(node, self.name)

    def write(self, node, value):
        self.serializer.write(node, self.name, value)


class _StoredValue:
    """A parameter of one node, read from the node each time."""

    def __init__(self, parameter, node):
        self.parameter = parameter
        self.node = node
        if not parameter.serializer.isIn(node, parameter.name):
            parameter.write(node, parameter.default.value)

    def read(self):
        return self.parameter.read(self.node)

    def write(self, value):
        self.parameter.write(self.node, value)


class _CachedValue(_StoredValue):
    """A parameter of one node, kept and read anew when the node changes."""

    def __init__(self, parameter, node):
        super().__init__(parameter, node)
        self._value = parameter.read(node)
        self._writing = False
        # A strong reference in the observer would keep this object, and so the observer, alive for ever.
        me = weakref.ref(self)
        self._tag = node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: me()._onModified())

    def __del__(self):
        if hasattr(self, "_tag"):
            self.node.RemoveObserver(self._tag)

    def _onModified(self):
        if not self._writing:
            self._value = self.parameter.read(self.node)

    def read(self):
        return self._value

    def write(self, value):
        self._writing = True
        try:
            # The kept value must be new before anyone who observes the node asks for it.
            with slicer.util.NodeModify(self.node):
                super().write(value)
                self._value = self.parameter.read(self.node)
        finally:
            self._writing = False


class _WrapperMethods:
    """What the decorator adds to a class."""

    def __init__(self, parameterNode, prefix=None):
        self.parameterNode = parameterNode
        self._values = {}
        self._guis = {}
        self._guiObservers = {}
        self._nextGuiTag = 0
        self._updatingGui = False
        for name, declared in self.allParameters.items():
            parameter = _Parameter(
                f"{prefix or ''}{name}", declared.declaredType, declared.serializer, declared.default
            )
            kind = _CachedValue if parameter.serializer.supportsCaching() else _StoredValue
            self._values[name] = kind(parameter, parameterNode)

    def default(self, paramName):
        """The parameter's `Default`."""
        return _declared(self, paramName).default

    def isCached(self, paramName):
        _declared(self, paramName)
        return isinstance(self._values[paramName], _CachedValue)

    def getValue(self, name):
        _declared(self, name)
        return self._values[name].read()

    def setValue(self, name, value):
        _declared(self, name)
        self._values[name].write(value)

    def connectGui(self, gui):
        """Bind every widget with a SlicerParameterName: the children of a widget, or the attributes of an object."""
        isWidget = getattr(gui, "isWidgetType", lambda: False)()
        widgets = _child_widgets(gui) if isWidget else gui.__dict__.values()
        named = ((widget.property(SlicerParameterNamePropertyName), widget) for widget in widgets)
        return self.connectParametersToGui({name: widget for name, widget in named if name})

    def connectParametersToGui(self, mapping):
        """Bind `{parameter name: widget or GuiConnector}`; give the tag for `disconnectGui`."""
        for name in mapping:
            _declared(self, name)
        connectors = {
            name: to if isinstance(to, GuiConnector) else createGuiConnector(to, self.dataType(name))
            for name, to in mapping.items()
        }
        tag = self._nextGuiTag
        self._nextGuiTag += 1
        self._guis[tag] = connectors
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            connector.onChanged(self._callback(name, connector))
        self._guiObservers[tag] = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._updateGui())
        return tag

    def disconnectGui(self, guiTag):
        for connector in self._guis.pop(guiTag, {}).values():
            connector.onChanged(None)
        if guiTag in self._guiObservers:
            self.RemoveObserver(self._guiObservers.pop(guiTag))

    def _callback(self, name, connector):
        def changed():
            with slicer.util.NodeModify(self):
                if not self._updatingGui:
                    self.setValue(name, connector.read())

        return changed

    def _updateGui(self):
        if self._updatingGui:
            return
        self._updatingGui = True
        try:
            with slicer.util.NodeModify(self):
                for connectors in self._guis.values():
                    for name, connector in connectors.items():
                        connector.write(self.getValue(name))
        finally:
            self._updatingGui = False

    def StartModify(self):
        return self.parameterNode.StartModify()

    def EndModify(self, wasModified):
        return self.parameterNode.EndModify(wasModified)

    def AddObserver(self, event, callback, priority=0.0):
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag):
        return self.parameterNode.RemoveObserver(tag)

    def Modified(self):
        return self.parameterNode.Modified()


def _declared(wrapper, name):
    """Declaration of the parameter, or ValueError with the names that exist."""
    if name not in wrapper.allParameters:
        known = "".join(f"\n    {known}," for known in wrapper.allParameters)
        raise ValueError(f"Cannot find a param with the given name: {name}\n  Found parameters [{known}\n  ]")
    return wrapper.allParameters[name]


def _child_widgets(widget):
    import qt

    return widget.findChildren(qt.QWidget)


def findChildWidgetForParameter(widget, parameter):
    """Child widget whose SlicerParameterName is `parameter`, or None."""
    for child in _child_widgets(widget):
        if child.property(SlicerParameterNamePropertyName) == parameter:
            return child
    return None


def _declare(cls):
    """Read the class's type hints. Warns about annotations nothing understands."""
    declared = {}
    for name, hint in typing.get_type_hints(cls, include_extras=True).items():
        type_, annotations = splitAnnotations(hint)
        try:
            serializer, annotations = createSerializer(type_, annotations)
        except Exception as error:
            raise Exception(f"Unable to create serializer for {cls} member {name}") from error
        if hasattr(cls, name):
            default = Default(getattr(cls, name))
        else:
            defaults, annotations = split_off(Default, annotations)
            if len(defaults) > 1:
                raise ValueError(f"Multiple defaults found for {name}")
            default = defaults[0] if defaults else Default(serializer.default())
        if annotations:
            logging.warning(f"Unused annotations: {annotations}")
        declared[name] = _Parameter(name, hint, serializer, default)
    return declared


def _make_property(name):
    return property(
        lambda self: self._values[name].read(),
        lambda self, value: self._values[name].write(value),
    )


def _decorate(cls):
    declared = _declare(cls)
    for name in declared:
        setattr(cls, name, _make_property(name))

    additions = {name: member for name, member in vars(_WrapperMethods).items() if callable(member)}
    cls.__init__ = additions.pop("__init__")
    additions["allParameters"] = declared
    additions["dataType"] = staticmethod(lambda name: _declared(cls, name).declaredType)
    additions["_is_parameter_node_wrapper"] = True
    for name, member in additions.items():
        if hasattr(cls, name):
            raise ValueError(f"Cannot use reserved name '{name}' in a parameterNodeWrapper")
        setattr(cls, name, member)
    return cls


def isParameterNodeWrapper(classOrObj):
    return getattr(classOrObj, "_is_parameter_node_wrapper", False)


def parameterNodeWrapper(classtype=None):
    """Class decorator, with or without brackets: each type hint becomes a property that lives in the given node."""
    return _decorate if classtype is None else _decorate(classtype)
