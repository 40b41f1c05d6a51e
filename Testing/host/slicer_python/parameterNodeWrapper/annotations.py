"""What may stand beside a type in `Annotated[...]`: the default, limits, and hints for the widget."""

from __future__ import annotations

import abc
import dataclasses


class Default:
    """Default value of a parameter, or a function that makes it anew each time."""

    def __init__(self, value=None, *, generator=None):
        self._value = value
        self._generator = generator

    @property
    def value(self):
        return self._generator() if self._generator else self._value

    def __repr__(self):
        return f"Default(value={self._value}, generator={self._generator})"

    def __eq__(self, other):
        return isinstance(other, Default) and (self._value, self._generator) == (other._value, other._generator)

    __hash__ = None


@dataclasses.dataclass
class Decimals:
    """Digits that a spin box or slider shows."""

    value: int


@dataclasses.dataclass
class SingleStep:
    """Step of a spin box or slider."""

    value: float | int


class Validator(abc.ABC):
    """A condition on one value."""

    @abc.abstractmethod
    def validate(self, value) -> None:
        """Raise (best ValueError) when `value` breaks the condition."""


class IsNone(Validator):
    def validate(self, value):
        if value is not None:
            raise ValueError("Value must be None")


class NotNone(Validator):
    def validate(self, value):
        if value is None:
            raise ValueError("Value must not be None")


class IsInstance(Validator):
    """None passes: whether it is allowed is NotNone's question."""

    def __init__(self, classtype):
        self.classtype = classtype

    def validate(self, value):
        if value is not None and not isinstance(value, self.classtype):
            raise TypeError(f"Value must be of type '{self.classtype}', is type '{type(value)}' value '{value}'")


class WithinRange(Validator):
    """Both ends belong to the range."""

    def __init__(self, minimum, maximum):
        self.minimum = minimum
        self.maximum = maximum

    def validate(self, value):
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within range [{self.minimum}, {self.maximum}], is {value}")


class Minimum(Validator):
    def __init__(self, minimum):
        self.minimum = minimum

    def validate(self, value):
        if value < self.minimum:
            raise ValueError(f"Value must be at least {self.minimum}, is {value}")


class Maximum(Validator):
    def __init__(self, maximum):
        self.maximum = maximum

    def validate(self, value):
        if value > self.maximum:
            raise ValueError(f"Value must be at most {self.maximum}, is {value}")


class Choice(Validator):
    def __init__(self, choices):
        self.choices = choices

    def validate(self, value):
        if value not in self.choices:
            raise ValueError(f"Value must be one of {self.choices}, is {value}")


class Exclude(Validator):
    def __init__(self, excludedValues):
        self.excludedValues = excludedValues

    def validate(self, value):
        if value in self.excludedValues:
            raise ValueError(f"Value must not be one of {self.excludedValues}, is {value}")


def split_off(kind, annotations):
    """Part `annotations` into those that are instances (or subclasses) of `kind` and the rest."""

    def belongs(annotation):
        return isinstance(annotation, kind) or (isinstance(annotation, type) and issubclass(annotation, kind))

    return [a for a in annotations if belongs(a)], [a for a in annotations if not belongs(a)]
