"""The "Results" section: a table of the classes, the field's range, warnings, and what the views show."""

from __future__ import annotations

import dataclasses

import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from . import slice_views
from .scene import SegmentationOutputs, outputsOf
from .slice_views import Shown
from .tissues import segmentID
from .tooltips import paragraphs

_NAME_COLUMN = 0
_ROW_HEIGHT = 22
_SWATCH_SIZE = 12
_COLUMN_WIDTHS = (150, 60, 50, 84)
_WARNING_STYLE = "color: #c77700;"


class ResultsPanel(VTKObservationMixin):
    """Shows the results that the scene holds of one input volume.

    :param onNamesEdited: called with the list of class names after the user changed one in the table.
    """

    def __init__(self, ui, onNamesEdited) -> None:
        super().__init__()
        self._ui = ui
        self._onNamesEdited = onNamesEdited
        self._inputVolume = None
        self._outputs: SegmentationOutputs | None = None
        self._isFilling = False
        self._toolTips = [button.toolTip for button in self._buttons()]
        ui.warningLabel.styleSheet = _WARNING_STYLE
        for column, width in enumerate(_COLUMN_WIDTHS):
            ui.resultsTable.setColumnWidth(column, width)
        ui.resultsTable.connect("cellChanged(int,int)", self._onCellChanged)
        ui.showSegmentsButton.connect("clicked(bool)", self._onShowSegments)
        ui.showBiasFieldButton.connect("clicked(bool)", self._onShowBiasField)
        ui.showUncertaintyButton.connect("clicked(bool)", self._onShowUncertainty)
        ui.showCorrectedButton.connect("clicked(bool)", self._onShowCorrected)

    def show(self, inputVolume, outputs: SegmentationOutputs | None) -> None:
        """Show ``outputs`` of ``inputVolume``, or that there are none."""
        self.removeObservers()
        self._inputVolume, self._outputs = inputVolume, outputs
        hasResults = outputs is not None
        ui = self._ui
        ui.resultsHintLabel.visible = not hasResults
        for widget in (ui.resultsTable, ui.fieldRangeLabel, ui.showLabel, *self._buttons()):
            widget.visible = hasResults
        # Not made unless it was asked for, so there is nothing to miss without it.
        ui.showUncertaintyButton.visible = hasResults and outputs.uncertainty is not None
        ui.warningLabel.visible = hasResults and bool(outputs.report.get("warnings"))
        ui.priorLabel.visible = hasResults and bool(outputs.report.get("prior"))
        if not hasResults:
            return
        self._enableButtons()
        self._fillTable()
        ui.fieldRangeLabel.text = _fieldText(outputs.report)
        ui.priorLabel.text = _priorText(outputs.report)
        self._showWarnings(outputs.report.get("warnings", []))
        self._showState()
        self.addObserver(
            outputs.segmentation.GetSegmentation(), slicer.vtkSegmentation.SegmentModified, self._onSegmentModified
        )

    def showFinished(self, inputVolume, outputs: SegmentationOutputs) -> None:
        """Show new results, and let the views show the input with its segments."""
        slice_views.show(inputVolume, outputs, Shown(segments=True))
        self.show(inputVolume, outputs)

    def _buttons(self) -> tuple:
        ui = self._ui
        return ui.showSegmentsButton, ui.showBiasFieldButton, ui.showUncertaintyButton, ui.showCorrectedButton

    def _enableButtons(self) -> None:
        """A result that the user deleted cannot be shown."""
        gone = paragraphs(_("This result was deleted; segment again to get it back."))
        outputs = self._outputs
        nodes = (outputs.segmentation, outputs.biasOverlay, outputs.uncertainty, outputs.correctedVolumes)
        for button, toolTip, node in zip(self._buttons(), self._toolTips, nodes, strict=True):
            button.enabled = bool(node)
            button.toolTip = toolTip if node else gone

    def _fillTable(self) -> None:
        table = self._ui.resultsTable
        classes = self._outputs.report["classes"]
        self._isFilling = True
        try:
            table.rowCount = len(classes)
            for row, entry in enumerate(classes):
                table.setRowHeight(row, _ROW_HEIGHT)
                for column, item in enumerate(self._rowItems(entry, len(classes) != 3)):
                    table.setItem(row, column, item)
        finally:
            self._isFilling = False
        table.setFixedHeight(table.sizeHint.height())  # its contents': no scroll bar within the panel's

    def _rowItems(self, entry: dict, isNameEditable: bool) -> list:
        segment = self._segment(entry["label"])
        name = _item(segment.GetName() if segment is not None else entry["name"], isNameEditable)
        if segment is not None:
            name.setIcon(_swatch(segment.GetColor()))
        means = " / ".join(f"{mean:.4g}" for mean in entry["mean"])
        numbers = [f"{entry['volume_ml']:.1f}", f"{entry['share_percent']:.1f}", means]
        items = [_item(number, False) for number in numbers]
        for item in items:
            item.setData(qt.Qt.TextAlignmentRole, qt.Qt.AlignRight | qt.Qt.AlignVCenter)
        return [name, *items]

    def _segment(self, label: int):
        return self._outputs.segmentation.GetSegmentation().GetSegment(segmentID(label))

    def _showWarnings(self, warnings: list[str]) -> None:
        label = self._ui.warningLabel
        if not warnings:
            return
        more = _(" (and {count} more, see the tooltip)").format(count=len(warnings) - 1) if len(warnings) > 1 else ""
        label.text = warnings[0] + more
        label.toolTip = paragraphs(*warnings)

    def _showState(self) -> None:
        state = slice_views.shown(self._outputs)
        states = (state.segments, state.biasField, state.uncertainty, state.corrected)
        for button, isOn in zip(self._buttons(), states, strict=True):
            button.checked = isOn

    def _onShowSegments(self, isOn: bool) -> None:
        self._showInViews(Shown(segments=True) if isOn else self._checked(segments=False))

    def _onShowBiasField(self, isOn: bool) -> None:
        self._showInViews(Shown(biasField=True) if isOn else self._checked(biasField=False))

    def _onShowUncertainty(self, isOn: bool) -> None:
        self._showInViews(Shown(uncertainty=True) if isOn else self._checked(uncertainty=False))

    def _onShowCorrected(self) -> None:
        self._showInViews(self._checked())

    def _checked(self, **changes: bool) -> Shown:
        """What the buttons say, but for ``changes``."""
        ui = self._ui
        said = Shown(
            segments=ui.showSegmentsButton.checked,
            biasField=ui.showBiasFieldButton.checked,
            uncertainty=ui.showUncertaintyButton.checked,
        )
        return dataclasses.replace(said, **changes)

    def _showInViews(self, wanted: Shown) -> None:
        wanted = dataclasses.replace(wanted, corrected=self._ui.showCorrectedButton.checked)
        outputs = outputsOf(self._inputVolume)  # some may have been deleted since they were shown
        if outputs is not None:
            slice_views.show(self._inputVolume, outputs, wanted)
        self.show(self._inputVolume, outputs)

    def _onCellChanged(self, row: int, column: int) -> None:
        if self._isFilling or column != _NAME_COLUMN:
            return
        segment = self._segment(row + 1)
        name = self._ui.resultsTable.item(row, column).text().strip()
        if segment is not None and name:
            segment.SetName(name)
        self._fillTable()
        self._onNamesEdited([self._nameInRow(index) for index in range(self._ui.resultsTable.rowCount)])

    def _nameInRow(self, row: int) -> str:
        return self._ui.resultsTable.item(row, _NAME_COLUMN).text()

    def _onSegmentModified(self, _caller=None, _event=None) -> None:
        if not self._isFilling:
            self._fillTable()


