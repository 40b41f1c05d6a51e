"""The models panel by itself on the stand-in application, and models on disk for it."""

from __future__ import annotations

import json
from pathlib import Path

from gmmseg import models

FORM = Path(__file__).resolve().parents[2] / "GMMSegExtension" / "Resources" / "UI" / "Models.ui"


def put_model(folder: Path, name: str, **changes) -> None:
    """The shipped model's files under another name, with other entries in the card."""
    entry = models.find(models.DEFAULT)
    card = {**json.loads(entry.card.to_json()), "name": name, "title": f"The model {name}", **changes}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(card))
    (folder / f"{name}.safetensors").write_bytes(entry.weights.read_bytes())


class Answers:
    """Answers in place of the user what the dialogs ask: names, paths, or None for Cancel."""

    def __init__(self) -> None:
        self.names: list[str | None] = []
        self.path: str | None = None
        self.asked: list[tuple[str, str]] = []
        self.refused: list[str] = []

    def name(self, title, prompt, suggestion, obstacle):
        self.asked.append((title, suggestion))
        while self.names:
            name = self.names.pop(0)
            sentence = "" if name is None else obstacle(name)
            if not sentence:
                return name
            self.refused.append(sentence)
        return suggestion

    def modelFile(self):
        return self.path

    def folder(self):
        return self.path


class Managing:
    """Panel, parameters and logic in the current scene.

    Attributes:
        answers: what the user says when asked.
        told: {name: label} of each time that the panel told which models there are.
    """

    def __init__(self, application, engine) -> None:
        import slicer
        from GMMSegExtensionLib.engine_follower import EngineFollower
        from GMMSegExtensionLib.models_panel import ModelsPanel
        from GMMSegExtensionLib.panel_context import PanelContext
        from GMMSegExtensionLib.parameters import GMMSegExtensionParameterNode
        from GMMSegExtensionLib.segmentation_logic import SegmentationLogic

        self.application = application
        self.logic = SegmentationLogic(engine)
        self.answers = Answers()
        self.told: list[dict] = []
        self.log: list[str] = []
        self._follower = EngineFollower(self.logic, lambda event: None)
        self.widget = slicer.util.loadUI(str(FORM))
        self.widget.setMRMLScene(slicer.mrmlScene)
        self.widget.visible = True
        context = PanelContext(self.logic, self._follower, self.log.append, lambda volume: None)
        self.panel = ModelsPanel(self.widget, context, self.told.append, self.answers)
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self.parameters = GMMSegExtensionParameterNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
        self.panel.setParameters(self.parameters)
        self.panel.enter()

    def rows(self) -> list[list[str]]:
        """Texts of the table."""
        table = self.ui.modelsTable
        return [[table.item(row, column).text() for column in range(4)] for row in range(table.rowCount)]

    def select(self, name: str) -> None:
        """The user clicks on a model."""
        self.ui.modelsTable.selectRow(self._row(name))

    def isGrey(self, name: str) -> bool:
        """Whether its texts have a colour of their own."""
        import qt

        item = self.ui.modelsTable.item(self._row(name), 0)
        return item.data(qt.Qt.ForegroundRole) is not None

    def tooltip(self, name: str) -> str:
        return self.ui.modelsTable.item(self._row(name), 0).toolTip()

    def wait(self) -> None:
        """Until the worker has answered."""
        self.application.process_events_until(lambda: not self.logic.jobs.isRunning, "the job has ended")

    def close(self) -> None:
        self.panel.close()
        self._follower.stop()
        self.logic.stopEngine()
        self.widget.deleteLater()

    def _row(self, name: str) -> int:
        return next(row for row, texts in enumerate(self.rows()) if texts[0].split("\n")[0] == name)
