"""The sections of the panel that have a form of their own."""

from __future__ import annotations

from collections.abc import Callable

import slicer

from .bias_panel import BiasPanel
from .models_panel import ModelsPanel
from .panel_context import PanelContext
from .results_panel import ResultsPanel
from .review_panel import ReviewPanel
from .series_panel import SeriesPanel
from .shortcuts import Shortcuts
from .teach_panel import TeachPanel
from .views_panel import ViewsPanel


class Panels:
    """Makes the sections and hands on to all of them what happens to the module.

    :param ui: the main form, with a collapsible button for each section.
    :param context: what they share.
    :param resourcePath: gives the path of a form from its name within the resources.
    :param results: the section of results, which is part of the main form.
    :param onModelsChanged: called with {name: label} of the models that can be used.
    """

    def __init__(
        self,
        ui,
        context: PanelContext,
        resourcePath: Callable[[str], str],
        results: ResultsPanel,
        onModelsChanged: Callable[[dict[str, str]], None],
    ) -> None:
        def form(name: str):
            widget = slicer.util.loadUI(resourcePath(f"UI/{name.capitalize()}.ui"))
            getattr(ui, f"{name}CollapsibleButton").layout().addWidget(widget)
            widget.setMRMLScene(slicer.mrmlScene)
            return widget

        def modelsChanged(models: dict[str, str]) -> None:
            self.teach.setModels(list(models), lambda name: models.get(name, name))
            onModelsChanged(models)

        self.views = ViewsPanel(form("views"), context)
        self.review = ReviewPanel(form("review"), context)
        self.teach = TeachPanel(form("teach"), context)
        self.models = ModelsPanel(form("models"), context, modelsChanged)
        self.bias = BiasPanel(form("bias"), context)
        self.series = SeriesPanel(form("series"), context)
        self.teach.setSaveCandidate(self.models.saveCandidate)
        self._results = results
        self._shortcuts = Shortcuts(
            {
                "swap": self._swap,
                "segments": results.toggleSegments,
                "biasField": results.toggleBiasField,
                "uncertainty": results.toggleUncertainty,
                "draw": self.views.drawNext,
                "nextUncertain": self.review.nextUncertain,
                "confirmSlice": self.review.confirmSlice,
            }
        )
        self._all = (self.views, self.review, self.teach, self.models, self.bias, self.series)

    def setParameters(self, parameters) -> None:
        """Use another parameter node, or none while the scene changes."""
        for panel in self._all:
            panel.setParameters(parameters)

    def show(self, inputVolume, outputs) -> None:
        """Show the results of another input, or changed ones; None lets go of the nodes."""
        for panel in self._all:
            panel.show(inputVolume, outputs)

    def enter(self) -> None:
        """The user opens the module."""
        for panel in (*self._all, self._shortcuts):
            panel.enter()

    def exit(self) -> None:
        """The user opens another module."""
        for panel in (*self._all, self._shortcuts):
            panel.exit()

    def close(self) -> None:
        """The module is destroyed."""
        for panel in (*self._all, self._shortcuts):
            panel.close()

    def _swap(self) -> None:
        """Before and after: of the teaching while it waits for a decision, else of the correction."""
        if not self.teach.swapBeforeAfter():
            self._results.swapBeforeAfter()
