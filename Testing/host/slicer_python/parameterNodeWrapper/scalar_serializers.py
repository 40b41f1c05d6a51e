"""Serializers of values that are one text, or one node reference, in the parameter node."""

from __future__ import annotations

import enum
import pathlib
import sys

from .annotations import IsInstance, IsNone, NotNone
from .serializer import Serializer, ValidatedSerializer, parameterNodeSerializer
from .types import isNode


class _TextSerializer(Serializer):
    """A value that is one text in the node."""

    def __init__(self, type_):
        self.type = type_

    @classmethod
    def create(cls, type_):
        return ValidatedSerializer(cls(type_), [NotNone(), IsInstance(type_)])

    def default(self):
        return self.type()

    def isIn(self, parameterNode, name):
        return bool(parameterNode.HasParameter(name))

    def write(self, parameterNode, name, value):
        parameterNode.SetParameter(name, self.toText(value))

    def read(self, parameterNode, name):
        return self.fromText(parameterNode.GetParameter(name))

    def remove(self, parameterNode, name):
        parameterNode.UnsetParameter(name)

    def supportsCaching(self):
        return True

    def toText(self, value):
        return str(value)

    def fromText(self, text):
        return self.type(text)


@parameterNodeSerializer
class NumberSerializer(_TextSerializer):
    @staticmethod
    def canSerialize(type_):
        return type_ in (int, float)

    @classmethod
    def create(cls, type_):
        return ValidatedSerializer(cls(type_), [NotNone(), IsInstance((int, float) if type_ is float else int)])

    def default(self):
        return 0


@parameterNodeSerializer
class StringSerializer(_TextSerializer):
    @staticmethod
    def canSerialize(type_):
        return type_ is str


@parameterNodeSerializer
class PathSerializer(_TextSerializer):
    @staticmethod
    def canSerialize(type_):
        return isinstance(type_, type) and issubclass(type_, pathlib.PurePath)


@parameterNodeSerializer
class BoolSerializer(_TextSerializer):
    @staticmethod
    def canSerialize(type_):
        return type_ is bool

    def toText(self, value):
        return "True" if value else "False"

    def fromText(self, text):
        return text == "True"


@parameterNodeSerializer
class EnumSerializer(_TextSerializer):
    """The member's name; its first member is the default."""

    def __init__(self, type_):
        super().__init__(type_)
        if len(type_) == 0:
            raise ValueError("Cannot serialize empty Enum.")

    @staticmethod
    def canSerialize(type_):
        return isinstance(type_, type) and issubclass(type_, enum.Enum)

    @classmethod
    def create(cls, type_):
        return ValidatedSerializer(cls(type_), [IsInstance(type_)])

    def default(self):
        return next(iter(self.type))

    def toText(self, value):
        return value.name

    def fromText(self, text):
        if text not in self.type.__members__:
            raise ValueError(f"Found {text!r} in parameter node but it is not a name in {self.type!r}")
        return self.type[text]


@parameterNodeSerializer
class QColorSerializer(_TextSerializer):
    """`#AARRGGBB`. Without Qt loaded no type is a colour."""

    @staticmethod
    def canSerialize(type_):
        qt = sys.modules.get("qt")
        return qt is not None and type_ is qt.QColor

    def toText(self, value):
        return value.name(1)

    def fromText(self, text):
        return self.type(text)

    def supportsCaching(self):
        return False


@parameterNodeSerializer
class NodeSerializer(Serializer):
    @staticmethod
    def canSerialize(type_):
        return isNode(type_)

    @staticmethod
    def create(type_):
        return ValidatedSerializer(NodeSerializer(), [IsInstance(type_)])

    def default(self):
        return None

    def isIn(self, parameterNode, name):
        return bool(parameterNode.HasParameter(name))

    def write(self, parameterNode, name, value):
        # The empty parameter tells "chosen: no node" from "never written".
        parameterNode.SetParameter(name, "")
        parameterNode.SetNodeReferenceID(name, None if value is None else value.GetID())

    def read(self, parameterNode, name):
        return parameterNode.GetNodeReference(name)

    def remove(self, parameterNode, name):
        parameterNode.UnsetParameter(name)
        parameterNode.RemoveNodeReferenceIDs(name)

    def supportsCaching(self):
        return True


@parameterNodeSerializer
class NoneSerializer(_TextSerializer):
    """None, as a member of a union."""

    @staticmethod
    def canSerialize(type_):
        return type_ is type(None)

    @classmethod
    def create(cls, type_):
        return ValidatedSerializer(cls(type_), [IsNone()])

    def default(self):
        return None

    def toText(self, value):
        return "True"

    def fromText(self, text):
        return None
