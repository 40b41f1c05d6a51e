"""The warm process behind the panel: reads requests, answers with events, never outlives its parent.

The main thread only reads stdin, so that a cancel is answered at once even while the engine sits in a long
library call. Packages are loaded once; nothing heavy is imported before the reader could be told it is missing.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from .. import __version__, environment
from ..errors import InputError
from ..failures import missing_packages_sentence, one_line
from .export import run_export
from .field import FieldJobs
from .finetune import run_finetune
from .jobs import Job, JobProgress, JobQueue
from .models import run_check_model
from .protocol import EventWriter, Previews, SegmentRequest, save_result, take_stdout

if TYPE_CHECKING:
    from ..case import Case, Result

PARENT_POLL_SECONDS = 1.0
NICENESS = 5

# Does a job and returns the fields of its ``done`` event.
JobFunction = Callable[[Job], dict[str, Any]]


def serve(jobs: Mapping[str, JobFunction] | None = None, greet: Callable[[], dict[str, Any]] | None = None) -> int:
    """Runs the worker on stdin and stdout until stdin ends, ``shutdown`` is asked for or the parent is gone.

    Args:
        jobs: what the names of jobs do; those of the panel when None.
        greet: gives the first event; :func:`greeting` when None.

    Returns:
        0, and only when the engine cannot be used; otherwise the process ends inside.
    """
    send = EventWriter(take_stdout())
    _lower_priority()
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), name="parent", daemon=True).start()
    first = (greet or greeting)()
    send(first)
    if first["event"] == "ready":
        with contextlib.suppress(KeyboardInterrupt):
            Worker(send, jobs or panel_jobs(), _release).read(sys.stdin.buffer)
        # Not sys.exit: a job may sit in a library call that nothing but the end of the process stops.
        os._exit(0)
    return 0


def greeting() -> dict[str, Any]:
    """The first event: ``ready`` with what can be used, or ``unavailable`` with what is missing."""
    missing = environment.missing(environment.ENGINE)
    if not missing:
        try:
            return _ready()
        except Exception as error:  # a package may be there but broken, such as torch without its libraries
            name = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
            if not name or name.startswith(__package__):
                reason = f"The engine cannot be loaded: {type(error).__name__}: {one_line(error)}"
                return {"event": "unavailable", "reason": reason, "missing": []}
            missing = [name]
    return {"event": "unavailable", "reason": missing_packages_sentence(missing), "missing": missing}


def panel_jobs() -> dict[str, JobFunction]:
    """What the panel can ask for, by the name of the job."""
    fields = FieldJobs()
    return {
        "segment": partial(fields.after, run_segment),
        "check_model": run_check_model,
        "finetune": partial(_forgetting, fields.forget, run_finetune),
        "field": fields.run,
        "export": run_export,
    }


def _forgetting(forget: Callable[[], None], run: JobFunction, job: Job) -> dict[str, Any]:
    """Does a job that needs the memory of what was kept for others."""
    forget()
    return run(job)


def run_segment(job: Job, remember: Callable[[str, Result, Case], None] | None = None) -> dict[str, Any]:
    """Does a ``segment`` job; returns the fields of its ``done`` event.

    Args:
        job: the job.
        remember: told its id, result and case, for jobs that go on from there.

    Raises:
        InputError: the request, its arrays or its settings cannot be used.
        Cancelled: the job was closed meanwhile.
    """
    from .. import resilience
    from ..progress import part

    request = SegmentRequest.parse(job.request)
    progress = JobProgress(job, Previews(request.output, lambda path: job.send("preview", labels=path)))
    progress(0.0, "read", "Reading the volumes")
    case = request.case()
    result = resilience.segment(case, request.settings, part(progress, 0.0, 0.98))
    progress(0.98, "write", "Handing over the results")
    fields = save_result(result, request.output)
    if remember is not None:
        remember(job.id, result, case)
    return fields


class Worker:
    """Turns lines into jobs.

    Args:
        send: takes each event.
        jobs: what the names of jobs do.
        release: gives memory back.
    """

    def __init__(
        self,
        send: Callable[[dict[str, Any]], None],
        jobs: Mapping[str, JobFunction],
        release: Callable[[], None],
    ) -> None:
        self._send, self._jobs = send, jobs
        self._queue = JobQueue(lambda job: jobs[job.request["job"]](job), release)

    def read(self, lines: Iterable[bytes]) -> None:
        """Handles every line; returns at the end of the lines or at ``shutdown``."""
        for line in lines:
            if not line.strip():
                continue
            try:
                message = _parse(line)
                if message.get("job") == "shutdown":
                    return
                self._handle(message)
            except InputError as error:
                self._send({"event": "failed", "reason": str(error), "kind": "input"})

    def _handle(self, message: dict[str, Any]) -> None:
        if "cancel" in message:
            self._queue.cancel(str(message["cancel"]))
            return
        if "finish" in message:
            self._queue.finish(str(message["finish"]))
            return
        job_id = message.get("id")
        if not isinstance(job_id, str) or not job_id:
            raise InputError("A request needs an 'id', which must be a text.")
        if self._queue.is_open(job_id):
            raise InputError(f"A job with the id '{job_id}' is still open; choose another id.")
        job = Job(message, self._send)
        if message.get("job") not in self._jobs:
            known = ", ".join([*self._jobs, "shutdown"])
            reason = f"Unknown job {message.get('job')!r}; this version knows: {known}."
            job.send("failed", reason=reason, kind="input", details="")
            return
        self._queue.submit(job)


def _parse(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError as error:
        raise InputError("A line that is not JSON was ignored.") from error
    if not isinstance(message, dict):
        raise InputError("A line that is not a JSON object was ignored.")
    return message


def _ready() -> dict[str, Any]:
    import torch

    from .. import brain_mask, devices, models, networks, segmenter  # noqa: F401  (loaded now, so that a job starts at once)
    from ..settings import MODES

    absent = brain_mask.missing_packages()
    return {
        "event": "ready",
        "version": __version__,
        "torch": str(torch.__version__),
        "devices": devices.available(),
        "modes": list(MODES),
        "networks": list(networks.available()),
        "automatic_mask": not absent,
        "automatic_mask_missing": absent,
    }


def _release() -> None:
    from ..resilience import free_memory

    free_memory()


def _lower_priority() -> None:
    """Leaves the processor to the panel whenever it wants it."""
    with contextlib.suppress(Exception):  # a convenience that no failure may cost a run
        if hasattr(os, "nice"):
            os.nice(NICENESS)
        else:
            import psutil

            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)


def _end_with_parent(parent: int) -> None:
    """Ends the process once its parent is gone, for the case that something else keeps stdin open."""
    while _is_parent(parent):
        time.sleep(PARENT_POLL_SECONDS)
    os._exit(0)


def _is_parent(parent: int) -> bool:
    if sys.platform != "win32":
        return os.getppid() == parent  # an orphan is given another parent
    try:
        import psutil
    except ImportError:
        return True
    return psutil.pid_exists(parent)
