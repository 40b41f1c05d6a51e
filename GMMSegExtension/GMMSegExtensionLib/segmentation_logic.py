"""Segmentation of volume nodes through the warm worker, with or without a panel. Needs no Qt."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from gmmseg.errors import Cancelled
from gmmseg.settings import Settings
from slicer.i18n import tr as _

from .engine_process import EngineProcess
from .interpreter import workerCommand, workerEnvironment
from .request import ChosenOutputs, SegmentationRequest
from .scene import SegmentationOutputs, outputsOf
from .segmentation_run import RunListener, SegmentationRun

_BLOCKING_WAIT_SECONDS = 0.1


class SegmentationLogic:
    """Runs one segmentation at a time in a worker that stays warm between runs.

    A panel calls :meth:`startSegmentation` and then :meth:`pollEngine` from a timer; a script calls :meth:`segment`.

    :param engine: the worker process; by default ``python -m gmmseg worker``.
    """

    def __init__(self, engine: EngineProcess | None = None) -> None:
        self.engine = engine or EngineProcess(workerCommand, workerEnvironment)
        self._run: SegmentationRun | None = None
        self._unsent: dict | None = None
        self._endedRuns: list[SegmentationRun] = []

    @property
    def isRunning(self) -> bool:
        """Whether a segmentation is under way."""
        return self._run is not None

    def segment(
        self,
        inputVolume,
        furtherVolumes=(),
        maskSource: str = "detect",
        maskNode=None,
        maskSegmentID: str = "",
        settings: Settings | None = None,
        progress: Callable[..., None] | None = None,
        outputs: ChosenOutputs | None = None,
        classNames: tuple[str, ...] = (),
    ) -> SegmentationOutputs:
        """Segment a volume and wait for the result.

        :param inputVolume: scalar volume node.
        :param furtherVolumes: up to three more channels of the same head, on any grid.
        :param maskSource: ``detect`` (non-zero voxels of a stripped volume, else automatic), ``automatic``,
            ``stripped`` or ``given``.
        :param maskNode: label map, volume or segmentation node for ``given``.
        :param maskSegmentID: segment of ``maskNode`` when that is a segmentation.
        :param settings: by default ``Settings()``.
        :param progress: called with (fraction, stage, message); may raise ``gmmseg.Cancelled``.
        :param outputs: nodes to write to; by default those of the last run on this volume, else new ones.
        :param classNames: names for a number of classes other than three, darkest first.
        :returns: the nodes with the results and the engine's report.
        :raises ValueError: the input or a setting cannot be used; the sentence says what to mend.
        :raises RuntimeError: the engine failed.
        :raises gmmseg.Cancelled: ``progress`` raised it; the scene is as before.
        """
        request = SegmentationRequest(
            inputVolume,
            tuple(furtherVolumes),
            maskSource,
            maskNode,
            maskSegmentID,
            settings or Settings(),
            outputs or ChosenOutputs(),
            tuple(classNames),
        )
        outcome = _Outcome(progress)
        self.startSegmentation(request, outcome.listener())
        try:
            while self.isRunning:
                self.pollEngine(_BLOCKING_WAIT_SECONDS)
                if outcome.cancelRequested:
                    self.cancelSegmentation()
        finally:
            self.abandonSegmentation()  # an interrupt from the keyboard; nothing is left to abandon otherwise
        return outcome.value()

    def startSegmentation(self, request: SegmentationRequest, listener: RunListener) -> None:
        """Begin a run; its events reach ``listener`` from :meth:`pollEngine`.

        :raises ValueError: the request cannot be run, see :meth:`SegmentationRequest.obstacle`.
        :raises RuntimeError: a run is under way, or the worker cannot be started.
        """
        if self.isRunning:
            raise RuntimeError(_("A segmentation is running; wait for its end or cancel it."))
        obstacle = request.obstacle()
        if obstacle:
            raise ValueError(obstacle)
        self.engine.start()
        self._run = SegmentationRun(request, listener)
        self._unsent = self._run.message
        self._sendWhenFree()

    def pollEngine(self, wait: float = 0.0) -> list[dict]:
        """Handle what the worker has sent since the last call, at most ``wait`` seconds later.

        :returns: events that belong to no run: ``ready``, ``unavailable``, ``log`` and ``exited``.
        """
        others = []
        for event in self.engine.poll(wait):
            if "id" not in event:
                others.append(event)
            elif self._run is not None and event["id"] == self._run.id:
                self._handle(event)
        if self._run is not None and self._run.lostSource():
            self.abandonSegmentation(self._run.lostSource())
        self._sendWhenFree()
        self._removeLeftFiles()
        return others

    def cancelSegmentation(self) -> None:
        """Ask for the end of the run; the listener is told when the scene is as before."""
        if self._run is None:
            return
        if self._unsent is not None:
            self.abandonSegmentation()
        else:
            self.engine.cancel()

    def abandonSegmentation(self, reason: str = "") -> None:
        """End the run at once: the worker's answer is not waited for, and nothing more is written to the scene."""
        run, self._run = self._run, None
        if run is None:
            return
        if self._unsent is None:
            self.engine.cancel()
        self._unsent = None
        self._endedRuns.append(run)
        run.abandon(reason)

    def outputsOf(self, inputVolume) -> SegmentationOutputs | None:
        """The results that the scene holds of ``inputVolume``, None without any."""
        return outputsOf(inputVolume)

    def stopEngine(self) -> None:
        """End the run and the worker. The next run starts a new worker."""
        self.abandonSegmentation()
        self.engine.stop()
        self._removeLeftFiles()

    def _handle(self, event: dict) -> None:
        run = self._run
        if event["event"] in ("done", "failed", "cancelled"):
            # First, because a listener may show a dialog or start the next run.
            self._run = None
            self._endedRuns.append(run)
        try:
            run.handle(event)
        except Exception as error:
            # Nobody above a timer would see it: the user is told, the scene brought back.
            self._run = None
            self._unsent = None
            self.engine.cancel()
            run.fail(
                _("The results could not be put into the scene: {cause}").format(cause=str(error)),
                details=traceback.format_exc(),
            )

    def _sendWhenFree(self) -> None:
        """Send the run once the worker has ended the one before, which may have been abandoned."""
        if self._unsent is not None and not self.engine.busy:
            message, self._unsent = self._unsent, None
            self.engine.submit(message)

    def _removeLeftFiles(self) -> None:
        if not self.engine.busy:
            self._endedRuns = [run for run in self._endedRuns if not run.cleanUp()]


class _Outcome:
    """Collects the end of a run that is waited for."""

    def __init__(self, progress: Callable[..., None] | None) -> None:
        self._progress = progress
        self._outputs: SegmentationOutputs | None = None
        self._error: Exception | None = None
        self.cancelRequested = False

    def listener(self) -> RunListener:
        return RunListener(
            progress=self._onProgress, finished=self._onFinished, failed=self._onFailed, cancelled=self._onCancelled
        )

    def value(self) -> SegmentationOutputs:
        if self._error is not None:
            raise self._error
        return self._outputs

    def _onProgress(self, fraction: float, stage: str, message: str, remaining: float | None) -> None:
        if self._progress is None or self.cancelRequested:
            return
        try:
            self._progress(fraction, stage, message)
        except Exception as error:  # Cancelled, or a fault of the caller's own, which is the caller's to see
            self._error = error
            self.cancelRequested = True

    def _onFinished(self, outputs: SegmentationOutputs) -> None:
        self._outputs = outputs

    def _onFailed(self, reason: str, kind: str, details: str) -> None:
        self._error = ValueError(reason) if kind in ("input", "unavailable") else RuntimeError(reason)

    def _onCancelled(self, reason: str) -> None:
        self._error = self._error or Cancelled(reason)
