"""Questions about the types that parameters are declared with."""

import types
import typing

import slicer


def splitAnnotations(possiblyAnnotatedType):
    """(type, annotations) of a type that may or may not be wrapped in `Annotated`."""
    if typing.get_origin(possiblyAnnotatedType) is typing.Annotated:
        actual, *annotations = typing.get_args(possiblyAnnotatedType)
        return actual, tuple(annotations)
    return possiblyAnnotatedType, ()


def unannotatedType(possiblyAnnotatedType):
    return splitAnnotations(possiblyAnnotatedType)[0]


def findFirstAnnotation(annotationsList, annotationType):
    """First annotation of the type, or None."""
    return next((a for a in annotationsList if isinstance(a, annotationType)), None)


def isUnion(type_):
    """Whether `type_` is `Union[A, B]`, `Optional[A]` or `A | B`."""
    return typing.get_origin(type_) in (typing.Union, types.UnionType)


def isNode(type_):
    return isinstance(type_, type) and issubclass(type_, slicer.vtkMRMLNode)


def isNodeOrUnionOfNodes(datatype):
    """Whether a node selector can hold values of this type: a node class, or a union of node classes (and None)."""
    underlying = unannotatedType(datatype)
    if isUnion(underlying):
        return all(isNode(t) or t is type(None) for t in map(unannotatedType, typing.get_args(underlying)))
    return isNode(underlying)


def getNodeTypes(datatype):
    """MRML class names, for `qMRMLNodeComboBox.nodeTypes`."""
    underlying = unannotatedType(datatype)
    if isNode(underlying):
        return (underlying().GetClassName(),)
    if isUnion(underlying):
        members = map(unannotatedType, typing.get_args(underlying))
        return tuple(member().GetClassName() for member in members if isNode(member))
    raise TypeError(f"Cannot handle type {datatype}")
