"""Segments the items of a series one after another."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

import qt
from slicer.i18n import tr as _

from .panel_context import PanelContext
from .request import SegmentationRequest
from .segmentation_run import RunListener
from .series_items import SeriesItem
from .steps import Steps

_TICK_MILLISECONDS = 30


class State(enum.Enum):
    """What became of an item of a series."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass
class Entry:
    """An item of a series, what became of it, and why.

    :param fraction: of its run, 0 to 1.
    """

    item: SeriesItem
    state: State = State.WAITING
    reason: str = ""
    fraction: float = 0.0


class SeriesRun:
    """Runs items one at a time; a failure ends one of them, a cancel the rest. What is done stays.

    :param requestFor: gives the request for a volume node; the settings are those of the start.
    :param cleanUp: steps to be done when all items are.
    :param onChanged: called with an entry that changed.
    :param onEnded: called once, when nothing more will come.
    """

    def __init__(
        self,
        context: PanelContext,
        items: list[SeriesItem],
        requestFor: Callable[[object], SegmentationRequest],
        cleanUp: Steps[None],
        onChanged: Callable[[Entry], None],
        onEnded: Callable[[], None],
    ) -> None:
        self.entries = [Entry(item) for item in items]
        self._context = context
        self._requestFor = requestFor
        self._cleanUp: Steps[None] | None = cleanUp
        self._onChanged = onChanged
        self._onEnded = onEnded
        self._current: Entry | None = None
        self._steps: Steps[None] | None = None
        self._isSubmitted = False
        self._timer = qt.QTimer()
        self._timer.setInterval(_TICK_MILLISECONDS)
        self._timer.connect("timeout()", self._tick)
        self._timer.start()

    @property
    def isRunning(self) -> bool:
        """Whether something is still to come."""
        return self._timer.isActive()

    @property
    def current(self) -> Entry | None:
        """The entry under way."""
        return self._current

    @property
    def fraction(self) -> float:
        """How much of the series is done, 0 to 1."""
        ended = sum(entry.state not in (State.WAITING, State.RUNNING) for entry in self.entries)
        return (ended + (self._current.fraction if self._current else 0.0)) / max(len(self.entries), 1)

    def count(self, state: State) -> int:
        """How many entries are in ``state``."""
        return sum(entry.state is state for entry in self.entries)

    def cancel(self) -> None:
        """Do none of what is left; the run under way ends and leaves the scene as it was before it."""
        for entry in self.entries:
            if entry.state is State.WAITING:
                self._set(entry, State.SKIPPED, _("cancelled"))
        if self._isSubmitted:
            self._context.logic.cancelSegmentation()

    def close(self) -> None:
        """Stop at once, without a word: the scene or the module is being closed."""
        self._stopTimer()
        if self._isSubmitted:
            self._isSubmitted = False
            self._context.logic.abandonSegmentation()

    def _stopTimer(self) -> None:
        self._timer.stop()
        self._timer.disconnect("timeout()", self._tick)  # else they would keep each other

    def _tick(self) -> None:
        if self._steps is not None:
            self._keepOn()
        elif not self._isSubmitted:
            self._goOn()

    def _goOn(self) -> None:
        """Begin the next item, or end."""
        waiting = [entry for entry in self.entries if entry.state is State.WAITING]
        if not waiting and self._cleanUp is not None:
            try:
                next(self._cleanUp)
            except StopIteration:
                self._cleanUp = None
        elif not waiting:
            self._stopTimer()
            self._onEnded()
        elif not self._context.logic.jobs.isRunning:  # else another panel's job is under way, which is waited for
            self._begin(waiting[0])

    def _begin(self, entry: Entry) -> None:
        obstacle = entry.item.obstacle()
        if obstacle:
            self._set(entry, State.SKIPPED, obstacle)
            return
        self._current = entry
        self._set(entry, State.RUNNING)
        try:
            request = self._requestFor(entry.item.volume())
            self._isSubmitted = True
            self._context.logic.startSegmentation(request, self._listener(entry))
        except (ValueError, RuntimeError) as error:
            self._end(entry, State.FAILED, str(error))
        else:
            self._context.follower.follow()

    def _listener(self, entry: Entry) -> RunListener:
        def preview(segmentationNode) -> None:
            # The user may look at another volume, over which it would lie.
            if segmentationNode.GetDisplayNode() is not None:
                segmentationNode.GetDisplayNode().SetVisibility(False)

        def finished(outputs) -> None:
            self._isSubmitted = False
            self._steps = entry.item.keepSteps(outputs)

        def failed(reason: str, kind: str, _details: str) -> None:
            self._end(entry, State.FAILED, reason)
            if kind == "unavailable":  # so it would be for all others
                self._skipRest(reason)

        def cancelled(reason: str) -> None:
            self._end(entry, State.SKIPPED, reason or _("cancelled"))
            if not reason:  # by the user, else the volume was removed
                self._skipRest(_("cancelled"))

        def progress(fraction: float, *_rest) -> None:
            entry.fraction = fraction
            self._onChanged(entry)

        return RunListener(
            progress=progress,
            preview=preview,
            finished=finished,
            failed=failed,
            cancelled=cancelled,
            noted=self._context.log,
        )

    def _keepOn(self) -> None:
        """File some more of the results of the item under way."""
        entry = self._current
        obstacle = entry.item.obstacle()
        if obstacle:
            self._end(entry, State.SKIPPED, obstacle)
            return
        try:
            next(self._steps)
        except StopIteration:
            self._end(entry, State.DONE)
            self._context.resultsChanged(entry.item.shownBy())
        except Exception as error:  # nobody above the timer would see it, and the others are still to be done
            self._end(entry, State.FAILED, _("The results could not be filed: {cause}").format(cause=str(error)))

    def _end(self, entry: Entry, state: State, reason: str = "") -> None:
        self._isSubmitted = False
        self._steps = None
        self._current = None
        self._set(entry, state, reason)

    def _skipRest(self, reason: str) -> None:
        for entry in self.entries:
            if entry.state is State.WAITING:
                self._set(entry, State.SKIPPED, reason)

    def _set(self, entry: Entry, state: State, reason: str = "") -> None:
        entry.state, entry.reason = state, reason
        if state is not State.RUNNING:
            title = entry.item.title
            if state is State.DONE:
                self._context.log(_("{name}: segmented.").format(name=title))
            else:
                self._context.log(_("{name}: {reason}").format(name=title, reason=reason))
        self._onChanged(entry)


def noteOf(entry: Entry) -> str:
    """What became of an entry, for the table; empty when it is done."""
    return {
        State.WAITING: _("waiting"),
        State.RUNNING: _("{percent} %").format(percent=round(100 * entry.fraction)),
        State.DONE: "",
        State.FAILED: _("failed: {reason}").format(reason=entry.reason),
        State.SKIPPED: _("not done: {reason}").format(reason=entry.reason),
    }[entry.state]
