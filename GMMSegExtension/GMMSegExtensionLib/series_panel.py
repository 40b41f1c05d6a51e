"""The "Series" section: volumes of the scene, or time points of a sequence, segmented one after another."""

from __future__ import annotations

from pathlib import Path

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from . import dependencies, sequence_results, series_list, series_summary
from .panel_context import PanelContext
from .scene import SegmentationOutputs
from .series_items import SequenceFrame, SeriesItem
from .series_run import Entry, SeriesRun, State, noteOf
from .series_table import SeriesTable
from .tooltips import paragraphs, wrapAll

_REFRESH_MILLISECONDS = 200
_REQUIREMENTS = Path(__file__).resolve().parents[1] / "Resources" / "requirements.txt"


class SeriesPanel(VTKObservationMixin):
    """Lists what can be segmented, runs what is ticked, and sums up the results."""

    def __init__(self, widget, context: PanelContext) -> None:
        super().__init__()
        self._context = context
        self._parameters = None
        self._run: SeriesRun | None = None
        self._frame = SequenceFrame()
        self._problem = ""
        self._items: list[SeriesItem] = []
        self._notes: dict[str, str] = {}  # of the last run, by key
        self._ui = ui = slicer.util.childWidgetVariables(widget)
        wrapAll(vars(ui).values())
        self._table = SeriesTable(ui.seriesTable, self._showState, self._lookAt)
        self._refreshTimer = qt.QTimer()
        self._refreshTimer.setSingleShot(True)
        self._refreshTimer.setInterval(_REFRESH_MILLISECONDS)
        self._refreshTimer.connect("timeout()", self._refresh)
        ui.seriesBrowserSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._onBrowserChanged)
        ui.seriesAllButton.connect("clicked(bool)", lambda _isOn: self._table.tickAll(True))
        ui.seriesNoneButton.connect("clicked(bool)", lambda _isOn: self._table.tickAll(False))
        ui.seriesCopyButton.connect("clicked(bool)", lambda _isOn: self.copySummary())
        ui.seriesSaveButton.connect("clicked(bool)", self._onSave)
        ui.seriesButton.connect("clicked(bool)", self._onButton)
        # Nodes of the closed scene must not be touched, whatever the module shows meanwhile.
        self._closeTag = slicer.mrmlScene.AddObserver(slicer.mrmlScene.StartCloseEvent, self._onSceneClose)
        self._scene = slicer.mrmlScene
        self._showState()

    def setParameters(self, parameters) -> None:
        """Use another parameter node, or none while the scene changes or the module is left; a run goes on."""
        self._parameters = parameters
        self.removeObservers()
        if parameters is not None:
            scene = slicer.mrmlScene
            for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent):
                self.addObserver(scene, event, self._onNodesChanged)
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
            self._followBrowser()
            self._refresh()
        self._showState()

    def show(self, _inputVolume, _outputs: SegmentationOutputs | None) -> None:
        """Results changed: those of the table may be among them."""
        self._refreshTimer.start()

    def enter(self) -> None:
        """The module is opened."""

    def exit(self) -> None:
        """The module is left."""

    def close(self) -> None:
        """The module is destroyed."""
        self._refreshTimer.stop()
        self._refreshTimer.disconnect("timeout()", self._refresh)
        self.removeObservers()
        if self._closeTag is not None:
            self._scene.RemoveObserver(self._closeTag)
            self._closeTag = None
        self._drop()
        self._parameters = None

    @property
    def isRunning(self) -> bool:
        """Whether a series is under way."""
        return self._run is not None

    def summary(self) -> list[series_summary.SummaryRow]:
        """The rows of the table that have results or something to say."""
        rows = [self._summaryRow(item) for item in self._items]
        return [row for row in rows if row.report is not None or row.note]

    def copySummary(self) -> None:
        """Put the table on the clipboard, columns parted by tabs."""
        slicer.app.clipboard().setText(series_summary.asText(self.summary(), "\t"))

    def saveSummary(self, path: str) -> None:
        """Write the table to a CSV file.

        :raises OSError: the file cannot be written.
        """
        Path(path).write_text(series_summary.asText(self.summary(), ","), encoding="utf-8")

    # what is listed
    def _browser(self):
        return self._ui.seriesBrowserSelector.currentNode()

    def _refresh(self) -> None:
        """List anew what there is; what is under way stays as it is."""
        if self._run is not None or self._parameters is None:
            return
        self._items = series_list.itemsOf(self._browser(), self._isLookedAt, self._frame)
        self._table.fill(
            [(item.key, self._summaryRow(item)) for item in self._items], isTicked=self._browser() is not None
        )
        self._showState()

    def _summaryRow(self, item: SeriesItem) -> series_summary.SummaryRow:
        note = self._notes.get(item.key, "")
        return series_summary.SummaryRow(item.title, item.report(), note)

    def _isLookedAt(self, volumeNode) -> bool:
        return self._parameters is not None and self._parameters.inputVolume is volumeNode

    # running
    def _onButton(self, _isOn: bool = False) -> None:
        if self._run is not None:
            self._run.cancel()
            self._showState()
        else:
            self._start()

    def _start(self) -> None:
        ticked = set(self._table.ticked())
        items = [item for item in self._items if item.key in ticked]
        self._problem = ""
        if self._ensureInstalled() and self._parameters is not None:
            try:
                requestFor = series_list.requests(self._parameters)
            except ValueError as error:
                self._problem = str(error)
            else:
                self._notes = {}
                cleanUp = self._frame.removeSteps()
                self._run = SeriesRun(self._context, items, requestFor, cleanUp, *self._callbacks())
        self._showState()

    def _callbacks(self) -> tuple:
        def changed(entry: Entry) -> None:
            self._notes[entry.item.key] = noteOf(entry)
            isEnded = entry.state not in (State.WAITING, State.RUNNING)
            if isEnded:
                self._table.setRow(entry.item.key, self._summaryRow(entry.item))
            else:
                self._table.setNote(entry.item.key, noteOf(entry))
            self._showState()

        return changed, self._onEnded

    def _ensureInstalled(self) -> bool:
        try:
            dependencies.ensureInstalled(str(_REQUIREMENTS), self._context.logic.engine.stop)
        except dependencies.DependenciesMissing as error:
            self._problem = str(error)
            return False
        return True

    def _onEnded(self) -> None:
        run, self._run = self._run, None
        self._problem = _("{done} of {count} segmented.").format(done=run.count(State.DONE), count=len(run.entries))
        failed = run.count(State.FAILED)
        if failed:
            self._problem += " " + _("{count} failed; the notes say why.").format(count=failed)
        self._context.log(self._problem)
        self._refresh()
        self._showState()

    def _drop(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.close()
            self._frame.remove()

    # the form
    def _showState(self) -> None:
        ui, run = self._ui, self._run
        obstacle = "" if run is not None else self._obstacle()
        ui.seriesButton.text = _("Cancel") if run is not None else _("Segment series")
        ui.seriesButton.enabled = not obstacle
        ui.seriesButton.toolTip = paragraphs(
            _("Stop; what is segmented already stays.") if run is not None else obstacle or _buttonToolTip()
        )
        ui.seriesProgressBar.visible = run is not None
        ui.seriesProgressBar.value = round(100 * run.fraction) if run is not None else 0
        sentence = self._progressText() if run is not None else " ".join(filter(None, [self._problem, self._hint()]))
        ui.seriesStatusLabel.text = sentence
        ui.seriesStatusLabel.visible = bool(sentence)
        for button in (ui.seriesAllButton, ui.seriesNoneButton):
            button.enabled = run is None
        ui.seriesBrowserSelector.enabled = run is None
        for button in (ui.seriesCopyButton, ui.seriesSaveButton):
            button.enabled = run is None and bool(self.summary())
        self._table.setCheckable(run is None)

    def _progressText(self) -> str:
        entries, current = self._run.entries, self._run.current
        if current is None:
            return _("Waiting for the job under way")
        return _("{number} of {count}: {name}").format(
            number=entries.index(current) + 1, count=len(entries), name=current.item.title
        )

    def _obstacle(self) -> str:
        if self._parameters is None:
            return _("No scene is open.")
        if not self._items:
            if self._browser() is None:
                return _("There are no volumes to segment; load some.")
            return _("This sequence has no grey-scale volumes; choose another one.")
        return "" if self._table.ticked() else _("Tick what to segment.")

    def _hint(self) -> str:
        if self._parameters is not None and any(node is not None for node in self._parameters.furtherVolumes):
            return _("Further channels are for a single case: each volume of a series is segmented alone.")
        return ""

    def _onSave(self, _isOn: bool = False) -> None:
        path = qt.QFileDialog.getSaveFileName(
            slicer.util.mainWindow(), _("Save the table"), "segmentations.csv", _("Tables (*.csv)")
        )
        if not path:
            return
        with slicer.util.tryWithErrorDisplay(_("The table could not be saved.")):
            self.saveSummary(path)

    # what happens outside
    def _lookAt(self, key: str) -> None:
        """Show one case with its segments."""
        if self._parameters is None:
            return
        volume = series_list.lookAt(self._browser(), key)
        if volume is not None:
            self._parameters.inputVolume = volume

    def _followBrowser(self) -> None:
        browser = self._browser()
        if browser is not None:
            self.addObserver(browser, vtk.vtkCommand.ModifiedEvent, self._onStepped)

    def _onBrowserChanged(self, _node) -> None:
        self._notes = {}
        self._problem = ""
        self.setParameters(self._parameters)

    def _onStepped(self, _caller=None, _event=None) -> None:
        """Another time point: what the panels show of its results is another too."""
        self._refreshTimer.start()
        browser = self._browser()
        sequence = sequence_results.volumeSequenceOf(browser) if browser is not None else None
        volume = browser.GetProxyNode(sequence) if sequence is not None else None
        if volume is not None and self._isLookedAt(volume):
            self._context.resultsChanged(volume)

    def _onNodesChanged(self, _caller=None, _event=None) -> None:
        self._refreshTimer.start()

    def _onParametersModified(self, _caller=None, _event=None) -> None:
        if self._run is None:
            self._showState()

    def _onSceneClose(self, _caller=None, _event=None) -> None:
        self._drop()
        self._items, self._notes, self._problem = [], {}, ""
        self._table.fill([], isTicked=False)


def _buttonToolTip() -> str:
    return _(
        "Segment what is ticked, one after another, with the settings above. Each result is filed under its volume; "
        "further channels are left out, a given brain mask serves for all."
    )
