"""Jobs that a script waits for: what comes of them as a value or an exception. Needs no Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gmmseg.errors import Cancelled

from .engine_job import EngineJob
from .job_runner import JobRunner

_POLL_SECONDS = 0.1


class Waited:
    """Hears of one job until it has ended::

        waited = Waited(progress)
        job = SomeJob(request, SomeListener(**waited.told))
        jobs.start(job)
        outcome = waited.outcome(jobs, job)

    :param progress: called with (fraction, stage, message); may raise ``gmmseg.Cancelled``.
    """

    def __init__(self, progress: Callable[..., None] | None) -> None:
        self._progress = progress
        self._finished: Any = None
        self._error: Exception | None = None
        self._isCancelled = False

    @property
    def told(self) -> dict[str, Callable]:
        """What the job's :class:`JobListener` calls, by the names of its parameters."""
        return {
            "progress": self._onProgress,
            "finished": self._onFinished,
            "failed": self._onFailed,
            "cancelled": self._onCancelled,
        }

    def outcome(self, jobs: JobRunner, job: EngineJob) -> Any:
        """Wait for the end of ``job``; gives what its listener is told when it has finished.

        :raises ValueError: the input or a setting cannot be used.
        :raises RuntimeError: the engine failed.
        :raises gmmseg.Cancelled: ``progress`` raised it, or somebody else has ended the job.
        """
        try:
            while jobs.isRunningJob(job):
                jobs.poll(_POLL_SECONDS)
                if self._isCancelled and jobs.isRunningJob(job):
                    jobs.cancel()
        finally:
            if jobs.isRunningJob(job):  # an interrupt from the keyboard
                jobs.abandon()
        if self._error is not None:
            raise self._error
        return self._finished

    def _onProgress(self, fraction: float, stage: str, message: str, remaining: float | None) -> None:
        if self._progress is None or self._isCancelled:
            return
        try:
            self._progress(fraction, stage, message)
        except Exception as error:  # Cancelled, or a fault of the caller's own, which is the caller's to see
            self._error = error
            self._isCancelled = True

    def _onFinished(self, outcome: Any) -> None:
        self._finished = outcome

    def _onFailed(self, reason: str, kind: str, details: str) -> None:
        self._error = ValueError(reason) if kind in ("input", "unavailable") else RuntimeError(reason)

    def _onCancelled(self, reason: str) -> None:
        self._error = self._error or Cancelled(reason)
