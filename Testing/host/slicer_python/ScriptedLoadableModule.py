"""Stand-in for `slicer.ScriptedLoadableModule`: the four base classes of a scripted module.

Qt is imported only where a widget is made, so a module's Logic runs on a bare MRML scene.
"""

import importlib
import logging
import unittest
from pathlib import Path

import slicer
import slicer.util
from slicer.i18n import tr as _

__all__ = [
    "ScriptedLoadableModule",
    "ScriptedLoadableModuleLogic",
    "ScriptedLoadableModuleTest",
    "ScriptedLoadableModuleWidget",
]


def _resource(modulePath, filename):
    return str(Path(modulePath).parent / "Resources" / filename)


class ScriptedLoadableModule:
    """What a module tells about itself. `parent` is the module as the application sees it (title, categories, path)."""

    def __init__(self, parent):
        super().__init__()
        self.parent = parent
        self.moduleName = type(self).__name__
        parent.title = ""
        parent.categories = []
        parent.dependencies = []
        parent.contributors = []
        parent.helpText = ""
        parent.acknowledgementText = ""
        self._set_icon()
        if not hasattr(slicer, "selfTests"):
            slicer.selfTests = {}
        slicer.selfTests[self.moduleName] = self.runTest

    def _set_icon(self):
        """Icons/<module name>.svg or .png becomes the module's icon where there is Qt."""
        for suffix in (".svg", ".png"):
            path = self.resourcePath(f"Icons/{self.moduleName}{suffix}")
            if hasattr(slicer, "app") and Path(path).is_file():
                import qt

                self.parent.icon = qt.QIcon(path)
                return

    def resourcePath(self, filename):
        """Path of a file below the module's `Resources` folder."""
        return _resource(self.parent.path, filename)

    def getDefaultModuleDocumentationLink(self, docPage=None):
        """A paragraph that links to the module's page in Slicer's documentation."""
        app = slicer.app
        url = app.documentationBaseUrl + docPage if docPage else app.moduleDocumentationUrl(self.moduleName)
        text = _("For more information, see the {url_start}online documentation{url_end}.")
        return "<p>" + text.format(url_start=f'<a href="{url}">', url_end="</a>") + "</p>"

    def runTest(self, msec=100, **kwargs):
        """Run the class `<module name>Test` of the module's file."""
        name = f"{self.moduleName}Test"
        cases = getattr(importlib.import_module(self.__module__), name, None)
        if cases is None:
            raise AssertionError(f"Test case class not found: {self.__module__}.{name}")
        case = cases()
        case.messageDelay = msec
        case.runTest(**kwargs)


class ScriptedLoadableModuleWidget:
    """The panel. The application makes `parent`, then calls setup, enter, exit and, at the end, cleanup."""

    def __init__(self, parent=None):
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.developerMode = slicer.util.settingsValue("Developer/DeveloperMode", False, converter=slicer.util.toBool)
        self.parent = parent or self._own_parent()
        self.layout = self.parent.layout()
        if not parent:
            self.setup()
            self.parent.show()
        slicer.app.moduleManager().connect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)

    @staticmethod
    def _own_parent():
        import qt

        parent = slicer.qMRMLWidget()
        parent.setLayout(qt.QVBoxLayout())
        parent.setMRMLScene(slicer.mrmlScene)
        return parent

    def resourcePath(self, filename):
        """Path of a file below the module's `Resources` folder."""
        return _resource(slicer.util.modulePath(self.moduleName), filename)

    def setup(self):
        """Make the widgets. (Slicer adds its Reload & Test section here in developer mode.)"""

    def cleanup(self):
        """Called just before the module is unloaded, which is also when the application quits."""

    def _onModuleAboutToBeUnloaded(self, moduleName):
        if moduleName == self.moduleName:
            self.cleanup()
            slicer.app.moduleManager().disconnect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)


class ScriptedLoadableModuleLogic:
    """The computation. Keeps its settings in a parameter node of the scene."""

    def __init__(self, parent=None):
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Logic")
        self.isSingletonParameterNode = True

    def getParameterNode(self):
        """The module's parameter node; a new one where the scene has none."""
        if self.isSingletonParameterNode:
            node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
            # Closing the scene resets the node, and with it this attribute.
            if node and node.GetAttribute("ModuleName") != self.moduleName:
                node.SetAttribute("ModuleName", self.moduleName)
        else:
            node = next(iter(self.getAllParameterNodes()), None)
        return node or slicer.mrmlScene.AddNode(self.createParameterNode())

    def getAllParameterNodes(self):
        nodes = slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode")
        return [node for node in nodes if node.GetAttribute("ModuleName") == self.moduleName]

    def createParameterNode(self):
        """A parameter node that is not in the scene yet."""
        if slicer.mrmlScene is None:
            return None
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)
        if self.isSingletonParameterNode:
            node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """The module's self-test: `runTest` runs every method whose name contains "test"."""

    def __init__(self, *args, **kwargs):
        self.moduleTestNames = []
        super().__init__(*args, **kwargs)
        # unittest.TestCase does not call on to further bases such as VTKObservationMixin.
        super(unittest.TestCase, self).__init__()
        self.enableScreenshots = False
        self.screenshotScaleFactor = 1.0
        if not self.moduleTestNames:
            named = (name for name in dir(self) if "test" in name and name != "moduleTestNames")
            self.moduleTestNames = [name for name in named if callable(getattr(self, name))]

    def delayDisplay(self, message, requestedDelay=None, msec=None):
        """Say what the test does; a delay of `messageDelay` ms goes before those given here."""
        delay = next((d for d in (getattr(self, "messageDelay", None), msec, requestedDelay) if d is not None), 100)
        slicer.util.delayDisplay(message, delay)

    def takeScreenshot(self, name, description, type=-1):
        """Only says what it would show: the stand-in keeps no screenshots."""
        self.delayDisplay(description)

    def setUp(self):
        return

    def tearDown(self):
        return

    def runTest(self):
        if not self.moduleTestNames:
            logging.warning(f"No test is defined in {type(self).__name__}")
            return
        self.setUpClass()
        for name in self.moduleTestNames:
            self.setUp()
            logging.info(f"Running {name}")
            getattr(self, name)()
            self.tearDown()
        self.tearDownClass()
