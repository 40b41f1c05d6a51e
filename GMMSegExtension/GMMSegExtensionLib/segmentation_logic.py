"""Segmentation of volume nodes through the warm worker, with or without a panel. Needs no Qt."""

from __future__ import annotations

from collections.abc import Callable

from gmmseg.settings import Settings
from slicer.i18n import tr as _

from .engine_process import EngineProcess
from .interpreter import workerCommand, workerEnvironment
from .job_runner import JobRunner
from .request import ChosenOutputs, SegmentationRequest
from .scene import SegmentationOutputs, outputsOf
from .segmentation_run import RunListener, SegmentationRun
from .waiting import Waited


class SegmentationLogic:
    """Segments volumes in a worker that stays warm between runs.

    A panel calls :meth:`startSegmentation` and then :meth:`pollEngine` from a timer; a script calls :meth:`segment`.

    :param engine: the worker process; by default ``python -m gmmseg worker``.
    """

    def __init__(self, engine: EngineProcess | None = None) -> None:
        self.jobs = JobRunner(engine or EngineProcess(workerCommand, workerEnvironment))
        self._run: SegmentationRun | None = None
        # Each tells why the results of an input volume must not be replaced now, empty when they may.
        self.guards: list[Callable[[object], str]] = []

    @property
    def engine(self) -> EngineProcess:
        """The worker process."""
        return self.jobs.engine

    @engine.setter
    def engine(self, engine: EngineProcess) -> None:
        self.jobs.engine = engine

    @property
    def isRunning(self) -> bool:
        """Whether a segmentation is under way."""
        return self.jobs.isRunningJob(self._run)

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
        waited = Waited(progress)
        self.startSegmentation(request, RunListener(**waited.told))
        return waited.outcome(self.jobs, self._run)

    def obstacle(self, request: SegmentationRequest) -> str:
        """The sentence that tells why a request cannot be run now, empty when it can."""
        guarded = (guard(request.inputVolume) for guard in self.guards)
        return request.obstacle() or next((sentence for sentence in guarded if sentence), "")

    def startSegmentation(self, request: SegmentationRequest, listener: RunListener) -> None:
        """Begin a run; its events reach ``listener`` from :meth:`pollEngine`.

        :raises ValueError: the request cannot be run, see :meth:`obstacle`.
        :raises RuntimeError: a run is under way, or the worker cannot be started.
        """
        if self.isRunning:
            raise RuntimeError(_("A segmentation is running; wait for its end or cancel it."))
        obstacle = self.obstacle(request)
        if obstacle:
            raise ValueError(obstacle)
        run = SegmentationRun(request, listener)
        self.jobs.start(run)
        self._run = run

    def pollEngine(self, wait: float = 0.0) -> list[dict]:
        """Handle what the worker has sent, see :meth:`JobRunner.poll`."""
        return self.jobs.poll(wait)

    def cancelSegmentation(self) -> None:
        """Ask for the end of the run; the listener is told when the scene is as before."""
        if self.isRunning:
            self.jobs.cancel()

    def abandonSegmentation(self, reason: str = "") -> None:
        """End the run at once: the worker's answer is not waited for, and nothing more is written to the scene."""
        if self.isRunning:
            self.jobs.abandon(reason)

    def outputsOf(self, inputVolume) -> SegmentationOutputs | None:
        """The results that the scene holds of ``inputVolume``, None without any."""
        return outputsOf(inputVolume)

    def stopEngine(self) -> None:
        """End the running job and the worker. The next job starts a new worker."""
        self.jobs.stop()
