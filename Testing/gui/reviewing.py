"""The review panel by itself on the stand-in application, and what a user does with it."""

from __future__ import annotations

import numpy as np

from .conftest import MODULE

FORM = MODULE.parent / "Resources" / "UI" / "Review.ui"


class Reviewing:
    """Panel, parameters and logic in the current scene.

    Attributes:
        changed: volumes whose results the panel said had changed.
    """

    def __init__(self, application, engine) -> None:
        import qt
        import slicer
        from GMMSegExtensionLib.engine_follower import EngineFollower
        from GMMSegExtensionLib.panel_context import PanelContext
        from GMMSegExtensionLib.review_panel import ReviewPanel
        from GMMSegExtensionLib.segmentation_logic import SegmentationLogic

        self.application = application
        self.logic = SegmentationLogic(engine)
        self.changed: list = []
        self.volume = None
        self._follower = EngineFollower(self.logic, lambda event: None)
        self.widget = slicer.util.loadUI(str(FORM))
        self.widget.setMRMLScene(slicer.mrmlScene)
        window = slicer.util.mainWindow()
        if window is not None:
            qt.QVBoxLayout(window.centralWidget()).addWidget(self.widget)
        self.widget.show()
        context = PanelContext(self.logic, self._follower, lambda line: None, self._onResultsChanged)
        self.panel = ReviewPanel(self.widget, context)
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self.open()

    def open(self) -> None:
        """The user opens the module."""
        import slicer
        from GMMSegExtensionLib.parameters import GMMSegExtensionParameterNode

        node = slicer.mrmlScene.GetSingletonNode("Reviewing", "vtkMRMLScriptedModuleNode")
        if node is None:
            node = slicer.vtkMRMLScriptedModuleNode()
            node.SetSingletonTag("Reviewing")
            node = slicer.mrmlScene.AddNode(node)
        self.parameters = GMMSegExtensionParameterNode(node)
        self.panel.setParameters(self.parameters)
        self.panel.enter()

    def leave(self) -> None:
        """The user opens another module."""
        self.panel.exit()
        self.panel.setParameters(None)
        self.panel.show(None, None)

    def choose(self, volume) -> None:
        """The user chooses another input."""
        self.volume = volume
        self.panel.show(volume, self.logic.outputsOf(volume))

    def segment(self, volume) -> None:
        """Segment, with an uncertainty map, and wait."""
        from gmmseg import Settings

        self.logic.segment(volume, settings=Settings(mode="em", entropy=True))
        self.choose(volume)

    def seen(self) -> list[tuple[str, ...]]:
        """The texts of the strip."""
        table = self.ui.confirmedTable
        return [tuple(table.item(row, column).text() for column in range(3)) for row in range(table.rowCount)]

    def edit(self):
        """Open the editor; gives its widget."""
        self.ui.editorCollapsibleButton.collapsed = False
        return self.panel._editor.widget

    def close(self) -> None:
        """The application ends."""
        self._follower.stop()
        self.panel.close()
        self.logic.stopEngine()
        self.widget.deleteLater()
        self.panel = self.ui = self.widget = self.volume = self.parameters = None
        self.changed.clear()
        self.application.process_events()

    def _onResultsChanged(self, volume) -> None:
        self.changed.append(volume)
        if volume is self.volume:
            self.panel.show(volume, self.logic.outputsOf(volume))


def labels_of(volume) -> np.ndarray:
    """(I, J, K) labels that the scene holds of a volume."""
    from GMMSegExtensionLib.confirmations import brainLabels

    return brainLabels(volume)
