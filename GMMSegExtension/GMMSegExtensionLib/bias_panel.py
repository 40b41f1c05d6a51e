"""The "Bias field" section: what the field looks like and did, another degree of it, and its export."""

from __future__ import annotations

import qt
import slicer
from gmmseg.inspection import verdict
from slicer.i18n import tr as _

from . import measures_table, profile_chart
from .engine_job import JobListener
from .export_run import ExportRun
from .field_updates import FieldUpdates
from .inspect_controls import InspectControls
from .inspected_channel import InspectedChannel, channelsOf
from .panel_context import PanelContext
from .scene import SegmentationOutputs
from .tooltips import paragraphs, wrapAll

_WARNING_STYLE = "color: #c77700;"
_ONLY_WITH_RESULTS = (
    *("inspectButton", "exportBiasButton", "verdictLabel", "measuresTable", "degreeLabel", "degreeSlider"),
    *("rangeLabel", "rangeSlider", "automaticRangeButton", "opacityLabel", "opacitySlider", "contoursCheckBox"),
    *("contourIntervalLabel", "segmentsCheckBox", "profileButton"),
)
_ONLY_WITH_ALL = ("degreeSlider", "exportBiasButton")


class BiasPanel:
    """Shows the bias field of one input volume.

    :param widget: the loaded ``Bias.ui``.
    :param context: what the panels share.
    """

    def __init__(self, widget, context: PanelContext) -> None:
        self._ui = slicer.util.childWidgetVariables(widget)
        wrapAll(vars(self._ui).values())
        self._context = context
        self._controls = InspectControls(self._ui, self._fill)
        self._updates = FieldUpdates(context, self._onFieldUpdated, self._onFieldFailed)
        self._exportRun: ExportRun | None = None
        self._inputVolume = None
        self._outputs: SegmentationOutputs | None = None
        self._channels: list[InspectedChannel] = []
        self._isFilling = False
        self._toolTips = {name: getattr(self._ui, name).toolTip for name in _ONLY_WITH_ALL}
        measures_table.prepare(self._ui.measuresTable)
        self._ui.exportBiasButton.connect("clicked(bool)", self._onExport)
        self._ui.channelComboBox.connect("currentIndexChanged(int)", self._onChannelChosen)
        self._ui.degreeSlider.connect("valueChanged(double)", self._onDegree)
        self._fill()

    @property
    def isDrawing(self) -> bool:
        """Whether something is still being drawn, a little at a time."""
        return self._controls.isDrawing

    def setParameters(self, parameters) -> None:
        """Follow the module's parameters; None lets go of the scene."""
        if parameters is None:
            self.show(None, None)

    def show(self, inputVolume, outputs: SegmentationOutputs | None) -> None:
        """Show ``outputs`` of ``inputVolume``, or that there are none."""
        if inputVolume is not self._inputVolume:
            self._updates.forget()
            self._controls.stop()
            self._say("")
        self._inputVolume, self._outputs = inputVolume, outputs
        self._channels = channelsOf(inputVolume, outputs)
        self._fillChannels()
        self._controls.show(self._channel())
        self._fill()

    def enter(self) -> None:
        """The user opens the module."""
        self._controls.enter()

    def exit(self) -> None:
        """The user opens another module: the user's own layout comes back."""
        self._controls.stop()
        self._fill()

    def close(self) -> None:
        """The application closes, or the module is reloaded."""
        self.show(None, None)
        if self._context.logic.jobs.isRunningJob(self._exportRun):
            self._context.logic.jobs.abandon()
        self._controls.close()

    def _channel(self) -> InspectedChannel | None:
        index = self._ui.channelComboBox.currentIndex
        return self._channels[index] if 0 <= index < len(self._channels) else None

    def _fillChannels(self) -> None:
        combo = self._ui.channelComboBox
        names = [channel.name for channel in self._channels]
        if names != [combo.itemText(index) for index in range(combo.count)]:
            self._isFilling = True
            combo.clear()
            combo.addItems(names)
            self._isFilling = False

    def _fill(self) -> None:
        channel = self._channel()
        self._showParts()
        self._enableJobs()
        self._controls.fill()
        if channel is None:
            return
        report = channel.outputs.report
        self._ui.verdictLabel.text = verdict(report)
        measures_table.fill(self._ui.measuresTable, report, channel.index)
        self._isFilling = True
        self._ui.degreeSlider.value = self._updates.wanted(report["bias_field"][channel.index]["degree"])
        self._isFilling = False

    def _showParts(self) -> None:
        ui = self._ui
        for name in _ONLY_WITH_RESULTS:
            getattr(ui, name).visible = bool(self._channels)
        for widget in (ui.channelLabel, ui.channelComboBox):
            widget.visible = len(self._channels) > 1
        ui.biasHintLabel.visible = not self._channels
        ui.biasHintLabel.text = (
            _("Segment a volume to see its bias field.")
            if self._outputs is None
            else _("The bias field or the corrected volume was deleted; segment again to get it back.")
        )

    def _enableJobs(self) -> None:
        """What the worker is asked for needs every channel, and the brain."""
        expected = len(self._outputs.report.get("bias_field") or []) if self._outputs is not None else 0
        isComplete = len(self._channels) == expected and self._outputs is not None and self._outputs.biasOverlay
        reason = "" if isComplete else _("A part of the results was deleted; segment again to get it back.")
        for name in _ONLY_WITH_ALL:
            widget = getattr(self._ui, name)
            widget.enabled = not reason
            widget.toolTip = self._toolTips[name] + paragraphs(reason)

    def _say(self, text: str, isProblem: bool = False) -> None:
        label = self._ui.biasStatusLabel
        label.text = text
        label.toolTip = ""
        label.styleSheet = _WARNING_STYLE if isProblem else ""
        label.visible = bool(text)

    def _onChannelChosen(self, _index: int) -> None:
        if not self._isFilling:
            self._controls.show(self._channel())
            self._fill()

    def _onDegree(self, value: float) -> None:
        if self._isFilling or self._channel() is None:
            return
        degree = round(value)
        self._say(_("Computing the field of degree {degree}…").format(degree=degree))
        self._updates.want(self._inputVolume, degree)

    def _onFieldUpdated(self, inputVolume, degree: int, seconds: float) -> None:
        self._context.resultsChanged(inputVolume)
        if inputVolume is self._inputVolume:
            self._say(
                _("Field of degree {degree} in {seconds} s; set the degree back to undo.").format(
                    degree=degree, seconds=f"{seconds:.1f}"
                )
            )

    def _onFieldFailed(self, reason: str) -> None:
        self._say(reason, isProblem=True)
        self._fill()  # the degree is again that of the field

    def _onExport(self) -> None:
        title = _("Folder for the bias field's files")
        parent = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), title)
        if not parent:
            return
        listener = JobListener(finished=self._onExported, failed=self._onExportFailed, cancelled=self._onExportFailed)
        try:
            # The report, and so its charts, are about the first channel.
            profile = profile_chart.profileOf(self._channels[0])
            run = self._exportRun = ExportRun(self._inputVolume, self._outputs, profile, parent, listener)
            self._context.logic.jobs.start(run)
        except (ValueError, RuntimeError) as error:
            self._say(str(error), isProblem=True)
            return
        self._context.follower.follow()
        self._say(_("Writing into {folder}…").format(folder=parent))

    def _onExportFailed(self, reason: str, _kind: str = "", _details: str = "") -> None:
        self._say(reason, isProblem=True)

    def _onExported(self, folder: str, files: list[str]) -> None:
        written = _("1 file") if len(files) == 1 else _("{count} files").format(count=len(files))
        text = _("{files} written to {folder}").format(files=written, folder=folder)
        self._say(text)
        self._ui.biasStatusLabel.toolTip = paragraphs(*files)
        self._context.log(f"{text}: {', '.join(files)}")
