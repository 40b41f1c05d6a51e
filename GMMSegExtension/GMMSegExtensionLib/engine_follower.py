"""Polls the worker from a timer, so that the application is never waited for."""

from __future__ import annotations

from collections.abc import Callable

import qt

from .segmentation_logic import SegmentationLogic

_POLL_MILLISECONDS = 50
# Between steps of work on results: the application draws and reacts meanwhile.
_WORK_MILLISECONDS = 5


class EngineFollower:
    """Follows the worker as long as a job runs or the worker starts.

    :param onEvent: called with each event that belongs to no job: ``ready``, ``unavailable``, ``log``, ``exited``,
        and a ``failed`` one without a job's id.
    """

    def __init__(self, logic: SegmentationLogic, onEvent: Callable[[dict], None]) -> None:
        self._logic = logic
        self._onEvent = onEvent
        self._timer = qt.QTimer()
        self._timer.setInterval(_POLL_MILLISECONDS)
        self._timer.connect("timeout()", self._poll)

    def follow(self) -> None:
        """Poll until nothing more is to be expected; called after a job or the worker was started."""
        self._timer.setInterval(self._interval())
        self._timer.start()

    def stop(self) -> None:
        """Poll no more, for good."""
        self._timer.stop()
        self._timer.disconnect("timeout()", self._poll)

    def _poll(self) -> None:
        for event in self._logic.pollEngine():
            self._onEvent(event)
        if self._timer.interval != self._interval():
            self._timer.setInterval(self._interval())
        engine = self._logic.engine
        isStarting = engine.running and engine.capabilities is None
        if not self._logic.jobs.isRunning and not engine.busy and not isStarting:
            self._timer.stop()

    def _interval(self) -> int:
        return _WORK_MILLISECONDS if self._logic.jobs.isWorking else _POLL_MILLISECONDS
