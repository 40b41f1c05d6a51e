"""The "Bias field" section alone, with a worker that is not the engine."""

from __future__ import annotations

from .conftest import MODULE, a_brain

UI = MODULE.parent / "Resources" / "UI" / "Bias.ui"


class Bench:
    """The panel alone, with a worker that is not the engine."""

    def __init__(self, application, engine) -> None:
        import slicer
        from GMMSegExtensionLib.bias_panel import BiasPanel
        from GMMSegExtensionLib.engine_follower import EngineFollower
        from GMMSegExtensionLib.panel_context import PanelContext
        from GMMSegExtensionLib.segmentation_logic import SegmentationLogic

        self.application = application
        self.logic = SegmentationLogic(engine)
        self.follower = EngineFollower(self.logic, lambda event: None)
        self.lines: list[str] = []
        self.widget = slicer.util.loadUI(str(UI))
        self.widget.setMRMLScene(slicer.mrmlScene)
        self.ui = slicer.util.childWidgetVariables(self.widget)
        context = PanelContext(self.logic, self.follower, self.lines.append, self.show)
        self.panel = BiasPanel(self.widget, context)
        self.panel.enter()
        self.widget.show()

    def show(self, volume) -> None:
        self.panel.show(volume, self.logic.outputsOf(volume))

    def segmented(self, *further):
        """A volume with results, which the panel shows."""
        volume = a_brain()
        self.logic.segment(volume, further)
        self.show(volume)
        return volume

    def wait(self) -> None:
        """Until no job and no contour is under way."""
        self.application.process_events_until(
            lambda: not self.logic.jobs.isRunning and not self.panel.isDrawing, "the work is done"
        )

    def close(self) -> None:
        self.panel.close()
        self.follower.stop()
        self.logic.stopEngine()
        self.widget.deleteLater()
        self.panel = self.ui = self.widget = None
        self.application.process_events()


def composite(name: str):
    import slicer

    return slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceCompositeNode{name}")


def layout(application) -> int:
    return application.app.layoutManager().layout


def nodes(class_name: str) -> list[str]:
    import slicer

    names = [node.GetName() for node in slicer.util.getNodesByClass(class_name)]
    return sorted(name for name in names if not name.endswith("Volume Slice"))  # those of the slice views themselves
