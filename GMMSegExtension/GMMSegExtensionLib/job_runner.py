"""One job at a time in the warm worker: sends it, hands it the worker's events, ends it."""

from __future__ import annotations

import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from slicer.i18n import tr as _

from .engine_job import EngineJob
from .engine_process import EngineProcess
from .steps import Steps

# As much of a job's own work as is done at one tick, unless a single step takes longer.
_WORK_SECONDS = 0.02
_LAST_EVENTS = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class _Work:
    """Steps under way, and which of the job's phases they belong to."""

    steps: Steps
    isPreparing: bool = False
    isLast: bool = False


class JobRunner:
    """Runs one job at a time. A panel polls it from a timer, a script in a loop.

    :param engine: the worker process, which stays warm between jobs.
    """

    def __init__(self, engine: EngineProcess) -> None:
        self.engine = engine
        self._listeners: list[Callable[[], None]] = []
        self._job: EngineJob | None = None
        self._toldJob: EngineJob | None = None
        self._unsent: dict | None = None
        self._work: _Work | None = None
        self._isStepping = False
        self._isCancelled = False
        self._events: deque[dict] = deque()
        self._endedJobs: list[EngineJob] = []

    @property
    def isRunning(self) -> bool:
        """Whether a job is under way, the writing of its results included."""
        return self._job is not None

    @property
    def isWorking(self) -> bool:
        """Whether the next :meth:`poll` has work to do even when the worker says nothing."""
        return self._job is not None and (self._work is not None or bool(self._events))

    def isRunningJob(self, job) -> bool:
        """Whether ``job`` is the one under way."""
        return job is not None and self._job is job

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever a job has begun or ended."""
        self._listeners.append(listener)

    def ignore(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` no more."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def isWritingTo(self, inputVolume) -> bool:
        """Whether the job under way replaces the segments of a volume, the user's corrections in them included."""
        return self._job is not None and any(node is inputVolume for node in self._job.writesTo)

    def start(self, job: EngineJob) -> None:
        """Begin a job; its events reach it from :meth:`poll`.

        :raises RuntimeError: a job is under way, or the worker cannot be started; the job's files are removed.
        """
        try:
            if self.isRunning:
                raise RuntimeError(_("The engine is busy; wait for the end of its job or cancel it."))
            self.engine.start()
        except BaseException:
            job.cleanUp()
            raise
        self._job = job
        self._unsent = job.message
        self._isCancelled = False
        self._events.clear()
        preparation = job.prepareSteps()
        self._work = None if preparation is None else _Work(preparation, isPreparing=True)
        self._sendWhenFree()
        self._tell()

    def poll(self, wait: float = 0.0) -> list[dict]:
        """Handle what the worker has sent since the last call, at most ``wait`` seconds later, and go on with the work.

        :returns: events that belong to no job: ``ready``, ``unavailable``, ``log`` and ``exited``.
        """
        others = []
        for event in self.engine.poll(0.0 if self.isWorking else wait):
            if "id" not in event:
                others.append(event)
            elif self._job is not None and event["id"] == self._job.id:
                self._events.append(event)
        if self._job is not None and self._job.lostSource():
            self.abandon(self._job.lostSource())
        deadline = time.monotonic() + _WORK_SECONDS
        while self.isWorking and not self._isStepping:
            self._goOn()
            if time.monotonic() > deadline:
                break
        self._sendWhenFree()
        self._removeLeftFiles()
        self._tell()
        return others

    def cancel(self) -> None:
        """Ask for the end of the job, which is told to its owner when the worker has answered."""
        if self._job is None:
            return
        patience = self._job.cancelPatience
        isWriting = self._work is not None and self._work.isLast
        if self._unsent is not None or (isWriting and patience is None):
            self.abandon()  # the worker knows nothing of it yet, or no more
        elif not isWriting:
            self._isCancelled = patience is None
            self.engine.cancel(patience)

    def abandon(self, reason: str = "") -> None:
        """End the job at once: the worker's answer is not waited for, and nothing more is written to the scene."""
        job, self._job = self._job, None
        if job is None:
            return
        if self._unsent is None:
            self.engine.cancel()
        self._forgetWork()
        self._endedJobs.append(job)
        job.abandon(reason)
        self._tell()

    def stop(self) -> None:
        """End the job and the worker. The next job starts a new worker."""
        self.abandon()
        self.engine.stop()
        self._removeLeftFiles()

    def _tell(self) -> None:
        """Call the listeners if another job is under way than the last time, or none any more."""
        if self._toldJob is not self._job:
            self._toldJob = self._job
            for listener in list(self._listeners):
                listener()

    def _goOn(self) -> None:
        """Do one step, or handle one event."""
        if self._work is not None:
            self._step(self._work)
            return
        event = self._events.popleft()
        if self._isCancelled and event["event"] == "done":  # the cancel came too late for the worker, not for the user
            event = {"id": event["id"], "event": "cancelled"}
        if not self._isOutdated(event):
            self._handle(event)

    def _step(self, work: _Work) -> None:
        job = self._job
        self._isStepping = True  # a step may let the application handle events, a timer's among them
        try:
            next(work.steps)
            return
        except StopIteration as end:
            announce = end.value
        except Exception as error:
            if self._work is work:
                self._fail(job, error, work)
            return
        finally:
            self._isStepping = False
        if self._work is not work:
            return  # abandoned meanwhile
        self._work = None
        if work.isLast:
            self._job = None
            self._endedJobs.append(job)
            if announce is not None:
                announce()

    def _handle(self, event: dict) -> None:
        job, isLast = self._job, event["event"] in _LAST_EVENTS
        if isLast:
            self._job = None  # first, because a listener may show a dialog or start the next job
        try:
            steps = job.handle(event)
        except Exception as error:
            if job.ended:  # its listener's own fault, and another job may be under way by now
                self._endedJobs.append(job)
                raise
            self._fail(job, error)
            return
        if steps is not None:
            self._job, self._work = job, _Work(steps, isLast=isLast)
        elif isLast:
            self._endedJobs.append(job)

    def _isOutdated(self, event: dict) -> bool:
        """Whether an event is a preview that something newer has already followed."""
        return event["event"] == "preview" and any(
            later["event"] in _LAST_EVENTS
            or (later["event"] == "preview" and later.get("subject") == event.get("subject"))
            for later in self._events
        )

    def _fail(self, job: EngineJob, error: Exception, work: _Work | None = None) -> None:
        """Nobody above a timer would see the error: the user is told, the scene brought back."""
        if self._unsent is None:
            self.engine.cancel()
        self._job = None
        self._forgetWork()
        self._endedJobs.append(job)
        if work is not None and work.isPreparing:
            kind = "input" if isinstance(error, ValueError) else "internal"
            job.fail(str(error), kind, "" if kind == "input" else traceback.format_exc())
        else:
            reason = _("The results could not be put into the scene: {cause}").format(cause=str(error))
            job.fail(reason, details=traceback.format_exc())

    def _forgetWork(self) -> None:
        self._unsent = None
        self._work = None
        self._events.clear()

    def _sendWhenFree(self) -> None:
        """Send the job once it is prepared and the worker has ended the one before, which may have been abandoned."""
        if self._unsent is not None and self._work is None and not self.engine.busy:
            message, self._unsent = self._unsent, None
            self.engine.submit(message)

    def _removeLeftFiles(self) -> None:
        if not self.engine.busy:
            self._endedJobs = [job for job in self._endedJobs if not job.cleanUp()]
