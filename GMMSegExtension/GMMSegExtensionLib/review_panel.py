"""The "Correct" section: go to uncertain slices, correct them in the Segment Editor, confirm them."""

from __future__ import annotations

import contextlib

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from . import region_box, review_slices, review_texts
from .bindings import ChoiceBinding
from .button_reasons import ButtonReasons
from .confirm_history import ConfirmHistories
from .confirmations import SLICE, Confirmations, Entry, countConfirmed
from .confirmed_strip import ConfirmedStrip
from .panel_context import PanelContext
from .review_place import ReviewPlace
from .review_watch import ReviewWatch
from .scene import SegmentationOutputs
from .segment_editing import EmbeddedEditor
from .tooltips import wrapAll
from .uncertain_guide import UncertainGuide
from .undo_log import isInScene

_PROBLEM_STYLE = "color: #c77700;"


class ReviewPanel(VTKObservationMixin):
    """Reviews the results of one input volume.

    :param widget: of ``Review.ui``.
    """

    def __init__(self, widget, context: PanelContext) -> None:
        super().__init__()
        self._ui = ui = slicer.util.childWidgetVariables(widget)
        self._context = context
        self._parameters = None
        self._inputVolume = None
        self._outputs: SegmentationOutputs | None = None
        self._histories = ConfirmHistories()
        self._watch = ReviewWatch(self._showPlace, self._onNodeLost, self._histories.clear)
        self._confirmations: Confirmations | None = None
        self._guide: UncertainGuide | None = None
        self._place: ReviewPlace | None = None
        self._counted: tuple = ()
        wrapAll(vars(ui).values())
        names = ("nextUncertain", "confirmSlice", "confirmAll", "regionBox", "confirmRegion", "undo", "remove")
        self._buttons = {name: getattr(ui, f"{name}Button") for name in (*names, "showConfirmed")}
        self._reasons = ButtonReasons(self._buttons)
        self._orientations = ChoiceBinding(
            *(ui.orientationComboBox, "reviewOrientation"),
            *(list(review_slices.ORIENTATIONS), review_slices.orientationLabel),
        )
        self._strip = ConfirmedStrip(ui.confirmedTable, self._onEntryChosen, self._onRemove)
        self._editor = EmbeddedEditor(ui.editorFrame)
        self._connect()
        self.show(None, None)

    def _connect(self) -> None:
        ui = self._ui
        actions = (self._onNext, self._onConfirmSlice, self._onConfirmAll, self._onRegionBox, self._onConfirmRegion)
        others = (self._onUndo, self._onRemove, self._onShowConfirmed)
        for button, action in zip(self._buttons.values(), (*actions, *others), strict=True):
            button.connect("clicked(bool)", action)
        ui.confirmedTable.connect("itemSelectionChanged()", self._enableControls)
        ui.editorCollapsibleButton.connect("contentsCollapsed(bool)", self._onEditorCollapsed)
        self._context.logic.jobs.listen(self._enableControls)

    def nextUncertain(self) -> None:
        """For a key: as a click on the button, nothing where that is disabled."""
        self._ui.nextUncertainButton.click()

    def confirmSlice(self) -> None:
        """For a key: as a click on the button, nothing where that is disabled."""
        self._ui.confirmSliceButton.click()

    def setParameters(self, parameters) -> None:
        """Use another parameter node, or none."""
        if self._parameters is not None:
            self.removeObserver(self._parameters, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
        self._parameters = parameters
        if parameters is not None:
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
        self._orientations.setParameters(parameters)
        self._showPlace()

    def show(self, inputVolume, outputs: SegmentationOutputs | None) -> None:
        """Show the results of ``inputVolume`` and what of them is confirmed; None lets go of all nodes."""
        isOther = inputVolume is not self._inputVolume
        if isOther and isInScene(self._inputVolume):
            region_box.hide(self._inputVolume)
        self._inputVolume, self._outputs = inputVolume, outputs
        self._watch.observe(hasResults=outputs is not None)
        if isOther or outputs is None:
            self._confirmations = self._guide = self._place = None
            self._tell("")
        if outputs is not None:
            history = self._histories.of(inputVolume, len(outputs.report["classes"]))
            if self._confirmations is None or self._confirmations.history is not history:
                self._confirmations = Confirmations(inputVolume, history)
                self._guide, self._place = UncertainGuide(inputVolume), ReviewPlace(inputVolume)
        self._editor.show(inputVolume, outputs)
        self._refresh()

    def enter(self) -> None:
        """The module is opened."""
        if not self._ui.editorCollapsibleButton.collapsed:
            self._editor.enter()

    def exit(self) -> None:
        """Another module is opened: its views have no brush and no box of ours."""
        self._editor.exit()
        if isInScene(self._inputVolume):
            region_box.hide(self._inputVolume)
        self._refresh()

    def close(self) -> None:
        """The panel goes away."""
        self.exit()
        self.setParameters(None)
        self.show(None, None)
        self._editor.close()
        self._context.logic.jobs.ignore(self._enableControls)
        self._watch.close()
        self.removeObservers()

    # what is seen
    def _refresh(self) -> None:
        """Show the confirmations anew, and what can be done."""
        confirmations, ui = self._confirmations, self._ui
        entries = confirmations.entries() if confirmations is not None else []
        self._strip.show(entries)
        self._watchNodes()
        ui.summaryLabel.text = review_texts.summary(entries, self._count(entries)) if confirmations is not None else ""
        ui.showConfirmedButton.checked = confirmations is not None and confirmations.isShown
        ui.regionBoxButton.checked = self._outputs is not None and region_box.isShown(self._inputVolume)
        self._showPlace()
        self._enableControls()

    def _watchNodes(self) -> None:
        """Know by which nodes' end the panel has to change."""
        outputs = self._outputs
        if outputs is None:
            self._watch.setNodes()
            return
        own = (self._inputVolume, outputs.segmentation, outputs.uncertainty, self._confirmations.node)
        self._watch.setNodes(*own, *outputs.correctedVolumes)

    def _count(self, entries: list[Entry]):
        """Counting reads the whole brain, so it is done again only after a change."""
        changed = self._outputs.segmentation.GetSegmentation().GetMTime()
        if self._counted[:2] != (entries, changed):
            self._counted = (entries, changed, countConfirmed(self._inputVolume))
        return self._counted[2]

    def _showPlace(self) -> None:
        text = ""
        if self._place is not None and self._parameters is not None:
            text = self._place.text(self._parameters.reviewOrientation, self._strip.entries)
        if self._ui.positionLabel.text != text:
            self._ui.positionLabel.text = text

    def _enableControls(self) -> None:
        outputs = self._outputs
        step = self._confirmations.lastStep if self._confirmations is not None else ""
        isBusy = outputs is not None and self._context.logic.jobs.isWritingTo(self._inputVolume)
        self._editor.setReadOnly(review_texts.busy() if isBusy else "")
        self._reasons.show(
            review_texts.obstacles(
                isBusy=isBusy,
                hasResults=outputs is not None,
                hasMap=outputs is not None and outputs.uncertainty is not None,
                hasBox=outputs is not None and region_box.isShown(self._inputVolume),
                hasEntries=bool(self._strip.entries),
                hasChosen=bool(self._strip.selected()),
                hasStep=bool(step),
            )
        )
        if step and not isBusy:
            self._reasons.explain("undo", _("Next: {step}.").format(step=step))

    def _tell(self, text: str, isProblem: bool = False) -> None:
        label = self._ui.messageLabel
        label.text = text
        label.styleSheet = _PROBLEM_STYLE if isProblem else ""
        label.visible = bool(text)

    # what the user does
    @contextlib.contextmanager
    def _action(self):
        """Something that changes the confirmations or says in a sentence why not."""
        try:
            yield
        except ValueError as error:
            self._tell(str(error), isProblem=True)
        self._refresh()

    def _changed(self, text: str) -> None:
        self._tell(text)
        self._context.resultsChanged(self._inputVolume)

    def _axis(self) -> int:
        return self._place.axis(self._parameters.reviewOrientation)

    def _goTo(self, voxel: tuple[int, int, int]) -> None:
        self._tell(review_texts.viewsTurned() if self._place.goTo(voxel) else "")
        self._showPlace()

    def _onNext(self) -> None:
        with self._action():
            voxel = self._guide.next(self._outputs.uncertainty, self._axis())
            if voxel is None:
                raise ValueError(_("No uncertain slice is left in this orientation."))
            self._goTo(voxel)

    def _onConfirmSlice(self) -> None:
        with self._action():
            axis, orientation = self._axis(), self._parameters.reviewOrientation
            index = self._place.index(axis)
            if index is None:
                raise ValueError(review_texts.nothingSeen(orientation))
            if self._place.tilt(axis):
                self._goTo(self._place.voxel())
                self._tell(review_texts.turned(orientation, index), isProblem=True)
            else:
                self._changed(review_texts.confirmed(self._confirmations.addSlice(axis, index)))

    def _onConfirmAll(self) -> None:
        with self._action():
            self._changed(review_texts.confirmed(self._confirmations.addAll()))

    def _onConfirmRegion(self) -> None:
        with self._action():
            entry = self._confirmations.addRegion(region_box.boxOf(self._inputVolume))
            self._changed(review_texts.confirmed(entry))

    def _onRegionBox(self, isOn: bool) -> None:
        with self._action():
            self._tell("")
            if isOn:
                region_box.show(self._inputVolume, self._place.voxel())
            else:
                region_box.hide(self._inputVolume)

    def _onUndo(self) -> None:
        with self._action():
            self._changed(review_texts.undone(self._confirmations.undo()))

    def _onRemove(self) -> None:
        with self._action():
            self._confirmations.remove(*(entry.id for entry in self._strip.selected()))
            self._changed("")

    def _onShowConfirmed(self, isOn: bool) -> None:
        self._confirmations.setShown(isOn)

    def _onEntryChosen(self, entry: Entry) -> None:
        with self._action():
            voxel = list(self._place.voxel())
            if entry.kind == SLICE and entry.orientation:
                self._parameters.reviewOrientation = entry.orientation
                voxel[entry.axis] = entry.index
            else:
                voxel = self._confirmations.centre(entry.id) or voxel
            self._goTo(tuple(voxel))

    def _onEditorCollapsed(self, isCollapsed: bool) -> None:
        if isCollapsed:
            self._editor.exit()
            return
        self._editor.open()
        self._editor.show(self._inputVolume, self._outputs)
        self._editor.enter()

    # what happens elsewhere
    def _onParametersModified(self, _caller=None, _event=None) -> None:
        self._orientations.show()
        self._showPlace()

    def _onNodeLost(self) -> None:
        inputVolume = self._inputVolume if isInScene(self._inputVolume) else None
        self.show(inputVolume, self._context.logic.outputsOf(inputVolume))
