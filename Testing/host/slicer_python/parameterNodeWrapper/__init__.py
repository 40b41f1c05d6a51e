"""Stand-in for `slicer.parameterNodeWrapper`: typed access to a vtkMRMLScriptedModuleNode and its binding to widgets.

What it writes into the node is what Slicer writes, name by name, so scenes can be exchanged with Slicer. Of Slicer's
package only parameter packs (and FloatRange, which is one) are missing here.
"""

from . import container_serializers, scalar_serializers, widget_connectors  # noqa: F401  (they register themselves)
from .annotations import (
    Choice,
    Decimals,
    Default,
    Exclude,
    IsInstance,
    Maximum,
    Minimum,
    NotNone,
    SingleStep,
    Validator,
    WithinRange,
)
from .connector import GuiConnector, createGuiConnector, parameterNodeGuiConnector
from .serializer import Serializer, ValidatedSerializer, parameterNodeSerializer
from .types import (
    findFirstAnnotation,
    getNodeTypes,
    isNodeOrUnionOfNodes,
    splitAnnotations,
    unannotatedType,
)
from .wrapper import (
    SlicerParameterNamePropertyName,
    findChildWidgetForParameter,
    isParameterNodeWrapper,
    parameterNodeWrapper,
)

__all__ = [
    "Choice",
    "Decimals",
    "Default",
    "Exclude",
    "GuiConnector",
    "IsInstance",
    "Maximum",
    "Minimum",
    "NotNone",
    "Serializer",
    "SingleStep",
    "SlicerParameterNamePropertyName",
    "ValidatedSerializer",
    "Validator",
    "WithinRange",
    "createGuiConnector",
    "findChildWidgetForParameter",
    "findFirstAnnotation",
    "getNodeTypes",
    "isNodeOrUnionOfNodes",
    "isParameterNodeWrapper",
    "parameterNodeGuiConnector",
    "parameterNodeSerializer",
    "parameterNodeWrapper",
    "splitAnnotations",
    "unannotatedType",
]
