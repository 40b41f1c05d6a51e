"""The "Results" section: a table of the classes, the field's range, warnings, and what the views show."""

from __future__ import annotations

import dataclasses

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from . import output_nodes, own_views, slice_views, surfaces
from .results_table import ResultsTable
from .scene import SegmentationOutputs, outputsOf
from .slice_views import Shown
from .surface_maker import SurfaceMaker
from .tissues import segmentID
from .tooltips import paragraphs

_WARNING_STYLE = "color: #c77700;"


class ResultsPanel(VTKObservationMixin):
    """Shows the results that the scene holds of one input volume.

    :param onNamesEdited: called with the list of class names after the user changed one in the table.
    """

    def __init__(self, ui, onNamesEdited) -> None:
        super().__init__()
        self._ui = ui
        self._table = ResultsTable(ui.resultsTable, onNamesEdited)
        self._inputVolume = None
        self._outputs: SegmentationOutputs | None = None
        self._toolTips = [button.toolTip for button in self._buttons()]
        ui.warningLabel.styleSheet = _WARNING_STYLE
        ui.showSegmentsButton.connect("clicked(bool)", self._onShowSegments)
        ui.showBiasFieldButton.connect("clicked(bool)", self._onShowBiasField)
        ui.showUncertaintyButton.connect("clicked(bool)", self._onShowUncertainty)
        ui.showProbabilityButton.connect("clicked(bool)", self._onShowProbability)
        ui.showCorrectedButton.connect("clicked(bool)", self._onShowCorrected)
        ui.showSurfacesButton.connect("clicked(bool)", self._onShowSurfaces)
        self._surfaceToolTip = ui.showSurfacesButton.toolTip
        self._surfaceMaker = SurfaceMaker(self._showSurfaceState)
        self._probability: int | None = None

    def show(self, inputVolume, outputs: SegmentationOutputs | None) -> None:
        """Show ``outputs`` of ``inputVolume``, or that there are none."""
        self.removeObservers()
        self._inputVolume, self._outputs = inputVolume, outputs
        self._table.show(outputs)
        hasResults = outputs is not None
        ui = self._ui
        ui.resultsHintLabel.visible = not hasResults
        for widget in (ui.resultsTable, ui.fieldRangeLabel, ui.showLabel, ui.showSurfacesButton, *self._buttons()):
            widget.visible = hasResults
        # Not made unless it was asked for, so there is nothing to miss without it.
        ui.showUncertaintyButton.visible = hasResults and outputs.uncertainty is not None
        ui.warningLabel.visible = hasResults and bool(outputs.report.get("warnings"))
        ui.priorLabel.visible = hasResults and bool(outputs.report.get("prior"))
        if not hasResults:
            return
        self._enableButtons()
        ui.fieldRangeLabel.text = _fieldText(outputs.report)
        ui.priorLabel.text = _priorText(outputs.report)
        self._showWarnings(outputs.report.get("warnings", []))
        self._showState()
        self._makeLostSurfaces()
        self._follow(outputs)

    def close(self) -> None:
        """Drop what is under way."""
        self._surfaceMaker.end()
        self.removeObservers()

    def swapBeforeAfter(self) -> None:
        """Switch between the volume as it is and the corrected one."""
        self._press(self._ui.showCorrectedButton)

    def toggleSegments(self) -> None:
        """Show or hide the segments."""
        self._press(self._ui.showSegmentsButton)

    def toggleBiasField(self) -> None:
        """Show or hide the bias field."""
        self._press(self._ui.showBiasFieldButton)

    def toggleUncertainty(self) -> None:
        """Show or hide the uncertainty map."""
        self._press(self._ui.showUncertaintyButton)

    def _press(self, button) -> None:
        if self._outputs is not None and button.enabled:
            button.click()

    def _follow(self, outputs: SegmentationOutputs) -> None:
        """Show what changes by other hands: edited segments, the views' own controls."""
        segmentation = outputs.segmentation.GetSegmentation()
        self.addObserver(segmentation, slicer.vtkSegmentation.SegmentModified, self._onSegmentModified)
        self.addObserver(outputs.segmentation, vtk.vtkCommand.ModifiedEvent, self._onSegmentationModified)
        for node in (outputs.segmentation.GetDisplayNode(), *own_views.usersComposites()):
            if node is not None:
                self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self._onViewsModified)

    def showFinished(self, inputVolume, outputs: SegmentationOutputs) -> None:
        """Show new results, and let the views show the input with its segments."""
        slice_views.show(inputVolume, outputs, Shown(segments=True))
        self.show(inputVolume, outputs)

    def _buttons(self) -> tuple:
        ui = self._ui
        return (
            ui.showSegmentsButton,
            ui.showBiasFieldButton,
            ui.showUncertaintyButton,
            ui.showProbabilityButton,
            ui.showCorrectedButton,
        )

    def _enableButtons(self) -> None:
        """A result that the user deleted, or that was not asked for, cannot be shown."""
        gone = _("This result was deleted; segment again to get it back.")
        noProbabilities = _("Switch on 'Probability volumes' in Outputs and segment again to see them.")
        outputs = self._outputs
        nodes = (
            (outputs.segmentation, gone),
            (outputs.biasOverlay, gone),
            (outputs.uncertainty, gone),
            (outputs.posteriors, noProbabilities),
            (outputs.correctedVolumes, gone),
        )
        for button, toolTip, (node, reason) in zip(self._buttons(), self._toolTips, nodes, strict=True):
            button.enabled = bool(node)
            button.toolTip = toolTip if node else paragraphs(reason)

    def _showWarnings(self, warnings: list[str]) -> None:
        label = self._ui.warningLabel
        if not warnings:
            return
        more = _(" (and {count} more, see the tooltip)").format(count=len(warnings) - 1) if len(warnings) > 1 else ""
        label.text = warnings[0] + more
        label.toolTip = paragraphs(*warnings)

    def _showState(self) -> None:
        state = slice_views.shown(self._outputs)
        hasProbability = state.probability is not None
        if hasProbability:
            self._probability = state.probability
        states = (state.segments, state.biasField, state.uncertainty, hasProbability, state.corrected)
        for button, isOn in zip(self._buttons(), states, strict=True):
            button.checked = isOn
        self._showSurfaceState()

    def _showSurfaceState(self) -> None:
        button, outputs = self._ui.showSurfacesButton, self._outputs
        if outputs is None:
            return
        progress = self._surfaceMaker.progressOf(outputs.segmentation)
        button.text = _("3-D: {done} of {count}").format(done=progress[0], count=progress[1]) if progress else _("3-D")
        button.checked = progress is not None or surfaces.exist(outputs.segmentation)
        button.toolTip = self._surfaceToolTip

    def _makeLostSurfaces(self) -> None:
        """Segments that had surfaces before a run get new ones."""
        node = self._outputs.segmentation
        if surfaces.areLost(node) and self._surfaceMaker.progressOf(node) is None:
            self._surfaceMaker.start(node)

    def _onShowSurfaces(self, isOn: bool) -> None:
        outputs = outputsOf(self._inputVolume)  # it may have been deleted since it was shown
        if outputs is None:
            self.show(self._inputVolume, None)
        elif isOn:
            # The fluid encloses the brain, of which nothing would be seen.
            fluids = [entry["label"] for entry in outputs.report["classes"] if entry["name"] == "CSF"]
            surfaces.seeThrough(outputs.segmentation, [segmentID(label) for label in fluids])
            self._surfaceMaker.start(outputs.segmentation)
        else:
            self._surfaceMaker.stop(outputs.segmentation)

    def _onShowSegments(self, isOn: bool) -> None:
        self._showInViews(Shown(segments=True) if isOn else self._checked(segments=False))

    def _onShowBiasField(self, isOn: bool) -> None:
        self._showInViews(Shown(biasField=True) if isOn else self._checked(biasField=False))

    def _onShowUncertainty(self, isOn: bool) -> None:
        self._showInViews(Shown(uncertainty=True) if isOn else self._checked(uncertainty=False))

    def _onShowProbability(self, isOn: bool) -> None:
        classes = [output_nodes.indexOf(node) for node in self._outputs.posteriors]
        chosen = self._probability if self._probability in classes else classes[-1] if classes else None
        self._showInViews(Shown(probability=chosen) if isOn else self._checked(probability=None))

    def _onShowCorrected(self) -> None:
        self._showInViews(self._checked())

    def _checked(self, **changes) -> Shown:
        """What the buttons say, but for ``changes``."""
        ui = self._ui
        said = Shown(
            segments=ui.showSegmentsButton.checked,
            biasField=ui.showBiasFieldButton.checked,
            uncertainty=ui.showUncertaintyButton.checked,
            probability=self._probability if ui.showProbabilityButton.checked else None,
        )
        return dataclasses.replace(said, **changes)

    def _showInViews(self, wanted: Shown) -> None:
        wanted = dataclasses.replace(wanted, corrected=self._ui.showCorrectedButton.checked)
        outputs = outputsOf(self._inputVolume)  # some may have been deleted since they were shown
        if outputs is not None:
            slice_views.show(self._inputVolume, outputs, wanted)
        self.show(self._inputVolume, outputs)

    def _onSegmentModified(self, _caller=None, _event=None) -> None:
        self._table.refresh()

    def _onSegmentationModified(self, _caller=None, _event=None) -> None:
        self._makeLostSurfaces()
        self._showSurfaceState()

    def _onViewsModified(self, _caller=None, _event=None) -> None:
        self._showState()


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