def _item(text: str, isEditable: bool):
    item = qt.QTableWidgetItem(text)
    flags = qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable
    item.setFlags(flags | qt.Qt.ItemIsEditable if isEditable else flags)
    item.setToolTip(_("Double-click to change the name.") if isEditable else text)
    return item


def _swatch(color):
    pixmap = qt.QPixmap(_SWATCH_SIZE, _SWATCH_SIZE)
    pixmap.fill(qt.QColor(*(round(255 * part) for part in color)))
    return qt.QIcon(pixmap)


def _fieldText(report: dict) -> str:
    fields = report.get("bias_field") or []
    if not any(field["applied"] for field in fields):
        return _("No bias field was corrected.")
    ranges = [f"{field['min']:.2f}–{field['max']:.2f}" for field in fields]
    if len(fields) > 1:
        ranges = [f"{field['channel']} {text}" for field, text in zip(fields, ranges, strict=True)]
    return _("Bias field {ranges}").format(ranges=", ".join(ranges))


def _priorText(report: dict) -> str:
    prior = report.get("prior")
    if not prior:
        return ""
    agreement = _("{model} and the mixture agree to {percent} %").format(
        model=prior["model"], percent=round(100 * prior["agreement"])
    )
    if not prior["used"]:
        return _("{agreement} only; the model was not used").format(agreement=agreement)
    if prior["share"] < 1:
        return _("{agreement}; the model counts {percent} %").format(
            agreement=agreement, percent=round(100 * prior["share"])
        )
    return agreement
