"""Puts previews and results into the scene, a little at a time, and takes them back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from slicer.i18n import tr as _

from . import confirmed_voxels, hierarchy, output_nodes, segments, surfaces, volumes
from .engine_result import EngineResult
from .request import SegmentationRequest
from .result_volumes import PlannedVolume, plannedVolumes
from .scene import SegmentationOutputs, outputsOf, setReport
from .steps import Steps, finish
from .tissues import classStyles
from .undo_log import UndoLog, isInScene, removeFromScene


class SceneWriter:
    """Writes the previews and the results of one request; :meth:`undo` takes them back until :meth:`keep`.

    Labels that the user has confirmed stay in every preview and result, whatever the engine says about them; the
    engine's report, with its volumes, stays the engine's own. When the number of classes changes they mean something
    else, so nothing is kept then, and with the results the confirmations go: see :attr:`hasDroppedConfirmed`.

    Use (one writer for each volume when a study is written)::

        writer = SceneWriter(request)
        node = yield from writer.previewSteps(labels)     # any number of times
        outputs = yield from writer.writeSteps(result)    # heavy work first, then node by node, the segments last
        writer.keep()                                     # or writer.undo(), now or whenever the user says so

    The steps may be abandoned after any of them, the nodes deleted and the scene closed at any time: :meth:`undo` then
    takes back what was done so far and is still there. No voxels are copied for it.
    """

    def __init__(self, request: SegmentationRequest) -> None:
        self._request = request
        self._log = UndoLog()
        self._obsolete: list = []
        self._segmentation = None  # the one that undo knows about
        self._keepsConfirmed: bool | None = None
        self._hasDroppedConfirmed = False

    @property
    def hasDroppedConfirmed(self) -> bool:
        """Whether the results in the scene are of other classes than those that the user had confirmed."""
        return self._hasDroppedConfirmed

    def preview(self, labels: np.ndarray):
        """All of :meth:`previewSteps` at once."""
        return finish(self.previewSteps(labels))

    def previewSteps(self, labels: np.ndarray) -> Steps:
        """Show labels of an unfinished run.

        :param labels: (I, J, K) uint8.
        :returns: steps with the segmentation node as outcome, None when the user has deleted it meanwhile.
        """
        kept = yield from self._confirmedSteps()
        labelmap = yield from segments.labelmapSteps(labels, self._request.inputVolume, kept)
        with self._log.newNodes():
            if self._segmentation is None:
                self._obtainSegmentation()
            if not isInScene(self._segmentation):
                return None  # the results will get a new one
            surfaces.rememberThem(self._segmentation)
            segments.setLabelmap(self._segmentation, labelmap, self._styles(), self._request.inputVolume)
        return self._segmentation

    def write(self, result: EngineResult) -> SegmentationOutputs:
        """All of :meth:`writeSteps` at once, to stay."""
        outputs = finish(self.writeSteps(result))
        self.keep()
        return outputs

    def writeSteps(self, result: EngineResult) -> Steps[SegmentationOutputs]:
        """Put all results into the scene, beside the input.

        :returns: steps with the nodes as outcome.
        """
        kept = yield from self._confirmedSteps()
        labelmap = yield from segments.labelmapSteps(result.labels, self._request.inputVolume, kept)
        planned = yield from plannedVolumes(self._request, result, self._styles(result.report))
        images = []
        for plan in planned:
            images.append((yield from plan.image))
        written = []
        for plan, image in zip(planned, images, strict=True):
            with self._log.newNodes():
                written.append(self._putVolume(plan, image))
            yield
        with self._log.newNodes():
            self._retireOthers(written)
            self._retireConfirmed()
            self._putSegmentation(labelmap, result)
        return outputsOf(self._request.inputVolume)

    def undo(self) -> None:
        """All of :meth:`undoSteps` at once."""
        finish(self.undoSteps())

    def undoSteps(self) -> Steps[None]:
        """Bring back what was there before the first preview or result. Does nothing after :meth:`keep`."""
        yield from self._log.undoSteps()
        if isInScene(self._request.inputVolume):
            hierarchy.removeEmptyHelperFolder(self._request.inputVolume)
        self._reset()

    def keep(self) -> None:
        """Let the results stay: what was there before can no longer be brought back, and is no longer held."""
        for node in self._obsolete:
            removeFromScene(node)
        self._log.forget()
        self._reset()

    def _reset(self) -> None:
        self._obsolete = []
        self._segmentation = None
        self._keepsConfirmed = None
        self._hasDroppedConfirmed = False

    def _confirmedSteps(self) -> Steps[np.ndarray | None]:
        """(I, J, K) uint8 labels that the user has confirmed, 0 elsewhere; None when none are to be kept."""
        inputVolume = self._request.inputVolume
        if self._keepsConfirmed is None:  # the first preview may change the number of classes
            earlier = output_nodes.find(inputVolume, output_nodes.SEGMENTATION)
            count = segments.countClasses(earlier) if earlier is not None else 0
            self._keepsConfirmed = count == self._request.settings.number_of_classes
        if not self._keepsConfirmed or output_nodes.find(inputVolume, output_nodes.CONFIRMED) is None:
            return None
        mask = confirmed_voxels.confirmedMask(inputVolume)
        yield
        labels = confirmed_voxels.brainLabels(inputVolume)
        yield
        labels *= mask.view(np.uint8)
        return labels

    def _putVolume(self, plan: PlannedVolume, image):
        node = self._obtain(plan.role, plan.title, plan.channelNode, plan.index, plan.chosenNode)
        # Before the image comes: a window that follows the voxels would be computed from all of them.
        plan.show(node)
        volumes.setImage(node, image, self._request.inputVolume)
        place = hierarchy.placeInHelperFolder if plan.isHelper else hierarchy.placeBeside
        place(node, self._request.inputVolume)
        return node

    def _retireOthers(self, written: list) -> None:
        """Volumes of an earlier run that this one did not write anew contradict the segments; they go with `keep`."""
        for role in (output_nodes.POSTERIOR, output_nodes.UNCERTAINTY):
            for node in output_nodes.findAll(self._request.inputVolume, role):
                if node not in written:
                    self._retire(node)

    def _retireConfirmed(self) -> None:
        """The user has never seen the new labels: without those that were confirmed nothing of it is left."""
        node = output_nodes.find(self._request.inputVolume, output_nodes.CONFIRMED)
        if node is not None and not self._keepsConfirmed:
            self._retire(node)
            self._hasDroppedConfirmed = True

    def _retire(self, node) -> None:
        self._log.add(_ifInScene(node, output_nodes.restorer(node)))
        output_nodes.release(node)
        self._obsolete.append(node)

    def _putSegmentation(self, labelmap, result: EngineResult) -> None:
        if not isInScene(self._segmentation):
            self._obtainSegmentation()
        node, styles = self._segmentation, self._styles(result.report)
        surfaces.rememberThem(node)  # made anew by whoever shows the results
        segments.setLabelmap(node, labelmap, styles, self._request.inputVolume)
        segments.adoptStyles(node, styles, self._styles())
        setReport(node, result.report)

    def _obtainSegmentation(self) -> None:
        request = self._request
        title = _("{name} segmentation").format(name=volumes.name(request.inputVolume))
        node = self._obtain(
            output_nodes.SEGMENTATION, title, request.inputVolume, chosenNode=request.outputs.segmentation
        )
        hierarchy.placeBeside(node, request.inputVolume)
        self._segmentation = node

    def _obtain(self, role: str, title: str, channelNode, index: int = 0, chosenNode=None):
        """The node to write to; what it is now, and which nodes were results, is remembered."""
        inputVolume = self._request.inputVolume
        chosenNode = chosenNode if isInScene(chosenNode) else None
        earlier = output_nodes.find(inputVolume, role, channelNode, index)
        for node in {earlier, chosenNode} - {None}:
            self._log.add(_ifInScene(node, output_nodes.restorer(node)))
            restorer = segments.restorer if role == output_nodes.SEGMENTATION else volumes.restorer
            self._log.add(_ifInScene(node, restorer(node)))
        return output_nodes.obtain(inputVolume, role, title, channelNode, index, chosenNode)

    def _styles(self, report: dict | None = None):
        engineNames = [entry["name"] for entry in report["classes"]] if report else None
        names = list(self._request.classNames)
        return classStyles(self._request.settings.number_of_classes, engineNames, names)


def _ifInScene(node, action: Callable[[], None]) -> Callable[[], None]:
    return lambda: action() if isInScene(node) else None
