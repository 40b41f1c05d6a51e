"""The Segment button, its progress, and why it cannot run."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from . import dependencies, slice_views
from .panel_context import PanelContext
from .parameters import requestOf
from .segmentation_run import RunListener
from .tooltips import paragraphs

_PROBLEM_STYLE = "color: #d0342c;"


class SegmentPanel:
    """Starts, shows and cancels runs.

    :param requirementsPath: packages to install on first use.
    :param onFinished: called with (input volume, outputs).
    """

    def __init__(self, ui, context: PanelContext, requirementsPath: str, onFinished) -> None:
        self._ui = ui
        self._logic = context.logic
        self._follower = context.follower
        self._onLog = context.log
        self._requirementsPath = requirementsPath
        self._onFinished = onFinished
        self._parameters = None
        self._problem = ""
        self._hint = ""
        self._stage = ""
        self._isRunning = False  # a segmentation of this panel's own, not an item of a series
        self._isCancelling = False
        self._isInstalling = False
        self._isPreviewShown = False
        ui.segmentButton.connect("clicked(bool)", self.onSegmentButton)
        self._logic.jobs.listen(self.show)

    def setParameters(self, parameters) -> None:
        """Use another parameter node, or none while the scene changes."""
        self._parameters = parameters
        self.show()

    def show(self) -> None:
        """Make button, bar and sentence fit the state."""
        ui = self._ui
        isRunning = self._isRunning
        obstacle = "" if isRunning else self._obstacle()
        if self._isInstalling:
            obstacle = _("Packages are being installed; this may take some minutes.")
        ui.progressBar.visible = isRunning
        ui.segmentButton.text = _("Cancel") if isRunning else _("Segment")
        ui.segmentButton.enabled = not self._isCancelling if isRunning else not obstacle
        ui.segmentButton.toolTip = paragraphs(self._buttonToolTip(isRunning, obstacle))
        sentence = self._stage if isRunning else self._problem or obstacle or self._hint
        ui.statusLabel.text = sentence
        ui.statusLabel.visible = bool(sentence)
        ui.statusLabel.styleSheet = _PROBLEM_STYLE if self._problem and not isRunning else ""

    def forgetProblem(self) -> None:
        """The user changed something, so the last failure says nothing about the next run."""
        self._problem = ""
        self.show()

    def warmUp(self) -> None:
        """Start the worker in advance, to learn what it offers and to be quick at the first click."""
        try:
            self._logic.engine.start()
        except RuntimeError as error:
            self._onLog(str(error))
        else:
            self._follower.follow()

    def close(self) -> None:
        """End job and worker."""
        self._logic.jobs.ignore(self.show)
        self._follower.stop()
        self._logic.stopEngine()

    def onSegmentButton(self) -> None:
        """Start a run, or cancel the one under way."""
        if self._isRunning:
            self._cancel()
        else:
            self._start()

    def _obstacle(self) -> str:
        if self._parameters is None:
            return _("No scene is open.")
        if self._logic.jobs.isRunning:
            return _("The engine is at work on something else; wait for its end or cancel it there.")
        try:
            return self._logic.obstacle(requestOf(self._parameters))
        except ValueError as error:
            return str(error)

    def _buttonToolTip(self, isRunning: bool, obstacle: str) -> str:
        if isRunning:
            return _("Stop the segmentation; the earlier result comes back.")
        if obstacle:
            return obstacle
        if self._logic.outputsOf(self._parameters.inputVolume) is not None:
            return _(
                "Segment the volume again. Its segments are replaced, also what was edited in them; choose another "
                "segmentation in Outputs to keep them."
            )
        return _("Segment the volume: brain mask, tissues, bias field and table in one go.")

    def _start(self) -> None:
        self._problem = ""
        # While packages are installed events are handled: the scene may be gone afterwards.
        if self._isInstalling or not self._ensureInstalled() or self._parameters is None:
            return
        self._hint = ""
        try:
            with slicer.util.tryWithErrorDisplay(_("The segmentation could not be started."), waitCursor=True):
                request = requestOf(self._parameters)
                self._logic.startSegmentation(request, self._listener(request.inputVolume))
        except (ValueError, RuntimeError) as error:  # shown to the user by the display above
            self._problem = str(error)
        else:
            self._begin()
        self.show()

    def _ensureInstalled(self) -> bool:
        try:
            dependencies.ensureInstalled(self._requirementsPath, self._beginInstalling)
        except dependencies.DependenciesMissing as error:
            self._problem = str(error)
            if not error.wasShown:
                slicer.util.errorDisplay(str(error), windowTitle=_("Packages are missing"))
            return False
        finally:
            self._isInstalling = False
            self.show()
        return True

    def _beginInstalling(self) -> None:
        # A worker from before would not see the new packages, and on Windows it keeps their files from being replaced.
        self._logic.engine.stop()
        self._isInstalling = True
        self.show()

    def _begin(self) -> None:
        self._isRunning = True
        self._isCancelling = False
        self._isPreviewShown = False
        self._stage = _("Starting the engine")
        self._ui.progressBar.value = 0
        self._onLog(_("Segmentation started."))
        self._follower.follow()

    def _cancel(self) -> None:
        self._isCancelling = True
        self._stage = _("Cancelling")
        self._logic.cancelSegmentation()
        self.show()

    def _listener(self, inputVolume) -> RunListener:
        def finished(outputs) -> None:
            self._endRun(_("Segmentation finished."))
            self._onFinished(inputVolume, outputs)

        def preview(segmentationNode) -> None:
            if not self._isPreviewShown:  # later the views are the user's
                self._isPreviewShown = True
                slice_views.showPreview(inputVolume, segmentationNode)

        return RunListener(
            progress=self._onProgress,
            preview=preview,
            finished=finished,
            failed=self._onFailed,
            cancelled=self._onCancelled,
            noted=self._onLog,
        )

    def onEngineEvent(self, event: dict) -> None:
        """Show what the worker says that belongs to no job."""
        if event["event"] == "ready":
            self._hint = ""
            self._onLog(_("Engine {version} is ready.").format(version=event.get("version", "")))
        elif event["event"] == "unavailable":
            self._onLog(event.get("reason", ""))
            self._hint = self._unavailableHint(event.get("reason", ""))
            self.show()
        elif event["event"] == "failed":
            self._onLog(event.get("reason", ""))
        elif event["event"] == "log":
            self._onLog(event["line"])

    @staticmethod
    def _unavailableHint(reason: str) -> str:
        if dependencies.areInstalledByTheUser():
            return reason
        return _("Some packages are not installed yet; Segment asks before it installs them.")

    def _onProgress(self, fraction: float, _stage: str, message: str, remaining: float | None) -> None:
        self._ui.progressBar.value = round(100 * fraction)
        if self._isCancelling:
            return
        if message and message not in self._stage:
            self._onLog(message)
        self._stage = ", ".join(filter(None, [message, remainingText(remaining)]))
        self._ui.statusLabel.text = self._stage

    def _onFailed(self, reason: str, _kind: str, details: str) -> None:
        self._problem = reason
        self._endRun("\n".join(filter(None, [reason, details])))
        options = {"detailedText": details} if details else {}
        slicer.util.errorDisplay(reason, windowTitle=_("Segmentation failed"), **options)

    def _onCancelled(self, reason: str) -> None:
        self._problem = reason
        self._endRun(reason or _("Segmentation cancelled."))

    def _endRun(self, logLine: str) -> None:
        self._isRunning = False
        self._isCancelling = False
        self._stage = ""
        self._onLog(logLine)
        self.show()


def remainingText(seconds: float | None) -> str:
    """How long a run will take still, empty when that is not known."""
    if seconds is None:
        return ""
    if seconds < 90:
        return _("{count} s left").format(count=max(round(seconds), 1))
    return _("{count} min left").format(count=round(seconds / 60))
