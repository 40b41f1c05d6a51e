"""A check box for each class: whether its segment is drawn."""

from __future__ import annotations

import qt
from gmmseg.settings import LIMITS
from slicer.i18n import tr as _

from .results_table import swatch
from .scene import SegmentationOutputs
from .slice_views import className
from .tissues import segmentID
from .tooltips import paragraphs

_MOST = LIMITS["number_of_classes"][1]


class TissueBoxes:
    """The boxes stand in the grid layout of ``widget``."""

    def __init__(self, widget) -> None:
        self._outputs: SegmentationOutputs | None = None
        self._layout = widget.layout()
        self._boxes = []
        for index in range(_MOST):
            box = qt.QCheckBox(widget)
            box.objectName = f"tissueCheckBox{index + 1}"
            box.connect("clicked(bool)", self._handler(index))
            self._boxes.append(box)

    @property
    def boxes(self) -> list:
        """The boxes in the order of the classes; those beyond the last class are hidden."""
        return self._boxes

    def show(self, outputs: SegmentationOutputs | None) -> None:
        """Show the segments of ``outputs``; None lets go of the nodes."""
        self._outputs = outputs
        count = len(outputs.report["classes"]) if outputs is not None else 0
        columns = 3 if count == 3 else 2  # names of other classes are long
        for index, box in enumerate(self._boxes):
            self._layout.addWidget(box, index // columns, index % columns)
            box.visible = index < count
        self.refresh()

    def refresh(self) -> None:
        """Show names, colours and states anew."""
        if self._outputs is None:
            return
        segmentation = self._outputs.segmentation.GetSegmentation()
        display = self._outputs.segmentation.GetDisplayNode()
        for index in range(len(self._outputs.report["classes"])):
            box, identifier = self._boxes[index], segmentID(index + 1)
            segment = segmentation.GetSegment(identifier)
            isThere = segment is not None and display is not None
            name = className(self._outputs, index)
            box.text = name
            box.enabled = isThere
            box.checked = isThere and bool(display.GetSegmentVisibility(identifier))
            if isThere:
                box.icon = swatch(segment.GetColor())
                box.toolTip = paragraphs(_("Draw {name}, in slice and 3-D views.").format(name=name))
            else:
                box.toolTip = paragraphs(_("This segment was deleted; segment again to get it back."))

    def _handler(self, index: int):
        return lambda isOn: self._setVisible(index, isOn)

    def _setVisible(self, index: int, isOn: bool) -> None:
        display = self._outputs.segmentation.GetDisplayNode() if self._outputs is not None else None
        if display is not None:
            display.SetSegmentVisibility(segmentID(index + 1), isOn)
