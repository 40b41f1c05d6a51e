"""One job at a time in the warm worker: sends it, hands it the worker's events, ends it."""

from __future__ import annotations

import traceback
from typing import Protocol

from slicer.i18n import tr as _

from .engine_process import EngineProcess


class EngineJob(Protocol):
    """What the worker is asked for, and what becomes of its answer."""

    id: str
    message: dict  # for the worker, with "id" and "job"

    def lostSource(self) -> str:
        """The sentence for a node that the job needs and the scene no longer has, empty when all are there."""

    def handle(self, event: dict) -> None:
        """React to one event of the worker."""

    def fail(self, reason: str, kind: str = "internal", details: str = "") -> None:
        """End with a sentence; the scene is as before."""

    def abandon(self, reason: str = "") -> None:
        """End here, whatever the worker still sends: the scene is as before."""

    def cleanUp(self) -> bool:
        """Delete the temporary files; false while the worker holds one of them."""


class JobRunner:
    """Runs one job at a time. A panel polls it from a timer, a script in a loop.

    :param engine: the worker process, which stays warm between jobs.
    """

    def __init__(self, engine: EngineProcess) -> None:
        self.engine = engine
        self._job: EngineJob | None = None
        self._unsent: dict | None = None
        self._endedJobs: list[EngineJob] = []

    @property
    def isRunning(self) -> bool:
        """Whether a job is under way."""
        return self._job is not None

    def isRunningJob(self, job) -> bool:
        """Whether ``job`` is the one under way."""
        return job is not None and self._job is job

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
        self._sendWhenFree()

    def poll(self, wait: float = 0.0) -> list[dict]:
        """Handle what the worker has sent since the last call, at most ``wait`` seconds later.

        :returns: events that belong to no job: ``ready``, ``unavailable``, ``log`` and ``exited``.
        """
        others = []
        for event in self.engine.poll(wait):
            if "id" not in event:
                others.append(event)
            elif self._job is not None and event["id"] == self._job.id:
                self._handle(event)
        if self._job is not None and self._job.lostSource():
            self.abandon(self._job.lostSource())
        self._sendWhenFree()
        self._removeLeftFiles()
        return others

    def cancel(self) -> None:
        """Ask for the end of the job, which is told to its owner when the worker has answered."""
        if self._job is None:
            return
        if self._unsent is not None:
            self.abandon()
        else:
            self.engine.cancel()

    def abandon(self, reason: str = "") -> None:
        """End the job at once: the worker's answer is not waited for, and nothing more is written to the scene."""
        job, self._job = self._job, None
        if job is None:
            return
        if self._unsent is None:
            self.engine.cancel()
        self._unsent = None
        self._endedJobs.append(job)
        job.abandon(reason)

    def stop(self) -> None:
        """End the job and the worker. The next job starts a new worker."""
        self.abandon()
        self.engine.stop()
        self._removeLeftFiles()

    def _handle(self, event: dict) -> None:
        job = self._job
        if event["event"] in ("done", "failed", "cancelled"):
            # First, because a listener may show a dialog or start the next job.
            self._job = None
            self._endedJobs.append(job)
        try:
            job.handle(event)
        except Exception as error:
            # Nobody above a timer would see it: the user is told, the scene brought back.
            if self._job is job:
                self._job = None
                self._endedJobs.append(job)
            self._unsent = None
            self.engine.cancel()
            job.fail(
                _("The results could not be put into the scene: {cause}").format(cause=str(error)),
                details=traceback.format_exc(),
            )

    def _sendWhenFree(self) -> None:
        """Send the job once the worker has ended the one before, which may have been abandoned."""
        if self._unsent is not None and not self.engine.busy:
            message, self._unsent = self._unsent, None
            self.engine.submit(message)

    def _removeLeftFiles(self) -> None:
        if not self.engine.busy:
            self._endedJobs = [job for job in self._endedJobs if not job.cleanUp()]
