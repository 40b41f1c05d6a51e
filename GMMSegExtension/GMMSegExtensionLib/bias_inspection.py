"""What is seen while a bias field is inspected: views, overlay, lines of equal field, and the two charts."""

from __future__ import annotations

import slicer
import vtk
from slicer.util import VTKObservationMixin

from . import (
    bias_display,
    color_maps,
    field_contours,
    histogram_chart,
    output_nodes,
    own_views,
    plot_nodes,
    profile_chart,
)
from .inspect_layout import (
    CORRECTED_VIEW,
    FIELD_VIEW,
    HISTOGRAM_VIEW,
    ORIGINAL_VIEW,
    PROFILE_VIEW,
    SLICE_VIEW_IDS,
    Inspected,
    InspectLayout,
)
from .inspected_channel import InspectedChannel, copyWindow, halfRange
from .steps import Steps

_FIELD_VIEW_IDS = (own_views.sliceViewID(FIELD_VIEW),)
_GREY_VIEW_IDS = (own_views.sliceViewID(ORIGINAL_VIEW), own_views.sliceViewID(CORRECTED_VIEW))


class BiasInspection(VTKObservationMixin):
    """Shows one channel in the layout of :class:`InspectLayout`, and takes everything back at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.layout = InspectLayout()
        self.channel: InspectedChannel | None = None
        self._opacity = 0.6
        self._showsSegments = False
        self._segmentViewsBefore: tuple[str, ...] = ()
        self._segmentDisplay = None

    @property
    def isOpen(self) -> bool:
        """Whether a channel is shown in the layout."""
        return self.channel is not None

    def open(self, channel: InspectedChannel) -> None:
        """Switch to the layout, or show another channel (or new results) in it."""
        overlay = channel.obtainOverlay()
        self.removeObservers()
        self.channel = channel
        self.layout.open()
        copyWindow(channel.original, channel.corrected)
        self.layout.show(Inspected(channel.original, channel.corrected, overlay), self._opacity)
        color_maps.renewLegend(overlay)
        self._keepSegmentsAway()
        if not bias_display.isRangeChosen(overlay):
            bias_display.fitHalfWidth(overlay, halfRange(overlay))
        self._updateCharts()
        self._observe()

    def center(self) -> None:
        """Fit the views, on the slice through the brain's middle."""
        if self.channel is not None and self.channel.overlay is not None:
            self.layout.center(profile_chart.brainCenter(self.channel.overlay))

    def close(self) -> None:
        """Give the user's views back."""
        if self.channel is None:
            return
        self.removeObservers()
        self._giveSegmentsBack()
        inputVolume, self.channel = self.channel.inputVolume, None
        line = profile_chart.lineOf(inputVolume)
        if line is not None and line.GetDisplayNode() is not None:
            line.GetDisplayNode().SetVisibility(False)
        field_contours.setVisible(inputVolume, False)
        self.layout.close()

    def setOpacity(self, opacity: float) -> None:
        """How much of the field covers the image, 0 to 1."""
        self._opacity = opacity
        composite = own_views.composite(FIELD_VIEW)
        if self.isOpen and composite is not None:
            composite.SetForegroundOpacity(opacity)

    def setSegmentsShown(self, areShown: bool) -> None:
        """Whether the segments cover original and corrected; the field they never do."""
        self._showsSegments = areShown
        if self.isOpen:
            self._keepSegmentsAway()

    def contourSteps(self) -> Steps[None]:
        """Draw the lines of equal field of the channel."""
        channel = self.channel
        yield from field_contours.update(channel.inputVolume, channel.field, channel.overlay, _FIELD_VIEW_IDS)

    def showProfile(self) -> None:
        """Let the user drag a line; original, corrected and field along it are charted."""
        self.removeObservers()
        profile_chart.obtainLine(self.channel.inputVolume, self.channel.overlay, SLICE_VIEW_IDS)
        self._updateProfile()
        self._observe()

    def hideProfile(self) -> None:
        """Hide the line; it stays in the scene, as does its chart."""
        line = profile_chart.lineOf(self.channel.inputVolume)
        if line is not None and line.GetDisplayNode() is not None:
            line.GetDisplayNode().SetVisibility(False)

    @property
    def isProfileShown(self) -> bool:
        """Whether there is a line to drag."""
        line = profile_chart.lineOf(self.channel.inputVolume) if self.channel is not None else None
        display = line.GetDisplayNode() if line is not None else None
        return display is not None and bool(display.GetVisibility())

    def _updateCharts(self) -> None:
        channel = self.channel
        chart = histogram_chart.update(channel)
        plot_nodes.show(chart, HISTOGRAM_VIEW)
        plot_nodes.show(output_nodes.find(channel.inputVolume, output_nodes.PROFILE_CHART), PROFILE_VIEW)
        if self.isProfileShown:
            self._updateProfile()

    def _updateProfile(self) -> None:
        plot_nodes.show(profile_chart.update(self.channel), PROFILE_VIEW)

    def _keepSegmentsAway(self) -> None:
        """Segments over a view would hide what is judged in it; the user's views keep them."""
        display = self.channel.outputs.segmentation.GetDisplayNode()
        if display is None:
            return
        users = {node.GetID() for node in own_views.usersViews()}
        if display is not self._segmentDisplay:
            self._giveSegmentsBack()
            self._segmentDisplay = display
            before = [identifier for identifier in display.GetViewNodeIDs() if identifier not in SLICE_VIEW_IDS]
            # None means all; all of them are listed in a scene that was saved in this layout.
            self._segmentViewsBefore = tuple(before) if users - set(before) else ()
        shown = self._segmentViewsBefore or tuple(sorted(users))
        display.SetViewNodeIDs(shown + (_GREY_VIEW_IDS if self._showsSegments else ()))

    def _giveSegmentsBack(self) -> None:
        display, self._segmentDisplay = self._segmentDisplay, None
        if display is not None and slicer.mrmlScene.IsNodePresent(display):
            display.SetViewNodeIDs(self._segmentViewsBefore)

    def _observe(self) -> None:
        channel = self.channel
        modified = vtk.vtkCommand.ModifiedEvent
        for node, react in (
            (channel.original, self._onOriginalDisplayModified),
            (channel.corrected, self._onCorrectedDisplayModified),
        ):
            if node.GetDisplayNode() is not None:
                self.addObserver(node.GetDisplayNode(), modified, react)
        line = profile_chart.lineOf(channel.inputVolume)
        if line is not None:
            self.addObserver(line, line.PointModifiedEvent, self._onLineMoved)

    def _onOriginalDisplayModified(self, _caller, _event) -> None:
        copyWindow(self.channel.original, self.channel.corrected)

    def _onCorrectedDisplayModified(self, _caller, _event) -> None:
        copyWindow(self.channel.corrected, self.channel.original)

    def _onLineMoved(self, _caller, _event) -> None:
        channel = self.channel
        if all(map(slicer.mrmlScene.IsNodePresent, (channel.original, channel.corrected, channel.field))):
            self._updateProfile()
