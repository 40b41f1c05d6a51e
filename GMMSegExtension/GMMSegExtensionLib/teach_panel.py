"""Teaching: the network learns from the confirmed voxels of a study, and the user keeps or discards what came of it."""

from __future__ import annotations

import qt
import slicer
import vtk
from gmmseg import models
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from . import slice_views
from .bindings import ChoiceBinding
from .decision_panel import DecisionPanel
from .finetune_request import FinetuneRequest
from .finetune_run import FinetuneListener, FinetuneRun
from .loss_chart import LossChart
from .panel_context import PanelContext
from .parameters import settingsOf
from .segment_panel import remainingText
from .taught import Taught
from .teach_controls import NumberBinding, buttonTexts
from .teaching_volumes import TeachingVolumes
from .tooltips import paragraphs, wrapAll

_PROBLEM_STYLE = "color: #d0342c;"


class TeachPanel(VTKObservationMixin):
    """Starts, shows and cancels fine-tunings, one at a time.

    :param widget: the form ``Teach.ui``.
    """

    def __init__(self, widget, context: PanelContext) -> None:
        super().__init__()
        self._ui = slicer.util.childWidgetVariables(widget)
        self._context = context
        self._parameters = None
        self._inputVolume = None
        self._run: FinetuneRun | None = None
        self._isCancelling = False
        self._previewed: set = set()
        self._contrasts: dict[str, str] = {}
        self._problem = ""
        self._sentence = ""
        self._stage = ""
        ui = self._ui
        wrapAll(vars(ui).values())
        self._controls = (ui.teachModelComboBox, ui.teachBetaSpinBox, ui.teachGammaSpinBox)
        self._toolTips = [control.toolTip for control in self._controls]
        self._models = ChoiceBinding(ui.teachModelComboBox, "model", [], str)
        self._bindings = [
            self._models,
            NumberBinding(ui.teachBetaSpinBox, "beta"),
            NumberBinding(ui.teachGammaSpinBox, "gamma"),
        ]
        self._volumes = TeachingVolumes(ui.volumesTable)
        self._chart = LossChart(ui.lossPlace)
        self._decision = DecisionPanel(ui, self._onDecided)
        # Nodes come and go by dozens: the list is filled anew once they have.
        self._refresh = qt.QTimer()
        self._refresh.setSingleShot(True)
        self._refresh.setInterval(0)
        self._refresh.connect("timeout()", self._show)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._onSceneStartClose)
        self.addObserver(scene, scene.NodeAddedEvent, self._onNodesChanged)
        self.addObserver(scene, scene.NodeRemovedEvent, self._onNodesChanged)
        ui.finetuneButton.connect("clicked(bool)", self.onFinetuneButton)
        context.logic.guards.append(self.undecided)
        context.logic.jobs.listen(self._show)
        self._show()

    def setModels(self, names: list[str], label=str) -> None:
        """Offer these models to start from.

        :param label: gives what the user reads for a name.
        """
        self._contrasts = {card.name: card.contrast for card in models.available()}
        self._models.setChoices(names, label)
        self._show()

    def setSaveCandidate(self, saveCandidate) -> None:
        """Tell how a model is saved, see :meth:`DecisionPanel.setSaveCandidate`."""
        self._decision.setSaveCandidate(saveCandidate)

    def setParameters(self, parameters) -> None:
        """Use another parameter node, or none while the scene changes."""
        if self._parameters is not None:
            self.removeObserver(self._parameters, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
        self._parameters = parameters
        for binding in self._bindings:
            binding.setParameters(parameters)
        self._volumes.setParameters(parameters)
        if parameters is not None:
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
            self._decision.sceneLoaded()
        self._show()

    def show(self, inputVolume, outputs) -> None:
        """The input, its results or its confirmed voxels have changed."""
        if inputVolume is not self._inputVolume:
            self._problem = ""
        self._inputVolume = inputVolume
        if self._run is None:
            self._chart.show(inputVolume)
        if inputVolume is not None:
            self._decision.setVolume(inputVolume)
        self._show()

    def enter(self) -> None:
        """The user opens the module."""
        self._decision.enter()
        self._show()

    def exit(self) -> None:
        """The user opens another module: a run goes on, a decision waits."""
        self._decision.exit()

    def close(self) -> None:
        """Let go of everything; a candidate that was not kept is gone."""
        self._context.logic.jobs.ignore(self._show)
        self._refresh.stop()
        self._refresh.disconnect("timeout()", self._show)
        if self.undecided in self._context.logic.guards:
            self._context.logic.guards.remove(self.undecided)
        if self._context.logic.jobs.isRunningJob(self._run):
            self._context.logic.jobs.abandon()
        self.setParameters(None)
        self._decision.close()
        self._chart.close()
        self.removeObservers()

    def undecided(self, volume=None) -> str:
        """The sentence that tells why the results of ``volume`` (or any) must not be replaced now, else empty."""
        if not self._decision.waitsFor(volume):
            return ""
        return _("Keep or discard what the network was taught first (section 'Teach').")

    def swapBeforeAfter(self) -> bool:
        """Exchange before and after in the comparison; false when it is not shown."""
        return self._decision.swapBeforeAfter()

    def onFinetuneButton(self) -> None:
        """Start, end with the best so far, or, at the second click, end at once."""
        if self._run is None:
            self._start()
        elif self._isCancelling:
            self._context.logic.jobs.abandon()
        else:
            self._isCancelling = True
            self._sentence = _("Finishing with the best network so far")
            self._context.logic.jobs.cancel()
        self._show()

    def _request(self) -> FinetuneRequest:
        parameters = self._parameters
        return FinetuneRequest(self._volumes.volumes(), settingsOf(parameters), self._contrast())

    def _contrast(self) -> str:
        """Kind of scan that the chosen model knows, empty for a model that is not there."""
        return self._contrasts.get(self._parameters.model, "") if self._parameters is not None else ""

    def _obstacle(self) -> str:
        if self._parameters is None:
            return _("No scene is open.")
        if self._decision.isUndecided:
            return _("Keep or discard what the network was taught before it goes on learning.")
        if self._context.logic.jobs.isRunning:
            return _("The engine is at work on something else; wait for its end or cancel it there.")
        try:
            return self._request().obstacle()
        except ValueError as error:
            return str(error)

    def _start(self) -> None:
        self._problem = ""
        if self._obstacle():
            return
        try:
            with slicer.util.tryWithErrorDisplay(_("The fine-tuning could not be started."), waitCursor=True):
                request = self._request()
                run = FinetuneRun(request, self._listener())
                self._context.logic.jobs.start(run)
        except (ValueError, RuntimeError) as error:  # shown to the user by the display above
            self._problem = str(error)
            return
        self._run = run
        self._isCancelling = False
        self._previewed.clear()
        self._stage = ""
        self._sentence = _("Starting the engine")
        self._ui.teachProgressBar.value = 0
        self._chart.begin(request.volumes[0])
        self._context.log(_("Fine-tuning started."))
        self._context.follower.follow()

    def _listener(self) -> FinetuneListener:
        return FinetuneListener(
            progress=self._onProgress,
            loss=self._chart.add,
            preview=self._onPreview,
            finished=self._onFinished,
            failed=self._onFailed,
            cancelled=self._onCancelled,
        )

    def _onProgress(self, fraction: float, stage: str, message: str, remaining: float | None) -> None:
        self._ui.teachProgressBar.value = round(100 * fraction)
        if stage != self._stage:  # not each step: there are many
            self._stage = stage
            self._context.log(message)
        if not self._isCancelling:
            self._sentence = ", ".join(filter(None, [message, remainingText(remaining)]))
            self._ui.teachStatusLabel.text = self._sentence

    def _onPreview(self, volume, segmentationNode) -> None:
        if volume is self._inputVolume and volume not in self._previewed:  # later the views are the user's
            self._previewed.add(volume)
            slice_views.showPreview(volume, segmentationNode)

    def _onFinished(self, taught: Taught) -> None:
        self._endRun(_("Fine-tuning finished."))
        self._decision.take(taught, self._inputVolume)
        self._tell(taught)

    def _onFailed(self, reason: str, _kind: str, details: str) -> None:
        self._problem = reason
        self._chart.remove()
        self._endRun("\n".join(filter(None, [reason, details])))
        options = {"detailedText": details} if details else {}
        slicer.util.errorDisplay(reason, windowTitle=_("Fine-tuning failed"), **options)

    def _onCancelled(self, reason: str) -> None:
        self._problem = reason
        self._chart.remove()
        self._endRun(reason or _("Fine-tuning cancelled; everything is as before."))

    def _endRun(self, logLine: str) -> None:
        self._run = None
        self._isCancelling = False
        self._context.log(logLine)
        self._show()

    def _onDecided(self, taught: Taught, card) -> None:
        if card is None:
            self._chart.remove()
            self._context.log(_("What the network was taught was discarded; everything is as before."))
        else:
            if self._parameters is not None:
                self._parameters.model = card.name
            self._context.log(_("The network '{name}' was saved and is used from now on.").format(name=card.name))
        self._tell(taught)

    def _tell(self, taught: Taught) -> None:
        """All panels show the results of the study anew."""
        for volume in taught.present():
            self._context.resultsChanged(volume.node)
        self._show()

    def _onParametersModified(self, _caller=None, _event=None) -> None:
        self._problem = ""
        for binding in self._bindings:
            binding.show()
        self._show()

    def _onNodesChanged(self, _caller=None, _event=None) -> None:
        if self._parameters is not None:
            self._refresh.start()

    def _onSceneStartClose(self, _caller=None, _event=None) -> None:
        self._decision.forget()
        self._inputVolume = None
        self._problem = ""
        self._chart.show(None)

    def _show(self) -> None:
        """Make list, button, bar and sentence fit the state."""
        ui = self._ui
        self._decision.show()
        isRunning = self._run is not None
        isLocked = isRunning or self._decision.isUndecided
        self._volumes.show(self._contrast(), isLocked)
        obstacle = "" if isRunning else self._obstacle()
        text, toolTip = buttonTexts(isRunning, self._isCancelling, obstacle, self._volumes.volumes())
        ui.finetuneButton.text = text
        ui.finetuneButton.enabled = not obstacle
        ui.finetuneButton.toolTip = paragraphs(toolTip)
        ui.teachProgressBar.visible = isRunning
        sentence = self._sentence if isRunning else self._problem or obstacle
        ui.teachStatusLabel.text = sentence
        ui.teachStatusLabel.visible = bool(sentence)
        ui.teachStatusLabel.styleSheet = _PROBLEM_STYLE if self._problem and not isRunning else ""
        reason = _("Cannot be changed while the network learns.") if isRunning else ""
        for control, toolTip in zip(self._controls, self._toolTips, strict=True):
            control.enabled = not reason
            control.toolTip = toolTip + paragraphs(reason)
