"""The "Models" section: which networks there are, which one is used, and what the user does with those of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import slicer
import vtk
from gmmseg import models
from gmmseg.model_card import ModelCard
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from .engine_job import JobListener
from .model_check import ModelCheck
from .model_dialogs import ModelDialogs
from .model_list import ListedModel, detailsOf, freeName, labels, listedModels
from .models_table import ModelsTable
from .panel_context import PanelContext
from .tooltips import paragraphs, wrapAll

_PROBLEM_STYLE = "color: #d0342c;"


class ModelsPanel(VTKObservationMixin):
    """Lists the models and does what its buttons say.

    :param widget: the form ``Models.ui``.
    :param onModelsChanged: called with {name: label} of the models that can be used, whenever there are others.
    :param dialogs: asks the user; by default :class:`ModelDialogs`.
    """

    def __init__(
        self,
        widget,
        context: PanelContext,
        onModelsChanged: Callable[[dict[str, str]], None],
        dialogs: ModelDialogs | None = None,
    ) -> None:
        super().__init__()
        self._ui = slicer.util.childWidgetVariables(widget)
        self._context = context
        self._onModelsChanged = onModelsChanged
        self._dialogs = dialogs or ModelDialogs()
        self._parameters = None
        self._inUse = ""
        self._check: ModelCheck | None = None
        self._problem = ""
        self._labels: dict[str, str] | None = None
        ui = self._ui
        wrapAll(vars(ui).values())
        acts = {
            "useModelButton": self.use,
            "defaultModelButton": self.makeDefault,
            "renameModelButton": self.rename,
            "deleteModelButton": self.delete,
            "importModelButton": self.importModel,
            "exportModelButton": self.export,
        }
        self._toolTips = {name: getattr(ui, name).toolTip for name in acts}
        self._table = ModelsTable(ui.modelsTable, self._showSelected)
        for name, act in acts.items():
            getattr(ui, name).connect("clicked()", act)
        self.refresh()

    # what every panel has

    def setParameters(self, parameters) -> None:
        """Use another parameter node, or none while the scene changes."""
        if self._parameters is not None:
            self.removeObserver(self._parameters, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
        self._parameters = parameters
        if parameters is not None:
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
        self._inUse = parameters.model if parameters is not None else ""
        self.refresh()

    def show(self, inputVolume, outputs) -> None:
        """Models belong to no volume: nothing changes."""

    def enter(self) -> None:
        """The module is opened: files may have come or gone meanwhile."""
        self.refresh()

    def exit(self) -> None:
        """The module is left: nothing of this panel is seen outside it."""

    def close(self) -> None:
        """Let go of everything, for good."""
        self.removeObservers()
        self._parameters = None
        if self._context.logic.jobs.isRunningJob(self._check):
            self._context.logic.jobs.abandon()

    # the list

    def refresh(self) -> None:
        """Read the folders of models anew, and tell which models there are."""
        listed, folderFaults = listedModels()
        self._problem = " ".join(folderFaults)
        self._table.fill(listed, self._inUse, models.default())
        if labels(listed) != self._labels:
            self._labels = labels(listed)
            self._onModelsChanged(self._labels)

    def _onParametersModified(self, _caller=None, _event=None) -> None:
        if self._parameters is not None and self._parameters.model != self._inUse:
            self._inUse = self._parameters.model
            self.refresh()

    def _showSelected(self) -> None:
        """Make details, buttons and status fit the selected model."""
        model, ui = self._table.selected, self._ui
        ui.modelDetailsBrowser.setHtml(detailsOf(model) if model is not None else "")
        own, usable = self._ownReason(model), self._usableReason(model)
        self._enable("useModelButton", usable or self._useReason(model))
        self._enable("defaultModelButton", usable or self._defaultReason(model))
        self._enable("renameModelButton", own or (model.fault if model.card is None else ""))
        self._enable("deleteModelButton", own)
        self._enable("importModelButton", _("A model is being checked.") if self._check is not None else "")
        self._enable("exportModelButton", usable)
        isChecking = self._check is not None
        ui.modelStatusLabel.text = _("Checking the model...") if isChecking else self._problem
        ui.modelStatusLabel.visible = bool(ui.modelStatusLabel.text)
        ui.modelStatusLabel.styleSheet = "" if isChecking else _PROBLEM_STYLE

    def _enable(self, name: str, reason: str) -> None:
        button = getattr(self._ui, name)
        button.enabled = not reason
        button.toolTip = self._toolTips[name] + paragraphs(reason)

    @staticmethod
    def _usableReason(model: ListedModel | None) -> str:
        return _("Select a model first.") if model is None else model.fault

    @staticmethod
    def _ownReason(model: ListedModel | None) -> str:
        if model is None:
            return _("Select a model first.")
        if models.is_shipped(model.name):
            return _("This model belongs to the program: it stays as it is.")
        return ""

    def _useReason(self, model: ListedModel) -> str:
        if self._parameters is None:
            return _("No scene is open.")
        return _("It is in use.") if model.name == self._inUse else ""

    @staticmethod
    def _defaultReason(model: ListedModel) -> str:
        return _("It is the default.") if model.name == models.default() else ""

    # what the buttons do

    def use(self) -> None:
        """Let the next runs of this scene use the selected model."""
        model = self._table.selected
        if model is not None and self._parameters is not None:
            self._parameters.model = model.name

    def makeDefault(self) -> None:
        """Let new scenes begin with the selected model."""
        model = self._table.selected
        if model is not None and self._done(lambda: models.set_default(model.name)):
            self._context.log(_("New scenes begin with the model '{name}'.").format(name=model.name))

    def rename(self) -> None:
        """Ask for another name of the selected model; the scene goes on with it if it used it."""
        model = self._table.selected
        if model is None:
            return
        prompt = _("New name of the model '{name}'").format(name=model.name)
        name = self._dialogs.name(_("Rename model"), prompt, model.name, models.obstacle)
        if name is None or not self._done(lambda: models.rename(model.name, name)):
            return
        if self._parameters is not None and self._parameters.model == model.name:
            self._parameters.model = name
        self._table.select(name)

    def delete(self) -> None:
        """Delete the selected model, after asking; the scene goes on with the default if it used it."""
        model = self._table.selected
        if model is None:
            return
        question = _("Delete the model '{name}' for good? Export it first if you may want it back.")
        title = _("Delete model")
        if not slicer.util.confirmOkCancelDisplay(question.format(name=model.name), windowTitle=title):
            return
        if self._done(lambda: models.delete(model.name)):
            if self._parameters is not None and self._parameters.model == model.name:
                self._parameters.model = models.default()
            self._context.log(_("The model '{name}' was deleted.").format(name=model.name))

    def importModel(self) -> None:
        """Ask for a file; the worker checks the model and copies it to the user's own."""
        path = self._dialogs.modelFile()
        if path is None:
            return
        folder, name = str(Path(path).parent), Path(path).stem
        newName = self._freeName(_("Import model"), name) if models.obstacle(name) else name
        if newName is None:
            return
        listener = JobListener(finished=self._onImported, failed=self._onRefused, cancelled=self._onCancelled)
        check = ModelCheck(folder, name, newName, listener)
        if self._done(lambda: self._context.logic.jobs.start(check)):
            self._check = check
            self._showSelected()
            self._context.follower.follow()

    def export(self) -> None:
        """Ask for a folder and copy the selected model's two files there."""
        model = self._table.selected
        folder = self._dialogs.folder() if model is not None else None
        if folder is None:
            return
        there = [file for file in (models.CARD, models.WEIGHTS) if (Path(folder) / f"{model.name}{file}").exists()]
        if there:
            question = _("'{folder}' has a model '{name}' already. Replace it?")
            sentence = question.format(folder=folder, name=model.name)
            if not slicer.util.confirmOkCancelDisplay(sentence, windowTitle=_("Export model")):
                return
        if self._done(lambda: models.copy_out(model.name, folder, bool(there))):
            self._context.log(_("The model '{name}' is now in '{folder}'.").format(name=model.name, folder=folder))

    def saveCandidate(self, folder: str, name: str, suggestedName: str) -> ModelCard | None:
        """Ask for a name and copy a newly taught model to the user's own.

        :param folder: that holds the candidate's two files.
        :param name: of the candidate there.
        :param suggestedName: shown in the dialog; where it is taken, a free one like it.
        :returns: the card as it was saved, None when the user changed their mind.
        :raises ValueError: the model is damaged, or cannot be written.
        """
        newName = self._freeName(_("Keep model"), suggestedName)
        if newName is None:
            return None
        card = models.copy_in(folder, name, newName)
        self._context.log(_("The model '{name}' was saved.").format(name=card.name))
        self.refresh()
        return card

    def _freeName(self, title: str, wanted: str) -> str | None:
        return self._dialogs.name(title, _("Name of the model"), freeName(wanted), models.obstacle)

    def _done(self, act: Callable[[], object]) -> bool:
        """Whether ``act`` could be done; otherwise the user has been told why. The list is as the files are now."""
        try:
            act()
        except (ValueError, RuntimeError, OSError) as error:
            self.refresh()
            slicer.util.errorDisplay(str(error), windowTitle=_("Models"))
            return False
        self.refresh()
        return True

    # what the worker says

    def _onImported(self, name: str) -> None:
        self._context.log(_("The model '{name}' was imported.").format(name=name))
        self._endCheck()
        self._table.select(name)

    def _onRefused(self, sentence: str, _kind: str, details: str) -> None:
        self._context.log(sentence)
        self._endCheck()
        options = {"detailedText": details} if details else {}
        slicer.util.errorDisplay(sentence, windowTitle=_("The model was not imported"), **options)

    def _onCancelled(self, sentence: str) -> None:
        self._context.log(sentence or _("The import of a model was cancelled."))
        self._endCheck()

    def _endCheck(self) -> None:
        self._check = None
        self.refresh()
