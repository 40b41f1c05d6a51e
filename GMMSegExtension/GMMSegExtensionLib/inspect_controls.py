"""The controls of the views in which a bias field is inspected: layout, colours, lines of equal field, profile."""

from __future__ import annotations

from collections.abc import Callable

import qt
from slicer.i18n import tr as _

from . import bias_display, field_contours, own_layouts
from .bias_inspection import BiasInspection
from .inspect_layout import LAYOUT_ID
from .inspected_channel import InspectedChannel, halfRange
from .steps import Steps
from .tooltips import paragraphs

_IN_VIEWS = ("opacitySlider", "contoursCheckBox", "segmentsCheckBox", "profileButton")
_ON_OVERLAY = ("rangeSlider", "automaticRangeButton")


class InspectControls:
    """Inspects one channel at a time.

    :param ui: widgets of ``Bias.ui`` by name.
    :param onChanged: called when the user has done something, or has left the layout.
    """

    def __init__(self, ui, onChanged: Callable[[], None]) -> None:
        self._ui = ui
        self._onChanged = onChanged
        self._inspection = BiasInspection()
        self._channel: InspectedChannel | None = None
        self._isFilling = False
        self._steps: Steps[None] | None = None
        self._stepTimer = qt.QTimer()
        self._stepTimer.setInterval(0)
        self._stepTimer.connect("timeout()", self._doStep)
        self._toolTips = {name: getattr(ui, name).toolTip for name in ("inspectButton", *_IN_VIEWS, *_ON_OVERLAY)}
        ui.inspectButton.connect("clicked(bool)", self._onInspect)
        ui.rangeSlider.connect("valueChanged(double)", self._onRange)
        ui.automaticRangeButton.connect("clicked(bool)", self._onAutomaticRange)
        ui.opacitySlider.connect("valueChanged(double)", self._onOpacity)
        ui.contoursCheckBox.connect("clicked(bool)", self._onContours)
        ui.segmentsCheckBox.connect("clicked(bool)", self._onSegments)
        ui.profileButton.connect("clicked(bool)", self._onProfile)
        manager = own_layouts.layoutManager()
        if manager is not None:
            manager.connect("layoutChanged(int)", self._onLayoutChanged)

    @property
    def isDrawing(self) -> bool:
        """Whether lines of equal field are still being made."""
        return self._steps is not None

    def show(self, channel: InspectedChannel | None) -> None:
        """Go on with another channel, or with new results of it; None leaves the layout."""
        self._channel = channel
        if not self._canShow():
            self.stop()
        elif self._inspection.isOpen:
            self._inspect()
        if not self._inspection.isOpen and own_layouts.isShown(LAYOUT_ID):
            self._resume()

    def stop(self) -> None:
        """Give the user's own layout back."""
        self._stopSteps()
        self._inspection.close()

    def enter(self) -> None:
        """Let Slicer know the layout: a scene may have been saved in it."""
        self._inspection.layout.describe()

    def close(self) -> None:
        """Let go of everything."""
        self.show(None)
        self._stepTimer.disconnect("timeout()", self._doStep)
        manager = own_layouts.layoutManager()
        if manager is not None:
            manager.disconnect("layoutChanged(int)", self._onLayoutChanged)

    def fill(self) -> None:
        """Show how things are; what cannot act says why in its tooltip."""
        ui, inspection = self._ui, self._inspection
        deleted = ""
        if self._channel is not None and not self._canShow():
            deleted = _("The field in the brain was deleted; segment again to get it back.")
        closed = "" if inspection.isOpen else _("Click Inspect first: this acts in its views.")
        self._enable(("inspectButton",), deleted or inspection.layout.obstacle())
        self._enable(_ON_OVERLAY, deleted)
        self._enable(_IN_VIEWS, deleted or closed)
        self._isFilling = True
        ui.inspectButton.checked = inspection.isOpen
        ui.profileButton.checked = inspection.isProfileShown
        if self._canShow():
            overlay = self._channel.overlay
            ui.rangeSlider.value = 100 * bias_display.halfWidthOf(overlay)
            ui.automaticRangeButton.checked = not bias_display.isRangeChosen(overlay)
        self._isFilling = False

    def _canShow(self) -> bool:
        return self._channel is not None and self._channel.obtainOverlay() is not None

    def _enable(self, names: tuple[str, ...], reason: str) -> None:
        for name in names:
            widget = getattr(self._ui, name)
            widget.enabled = not reason
            widget.toolTip = self._toolTips[name] + paragraphs(reason)

    def _onInspect(self, isOn: bool) -> None:
        if isOn and self._canShow():
            self._inspect()
        else:
            self.stop()
        self._onChanged()

    def _inspect(self) -> None:
        wasOpen = self._inspection.isOpen
        self._inspection.setOpacity(self._ui.opacitySlider.value / 100)
        self._inspection.setSegmentsShown(self._ui.segmentsCheckBox.checked)
        self._inspection.open(self._channel)
        if not wasOpen:
            # The views get their sizes when the application next handles events, and are then fitted.
            qt.QTimer.singleShot(0, self._inspection.center)
        self._drawContours()

    def _resume(self) -> None:
        """The scene was saved in this layout: go on in it, or give the user's back when there is nothing to show."""
        if self._canShow():
            self._ui.contoursCheckBox.checked = field_contours.areVisible(self._channel.inputVolume)
            self._inspect()
        else:
            self._inspection.layout.close()

    def _onLayoutChanged(self, layout: int) -> None:
        if self._inspection.isOpen and layout != LAYOUT_ID:
            self.stop()
            self._onChanged()
        elif not self._inspection.isOpen and layout == LAYOUT_ID and self._canShow():
            self._resume()
            self._onChanged()

    def _onRange(self, percent: float) -> None:
        if not self._isFilling and self._canShow():
            bias_display.chooseHalfWidth(self._channel.overlay, percent / 100)
            self.fill()

    def _onAutomaticRange(self, isOn: bool) -> None:
        if self._canShow():
            overlay = self._channel.overlay
            if isOn:
                bias_display.fitHalfWidth(overlay, halfRange(overlay))
            else:
                bias_display.chooseHalfWidth(overlay, bias_display.halfWidthOf(overlay))
        self.fill()

    def _onOpacity(self, percent: float) -> None:
        self._inspection.setOpacity(percent / 100)

    def _onSegments(self, isOn: bool) -> None:
        self._inspection.setSegmentsShown(isOn)

    def _onProfile(self, isOn: bool) -> None:
        if self._inspection.isOpen:
            (self._inspection.showProfile if isOn else self._inspection.hideProfile)()
        self.fill()

    def _onContours(self, _isOn: bool) -> None:
        self._drawContours()

    def _drawContours(self) -> None:
        self._stopSteps()
        self._ui.contourIntervalLabel.text = ""
        if not self._inspection.isOpen:
            return
        if self._ui.contoursCheckBox.checked:
            self._steps = self._inspection.contourSteps()
            self._stepTimer.start()
        else:
            field_contours.setVisible(self._channel.inputVolume, False)

    def _stopSteps(self) -> None:
        self._steps = None
        self._stepTimer.stop()

    def _doStep(self) -> None:
        try:
            next(self._steps)
        except StopIteration:
            self._stopSteps()
            self._showInterval()

    def _showInterval(self) -> None:
        interval = field_contours.interval(field_contours.levelsOf(self._channel.inputVolume))
        self._ui.contourIntervalLabel.text = (
            _("every {percent} %").format(percent=f"{100 * interval:g}") if interval else _("fewer than two lines")
        )
