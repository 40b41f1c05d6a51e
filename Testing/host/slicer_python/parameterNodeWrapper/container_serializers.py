"""Serializers of values made of other values.

The names these take in the node are Slicer's: a list `a` is `a.len`, `a.0`, `a.1`...; a tuple `a.0`, `a.1`...; a
dictionary is a list of (key, value); a union `a` is `a.<index of the member>`.
"""

from __future__ import annotations

import importlib
import typing

import slicer.util

from .observed import ObservedDict, ObservedList
from .scalar_serializers import NoneSerializer, NumberSerializer, StringSerializer
from .serializer import Serializer, ValidatedSerializer, createSerializerFromAnnotatedType, parameterNodeSerializer
from .types import isUnion


@parameterNodeSerializer
class ListSerializer(Serializer):
    def __init__(self, elementSerializer):
        self._element = elementSerializer
        self._number = NumberSerializer(int)

    @staticmethod
    def canSerialize(type_):
        return type_ is list or typing.get_origin(type_) is list

    @staticmethod
    def create(type_):
        element, *more = typing.get_args(type_) or (typing.Any,)
        if more:
            raise TypeError("A list has one type of element")
        return ListSerializer(createSerializerFromAnnotatedType(element))

    def default(self):
        return []

    def _length(self, parameterNode, name):
        return self._number.read(parameterNode, f"{name}.len") if self.isIn(parameterNode, name) else 0

    def isIn(self, parameterNode, name):
        return self._number.isIn(parameterNode, f"{name}.len")

    def write(self, parameterNode, name, values):
        with slicer.util.NodeModify(parameterNode):
            before = list(self.read(parameterNode, name)) if self.isIn(parameterNode, name) else None
            oldLength = self._length(parameterNode, name)
            try:
                for index, value in enumerate(values):
                    self._element.write(parameterNode, f"{name}.{index}", value)
                self._number.write(parameterNode, f"{name}.len", len(values))
                for index in range(len(values), oldLength):
                    self._element.remove(parameterNode, f"{name}.{index}")
            except Exception:
                # A list that holds one bad value is not written at all.
                if before is None:
                    self.remove(parameterNode, name)
                else:
                    self.write(parameterNode, name, before)
                raise

    def read(self, parameterNode, name):
        length = self._length(parameterNode, name)
        values = [self._element.read(parameterNode, f"{name}.{index}") for index in range(length)]
        return ObservedList(parameterNode, self, name, values)

    def remove(self, parameterNode, name):
        with slicer.util.NodeModify(parameterNode):
            for index in range(self._length(parameterNode, name)):
                self._element.remove(parameterNode, f"{name}.{index}")
            self._number.remove(parameterNode, f"{name}.len")

    def supportsCaching(self):
        return self._element.supportsCaching()


@parameterNodeSerializer
class TupleSerializer(Serializer):
    def __init__(self, serializers):
        self._serializers = serializers

    @staticmethod
    def canSerialize(type_):
        return typing.get_origin(type_) is tuple

    @staticmethod
    def create(type_):
        members = typing.get_args(type_)
        if not members:
            raise TypeError("A tuple needs the types of its members")
        return TupleSerializer([createSerializerFromAnnotatedType(member) for member in members])

    def default(self):
        # A generator, as in Slicer: it serves one node only, so a tuple parameter needs a default of its own.
        return (serializer.default() for serializer in self._serializers)

    def isIn(self, parameterNode, name):
        return self._serializers[0].isIn(parameterNode, f"{name}.0")

    def write(self, parameterNode, name, values):
        values = tuple(values)
        if len(values) != len(self._serializers):
            raise ValueError("Unexpected number of tuple values")
        with slicer.util.NodeModify(parameterNode):
            for index, (serializer, value) in enumerate(zip(self._serializers, values, strict=True)):
                serializer.write(parameterNode, f"{name}.{index}", value)

    def read(self, parameterNode, name):
        return tuple(s.read(parameterNode, f"{name}.{index}") for index, s in enumerate(self._serializers))

    def remove(self, parameterNode, name):
        with slicer.util.NodeModify(parameterNode):
            for index, serializer in enumerate(self._serializers):
                serializer.remove(parameterNode, f"{name}.{index}")

    def supportsCaching(self):
        return all(serializer.supportsCaching() for serializer in self._serializers)


