"""After a fine-tuning: what has changed, side by side and in numbers, until the user keeps or discards it."""

from __future__ import annotations

import qt
import slicer
from slicer.i18n import tr as _

from .compare_views import CompareViews
from .scene import outputsOf
from .steps import Steps, finish
from .taught import Taught, TaughtVolume
from .teaching_changes import Change, changesOf, verdict
from .tooltips import paragraphs

_COLUMN_WIDTHS = (122, 58, 58, 58)
_ROW_HEIGHT = 22


class DecisionPanel:
    """Table, comparison, *Keep* and *Discard*; hidden as long as there is nothing to decide.

    :param onDecided: called with what was taught and the card of the model that was saved, None when it was discarded.
    """

    def __init__(self, ui, onDecided) -> None:
        self._ui = ui
        self._onDecided = onDecided
        self._saveCandidate = None
        self._taught: Taught | None = None
        self._volume = None
        self._isEntered = False
        self._isComparing = False
        self._compareToolTip = ui.compareButton.toolTip
        self._compare = CompareViews(self._onCompareLeft)
        self._discarding: Steps[None] | None = None
        self._timer = qt.QTimer()
        self._timer.setInterval(0)
        self._timer.connect("timeout()", self._discardNext)
        for column, width in enumerate(_COLUMN_WIDTHS):
            ui.changesTable.setColumnWidth(column, width)
        ui.compareButton.connect("clicked(bool)", self._onCompare)
        ui.keepButton.connect("clicked()", self.keep)
        ui.discardButton.connect("clicked()", self.discard)
        self.show()

    def setSaveCandidate(self, saveCandidate) -> None:
        """Tell how a model is saved: called with (folder, name, suggested name), gives its card, None when the user
        changed their mind."""
        self._saveCandidate = saveCandidate

    @property
    def isUndecided(self) -> bool:
        """Whether there is something to keep or to discard."""
        return self._taught is not None

    def waitsFor(self, volume=None) -> bool:
        """Whether the decision is about ``volume``, or about any."""
        taught = self._taught
        return taught is not None and (volume is None or any(entry.node is volume for entry in taught.volumes))

    def take(self, taught: Taught, volume) -> None:
        """Put what was taught to the decision.

        :param volume: the one that the user looks at.
        """
        self._taught = taught
        self._isComparing = not self._compare.obstacle()
        self.setVolume(volume)

    def setVolume(self, volume) -> None:
        """The user has gone on to another volume: compare its results, if it was taught with."""
        isOther = volume is not self._volume
        self._volume = volume
        if isOther or not self._compare.isOpen:
            self._showComparison()
        self.show()

    def enter(self) -> None:
        """The module is opened: the comparison comes back."""
        self._isEntered = True
        self._showComparison()
        self.show()

    def exit(self) -> None:
        """The module is left: the user's layout comes back; the decision waits."""
        self._isEntered = False
        self._compare.close()

    def sceneLoaded(self) -> None:
        """Undo what a scene that was saved during a comparison brings along."""
        self._compare.repair()

    def forget(self) -> None:
        """There is nothing to decide any more: the scene is closed, or the application ends."""
        self._endDiscarding()
        taught, self._taught, self._volume, self._isComparing = self._taught, None, None, False
        self._compare.close()
        if taught is not None:
            taught.keep()
        self.show()

    def close(self) -> None:
        """Let go of everything, for good."""
        self.forget()
        self._timer.disconnect("timeout()", self._discardNext)
        self._compare.destroy()

    def keep(self) -> None:
        """Save the network under a name that the user chooses; undecided still when the user cancels."""
        taught = self._taught
        if taught is None or self._discarding is not None or self._saveCandidate is None:
            return
        card = None
        try:
            with slicer.util.tryWithErrorDisplay(_("The network could not be saved.")):
                card = self._saveCandidate(str(taught.modelFolder), taught.modelName, taught.modelName)
        except (ValueError, RuntimeError, OSError):
            return  # shown to the user by the display above; nothing is lost
        if card is not None:
            self._end(taught, card)

    def discard(self) -> None:
        """Bring the earlier results back, after asking."""
        taught = self._taught
        if taught is None or self._discarding is not None:
            return
        question = _(
            "Forget the taught network and bring the earlier results back? What was corrected or confirmed since is "
            "lost."
        )
        isMeant = slicer.util.confirmOkCancelDisplay(question, windowTitle=_("Discard"))
        if not isMeant or self._taught is not taught:  # the scene may have been closed meanwhile
            return
        self._compare.close()
        self._discarding = taught.discardSteps()
        self._timer.start()
        self.show()

    def swapBeforeAfter(self) -> bool:
        """Exchange before and after in the two views; false when they are not shown."""
        return self._compare.swapBeforeAfter()

    def _discardNext(self) -> None:
        taught = self._taught
        try:
            next(self._discarding)
        except StopIteration:
            self._endDiscarding()
            self._end(taught, None)

    def _endDiscarding(self) -> None:
        """Do what is left of it."""
        self._timer.stop()
        steps, self._discarding = self._discarding, None
        if steps is not None:
            finish(steps)

    def _end(self, taught: Taught, card) -> None:
        self.forget()
        self._onDecided(taught, card)

    def _compared(self) -> TaughtVolume | None:
        """The volume whose results are compared, None when it is gone."""
        present = self._taught.present() if self._taught is not None else []
        return next((entry for entry in present if entry.node is self._volume), next(iter(present), None))

    def _showComparison(self) -> None:
        compared = self._compared()
        outputs = outputsOf(compared.node) if compared is not None else None
        isWanted = self._isEntered and self._isComparing and self._discarding is None
        if compared is not None and outputs is not None and isWanted:
            self._compare.open(compared.node, compared.earlierSegments, outputs.segmentation)

    def _onCompare(self, isWanted: bool) -> None:
        self._isComparing = isWanted
        if isWanted:
            self._showComparison()
        else:
            self._compare.close()
        self.show()

    def _onCompareLeft(self) -> None:
        self._isComparing = False
        self.show()

    def show(self) -> None:
        """Make sentence, buttons and table fit the state."""
        ui = self._ui
        taught = self._taught
        ui.decisionArea.visible = taught is not None
        if taught is None:
            return
        ui.decisionLabel.text = verdict(taught)
        obstacle = self._compare.obstacle()
        ui.keepButton.enabled = ui.discardButton.enabled = self._discarding is None
        if self._compared() is None:
            obstacle = _("The volumes were removed from the scene.")
        ui.compareButton.enabled = not obstacle and self._discarding is None
        ui.compareButton.checked = self._isComparing and not obstacle
        ui.compareButton.toolTip = self._compareToolTip + paragraphs(obstacle)
        self._fillTable(changesOf(taught))

    def _fillTable(self, changes: list[Change]) -> None:
        table = self._ui.changesTable
        table.clearSpans()
        table.rowCount = len(changes)
        for row, change in enumerate(changes):
            table.setRowHeight(row, _ROW_HEIGHT)
            for column, text in enumerate((change.title, change.before, change.after, change.change)):
                table.setItem(row, column, _item(text, isNumber=column > 0, isHeading=change.isHeading))
            if change.isHeading:
                table.setSpan(row, 0, 1, table.columnCount)
        table.setFixedHeight(table.sizeHint.height())


def _item(text: str, isNumber: bool, isHeading: bool):
    item = qt.QTableWidgetItem(text)
    item.setFlags(qt.Qt.ItemIsEnabled)
    item.setToolTip(text)
    if isNumber:
        item.setData(qt.Qt.TextAlignmentRole, qt.Qt.AlignRight | qt.Qt.AlignVCenter)
    if isHeading:
        font = item.font()
        font.setBold(True)
        item.setFont(font)
    return item
