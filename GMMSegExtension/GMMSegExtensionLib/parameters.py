"""The panel's choices, saved with the scene.

Defaults and limits are the engine's, written once in ``gmmseg.settings``.
"""

import dataclasses
import enum
from typing import Annotated

from gmmseg import models
from gmmseg.settings import LIMITS, MODES, PRECISIONS, PRESETS, Settings
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from .request import ChosenOutputs, SegmentationRequest

_DEFAULTS = Settings()
_CUSTOM = "custom"
_BEGUN = "GMMSegExtension.Begun"


class _Choice(enum.Enum):
    """Values are the engine's names; a combo box shows the labels."""

    def label(self) -> str:
        return _labels().get(self.value, self.value)


def _labels() -> dict[str, str]:
    return {
        "default": _("Default"),
        "as-printed": _("As printed in the paper"),
        _CUSTOM: _("Custom"),
        "fast": _("Fast"),
        "train": _("Train on this scan"),
        "em": _("Classical EM"),
        "auto": _("Automatic"),
    }


Mode = _Choice("Mode", {mode: mode for mode in MODES}, module=__name__)
Preset = _Choice("Preset", {preset: preset for preset in (*PRESETS, _CUSTOM)}, module=__name__)
Precision = _Choice("Precision", {precision: precision for precision in PRECISIONS}, module=__name__)


@parameterNodeWrapper
class GMMSegExtensionParameterNode:
    """The parameters of the module; those of the engine's ``Settings`` have its names in camel case.

    inputVolume - The volume to segment; gives the grid of the results.
    furtherVolumes - More channels of the same head, at most three.
    maskSource - detect, automatic, stripped or given.
    maskNode, maskSegmentID - The brain mask when it is given.
    outputSegmentation, outputBiasField, outputCorrectedVolume - Where results go; None is beside the input.
    createPosteriors - Whether each class gets a probability volume.
    entropy - Whether there is a volume of each voxel's uncertainty, which the review of slices goes by.
    classNames - Names of the classes for a number of classes other than three, darkest first.
    teachingVolumes - Volumes that the network is taught with besides the input.
    reviewOrientation - Slices to look through and confirm: axial, coronal or sagittal.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    furtherVolumes: list[vtkMRMLScalarVolumeNode]
    maskSource: str = "detect"
    maskNode: vtkMRMLScalarVolumeNode | vtkMRMLSegmentationNode | None
    maskSegmentID: str = ""

    preset: Preset = Preset(_DEFAULTS.preset)
    mode: Mode = Mode(_DEFAULTS.mode)
    model: str = _DEFAULTS.model
    numberOfClasses: Annotated[int, WithinRange(*LIMITS["number_of_classes"])] = _DEFAULTS.number_of_classes
    beta: Annotated[float, WithinRange(*LIMITS["beta"])] = _DEFAULTS.beta
    gamma: Annotated[float, WithinRange(*LIMITS["gamma"])] = _DEFAULTS.gamma
    biasDegree: Annotated[int, WithinRange(*LIMITS["bias_degree"])] = _DEFAULTS.bias_degree
    entropyWeight: Annotated[float, WithinRange(*LIMITS["entropy_weight"])] = _DEFAULTS.entropy_weight
    network: str = _DEFAULTS.network
    baseWidth: Annotated[int, WithinRange(*LIMITS["base_width"])] = _DEFAULTS.base_width
    iterations: Annotated[int, WithinRange(*LIMITS["iterations"])] = _DEFAULTS.iterations
    learningRate: Annotated[float, WithinRange(*LIMITS["learning_rate"])] = _DEFAULTS.learning_rate
    batchSize: Annotated[int, WithinRange(*LIMITS["batch_size"])] = _DEFAULTS.batch_size
    device: str = _DEFAULTS.device
    precision: Precision = Precision(_DEFAULTS.precision)
    seed: Annotated[int, WithinRange(*LIMITS["seed"])] = _DEFAULTS.seed

    outputSegmentation: vtkMRMLSegmentationNode
    outputBiasField: vtkMRMLScalarVolumeNode
    outputCorrectedVolume: vtkMRMLScalarVolumeNode
    createPosteriors: bool = False
    entropy: bool = True
    classNames: list[str]
    teachingVolumes: list[vtkMRMLScalarVolumeNode]
    reviewOrientation: str = "axial"


def parametersIn(node) -> GMMSegExtensionParameterNode:
    """The parameters in a node of the scene; those of a new scene begin with the model that is the user's default."""
    parameters = GMMSegExtensionParameterNode(node)
    # An attribute, because a wrapper of before fills a node that is reset with parameters again at once.
    if node.GetAttribute(_BEGUN) is None:
        node.SetAttribute(_BEGUN, "1")
        parameters.model = models.default()
    return parameters


def settingsOf(parameters) -> Settings:
    """The engine's settings in a parameter node.

    :raises ValueError: they cannot be used; the sentence says what to mend.
    """
    values = {field: _plain(getattr(parameters, _camelCase(field))) for field in _FIELDS}
    if values["preset"] == _CUSTOM:
        del values["preset"]
    return Settings(**values)


def requestOf(parameters) -> SegmentationRequest:
    """What the parameter node asks for, as a request that needs no parameter node.

    :raises ValueError: a setting cannot be used.
    """
    return SegmentationRequest(
        inputVolume=parameters.inputVolume,
        furtherVolumes=tuple(node for node in parameters.furtherVolumes if node is not None),
        maskSource=parameters.maskSource,
        maskNode=parameters.maskNode,
        maskSegmentID=parameters.maskSegmentID,
        settings=settingsOf(parameters),
        outputs=ChosenOutputs(
            parameters.outputSegmentation,
            parameters.outputBiasField,
            parameters.outputCorrectedVolume,
            parameters.createPosteriors,
        ),
        classNames=tuple(parameters.classNames),
    )


def applyPreset(parameters) -> None:
    """Set every setting to the value of the preset chosen in the parameter node; ``custom`` changes nothing."""
    preset = parameters.preset.value
    if preset == _CUSTOM:
        return
    for field, value in Settings.from_dict({"preset": preset}).to_dict().items():
        if field in _APART:
            continue
        name = _camelCase(field)
        current = getattr(parameters, name)
        setattr(parameters, name, type(current)(value) if isinstance(current, enum.Enum) else value)


def matchingPreset(parameters) -> Preset:
    """The preset whose values the settings have, ``custom`` when they were changed by hand."""
    values = settingsOf(parameters).to_dict()
    chosen = {field: values[field] for field in _APART}
    for name in PRESETS:
        if {**Settings.from_dict({"preset": name}).to_dict(), **chosen} == {**values, "preset": name}:
            return Preset(name)
    return Preset(_CUSTOM)


_FIELDS = tuple(field.name for field in dataclasses.fields(Settings))
# No preset's business: what comes out, and which of the user's networks answers.
_APART = ("entropy", "model")


def _camelCase(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def _plain(value):
    return value.value if isinstance(value, enum.Enum) else value
