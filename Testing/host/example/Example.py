"""A scripted module as Slicer's template makes it, for the tests of the stand-in itself."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Choice, Default, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class Example(ScriptedLoadableModule):
    def __init__(self, parent):
        super().__init__(parent)
        parent.title = _("Example")
        parent.categories = ["Testing"]
        slicer.app.connect("startupCompleted()", self.onStartupCompleted)
        self.started = 0

    def onStartupCompleted(self):
        self.started += 1


class Method(Enum):
    EM = "em"
    TRAIN = "train"


@parameterNodeWrapper
class ExampleParameterNode:
    volume: slicer.vtkMRMLScalarVolumeNode
    classes: Annotated[int, WithinRange(2, 8), Default(3)]
    gamma: Annotated[float, WithinRange(0, 1), Default(0.1)]
    preset: Annotated[str, Choice(["default", "as-printed"]), Default("default")]
    method: Method
    verbose: bool
    note: str


class ExampleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.parameters = None
        self.tag = None
        self.calls = []
        if Path(self.resourcePath("fail-in-init")).is_file():
            raise RuntimeError("no panel today")

    def setup(self):
        super().setup()
        self.calls.append("setup")
        widget = slicer.util.loadUI(self.resourcePath("UI/Example.ui"))
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        widget.setMRMLScene(slicer.mrmlScene)
        self.logic = ExampleLogic()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneEndImport)
        self.ui.applyButton.connect("clicked(bool)", self.onApply)
        self.initialize()

    def initialize(self):
        self.setParameterNode(ExampleParameterNode(self.logic.getParameterNode()))

    def setParameterNode(self, parameters):
        if self.parameters:
            self.parameters.disconnectGui(self.tag)
        self.parameters = parameters
        if parameters:
            self.tag = parameters.connectGui(self.ui)

    def enter(self):
        self.calls.append("enter")
        self.initialize()

    def exit(self):
        self.calls.append("exit")
        self.setParameterNode(None)

    def cleanup(self):
        self.calls.append("cleanup")
        self.removeObservers()
        self.setParameterNode(None)

    def onSceneStartClose(self, caller, event):
        self.calls.append("start close")
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event):
        self.calls.append("end close")
        if self.parent.isEntered:
            self.initialize()

    def onSceneEndImport(self, caller, event):
        self.calls.append("end import")
        self.initialize()

    def onApply(self):
        with slicer.util.tryWithErrorDisplay(_("The example failed."), waitCursor=True):
            self.logic.run(self.parameters.volume, self.parameters.classes)
            qt.QTimer.singleShot(0, lambda: self.calls.append("applied"))


class ExampleLogic(ScriptedLoadableModuleLogic):
    def run(self, volume, classes):
        if volume is None:
            raise ValueError("Choose a volume.")
        self.rounded = vtk.vtkMath.Round(classes)


class ExampleTest(ScriptedLoadableModuleTest):
    ran = 0

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_something(self):
        self.delayDisplay("Testing")
        ExampleTest.ran += 1
