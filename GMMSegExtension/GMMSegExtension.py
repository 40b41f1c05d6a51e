"""The module GMMSegExtension of 3D Slicer: wires the panel to the library, ``GMMSegExtensionLib``."""

import slicer
import vtk
from gmmseg.settings import Settings
from GMMSegExtensionLib import shortcuts
from GMMSegExtensionLib.bindings import (
    ChannelsBinding,
    ChoiceBinding,
    GammaSliderBinding,
    MaskSegmentBinding,
    MaskSourceBinding,
    deviceLabel,
    networkLabel,
)
from GMMSegExtensionLib.log_panel import LogPanel
from GMMSegExtensionLib.output_nodes import inputOf
from GMMSegExtensionLib.parameters import GMMSegExtensionParameterNode, applyPreset, matchingPreset, parametersIn
from GMMSegExtensionLib.sample_data import registerSampleData
from GMMSegExtensionLib.self_test import SelfTest
from GMMSegExtensionLib.settings_controls import SettingsControls
from GMMSegExtensionLib.teaching_logic import TeachingLogic
from GMMSegExtensionLib.tooltips import wrapAll
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class GMMSegExtension(ScriptedLoadableModule):
    """What Slicer shows about the module."""

    def __init__(self, parent) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("GMM Brain Segmentation")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = ["Segmentations", "Volumes", "Colors"]
        self.parent.contributors = ["GMMSegExtension contributors"]
        self.parent.helpText = _(
            "Segments a brain MR volume into CSF, grey and white matter (or 2 to 8 classes) and estimates its bias "
            "field: a Gaussian mixture model refines what a small shipped network proposes (Fast), trains a network "
            "on this scan without labels, or works alone (Classical EM). "
            "Choose a volume, click Segment. Then inspect the bias field, correct and confirm slices, and let the "
            "network learn from them. Keys while the module is open:"
        )
        self.parent.helpText += shortcuts.tableAsHtml()
        self.parent.acknowledgementText = _(
            "Implements L. Ma, 'Gaussian Mixture Model Loss Functional for Brain MRI Segmentation With Deep "
            "Learning' (2022). Brain masks by deepbet."
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


class GMMSegExtensionWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: connects its parts with the parameter node and the scene."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None
        self._shownPreset = None
        self._shownInput = None

    def setup(self) -> None:
        """Build the panel, when the user opens the module for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/GMMSegExtension.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)

        self.logic = GMMSegExtensionLogic()
        self._buildPanels()

        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        # Node selectors that watch a scene being read would lose their nodes (Slicer issue 7492).
        self.addObserver(scene, scene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndImport)
        slicer.app.connect("aboutToQuit()", self.onAboutToQuit)
        self.initializeParameterNode()

    def _buildPanels(self) -> None:
        # These need Qt; the rest of this file can be used where there is none.
        from GMMSegExtensionLib.engine_follower import EngineFollower
        from GMMSegExtensionLib.panel_context import PanelContext
        from GMMSegExtensionLib.panels import Panels
        from GMMSegExtensionLib.results_panel import ResultsPanel
        from GMMSegExtensionLib.segment_panel import SegmentPanel

        ui = self.ui
        wrapAll(vars(ui).values())
        radioButtons = {
            "detect": ui.maskAutomaticRadioButton,
            "stripped": ui.maskStrippedRadioButton,
            "given": ui.maskGivenRadioButton,
        }
        defaults = Settings()
        self._networks = ChoiceBinding(ui.networkComboBox, "network", [defaults.network], networkLabel)
        self._models = ChoiceBinding(ui.modelComboBox, "model", [defaults.model], str)
        self._devices = ChoiceBinding(ui.deviceComboBox, "device", [defaults.device, "cpu"], deviceLabel)
        self._bindings = [
            MaskSourceBinding(radioButtons),
            ChannelsBinding(ui.furtherVolumesSelector),
            MaskSegmentBinding(ui.maskSegmentSelector),
            GammaSliderBinding(ui.gammaSlider),
            self._networks,
            self._models,
            self._devices,
        ]
        self._controls = SettingsControls(ui)
        self._log = LogPanel(ui)
        self._results = ResultsPanel(ui, self.onClassNamesEdited)
        context = PanelContext(
            self.logic, EngineFollower(self.logic, self.onEngineEvent), self._log.add, self.onResultsChanged
        )
        self._segmentPanel = SegmentPanel(
            ui, context, self.resourcePath("requirements.txt"), onFinished=self.onSegmentationFinished
        )
        self._panels = Panels(ui, context, self.resourcePath, self._results, self.onModelsChanged)

    def cleanup(self) -> None:
        """Let go of everything, when the application closes or the module is reloaded."""
        slicer.app.disconnect("aboutToQuit()", self.onAboutToQuit)
        self.setParameterNode(None)
        self._panels.close()
        self._results.close()
        self._segmentPanel.close()
        self.removeObservers()

    def enter(self) -> None:
        """The user opens the module."""
        self.initializeParameterNode()
        self._panels.enter()
        self._segmentPanel.warmUp()

    def exit(self) -> None:
        """The user opens another module: a run goes on, the panel does not follow the parameters meanwhile."""
        self._panels.exit()
        self.setParameterNode(None)

    def onAboutToQuit(self) -> None:
        self._segmentPanel.close()

    def onSceneStartClose(self, _caller, _event) -> None:
        self.logic.jobs.abandon()
        self.setParameterNode(None)

    def onSceneEndClose(self, _caller, _event) -> None:
        self._initializeIfEntered()

    def onSceneStartImport(self, _caller, _event) -> None:
        self.setParameterNode(None)

    def onSceneEndImport(self, _caller, _event) -> None:
        self._initializeIfEntered()

    def _initializeIfEntered(self) -> None:
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self) -> None:
        """Make sure that there is a parameter node, with a volume chosen when the scene has one."""
        self.setParameterNode(self.logic.getParameterNode())
        if not self._parameterNode.inputVolume:
            self._parameterNode.inputVolume = self.logic.firstInputVolume()

    def setParameterNode(self, parameterNode: GMMSegExtensionParameterNode | None) -> None:
        """Show and follow another parameter node, or none."""
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersModified)
        self._parameterNode = parameterNode
        if parameterNode:
            self._shownPreset = parameterNode.preset
            self._shownInput = parameterNode.inputVolume
            self._parameterNodeGuiTag = parameterNode.connectGui(self.ui)
            self.addObserver(parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersModified)
        for binding in self._bindings:
            binding.setParameters(parameterNode)
        self._segmentPanel.setParameters(parameterNode)
        self._panels.setParameters(parameterNode)
        if parameterNode:
            self._controls.show(parameterNode)
        self._showResults()

    def onParametersModified(self, _caller=None, _event=None) -> None:
        """Follow a change, by the user or by a script."""
        self._followPreset()
        self._followInput()
        for binding in self._bindings:
            binding.show()
        self._controls.show(self._parameterNode)
        self._checkCanApply()

    def _followPreset(self) -> None:
        """A newly chosen preset sets all values; a value changed by hand changes which preset is shown."""
        parameters = self._parameterNode
        isChosen = parameters.preset != self._shownPreset
        self._shownPreset = parameters.preset
        with slicer.util.NodeModify(parameters):
            if isChosen:
                applyPreset(parameters)
            self._shownPreset = matchingPreset(parameters)
            if parameters.preset != self._shownPreset:
                parameters.preset = self._shownPreset

    def _followInput(self) -> None:
        """Results belong to an input, so another input shows its own and writes to its own outputs."""
        parameters = self._parameterNode
        if parameters.inputVolume is self._shownInput:
            return
        self._shownInput = parameters.inputVolume
        with slicer.util.NodeModify(parameters):
            for name in ("outputSegmentation", "outputBiasField", "outputCorrectedVolume"):
                if inputOf(getattr(parameters, name)) not in (None, parameters.inputVolume):
                    setattr(parameters, name, None)
        self._showResults()

    def _checkCanApply(self) -> None:
        self._segmentPanel.forgetProblem()

    def _showResults(self) -> None:
        # None lets go of the nodes: those of a closed scene must not be held.
        inputVolume = self._parameterNode.inputVolume if self._parameterNode else None
        outputs = self.logic.outputsOf(inputVolume)
        self._results.show(inputVolume, outputs)
        self._panels.show(inputVolume, outputs)

    def onSegmentationFinished(self, inputVolume, outputs) -> None:
        """Show new results, unless the user has gone on to another volume or module meanwhile."""
        if self._parameterNode is not None and self._parameterNode.inputVolume is inputVolume:
            self._results.showFinished(inputVolume, outputs)
            self._panels.show(inputVolume, outputs)

    def onClassNamesEdited(self, names: list[str]) -> None:
        """Keep the user's names for later runs with this number of classes."""
        if self._parameterNode:
            self._parameterNode.classNames = names

    def onResultsChanged(self, inputVolume) -> None:
        """A panel changed the results of ``inputVolume``."""
        if self._parameterNode is not None and self._parameterNode.inputVolume is inputVolume:
            self._showResults()
            self._checkCanApply()

    def onEngineEvent(self, event: dict) -> None:
        """Hand on what the worker says that belongs to no job."""
        self._segmentPanel.onEngineEvent(event)
        if event["event"] == "ready":
            self._offer(event)

    def _offer(self, event: dict) -> None:
        self._devices.setChoices(["auto", *event.get("devices", [])])
        self._networks.setChoices(event.get("networks", []))

    def onModelsChanged(self, models: dict[str, str]) -> None:
        """Offer the models that can be used, by {name: label}."""
        self._models.setChoices(list(models), lambda name: models.get(name, name))


class GMMSegExtensionLogic(ScriptedLoadableModuleLogic, TeachingLogic):
    """The module without the panel: see :meth:`SegmentationLogic.segment` and :meth:`TeachingLogic.finetune`."""

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        TeachingLogic.__init__(self)

    def getParameterNode(self) -> GMMSegExtensionParameterNode:
        """The module's parameters in the scene, made when there are none."""
        return parametersIn(super().getParameterNode())

    @staticmethod
    def firstInputVolume():
        """The first scalar volume of the scene that is no result of this module, None without any."""
        for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
            if node.GetClassName() == "vtkMRMLScalarVolumeNode" and inputOf(node) is None:
                return node
        return None


class GMMSegExtensionTest(SelfTest, ScriptedLoadableModuleTest):
    """Runs the module's scenarios inside Slicer: Reload and Test, or ``--testing``."""

    @classmethod
    def makeLogic(cls) -> GMMSegExtensionLogic:
        return GMMSegExtensionLogic()
