"""What the user asks for, checked before anything is started."""

from __future__ import annotations

from dataclasses import dataclass, field

from gmmseg.case import MASK_SOURCES
from gmmseg.settings import Settings
from slicer.i18n import tr as _

from . import output_nodes
from .volumes import name

MOST_CHANNELS = 4


@dataclass(frozen=True)
class ChosenOutputs:
    """Nodes that the user wants results in; None means the earlier one of the same input, or a new one.

    ``posteriors`` asks for a probability volume of each class as well.
    """

    segmentation: object | None = None
    biasField: object | None = None
    correctedVolume: object | None = None
    posteriors: bool = False


@dataclass(frozen=True)
class SegmentationRequest:
    """One segmentation: nodes and plain values, no widgets.

    :param inputVolume: scalar volume node; gives the grid of all results.
    :param furtherVolumes: up to three more channels of the same head.
    :param maskSource: one of ``gmmseg.case.MASK_SOURCES``.
    :param maskNode: volume or segmentation node that holds the brain mask when ``maskSource`` is ``given``.
    :param maskSegmentID: which segment, when ``maskNode`` is a segmentation.
    :param classNames: names for a number of classes other than three, darkest first.
    """

    inputVolume: object | None
    furtherVolumes: tuple = ()
    maskSource: str = "detect"
    maskNode: object | None = None
    maskSegmentID: str = ""
    settings: Settings = field(default_factory=Settings)
    outputs: ChosenOutputs = field(default_factory=ChosenOutputs)
    classNames: tuple[str, ...] = ()

    @property
    def channels(self) -> tuple:
        """All volumes, the input first."""
        return (self.inputVolume, *self.furtherVolumes)

    @property
    def sources(self) -> tuple:
        """All nodes that the run reads."""
        return (*self.channels, self.maskNode) if self.maskSource == "given" else self.channels

    def obstacle(self) -> str:
        """The sentence that tells why this cannot be run, empty when it can."""
        return self._inputObstacle() or self._maskObstacle() or self._outputObstacle()

    def _inputObstacle(self) -> str:
        if self.inputVolume is None:
            return _("Choose the volume to segment.")
        for volume in self.channels:
            if volume.GetImageData() is None:
                return _("The volume '{name}' has no voxels; load or choose another one.").format(name=name(volume))
        if len(set(self.channels)) < len(self.channels):
            return _("'{name}' is the volume already; take it out of the further channels.").format(
                name=name(self.inputVolume)
            )
        if len(self.channels) > MOST_CHANNELS:
            return _("Choose at most {count} further channels.").format(count=MOST_CHANNELS - 1)
        return ""

    def _maskObstacle(self) -> str:
        if self.maskSource not in MASK_SOURCES:
            return _("The mask source must be one of {sources}.").format(sources=", ".join(MASK_SOURCES))
        if self.maskSource != "given":
            return ""
        if self.maskNode is None:
            return _("Choose the brain mask, or let it be found automatically.")
        if self.maskNode.IsA("vtkMRMLSegmentationNode"):
            if self.maskNode.GetSegmentation().GetSegment(self.maskSegmentID) is None:
                return _("Choose the segment of '{name}' to use as mask.").format(name=name(self.maskNode))
        elif self.maskNode.GetImageData() is None:
            return _("The mask '{name}' has no voxels; choose another one.").format(name=name(self.maskNode))
        elif self.maskNode in self.channels:
            return _("'{name}' is the volume itself; choose a mask, or say that it is already stripped.").format(
                name=name(self.maskNode)
            )
        return ""

    def _outputObstacle(self) -> str:
        volumes = [node for node in (self.outputs.biasField, self.outputs.correctedVolume) if node is not None]
        for node in [*volumes, self.outputs.segmentation]:
            if node is not None and node in self.sources:
                return _("'{name}' is read by this run; choose another output.").format(name=name(node))
        if self.maskSource == "given" and self.maskNode is self._segmentationToUpdate():
            return _("The mask is in '{name}', which this run would change; choose another output.").format(
                name=name(self.maskNode)
            )
        if len(set(volumes)) < len(volumes):
            return _("Bias field and corrected volume need two different outputs.")
        return ""

    def _segmentationToUpdate(self):
        return self.outputs.segmentation or output_nodes.find(self.inputVolume, output_nodes.SEGMENTATION)
