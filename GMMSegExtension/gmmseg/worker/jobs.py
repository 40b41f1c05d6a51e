"""The worker's jobs: one at a time in a thread, cancelled without waiting for the engine."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled
from ..failures import CANCELLED, explain, last_lines
from ..remaining import RemainingTime

if TYPE_CHECKING:
    import numpy as np

    from .protocol import Previews

IDLE_SECONDS = 60.0
PROGRESS_SECONDS = 0.1
_FINAL = ("done", "failed", "cancelled")


class Job:
    """A request and the events about it. The first final event wins; whatever comes later is dropped.

    Args:
        request: with its ``id``.
        send: takes each event.
    """

    def __init__(self, request: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> None:
        self.id: str = request["id"]
        self.request = request
        self._send = send
        # A job with something to show for sets the first, a reader who wants it now the second.
        self.can_finish_early = self.is_asked_to_finish = False
        self._lock = threading.Lock()
        self._ended: str | None = None

    @property
    def ended(self) -> str | None:
        """The final event that the reader has been told, None while the job is open."""
        return self._ended

    def send(self, event: str, **fields: Any) -> None:
        """Sends an event about this job, unless its end has been told already."""
        with self._lock:
            if self._ended is None:
                # Known here before the reader can act on it, and undone if it cannot be told.
                self._ended = event if event in _FINAL else None
                try:
                    self._send({"id": self.id, "event": event, **fields})
                except BaseException:
                    self._ended = None
                    raise


class JobProgress:
    """A run's progress as events of its job; raises Cancelled once the job has ended."""

    def __init__(self, job: Job, previews: Previews, clock: Callable[[], float] = time.monotonic) -> None:
        self._job, self._previews, self._clock = job, previews, clock
        self._remaining = RemainingTime(clock)
        self._next_time = -float("inf")
        self._stage = ""

    def __call__(self, fraction: float, stage: str, message: str, preview: np.ndarray | None = None) -> None:
        if self._job.ended:
            raise Cancelled
        seconds = self._remaining.update(fraction, stage)
        if stage != self._stage or self._clock() >= self._next_time:
            self._stage, self._next_time = stage, self._clock() + PROGRESS_SECONDS
            self._job.send(
                "progress", fraction=float(fraction), stage=stage, message=message, remaining_seconds=seconds
            )
        if preview is not None:
            self._previews.offer(preview)


class JobQueue:
    """Runs jobs one after the other in a thread of its own.

    Args:
        run: does a job and returns the fields of its ``done`` event.
        release: gives memory back; called after a failure and when nothing has happened for a while.
        idle_seconds: how long that while is.
    """

    def __init__(
        self, run: Callable[[Job], dict[str, Any]], release: Callable[[], None], idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._run, self._release, self._idle_seconds = run, release, idle_seconds
        self._waiting: queue.Queue[Job] = queue.Queue()
        self._open: dict[str, Job] = {}
        self._running: Job | None = None
        threading.Thread(target=self._work, name="jobs", daemon=True).start()

    def is_open(self, job_id: str) -> bool:
        """Whether a job of this id waits or runs."""
        job = self._open.get(job_id)
        return job is not None and not job.ended

    def submit(self, job: Job) -> None:
        """Queues a job; says so when another one, perhaps cancelled, has not ended yet."""
        self._open[job.id] = job
        running = self._running
        if running is not None and running.ended in (None, "cancelled"):
            before = "cancelled run" if running.ended else "run before"
            job.send(
                "progress",
                fraction=0.0,
                stage="waiting",
                message=f"Waiting for the {before} to end",
                remaining_seconds=None,
            )
        self._waiting.put(job)

    def cancel(self, job_id: str) -> bool:
        """Tells the reader that the job is cancelled, at once; False when no such job is open."""
        if not self.is_open(job_id):
            return False
        self._open[job_id].send("cancelled")
        return True

    def finish(self, job_id: str) -> None:
        """Asks a job to end early with what it has so far; one that has nothing yet is cancelled."""
        job = self._open.get(job_id)
        if job is not None and job.can_finish_early:
            job.is_asked_to_finish = True
        else:
            self.cancel(job_id)

    def _work(self) -> None:
        timeout: float | None = None
        while True:
            try:
                job = self._waiting.get(timeout=timeout)
            except queue.Empty:
                self._release()
                timeout = None
                continue
            self._running = job
            self._do(job)
            self._running = None
            # A job resubmitted under the same id may already stand in its place.
            if self._open.get(job.id) is job:
                del self._open[job.id]
            timeout = self._idle_seconds

    def _do(self, job: Job) -> None:
        if job.ended:
            return
        try:
            job.send("done", **self._run(job))
            return
        except Cancelled:
            job.send("cancelled")
        except BaseException as error:  # whatever a job does, the worker must be there for the next one
            kind, reason = explain(error)
            if kind == CANCELLED:
                job.send("cancelled")
            else:
                job.send("failed", reason=reason, kind=kind, details=last_lines(error))
        self._release()
