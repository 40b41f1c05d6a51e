"""The newest degree of the field that the user wants: one is computed at a time, those between are left out."""

from __future__ import annotations

from collections.abc import Callable

from slicer.i18n import tr as _

from .engine_job import JobListener
from .field_run import FieldRun
from .panel_context import PanelContext
from .scene import outputsOf


class FieldUpdates:
    """Computes the field of the degree that was wanted last.

    :param context: what the panels share.
    :param onUpdated: called with (input volume, degree, seconds) when the scene has the field that was wanted last.
    :param onFailed: called with the sentence that says why there is none, empty when it was ended on purpose.
    """

    def __init__(self, context: PanelContext, onUpdated: Callable, onFailed: Callable) -> None:
        self._context = context
        self._onUpdated = onUpdated
        self._onFailed = onFailed
        self._run: FieldRun | None = None
        self._inputVolume = None
        self._wanted: int | None = None

    def wanted(self, degree: int) -> int:
        """The degree that is under way; ``degree``, that of the field, when none is."""
        return degree if self._wanted is None else self._wanted

    def want(self, inputVolume, degree: int) -> None:
        """Compute the field of ``degree`` now, or as soon as the one under way is done."""
        self._inputVolume, self._wanted = inputVolume, degree
        if not self._isRunning():
            self._start()

    def forget(self) -> None:
        """Compute no more; the field stays what it is."""
        run, self._run = self._run, None
        self._inputVolume = self._wanted = None
        if self._context.logic.jobs.isRunningJob(run):
            self._context.logic.jobs.abandon()

    def _isRunning(self) -> bool:
        return self._context.logic.jobs.isRunningJob(self._run)

    def _start(self) -> None:
        inputVolume, degree = self._inputVolume, self._wanted
        outputs = outputsOf(inputVolume)
        if outputs is None:
            self._onRunFailed(_("The results were deleted; segment again to get them back."))
            return
        try:
            run = FieldRun(
                inputVolume,
                outputs,
                degree,
                JobListener(
                    finished=lambda seconds: self._onFinished(degree, seconds),
                    failed=self._onRunFailed,
                    cancelled=self._onRunFailed,
                ),
            )
            self._run = run
            self._context.logic.jobs.start(run)
        except (ValueError, RuntimeError) as error:
            self._onRunFailed(str(error))
            return
        self._context.follower.follow()

    def _onFinished(self, degree: int, seconds: float) -> None:
        if self._run is None:
            return
        self._run = None
        if self._wanted != degree:
            self._start()
            return
        inputVolume, self._wanted = self._inputVolume, None
        self._onUpdated(inputVolume, degree, seconds)

    def _onRunFailed(self, reason: str, _kind: str = "", _details: str = "") -> None:
        if self._run is None and self._wanted is None:
            return
        self._run = self._wanted = None
        self._onFailed(reason)
