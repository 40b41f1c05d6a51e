"""The warm worker process: start, talk, notice its death, end. Free of qt and slicer.

One ``python -m gmmseg worker`` serves job after job, so torch, device and network are loaded once. Lines are read by
threads and handed over by :meth:`EngineProcess.poll`, so the caller never waits for the worker.
"""

from __future__ import annotations

import contextlib
import json
import math
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from . import process_tree

_LOG_LINES = 200
_CAUSE_LINES = 3
# A grandchild may keep the streams of a dead worker open; its last words are waited for no longer than this.
_LAST_WORDS_SECONDS = 1.0


class EngineProcess:
    """A worker that is started when it is first needed and again after it has died.

    :param command: called before each start; gives the worker's command line.
    :param environment: called before each start; gives the worker's environment, None for this process's own.
    :param launch: starts a command in an environment and gives the process with piped text streams.
    :param cancelPatience: seconds that the worker has to answer a cancel before it is ended.
    """

    def __init__(
        self,
        command: Callable[[], Sequence[str]],
        environment: Callable[[], dict[str, str] | None] = lambda: None,
        launch: Callable[..., subprocess.Popen] = process_tree.launch,
        cancelPatience: float = 3.0,
    ) -> None:
        self._command = command
        self._environment = environment
        self._launch = launch
        self._cancelPatience = cancelPatience
        self._process: subprocess.Popen | None = None
        self._lines: queue.Queue = queue.Queue()
        self._activeJob: str | None = None
        self._cancelDeadline: float | None = None
        self._wishes: set[str] = set()
        self._readers: list[threading.Thread] = []
        self._foundDeadAt: float | None = None
        self.capabilities: dict | None = None
        self.log: deque[str] = deque(maxlen=_LOG_LINES)

    @property
    def running(self) -> bool:
        """Whether the worker process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def busy(self) -> bool:
        """Whether a job was sent whose end has not been polled yet."""
        return self._activeJob is not None

    def start(self) -> None:
        """Start the worker unless it runs. Returns at once; its first event arrives through :meth:`poll`.

        :raises RuntimeError: the interpreter cannot be started.
        """
        if self.running:
            return
        self._forgetProcess()
        command = list(self._command())
        try:
            process = self._launch(command, self._environment())
        except OSError as error:
            raise RuntimeError(f"The engine's Python '{command[0]}' cannot be started: {error}.") from error
        # The threads hold the streams and the queue but not this object, and each process has its own queue:
        # late lines of a dead worker never reach the next one.
        self._process, self._lines, self.capabilities = process, queue.Queue(), None
        self._readers = [
            _readerThread(process.stdout, self._lines, "event"),
            _readerThread(process.stderr, self._lines, "log"),
        ]

    def submit(self, request: dict) -> None:
        """Send a job (a dict with ``id``), starting the worker when needed.

        :raises RuntimeError: another job is running, or the worker cannot be started.
        """
        if self.busy:
            raise RuntimeError("The engine is busy with another job; cancel it or wait for its end.")
        self.start()
        self._activeJob = request["id"]
        self._cancelDeadline = None
        self._wishes.clear()
        self._write(request)

    def cancel(self, patience: float | None = None) -> None:
        """Ask the worker to end the running job; :meth:`poll` gives its answer, or makes it up when none comes.

        :param patience: seconds that it has to finish early with what it has so far; None drops the job, for which it
            has the usual time. The shortest of several counts.
        """
        if not self.busy:
            return
        wish = "cancel" if patience is None else "finish"
        deadline = time.monotonic() + (self._cancelPatience if patience is None else patience)
        if wish not in self._wishes:
            self._wishes.add(wish)
            self._write({wish: self._activeJob})
        self._cancelDeadline = min(self._cancelDeadline or math.inf, deadline)

    def poll(self, wait: float = 0.0) -> list[dict]:
        """Events since the last call; log lines come as ``{"event": "log", "line"}``.

        A worker that dies ends its job with a ``failed`` event that names the cause.

        :param wait: seconds to wait for a first event.
        """
        events = []
        for kind, line in self._arrived(wait):
            if kind == "log":
                self.log.append(line)
                events.append({"event": "log", "line": line})
            elif kind == "event":
                events.extend(self._parsed(line))
        if self._hasEnded():
            events.extend(self._ended())
        elif self._cancelDeadline is not None and time.monotonic() > self._cancelDeadline:
            self._cancelDeadline = math.inf
            # Ending takes seconds when the worker does not listen; the caller need not wait for it.
            threading.Thread(target=process_tree.end, args=(self._process,), name="gmmseg-end", daemon=True).start()
        return events

    def stop(self, patience: float = 2.0) -> None:
        """End the worker and all it started; a running job is dropped without an event."""
        process, self._activeJob, self._cancelDeadline = self._process, None, None
        if process is None:
            return
        self._write({"job": "shutdown"})
        _closeQuietly(process.stdin)
        try:
            process.wait(patience / 4)
        except subprocess.TimeoutExpired:
            process_tree.end(process, patience)
        self._forgetProcess(_LAST_WORDS_SECONDS)

    def _arrived(self, wait: float) -> list[tuple[str, str]]:
        lines = []
        try:
            lines.append(self._lines.get(timeout=wait) if wait > 0 else self._lines.get_nowait())
            while True:
                lines.append(self._lines.get_nowait())
        except queue.Empty:
            return lines

    def _parsed(self, line: str) -> list[dict]:
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            event = None
        if not isinstance(event, dict):
            self.log.append(line)
            return [{"event": "log", "line": line}]
        if event.get("event") in ("ready", "unavailable"):
            self.capabilities = event
        if event.get("event") == "unavailable" and self.busy:
            return [event, self._jobEvent("failed", reason=event.get("reason", ""), kind="unavailable", details="")]
        if event.get("event") in ("done", "failed", "cancelled") and event.get("id") == self._activeJob:
            self._activeJob, self._cancelDeadline = None, None
        return [event]

    def _ended(self) -> list[dict]:
        """Events that a dead worker can no longer send."""
        code = self._process.poll()
        wasCancelled = self._cancelDeadline is not None
        events: list[dict] = [{"event": "exited", "code": code}]
        if self.busy and wasCancelled:
            events.append(self._jobEvent("cancelled"))
        elif self.busy:
            cause = " ".join(line.strip() for line in list(self.log)[-_CAUSE_LINES:] if line.strip())
            reason = f"The engine stopped unexpectedly (exit code {code})" + (f": {cause}" if cause else ".")
            events.append(self._jobEvent("failed", reason=reason, kind="internal", details="\n".join(self.log)))
        self._forgetProcess()
        return events

    def _jobEvent(self, event: str, **values) -> dict:
        job, self._activeJob, self._cancelDeadline = self._activeJob, None, None
        return {"id": job, "event": event, **values}

    def _write(self, message: dict) -> None:
        with contextlib.suppress(OSError, ValueError):  # a dead worker is reported by poll, with its last words
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def _hasEnded(self) -> bool:
        """Whether the worker is dead and its last words have been read."""
        if self._process is None or self.running:
            return False
        if self._foundDeadAt is None:
            self._foundDeadAt = time.monotonic()
        if any(reader.is_alive() for reader in self._readers):
            return time.monotonic() - self._foundDeadAt > _LAST_WORDS_SECONDS
        return self._lines.empty()

    def _forgetProcess(self, patience: float = 0.0) -> None:
        process, self._process, self.capabilities, self._foundDeadAt = self._process, None, None, None
        if process is None:
            return
        _closeQuietly(process.stdin)
        for reader, stream in zip(self._readers, (process.stdout, process.stderr), strict=True):
            reader.join(timeout=patience)
            if not reader.is_alive():  # closing a stream under its reader would wait for the reader
                _closeQuietly(stream)
        self._readers = []


def _readerThread(stream, lines: queue.Queue, kind: str) -> threading.Thread:
    thread = threading.Thread(target=_read, args=(stream, lines, kind), name=f"gmmseg-{kind}", daemon=True)
    thread.start()
    return thread


def _read(stream, lines: queue.Queue, kind: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # the stream is closed under the reader when the process is ended
        for line in stream:
            lines.put((kind, line.rstrip("\r\n")))


def _closeQuietly(stream) -> None:
    with contextlib.suppress(OSError, ValueError):
        stream.close()
