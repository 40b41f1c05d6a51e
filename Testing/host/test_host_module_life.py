"""The life of a module in the stand-in application."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from host import messages
from host.application import StandInApplication
from host.modules import ModuleError
from host.scene import slicer

EXAMPLE = Path(__file__).parent / "example"


@pytest.fixture
def a_copy_of_the_example(tmp_path):
    return Path(shutil.copytree(EXAMPLE, tmp_path / "example"))


def test_a_module_lives_from_setup_to_cleanup(an_application, the_example):
    an_application.select_module("")
    an_application.select_module("Example")
    assert the_example.calls == ["setup", "enter", "exit", "enter"]
    an_application.app.moduleManager()._unload_all()
    assert the_example.calls[4:] == ["cleanup"]


def test_startup_completed_reaches_the_module_once(the_example):
    assert slicer.modules.ExampleInstance.started == 1
    assert slicer.modules.example.title == "Example"
    assert slicer.util.modulePath("Example").endswith("Example.py")
    assert slicer.util.getModuleWidget("Example") is the_example
    assert slicer.util.getModuleLogic("Example") is the_example.logic


def test_every_widget_writes_its_parameter_and_follows_it(the_example, a_volume_node):
    ui, parameters = the_example.ui, the_example.parameters
    ui.volumeSelector.setCurrentNode(a_volume_node)
    ui.classesSpinBox.value = 5
    ui.gammaSlider.value = 0.25
    ui.presetBox.currentText = "as-printed"
    ui.methodBox.currentIndex = 1
    ui.verboseBox.checked = True
    ui.noteEdit.text = "left"
    assert parameters.volume is a_volume_node
    assert (parameters.classes, parameters.gamma, parameters.preset) == (5, 0.25, "as-printed")
    assert (parameters.method.name, parameters.verbose, parameters.note) == ("TRAIN", True, "left")

    parameters.volume, parameters.classes, parameters.gamma, parameters.preset = None, 2, 0.5, "default"
    parameters.verbose, parameters.note = False, "right"
    assert ui.volumeSelector.currentNode() is None
    assert (ui.classesSpinBox.value, ui.gammaSlider.value, ui.presetBox.currentText) == (2, 0.5, "default")
    assert (ui.verboseBox.checked, ui.noteEdit.text) == (False, "right")


def test_limits_of_the_declaration_become_limits_of_the_widget(the_example):
    assert (the_example.ui.classesSpinBox.minimum, the_example.ui.classesSpinBox.maximum) == (2, 8)
    assert (the_example.ui.gammaSlider.minimum, the_example.ui.gammaSlider.maximum) == (0, 1)
    assert [the_example.ui.presetBox.itemText(i) for i in range(2)] == ["default", "as-printed"]
    with pytest.raises(ValueError, match="within range"):
        the_example.parameters.classes = 9


def test_a_disconnected_panel_changes_nothing(an_application, the_example):
    parameters = the_example.parameters
    an_application.select_module("")
    the_example.ui.classesSpinBox.value = 7
    assert parameters.classes == 3


def test_closing_the_scene_tells_the_panel_and_resets_it(an_application, the_example):
    the_example.ui.classesSpinBox.value = 7
    an_application.close_scene()
    assert the_example.calls[2:] == ["start close", "end close"]
    assert the_example.ui.classesSpinBox.value == 3


def test_settings_come_back_with_a_scene_loaded_while_the_panel_is_open(
    an_application, the_example, a_volume_node, tmp_path
):
    the_example.parameters.volume, the_example.parameters.classes = a_volume_node, 6
    an_application.save_scene(tmp_path / "scene.mrb")
    an_application.load_scene(tmp_path / "scene.mrb")
    assert "end import" in the_example.calls
    assert the_example.ui.classesSpinBox.value == 6
    assert the_example.ui.volumeSelector.currentNode() is slicer.util.getNode("T1")


def test_a_failure_in_a_handler_is_shown_with_its_cause(an_application, the_example):
    the_example.ui.applyButton.click()
    assert messages.texts("error") == ["The example failed.\n\nChoose a volume."]
    assert [str(error) for error in an_application.forget_swallowed()] == ["Choose a volume."]


def test_events_are_processed_until_a_condition_holds(an_application, the_example, a_volume_node):
    the_example.parameters.volume = a_volume_node
    the_example.ui.applyButton.click()
    an_application.process_events_until(lambda: "applied" in the_example.calls, "the timer fired")
    with pytest.raises(TimeoutError, match="until pigs fly"):
        an_application.process_events_until(lambda: False, "pigs fly", timeout=0.01)


def test_the_module_runs_its_own_tests(the_example):
    slicer.selfTests["Example"]()
    assert sys.modules["Example"].ExampleTest.ran == 1


def test_a_module_that_raises_in_setup_is_reported(an_application, a_copy_of_the_example):
    (a_copy_of_the_example / "Resources" / "UI" / "Example.ui").unlink()
    with pytest.raises(ModuleError, match=r"panel of Example could not be made.*Example\.ui"):
        an_application.load_module(a_copy_of_the_example / "Example.py")


def test_a_module_that_raises_in_its_constructor_or_at_import_is_reported(an_application, a_copy_of_the_example):
    (a_copy_of_the_example / "Resources" / "fail-in-init").touch()
    with pytest.raises(ModuleError, match="no panel today"):
        an_application.load_module(a_copy_of_the_example / "Example.py")
    (a_copy_of_the_example / "Example.py").write_text("import a_library_that_is_not_there\n")
    with pytest.raises(ModuleError, match="could not be loaded: No module named"):
        an_application.load_module(a_copy_of_the_example / "Example.py")


def test_without_a_main_window_there_is_no_layout_manager():
    application = StandInApplication(main_window=False)
    try:
        assert slicer.app.layoutManager() is None
        assert slicer.util.mainWindow() is None
        slicer.util.infoDisplay("nobody sees this")
        assert messages.shown == []
        widget = application.load_module(EXAMPLE / "Example.py")
        assert widget.calls == ["setup"]
    finally:
        application.quit()
    assert application.problems() == []


def test_only_one_application_runs_at_a_time(an_application):
    with pytest.raises(RuntimeError, match="Quit"):
        StandInApplication()


def test_what_is_left_behind_at_the_end_is_reported():
    application = StandInApplication()
    import qt

    widget = application.load_module(EXAMPLE / "Example.py")
    widget.cleanup = lambda: None
    widget.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeAddedEvent, _raise)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode")
    forgotten = qt.QDialog()
    forgotten.objectName = "forgottenDialog"
    slicer.app.connect("aboutToQuit()", _do_nothing)
    slicer.app.layoutManager().connect("layoutChanged(int)", _do_nothing)
    owner = _OwnerOfATimer()
    del owner
    application.quit()
    problems = "\n".join(application.problems())
    assert "RuntimeError in an observer: seen too late" in problems
    assert "ExampleWidget.cleanup left 4 MRML observer(s)" in problems
    assert "forgottenDialog outlives" in problems
    assert "aboutToQuit() of slicer.app is still connected" in problems
    assert "layoutChanged(int) of slicer.app.layoutManager() is still connected" in problems
    assert "timeout() of QTimer is still connected to _OwnerOfATimer.tick" in problems


def test_a_process_that_is_still_running_at_the_end_is_reported(monkeypatch):
    monkeypatch.setattr("host.application._SECONDS_TO_END", 0.1)
    application = StandInApplication()
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    application.quit()
    assert f"The process {process.pid}" in application.problems()[0]
    process.communicate()


def _do_nothing(*_):
    pass


class _OwnerOfATimer:
    """Its timer keeps it, and it keeps its timer."""

    def __init__(self):
        import qt

        self.timer = qt.QTimer()
        self.timer.connect("timeout()", self.tick)

    def tick(self):
        pass


def _raise(*_):
    raise RuntimeError("seen too late")


def test_a_picture_of_the_panel_is_as_wide_as_asked_for(an_application, the_example, tmp_path):
    from PySide6.QtGui import QImage

    an_application.set_panel_width(360)
    an_application.save_screenshot(tmp_path / "panel.png")
    image = QImage(str(tmp_path / "panel.png"))
    assert 300 < image.width() <= 360
    assert image.height() > 100
