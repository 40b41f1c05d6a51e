"""One channel of an input volume with its field: what the views and charts of the bias field show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer
from slicer.i18n import tr as _

from . import bias_display, hierarchy, output_nodes, volumes
from .scene import SegmentationOutputs

# A percentile needs no more values than these.
_MOST_VALUES = 200_000


@dataclass(frozen=True)
class InspectedChannel:
    """The nodes of one channel.

    :param index: in the report's lists of channels.
    :param name: as the report has it.
    :param original: volume node of the channel as it was given.
    :param corrected: the channel divided by its field.
    :param field: the field, smooth everywhere.
    """

    inputVolume: object
    outputs: SegmentationOutputs
    index: int
    name: str
    original: object
    corrected: object
    field: object

    @property
    def overlay(self):
        """The field cut to the brain, None as long as it was not made (see :meth:`obtainOverlay`)."""
        return output_nodes.find(self.inputVolume, output_nodes.BIAS_OVERLAY, self.original)

    def obtainOverlay(self):
        """The field cut to the brain; that of a further channel is made when it is looked at, and after each run.

        :returns: volume node, None when the first channel's was deleted: then nobody knows where the brain is.
        """
        first = output_nodes.find(self.inputVolume, output_nodes.BIAS_OVERLAY)
        if first is not None and self.original is not self.inputVolume and _isOlder(self.overlay, self.field):
            title = _("{name} bias field in the brain").format(name=self.name)
            node = output_nodes.obtain(self.inputVolume, output_nodes.BIAS_OVERLAY, title, self.original)
            hierarchy.placeInHelperFolder(node, self.inputVolume)
            inBrain = np.where(volumes.voxels(first) > 0, volumes.voxels(self.field), np.float32(0))
            volumes.setVoxels(node, inBrain, self.inputVolume)
            bias_display.showAsBiasField(node, halfRange(node), hideZero=True)
        return self.overlay


def channelsOf(inputVolume, outputs: SegmentationOutputs | None) -> list[InspectedChannel]:
    """The channels whose field and corrected volume the scene holds, in the order of the report."""
    if outputs is None:
        return []
    fields = {output_nodes.channelOf(node): node for node in outputs.biasFields}
    corrected = {output_nodes.channelOf(node): node for node in outputs.correctedVolumes}
    originals = [node for node in fields if node is not None and node in corrected]
    # The input comes first in the report; the others are told by their names.
    originals.sort(key=lambda node: node is not inputVolume)
    found = []
    for index, entry in enumerate(outputs.report.get("bias_field") or []):
        original = _pick(originals, entry["channel"], inputVolume if index == 0 else None)
        if original is not None:
            originals.remove(original)
            found.append(
                InspectedChannel(
                    inputVolume, outputs, index, entry["channel"], original, corrected[original], fields[original]
                )
            )
    return found


def halfRange(overlayNode) -> float:
    """Half width about 1 that shows the field in a volume node, whose voxels of 0 are not brain."""
    array = volumes.voxels(overlayNode)
    stride = max(1, int((array.size / _MOST_VALUES) ** (1 / 3)))
    values = array[::stride, ::stride, ::stride]
    return bias_display.halfRange(values[values > 0])


def copyWindow(sourceNode, targetNode) -> None:
    """Give a volume the window and level of another one, so that the two can be compared."""
    source, target = sourceNode.GetDisplayNode(), targetNode.GetDisplayNode()
    if source is None or target is None:
        return
    isSame = (source.GetWindow(), source.GetLevel()) == (target.GetWindow(), target.GetLevel())
    if not isSame or target.GetAutoWindowLevel():
        with slicer.util.NodeModify(target):
            target.SetAutoWindowLevel(False)
            target.SetWindowLevel(source.GetWindow(), source.GetLevel())


def _isOlder(node, sourceNode) -> bool:
    """Whether the voxels of ``node`` were made before those of ``sourceNode``, or there are none."""
    if node is None or node.GetImageData() is None:
        return True
    return node.GetImageData().GetMTime() < sourceNode.GetImageData().GetMTime()


def _pick(nodes: list, name: str, preferred):
    """The input itself, else the volume of that name, else, when it was renamed since, the next one."""
    if preferred is not None:
        return preferred if preferred in nodes else None
    return next((node for node in nodes if volumes.name(node) == name), nodes[0] if nodes else None)
