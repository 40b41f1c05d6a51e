"""What a series consists of: volumes of the scene, or time points of a sequence. Nodes are known by their IDs only, so
that they may be deleted at any time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import slicer
from slicer.i18n import tr as _

from . import hierarchy, output_nodes, sequence_results
from .scene import SegmentationOutputs, outputsOf
from .steps import Steps, finish


class SeriesItem(Protocol):
    """One case of a series."""

    key: str  # tells it from the others
    title: str

    def obstacle(self) -> str:
        """Why it cannot be segmented, or its results cannot be kept; empty when they can."""

    def report(self) -> dict | None:
        """The engine's report of its results in the scene, None when it has none."""

    def volume(self):
        """The volume node to segment."""

    def keepSteps(self, outputs: SegmentationOutputs) -> Steps[None]:
        """File the results of that node."""

    def shownBy(self):
        """The node that the user sees it in, and chooses to see its results."""


class VolumeItem:
    """A volume of the scene; its results stand beside it.

    :param isLookedAt: whether the user looks at a volume: the segments of all others are hidden, as they would lie
        over each other.
    """

    def __init__(self, volumeNode, isLookedAt: Callable[[object], bool]) -> None:
        self.key = volumeNode.GetID()
        self.title = volumeNode.GetName()
        self._isLookedAt = isLookedAt

    def obstacle(self) -> str:
        return "" if self.volume() is not None else _("'{name}' was removed.").format(name=self.title)

    def report(self) -> dict | None:
        outputs = outputsOf(self.volume())
        return outputs.report if outputs is not None else None

    def volume(self):
        return slicer.mrmlScene.GetNodeByID(self.key)

    def keepSteps(self, outputs: SegmentationOutputs) -> Steps[None]:
        display = outputs.segmentation.GetDisplayNode()
        if display is not None:
            display.SetVisibility(self._isLookedAt(self.volume()))
        yield

    def shownBy(self):
        return self.volume()


class SequenceItem:
    """A time point of a sequence.

    :param frame: the node that each time point of the series is put into to be segmented.
    """

    def __init__(self, browser, sequence, number: int, frame: SequenceFrame) -> None:
        self.key = sequence.GetNthIndexValue(number)
        self.title = " ".join(filter(None, [sequence.GetIndexName(), self.key, sequence.GetIndexUnit()]))
        self._browserID = browser.GetID()
        self._sequenceID = sequence.GetID()
        self._frame = frame

    def obstacle(self) -> str:
        browser, sequence = self._nodes()
        if browser is None or sequence is None:
            return _("The sequence was removed.")
        if sequence.GetItemNumberFromIndexValue(self.key, True) < 0:
            return _("The time point {name} was removed.").format(name=self.title)
        return ""

    def report(self) -> dict | None:
        _browser, sequence = self._nodes()
        return sequence_results.reportAt(sequence, self.key) if sequence is not None else None

    def volume(self):
        browser, sequence = self._nodes()
        return self._frame.show(sequence_results.proxyOf(browser, sequence), sequence, self.key)

    def keepSteps(self, outputs: SegmentationOutputs) -> Steps[None]:
        for _step in self._keepSteps(outputs):
            yield
            if self.obstacle():
                return

    def shownBy(self):
        browser, sequence = self._nodes()
        return sequence_results.proxyOf(browser, sequence) if browser is not None and sequence is not None else None

    def _keepSteps(self, outputs: SegmentationOutputs) -> Steps[None]:
        yield from sequence_results.keepSteps(*self._nodes(), self.key, outputs)

    def _nodes(self) -> tuple:
        return slicer.mrmlScene.GetNodeByID(self._browserID), slicer.mrmlScene.GetNodeByID(self._sequenceID)


class SequenceFrame:
    """A hidden volume node that holds one time point after another, so that the user may step meanwhile.

    Its results are written once and then again and again; in the end all go with :meth:`remove`.
    """

    def __init__(self) -> None:
        self._nodeID = ""

    def show(self, proxy, sequence, indexValue: str):
        """The node, holding the time point ``indexValue`` of ``sequence`` where ``proxy`` is in space."""
        node = slicer.mrmlScene.GetNodeByID(self._nodeID) if self._nodeID else None
        if node is None:
            node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", sequence.GetName())
            self._nodeID = node.GetID()
            # Before the voxels come: a window that follows them would be computed from all of them.
            node.CreateDefaultDisplayNodes()
            node.GetDisplayNode().SetAutoWindowLevel(False)
        if proxy is not None:
            node.SetAndObserveTransformNodeID(proxy.GetTransformNodeID())
            if proxy.GetDisplayNode() is not None:
                node.GetDisplayNode().CopyContent(proxy.GetDisplayNode())
                node.GetDisplayNode().SetAutoWindowLevel(False)
        data = sequence.GetDataNodeAtValue(indexValue, True)
        node.CopyContent(data, False)  # the voxels are shared
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        return node

    def remove(self) -> None:
        """All of :meth:`removeSteps` at once."""
        finish(self.removeSteps())

    def removeSteps(self) -> Steps[None]:
        """Take the node and its results out of the scene."""
        node = slicer.mrmlScene.GetNodeByID(self._nodeID) if self._nodeID else None
        self._nodeID = ""
        if node is None:
            return
        for role in output_nodes.CLASS_NAMES:
            for result in output_nodes.findAll(node, role):
                sequence_results.removeWithDisplay(result)
                yield
        hierarchy.removeEmptyHelperFolder(node)
        sequence_results.removeWithDisplay(node)
