"""The "Views" section: how segments, overlays and surfaces are drawn."""

from __future__ import annotations

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from . import output_nodes, own_views, shortcuts, slice_views
from .panel_context import PanelContext
from .scene import SegmentationOutputs, outputsOf
from .slice_views import Shown
from .tissue_boxes import TissueBoxes
from .tooltips import paragraphs, wrapAll

# How segments can be drawn: (filled, outlined).
_DRAWN = ((True, True), (True, False), (False, True))
_MOST_PERCENT = 100


class ViewsPanel(VTKObservationMixin):
    """Shows and sets the display of the results of one input volume."""

    def __init__(self, widget, context: PanelContext) -> None:
        super().__init__()
        self._context = context
        self._inputVolume = None
        self._outputs: SegmentationOutputs | None = None
        self._isShowing = False
        self._overlays: list[Shown] = []
        self._ui = ui = slicer.util.childWidgetVariables(widget)
        wrapAll(vars(ui).values())
        self._toolTips = [(control, control.toolTip) for control in self._controls()]
        ui.drawComboBox.addItems([_("Fill and outline"), _("Fill"), _("Outline")])
        self._tissues = TissueBoxes(ui.tissuesWidget)
        ui.shortcutsLabel.text = _("Keys: {keys} (point here for what they do)").format(
            keys=" ".join(key for key, _text in shortcuts.table())
        )
        ui.shortcutsLabel.toolTip = shortcuts.tableAsHtml()
        ui.segmentOpacitySlider.connect("valueChanged(double)", self._onSegmentOpacity)
        ui.overlayOpacitySlider.connect("valueChanged(double)", self._onOverlayOpacity)
        ui.surfaceOpacitySlider.connect("valueChanged(double)", self._onSurfaceOpacity)
        ui.drawComboBox.connect("activated(int)", self._onDraw)
        ui.overlayComboBox.connect("activated(int)", self._onOverlay)
        self.show(None, None)

    def setParameters(self, parameters) -> None:
        """Nothing here is a parameter: how nodes are drawn is saved in their display nodes."""

    def show(self, inputVolume, outputs: SegmentationOutputs | None) -> None:
        """Show how ``outputs`` are drawn; None lets go of the nodes."""
        self.removeObservers()
        self._inputVolume, self._outputs = inputVolume, outputs
        ui = self._ui
        hasResults = outputs is not None
        ui.viewsHintLabel.visible = not hasResults
        ui.probabilityHintLabel.visible = hasResults and not outputs.posteriors
        reason = paragraphs(_("There is nothing to see yet; segment a volume first."))
        for control, toolTip in self._toolTips:
            control.enabled = hasResults
            control.toolTip = toolTip if hasResults else reason
        self._tissues.show(outputs)
        self._fillOverlays()
        if not hasResults:
            return
        self._showState()
        segmentation = outputs.segmentation.GetSegmentation()
        self.addObserver(segmentation, slicer.vtkSegmentation.SegmentModified, self._onSegmentModified)
        for node in (outputs.segmentation.GetDisplayNode(), *own_views.usersComposites()):
            if node is not None:
                self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self._onDisplayModified)

    def enter(self) -> None:
        """The module is opened."""

    def exit(self) -> None:
        """The module is left."""

    def close(self) -> None:
        """The module is destroyed."""
        self.show(None, None)

    def drawNext(self) -> None:
        """Draw the segments filled, outlined or both: the next of the three."""
        display = self._display()
        if display is not None:
            self._draw((self._drawn(display) + 1) % len(_DRAWN))

    def _controls(self) -> tuple:
        ui = self._ui
        return (
            ui.segmentOpacitySlider,
            ui.drawComboBox,
            ui.overlayComboBox,
            ui.overlayOpacitySlider,
            ui.surfaceOpacitySlider,
        )

    def _display(self):
        return self._outputs.segmentation.GetDisplayNode() if self._outputs is not None else None

    def _fillOverlays(self) -> None:
        """Offer the overlays that there are."""
        outputs, combo = self._outputs, self._ui.overlayComboBox
        offered = [(_("None"), Shown(segments=True))]
        if outputs is not None and outputs.biasOverlay is not None:
            offered.append((_("Bias field"), Shown(biasField=True)))
        if outputs is not None and outputs.uncertainty is not None:
            offered.append((_("Uncertainty"), Shown(uncertainty=True)))
        for node in outputs.posteriors if outputs is not None else ():
            index = output_nodes.indexOf(node)
            title = _("Probability of {name}").format(name=slice_views.className(outputs, index))
            offered.append((title, Shown(probability=index)))
        combo.clear()
        combo.addItems([title for title, _wanted in offered])
        self._overlays = [wanted for _title, wanted in offered]

    def _showState(self) -> None:
        display = self._display()
        if display is None:
            return
        ui = self._ui
        self._isShowing = True
        try:
            ui.segmentOpacitySlider.value = round(_MOST_PERCENT * display.GetOpacity2DFill())
            ui.surfaceOpacitySlider.value = round(_MOST_PERCENT * display.GetOpacity3D())
            ui.overlayOpacitySlider.value = round(_MOST_PERCENT * slice_views.overlayOpacity(self._outputs))
            ui.drawComboBox.currentIndex = self._drawn(display)
            ui.overlayComboBox.currentIndex = self._overlayIndex()
        finally:
            self._isShowing = False
        self._tissues.refresh()

    def _overlayIndex(self) -> int:
        state = slice_views.shown(self._outputs)
        for index, offered in enumerate(self._overlays):
            if (offered.biasField and state.biasField) or (offered.uncertainty and state.uncertainty):
                return index
            if offered.probability is not None and offered.probability == state.probability:
                return index
        return 0

    @staticmethod
    def _drawn(display) -> int:
        state = (bool(display.GetVisibility2DFill()), bool(display.GetVisibility2DOutline()))
        return _DRAWN.index(state) if state in _DRAWN else 0

    def _draw(self, index: int) -> None:
        isFilled, isOutlined = _DRAWN[index]
        display = self._display()
        with slicer.util.NodeModify(display):
            display.SetVisibility2DFill(isFilled)
            display.SetVisibility2DOutline(isOutlined)

    def _onDraw(self, index: int) -> None:
        if self._display() is not None:
            self._draw(index)

    def _onSegmentOpacity(self, percent: float) -> None:
        display = self._display()
        if self._isShowing or display is None:
            return
        opacity = percent / _MOST_PERCENT
        with slicer.util.NodeModify(display):
            display.SetOpacity2DFill(opacity)
            # Slicer draws an outline twice as opaque as the fill; so it stays, and vanishes with it.
            display.SetOpacity2DOutline(min(2 * opacity, 1.0))

    def _onSurfaceOpacity(self, percent: float) -> None:
        display = self._display()
        if not self._isShowing and display is not None:
            display.SetOpacity3D(percent / _MOST_PERCENT)

    def _onOverlayOpacity(self, percent: float) -> None:
        if not self._isShowing and self._outputs is not None:
            slice_views.setOverlayOpacity(self._outputs, percent / _MOST_PERCENT)

    def _onOverlay(self, index: int) -> None:
        outputs = outputsOf(self._inputVolume)  # some may have been deleted since they were shown
        if outputs is None:
            self.show(self._inputVolume, None)
            return
        corrected = slice_views.shown(outputs).corrected
        wanted = self._overlays[index]
        self.show(self._inputVolume, outputs)
        if wanted in self._overlays:
            slice_views.show(self._inputVolume, outputs, _with(wanted, corrected))

    def _onSegmentModified(self, _caller=None, _event=None) -> None:
        self._tissues.refresh()

    def _onDisplayModified(self, _caller=None, _event=None) -> None:
        if not self._isShowing:
            self._showState()


def _with(wanted: Shown, corrected: bool) -> Shown:
    return Shown(wanted.segments, wanted.biasField, wanted.uncertainty, corrected, wanted.probability)
