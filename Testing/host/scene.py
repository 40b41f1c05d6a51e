"""A real MRML scene with the logics of Slicer's modules, from the slicer-core package: no window, no Qt.

    import host.scene
    host.scene.install()          # a fresh scene in slicer.mrmlScene, logics in slicer.modules.<name>.logic()

After `install`, `slicer.ScriptedLoadableModule`, `slicer.parameterNodeWrapper`, `slicer.i18n`, `slicer.packaging`,
`SampleData` and (switchable) `PyTorchUtils` can be imported as in Slicer. There is no `slicer.app`, as in PythonSlicer.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace

import slicer
import slicer.util

from host import installs, subject_hierarchy

_HERE = Path(__file__).resolve().parent

# Module as in slicer.modules -> class of its logic.
_LOGICS = {
    "cameras": "vtkSlicerCamerasModuleLogic",
    "cropvolume": "vtkSlicerCropVolumeLogic",
    "markups": "vtkSlicerMarkupsLogic",
    "models": "vtkSlicerModelsLogic",
    "plots": "vtkSlicerPlotsLogic",
    "segmentations": "vtkSlicerSegmentationsModuleLogic",
    "sequences": "vtkSlicerSequencesLogic",
    "subjecthierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "tables": "vtkSlicerTablesLogic",
    "terminologies": "vtkSlicerTerminologiesModuleLogic",
    "texts": "vtkSlicerTextsLogic",
    "transforms": "vtkSlicerTransformLogic",
    "units": "vtkSlicerUnitsLogic",
    "volumes": "vtkSlicerVolumesLogic",
}
_CAPITALS = {"cropvolume": "CropVolume", "subjecthierarchy": "SubjectHierarchy"}


class CoreModule:
    """A module of Slicer's own in `slicer.modules`, as far as it works without windows."""

    __slots__ = ("_logic", "name")

    def __init__(self, name: str, logic) -> None:
        self.name = name
        self._logic = logic

    def logic(self):
        return self._logic

    def mrmlScene(self):
        return self._logic.GetMRMLScene()

    def widgetRepresentation(self):
        """None: the stand-in has no panels but those of scripted modules."""
        return None


class Environment:
    """One MRML scene and everything that watches it."""

    def __init__(self) -> None:
        self.scene = slicer.vtkMRMLScene()
        self.application_logic = slicer.vtkSlicerApplicationLogic()
        self.modules = SimpleNamespace()
        self._temporary = tempfile.TemporaryDirectory(prefix="slicer-stand-in-")
        self.temporary_path = Path(self._temporary.name)
        self._start()

    def _start(self) -> None:
        scene, logic = self.scene, self.application_logic
        scene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())
        logic.SetHomeDirectory(str(_HERE))
        logic.SetShareDirectory("share")
        logic.SetTemporaryPath(str(self.temporary_path))
        self._start_remote_io()
        logic.SetMRMLScene(scene)
        logic.SetMRMLSceneDataIO(scene, self._remote_io, self._data_io)
        self._add_colors()
        for name, class_name in _LOGICS.items():
            module_logic = getattr(slicer, class_name)()
            if name == "terminologies":
                module_logic.SetModuleShareDirectory(str(_HERE / "share" / "Terminologies"))
            self._add_module(name, module_logic)
        self._keeper = subject_hierarchy.SubjectHierarchyKeeper(scene)

    def _start_remote_io(self) -> None:
        """Reading an MRB goes through these even when every file is local."""
        self._remote_io = slicer.vtkMRMLRemoteIOLogic()
        self._remote_io.GetCacheManager().SetRemoteCacheDirectory(str(self.temporary_path))
        self._data_io = slicer.vtkDataIOManagerLogic()
        self._data_io.SetMRMLApplicationLogic(self.application_logic)
        self._data_io.SetAndObserveDataIOManager(self._remote_io.GetDataIOManager())

    def _add_colors(self) -> None:
        colors = slicer.vtkSlicerColorLogic()
        colors.SetMRMLApplicationLogic(self.application_logic)
        self.application_logic.SetColorLogic(colors)
        self._add_module("colors", colors)
        colors.AddDefaultColorNodes()

    def _add_module(self, name: str, logic) -> None:
        capitalized = _CAPITALS.get(name, name.capitalize())
        logic.SetMRMLApplicationLogic(self.application_logic)
        logic.SetMRMLScene(self.scene)
        self.application_logic.SetModuleLogic(capitalized, logic)
        setattr(self.modules, name, CoreModule(capitalized, logic))

    def close(self) -> None:
        """Let go of the scene."""
        self._keeper.stop()
        self.scene.Clear(1)
        # The scene's destructor tells observers once more; those left over may be half gone by then.
        self.scene.RemoveAllObservers()
        self._temporary.cleanup()


_current: Environment | None = None


def install() -> Environment:
    """Put a fresh, empty scene with its logics into `slicer`; the one before is closed."""
    global _current
    uninstall()
    _current = Environment()
    slicer.mrmlScene = _current.scene
    slicer.modules = _current.modules
    slicer.selfTests = {}
    installs.reset()
    return _current


def uninstall() -> None:
    """Close the scene; afterwards there is none."""
    global _current
    if _current is not None:
        _current.close()
        _current = slicer.mrmlScene = None


def current() -> Environment:
    """The environment now installed; the first is made on demand."""
    return _current or install()


def save_scene(path: str | Path) -> None:
    """Write the scene and all its data into an .mrb. RuntimeError when that fails."""
    path = Path(path)
    environment = current()
    environment.scene.SetRootDirectory(str(path.parent))
    environment.scene.SetURL(str(path))
    if not environment.scene.WriteToMRB(str(path)):
        raise RuntimeError(f"The scene could not be written to {path}.")


def load_scene(path: str | Path, clear: bool = True) -> None:
    """Read an .mrb: in place of the present scene, or (`clear=False`) into it. RuntimeError when that fails."""
    environment = current()
    if clear:
        environment.scene.Clear(0)
    # Reading a broken archive leaves the process in a folder that is then deleted.
    with slicer.util.chdir(Path.cwd()):
        done = environment.scene.ReadFromMRB(str(Path(path).absolute()), False)
    if not done:
        raise RuntimeError(f"The scene could not be read from {path}.")
