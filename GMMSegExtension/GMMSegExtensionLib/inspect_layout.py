"""The layout in which a bias field is judged: original, corrected and field in linked slices, and two charts.

The views are the module's own, so that those of the user stay as they are. Works on the scene; without a layout
manager there are no views and the layout cannot be opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import slicer
from slicer.i18n import tr as _

from . import own_layouts, own_views
from .own_views import FIELD_VIEW, PREFIX

LAYOUT_ID = own_layouts.INSPECT
ORIGINAL_VIEW, CORRECTED_VIEW = f"{PREFIX}Original", f"{PREFIX}Corrected"
HISTOGRAM_VIEW, PROFILE_VIEW = f"{PREFIX}Histogram", f"{PREFIX}Profile"
SLICE_VIEWS = (ORIGINAL_VIEW, CORRECTED_VIEW, FIELD_VIEW)
SLICE_VIEW_IDS = tuple(own_views.sliceViewID(name) for name in SLICE_VIEWS)
# Only views of one group follow each other.
_VIEW_GROUP = LAYOUT_ID


@dataclass(frozen=True)
class Inspected:
    """What the views show: the volume nodes of one channel.

    :param original: as it was.
    :param corrected: divided by the field.
    :param overlay: the field, 0 outside the brain.
    """

    original: object
    corrected: object
    overlay: object


class InspectLayout:
    """Switches to the layout and back. What the user's views showed is given back as it was."""

    def __init__(self) -> None:
        self._usersLayers: dict[str, dict] = {}

    @staticmethod
    def obstacle() -> str:
        """The sentence that tells why the layout cannot be opened, empty when it can."""
        if own_layouts.layoutManager() is None:
            return _("This Slicer shows no views (it was started without its main window).")
        return ""

    @property
    def isOpen(self) -> bool:
        """Whether the views of the layout are seen."""
        return own_layouts.isShown(LAYOUT_ID)

    def open(self) -> None:
        """Switch to the layout, and remember what there was."""
        self.describe()
        if not self.isOpen:
            self._usersLayers = {view.GetID(): _layers(view) for view in own_views.usersComposites()}
            own_layouts.show(LAYOUT_ID)
        for composite in filter(None, map(own_views.composite, SLICE_VIEWS)):
            # Hot: the others follow while the mouse still moves.
            composite.SetLinkedControl(True)
            composite.SetHotLinkedControl(True)

    def describe(self) -> None:
        """Make the layout known to Slicer."""
        own_layouts.describe(LAYOUT_ID, _description())

    def close(self) -> None:
        """Give the user's layout back, unless the user has chosen another one meanwhile, and what its views showed."""
        if self.isOpen:
            own_layouts.giveBack(LAYOUT_ID)
            for identifier, layers in self._usersLayers.items():
                _restore(slicer.mrmlScene.GetNodeByID(identifier), layers)
        self._usersLayers = {}

    def show(self, inspected: Inspected, opacity: float) -> None:
        """Let the three views show a channel, its field at ``opacity`` (0 to 1)."""
        layers = {
            ORIGINAL_VIEW: (inspected.original, None),
            CORRECTED_VIEW: (inspected.corrected, None),
            FIELD_VIEW: (inspected.original, inspected.overlay),
        }
        for name, (background, foreground) in layers.items():
            composite = own_views.composite(name)
            if composite is None:
                continue
            with slicer.util.NodeModify(composite):
                composite.SetBackgroundVolumeID(background.GetID())
                composite.SetForegroundVolumeID(foreground.GetID() if foreground is not None else None)
                composite.SetForegroundOpacity(opacity if foreground is not None else 0.0)
                composite.SetLabelVolumeID(None)

    def center(self, point) -> None:
        """Fit the three views to their volumes, on the slice through ``point`` (world RAS mm)."""
        manager = own_layouts.layoutManager()
        for name in SLICE_VIEWS:
            widget = manager.sliceWidget(name) if manager is not None else None
            if widget is not None:
                widget.sliceLogic().FitSliceToBackground()
                widget.mrmlSliceNode().JumpSliceByOffsetting(*point)


def _layers(composite) -> dict:
    return {
        "background": composite.GetBackgroundVolumeID(),
        "foreground": composite.GetForegroundVolumeID(),
        "label": composite.GetLabelVolumeID(),
        "foregroundOpacity": composite.GetForegroundOpacity(),
        "labelOpacity": composite.GetLabelOpacity(),
        "linked": composite.GetLinkedControl(),
    }


def _restore(composite, layers: dict) -> None:
    if composite is None:
        return

    def present(identifier):
        return identifier if identifier and slicer.mrmlScene.GetNodeByID(identifier) is not None else None

    with slicer.util.NodeModify(composite):
        composite.SetBackgroundVolumeID(present(layers["background"]))
        composite.SetForegroundVolumeID(present(layers["foreground"]))
        composite.SetLabelVolumeID(present(layers["label"]))
        composite.SetForegroundOpacity(layers["foregroundOpacity"])
        composite.SetLabelOpacity(layers["labelOpacity"])
        composite.SetLinkedControl(layers["linked"])


def _description() -> str:
    slices = "".join(
        f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">'
        '<property name="orientation" action="default">Axial</property>'
        f'<property name="viewlabel" action="default">{escape(label)}</property>'
        f'<property name="viewcolor" action="default">{color}</property>'
        f'<property name="viewgroup" action="default">{_VIEW_GROUP}</property>'
        "</view></item>"
        for name, label, color in (
            (ORIGINAL_VIEW, _("Original"), "#8C8C91"),
            (CORRECTED_VIEW, _("Corrected"), "#3B6FD4"),
            (FIELD_VIEW, _("Field"), "#B5052A"),
        )
    )
    charts = "".join(
        f'<item><view class="vtkMRMLPlotViewNode" singletontag="{name}">'
        f'<property name="viewlabel" action="default">{escape(label)}</property></view></item>'
        for name, label in ((HISTOGRAM_VIEW, _("Histogram")), (PROFILE_VIEW, _("Profile")))
    )
    return (
        '<layout type="vertical" split="true">'
        f'<item splitSize="600"><layout type="horizontal">{slices}</layout></item>'
        f'<item splitSize="400"><layout type="horizontal">{charts}</layout></item>'
        "</layout>"
    )
