"""The teaching panel by itself on the stand-in application, and what a user does with it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np

KINDS = (
    "vtkMRMLSegmentationNode",
    "vtkMRMLSegmentationDisplayNode",
    "vtkMRMLVolumeNode",
    "vtkMRMLVolumeDisplayNode",
    "vtkMRMLTableNode",
    "vtkMRMLPlotSeriesNode",
    "vtkMRMLPlotChartNode",
)
FORM = Path(__file__).resolve().parents[2] / "GMMSegExtension" / "Resources" / "UI" / "Teach.ui"


class Teaching:
    """Panel, parameters and logic in the current scene.

    Attributes:
        answers: what the user says when asked for a name: names, or None for Cancel.
        asked: (folder, name, suggested name) of each question for a name.
        changed: volumes whose results the panel said had changed.
    """

    def __init__(self, application, engine) -> None:
        import slicer
        from GMMSegExtensionLib.engine_follower import EngineFollower
        from GMMSegExtensionLib.panel_context import PanelContext
        from GMMSegExtensionLib.segmentation_logic import SegmentationLogic
        from GMMSegExtensionLib.teach_panel import TeachPanel

        self.application = application
        self.logic = SegmentationLogic(engine)
        self.answers: list[str | None] = []
        self.asked: list[tuple] = []
        self.changed: list = []
        self.log: list[str] = []
        self._follower = EngineFollower(self.logic, lambda event: None)
        self._widget = slicer.util.loadUI(str(FORM))
        self._widget.setMRMLScene(slicer.mrmlScene)
        self._widget.visible = True
        context = PanelContext(self.logic, self._follower, self.log.append, self._onResultsChanged)
        self.panel = TeachPanel(self._widget, context)
        self.panel.setSaveCandidate(self._onSave)
        self.ui = slicer.util.childWidgetVariables(self._widget)
        self.parameters = None

    def open(self, volume) -> None:
        """The user opens the module, with a volume as input."""
        import slicer
        from GMMSegExtensionLib.parameters import GMMSegExtensionParameterNode

        node = slicer.mrmlScene.GetSingletonNode("Teaching", "vtkMRMLScriptedModuleNode")
        if node is None:
            node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
            node.UnRegister(None)
            node.SetSingletonTag("Teaching")
            node = slicer.mrmlScene.AddNode(node)
        self.parameters = GMMSegExtensionParameterNode(node)
        self.panel.setParameters(self.parameters)
        self.panel.enter()
        self.choose(volume)

    def choose(self, volume) -> None:
        """The user chooses another input."""
        self.parameters.inputVolume = volume
        self.panel.show(volume, self.logic.outputsOf(volume))

    def leave(self) -> None:
        """The user opens another module."""
        self.panel.setParameters(None)
        self.panel.show(None, None)
        self.panel.exit()

    def segment(self, volume, **settings):
        """Segment and wait."""
        from gmmseg import Settings

        outputs = self.logic.segment(volume, settings=Settings(**settings))
        if self.parameters is not None:
            self.panel.show(self.parameters.inputVolume, self.logic.outputsOf(self.parameters.inputVolume))
        return outputs

    def confirm(self, volume, index: int = 4) -> None:
        """Confirm one slice."""
        from GMMSegExtensionLib.confirmations import Confirmations

        Confirmations(volume).addSlice(2, index)
        if self.parameters is not None:
            self.panel.show(self.parameters.inputVolume, self.logic.outputsOf(self.parameters.inputVolume))

    def useEngine(self, engine) -> None:
        """The worker behaves otherwise from now on."""
        self.logic.stopEngine()
        self.logic.jobs.engine = self.logic.engine = engine

    def click(self) -> None:
        """Click Fine-tune, or Cancel."""
        self.ui.finetuneButton.click()

    def wait(self) -> None:
        """Until nothing runs."""
        self.until(lambda: not self.logic.jobs.isRunning, "the run has ended")

    def until(self, condition, what: str) -> None:
        self.application.process_events_until(condition, what)

    def finetune(self) -> None:
        """Click Fine-tune and wait."""
        self.click()
        assert self.logic.jobs.isRunning, self.ui.teachStatusLabel.text
        self.wait()

    def discard(self) -> None:
        """Click Discard and wait until everything is back."""
        self.ui.discardButton.click()
        self.until(lambda: not self.panel.undecided(), "everything is back")

    def close(self) -> None:
        """The application ends."""
        self._follower.stop()
        self.panel.close()
        self.logic.stopEngine()
        self._widget.deleteLater()

    def _onSave(self, folder, name, suggestedName):
        self.asked.append((folder, name, suggestedName))
        assert Path(folder, f"{name}.safetensors").is_file()
        answer = self.answers.pop(0)
        return SimpleNamespace(name=answer) if answer else None

    def _onResultsChanged(self, volume) -> None:
        self.changed.append(volume)
        if self.parameters is not None and self.parameters.inputVolume is volume:
            self.panel.show(volume, self.logic.outputsOf(volume))


def labels_of(volume) -> np.ndarray:
    """(I, J, K) labels that the scene holds of a volume."""
    from GMMSegExtensionLib.confirmed_voxels import brainLabels

    return brainLabels(volume)


def state_of(volume) -> dict:
    """Everything of a volume's results that a discard must bring back."""
    import slicer
    from GMMSegExtensionLib.scene import outputsOf

    outputs = outputsOf(volume)
    if outputs is None:
        return {}
    nodes = (*outputs.biasFields, *outputs.correctedVolumes, outputs.biasOverlay, outputs.uncertainty)
    return {
        "labels": labels_of(volume).tobytes(),
        "report": outputs.report,
        "volumes": [slicer.util.arrayFromVolume(node).tobytes() for node in nodes if node is not None],
        "nodes": [len(slicer.util.getNodesByClass(kind)) for kind in KINDS],
    }
