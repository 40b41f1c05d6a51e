"""What a serializer is, and which one belongs to a type."""

from __future__ import annotations

import abc
import logging

from .annotations import Validator, split_off
from .types import splitAnnotations

_registered = []


class Serializer(abc.ABC):
    """Writes values of one type into a parameter node and reads them back."""

    @staticmethod
    @abc.abstractmethod
    def canSerialize(type_) -> bool: ...

    @staticmethod
    @abc.abstractmethod
    def create(type_):
        """Serializer for the type (usually with its validators around it), or None."""

    @abc.abstractmethod
    def default(self): ...

    @abc.abstractmethod
    def isIn(self, parameterNode, name) -> bool: ...

    @abc.abstractmethod
    def write(self, parameterNode, name, value) -> None: ...

    @abc.abstractmethod
    def read(self, parameterNode, name): ...

    @abc.abstractmethod
    def remove(self, parameterNode, name) -> None: ...

    def supportsCaching(self) -> bool:
        """Whether a value once read may be kept: only when changing the value changes the node."""
        return False


class ValidatedSerializer(Serializer):
    """Another serializer, with conditions that a value must meet before it is written."""

    def __init__(self, serializer, validators):
        inner = isinstance(serializer, ValidatedSerializer)
        self.serializer = serializer.serializer if inner else serializer
        self.validators = (serializer.validators if inner else []) + list(validators or [])

    @staticmethod
    def canSerialize(type_):
        return False

    @staticmethod
    def create(type_):
        raise NotImplementedError("ValidatedSerializer wraps another serializer")

    def validate(self, value):
        for validator in self.validators:
            validator.validate(value)

    def default(self):
        return self.serializer.default()

    def isIn(self, parameterNode, name):
        return self.serializer.isIn(parameterNode, name)

    def write(self, parameterNode, name, value):
        self.validate(value)
        self.serializer.write(parameterNode, name, value)

    def read(self, parameterNode, name):
        return self.serializer.read(parameterNode, name)

    def remove(self, parameterNode, name):
        self.serializer.remove(parameterNode, name)

    def supportsCaching(self):
        return self.serializer.supportsCaching()


def parameterNodeSerializer(classtype=None):
    """Class decorator that offers a serializer to `createSerializer`."""

    def register(cls):
        if not issubclass(cls, Serializer):
            raise TypeError("Must be a Serializer subclass")
        _registered.append(cls)
        return cls

    return register if classtype is None else register(classtype)


def createSerializer(type_, annotations):
    """(serializer of the type with its validators, annotations that were not used)."""
    validators, annotations = split_off(Validator, annotations)
    own, annotations = split_off(Serializer, annotations)
    if len(own) > 1:
        raise ValueError("Multiple serializers found")
    serializer = own[0] if own else _serializer_for(type_)
    return ValidatedSerializer(serializer, validators), annotations


def createSerializerFromAnnotatedType(annotatedType):
    type_, annotations = splitAnnotations(annotatedType)
    serializer, unused = createSerializer(type_, annotations)
    if unused:
        logging.warning(f"Unused annotations: {unused}")
    return serializer


def _serializer_for(type_):
    for candidate in _registered:
        if candidate.canSerialize(type_):
            return candidate.create(type_)
    raise TypeError(f"Unable to create serializer for type: {type_}")