@parameterNodeSerializer
class DictSerializer(Serializer):
    """A list of (key, value), which keeps the order."""

    def __init__(self, keySerializer, valueSerializer):
        self._pairs = ListSerializer(TupleSerializer([keySerializer, valueSerializer]))

    @staticmethod
    def canSerialize(type_):
        return type_ is dict or typing.get_origin(type_) is dict

    @staticmethod
    def create(type_):
        key, value = typing.get_args(type_) or (typing.Any, typing.Any)
        return DictSerializer(createSerializerFromAnnotatedType(key), createSerializerFromAnnotatedType(value))

    def default(self):
        return {}

    def isIn(self, parameterNode, name):
        return self._pairs.isIn(parameterNode, name)

    def write(self, parameterNode, name, dictionary):
        self._pairs.write(parameterNode, name, dictionary.items())

    def read(self, parameterNode, name):
        return ObservedDict(parameterNode, self, name, dict(self._pairs.read(parameterNode, name)))

    def remove(self, parameterNode, name):
        self._pairs.remove(parameterNode, name)

    def supportsCaching(self):
        return self._pairs.supportsCaching()


@parameterNodeSerializer
class UnionSerializer(Serializer):
    def __init__(self, serializers):
        self._serializers = [ValidatedSerializer(serializer, []) for serializer in serializers]

    @staticmethod
    def canSerialize(type_):
        return isUnion(type_)

    @staticmethod
    def create(type_):
        return UnionSerializer([createSerializerFromAnnotatedType(member) for member in typing.get_args(type_)])

    def default(self):
        optional = len(self._serializers) == 2 and isinstance(self._serializers[1].serializer, NoneSerializer)
        return None if optional else self._serializers[0].default()

    def _serializer_that_takes(self, value):
        refusal = TypeError(f"Unable to write value '{value}' of type '{type(value)}'")
        for index, serializer in enumerate(self._serializers):
            if serializer.serializer.canSerialize(type(value)):
                try:
                    serializer.validate(value)
                except Exception as error:
                    refusal = error
                else:
                    return index, serializer
        raise refusal

    def isIn(self, parameterNode, name):
        return any(s.isIn(parameterNode, f"{name}.{index}") for index, s in enumerate(self._serializers))

    def write(self, parameterNode, name, value):
        with slicer.util.NodeModify(parameterNode):
            index, serializer = self._serializer_that_takes(value)
            self.remove(parameterNode, name)
            serializer.write(parameterNode, f"{name}.{index}", value)

    def read(self, parameterNode, name):
        for index, serializer in enumerate(self._serializers):
            if serializer.isIn(parameterNode, f"{name}.{index}"):
                return serializer.read(parameterNode, f"{name}.{index}")
        raise KeyError(f"Unable to find value for name: {name}")

    def remove(self, parameterNode, name):
        with slicer.util.NodeModify(parameterNode):
            for index, serializer in enumerate(self._serializers):
                serializer.remove(parameterNode, f"{name}.{index}")

    def supportsCaching(self):
        return all(serializer.supportsCaching() for serializer in self._serializers)


@parameterNodeSerializer
class AnySerializer(Serializer):
    """A value of a type that is found when it is written: `name.type` and `name.value`."""

    def __init__(self):
        self._type = TupleSerializer([StringSerializer(str), StringSerializer(str)])

    @staticmethod
    def canSerialize(type_):
        return type_ is typing.Any

    @staticmethod
    def create(type_):
        return AnySerializer()

    def default(self):
        return None

    def _value(self, parameterNode, name):
        module, cls = self._type.read(parameterNode, f"{name}.type")
        type_ = type(None) if cls == "NoneType" else getattr(importlib.import_module(module), cls)
        return createSerializerFromAnnotatedType(type_)

    def isIn(self, parameterNode, name):
        return self._type.isIn(parameterNode, f"{name}.type")

    def write(self, parameterNode, name, value):
        self.remove(parameterNode, name)
        createSerializerFromAnnotatedType(type(value)).write(parameterNode, f"{name}.value", value)
        self._type.write(parameterNode, f"{name}.type", (type(value).__module__, type(value).__name__))

    def read(self, parameterNode, name):
        return self._value(parameterNode, name).read(parameterNode, f"{name}.value")

    def remove(self, parameterNode, name):
        if self.isIn(parameterNode, name):
            self._value(parameterNode, name).remove(parameterNode, f"{name}.value")
            self._type.remove(parameterNode, f"{name}.type")
