"""A job of the worker from its message to its end: what all jobs do alike.

A subclass says what is asked for and what becomes of the answer; :class:`JobRunner` carries both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import slicer

from . import volumes
from .exchange import Exchange
from .steps import Announce, Steps


def unheard(*_arguments) -> None:
    """What is told when nobody listens."""


@dataclass(frozen=True)
class JobListener:
    """What the owner of a job is told. One of the last three comes last, and nothing after it.

    :param progress: (fraction 0 to 1, stage, message, remaining seconds or None).
    :param finished: (what the job gives, see there).
    :param failed: (sentence, kind ``input``, ``memory``, ``unavailable`` or ``internal``, details).
    :param cancelled: (sentence that says why when it was not the user, else empty).
    """

    progress: Callable = unheard
    finished: Callable = unheard
    failed: Callable = unheard
    cancelled: Callable = unheard


class EngineJob:
    """What the worker is asked for, and what becomes of its answer.

    :param identifier: that the worker puts into each event.
    :param listener: is told how it goes on.
    """

    # Seconds that the worker may take to answer a cancel with what it has so far; None when it is only to stop.
    cancelPatience: float | None = None

    def __init__(self, identifier: str, listener: JobListener) -> None:
        self.id = identifier
        self.message: dict = {}  # for the worker, with "id" and "job"
        self.ended = False  # true once nothing more will come
        self._listener = listener

    @property
    def writesTo(self) -> tuple:
        """The input volumes whose segments are replaced."""
        return ()

    def lostSource(self) -> str:
        """The sentence for a node that the job needs and the scene no longer has, empty when all are there."""
        return ""

    def prepareSteps(self) -> Steps[None] | None:
        """What is to be done before the message can be sent, None without anything."""
        return None

    def handle(self, event: dict) -> Steps[Announce | None] | None:
        """React to one event of the worker.

        What takes longer than some milliseconds is returned as steps, which the runner does at the next ticks while
        later events wait. Those of the last event may have a function as outcome: it is called when the job has ended
        and the next one may be started.
        """
        handler = self._handlers().get(event["event"])
        return handler(event) if handler is not None and not self.ended else None

    def fail(self, reason: str, kind: str = "internal", details: str = "") -> None:
        """End with a sentence; the scene is as before."""
        if not self.ended:
            self._undo()
            self._end()
            self._listener.failed(reason, kind, details)

    def abandon(self, reason: str = "") -> None:
        """End here, whatever the worker still sends: the scene is as before, also in the middle of the steps."""
        if not self.ended:
            self._undo()
            self._end()
            self._listener.cancelled(reason)

    def cleanUp(self) -> bool:
        """Delete the temporary files; false while the worker holds one of them."""
        return True

    def _handlers(self) -> dict[str, Callable[[dict], Steps | None]]:
        """By the name of the event."""
        return {
            "progress": self._onProgress,
            "preview": self._onPreview,
            "done": self._onDone,
            "failed": self._onFailed,
            "cancelled": self._onCancelled,
        }

    def _onProgress(self, event: dict) -> None:
        self._listener.progress(
            event["fraction"], event.get("stage", ""), event.get("message", ""), event.get("remaining_seconds")
        )

    def _onPreview(self, event: dict) -> Steps[None] | None:
        return None

    def _onDone(self, event: dict) -> Steps[Announce] | None:
        """Take over the results, call :meth:`_end`, then tell that it is finished."""
        raise NotImplementedError

    def _onFailed(self, event: dict) -> None:
        self.fail(event.get("reason", ""), event.get("kind", "internal"), event.get("details", ""))

    def _onCancelled(self, event: dict) -> None:
        self.abandon()

    def _undo(self) -> None:
        """Bring the scene back."""

    def _end(self) -> None:
        self.ended = True
        self.cleanUp()


class SceneJob(EngineJob):
    """A job about nodes of the scene, whose voxels go to the worker and back through a temporary folder.

    A subclass sets what its message needs, then calls this.

    :raises ValueError: a node cannot be used.
    """

    def __init__(self, listener: JobListener) -> None:
        self._scene = slicer.mrmlScene
        self._exchange = Exchange()
        super().__init__(self._exchange.id, listener)
        try:
            self.message = self._announce()
        except BaseException:
            self._exchange.remove()
            raise

    def lostSource(self) -> str:
        for node in self._sources():
            if self._scene is not slicer.mrmlScene or not self._scene.IsNodePresent(node):
                return self._lostSentence(volumes.name(node))
        return ""

    def prepareSteps(self) -> Steps[None]:
        """Write the arrays that the message names."""
        yield from self._exchange.writeSteps()

    def cleanUp(self) -> bool:
        return self._exchange.remove()

    def _announce(self) -> dict:
        """The worker's message; the arrays that it names are announced to the exchange."""
        raise NotImplementedError

    def _sources(self) -> tuple:
        """All nodes that are read."""
        raise NotImplementedError

    def _lostSentence(self, name: str) -> str:
        """What to say when the source called ``name`` was removed."""
        raise NotImplementedError

    def _onPreview(self, event: dict) -> Steps[None] | None:
        try:
            labels = self._exchange.take(event["labels"])
        except FileNotFoundError:
            return None  # the worker replaced it by a newer one before it was read
        return self._previewSteps(event.get("subject", 0), labels)

    def _previewSteps(self, subject: int, labels: np.ndarray) -> Steps[None] | None:
        """Show the (I, J, K) uint8 labels of an unfinished job.

        :param subject: index among the volumes that are segmented together.
        """
        return None
