"""`slicer.app`, its layout manager, and the functions of `slicer.util` that need them."""

import pytest

from host import installs, messages
from host.application import StandInApplication
from host.scene import slicer


def test_questions_are_recorded_and_answered(an_application):
    messages.answers.append("reject")
    assert [slicer.util.confirmOkCancelDisplay("One?"), slicer.util.confirmYesNoDisplay("Two?")] == [False, True]
    slicer.util.warningDisplay("Careful", detailedText="why")
    assert messages.texts("question") == ["One?", "Two?"]
    assert messages.shown[-1].details == "why"


def test_a_misspelt_option_of_a_message_box_is_refused(an_application):
    with pytest.raises(ValueError, match="detailledText"):
        slicer.util.infoDisplay("Text", detailledText="why")


def test_packages_are_asked_for_before_they_are_installed(an_application):
    from slicer.packaging import pip_ensure

    installs.pretend(missing={"tqdm"})
    messages.answers.append("reject")
    with pytest.raises(RuntimeError, match="declined"):
        pip_ensure("tqdm", requester="Example")
    assert not installs.record
    pip_ensure("tqdm", requester="Example")
    assert [call.requester for call in installs.record] == ["Example"]


def test_the_extensions_manager_is_there_only_in_a_slicer_built_with_it(an_application):
    assert not hasattr(slicer.app, "extensionsManagerModel")
    installs.has_extensions_manager = True
    manager = slicer.app.extensionsManagerModel()
    manager.interactive = False
    assert manager.downloadAndInstallExtensionByName("PyTorch", True, True)
    assert installs.record[-1].requirements == ["PyTorch"]


def test_a_wish_to_restart_is_noted(an_application):
    slicer.util.restart()
    assert an_application.wishes == ["restart"]


def test_names_that_slicer_lacks_fail(an_application):
    for unlisted in ("mainWindow", "repositoryRevisions", "showMessage"):
        with pytest.raises(AttributeError):
            getattr(slicer.app, unlisted)
        with pytest.raises(AttributeError):
            getattr(slicer.app.layoutManager(), unlisted)
    with pytest.raises(AttributeError, match="not allowed"):
        slicer.app.myOwnAttribute = 1
    with pytest.raises(AttributeError):
        slicer.util.showMessageBox("x")
    with pytest.raises(ValueError, match="keyword"):
        slicer.app.moduleLogic(name="Volumes")


def test_a_misspelt_signal_of_the_application_is_not_connected(an_application):
    assert slicer.app.connect("startupCompleted()", print)
    assert not slicer.app.connect("startUpCompleted()", print)


def test_a_signal_with_other_arguments_is_not_connected(an_application):
    assert not slicer.app.connect("focusChanged(bool)", print)
    assert not slicer.app.layoutManager().connect("layoutChanged()", print)
    assert slicer.app.connect("focusChanged( QWidget *, QWidget * )", print)
    assert slicer.app.disconnect("focusChanged(QWidget*,QWidget*)", print)


def test_a_layout_of_ones_own_makes_its_views(an_application):
    manager = slicer.app.layoutManager()
    view = '<item><view class="vtkMRMLSliceNode" singletontag="Field"/></item>'
    plot = '<item><view class="vtkMRMLPlotViewNode" singletontag="Histogram"/></item>'
    before, changes = manager.layout, []
    manager.connect("layoutChanged(int)", changes.append)
    manager.layoutLogic().GetLayoutNode().AddLayoutDescription(501, f"<layout>{view}{plot}</layout>")
    manager.setLayout(501)
    assert manager.sliceWidget("Field").mrmlSliceNode().GetID() == "vtkMRMLSliceNodeField"
    assert manager.plotViewCount == 1
    manager.setLayout(before)
    assert changes == [501, before]
    manager.disconnect("layoutChanged(int)", changes.append)
    assert manager.sliceWidget("Nowhere") is None


def test_slice_views_show_and_fit_a_volume(an_application, a_volume_node):
    slicer.util.setSliceViewerLayers(background=a_volume_node, fit=True)
    widget = slicer.app.layoutManager().sliceWidget("Red")
    assert widget.mrmlSliceCompositeNode().GetBackgroundVolumeID() == a_volume_node.GetID()
    assert widget.sliceLogic().GetBackgroundLayer().GetVolumeNode() is a_volume_node


def test_volumes_and_scenes_are_saved_and_loaded_by_slicer_util(an_application, a_volume_node, tmp_path):
    assert slicer.util.saveNode(a_volume_node, str(tmp_path / "t1.nrrd"))
    assert slicer.util.loadVolume(str(tmp_path / "t1.nrrd")).GetName() == "t1"
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    with pytest.raises(RuntimeError):
        slicer.util.loadVolume(str(tmp_path / "missing.nrrd"))


def test_a_wait_cursor_lasts_as_long_as_its_block(an_application):
    with slicer.util.WaitCursor():
        assert an_application.qt_application.overrideCursor() is not None
    assert an_application.qt_application.overrideCursor() is None


def test_temporary_folders_are_below_the_applications_own(an_application):
    assert slicer.util.tempDirectory().startswith(slicer.app.temporaryPath)


def test_settings_are_those_of_the_test_alone(an_application):
    import qt

    slicer.app.settings().setValue("Example/Width", 400)
    assert slicer.util.settingsValue("Example/Width", 0, converter=int) == 400
    assert qt.QSettings().fileName().startswith(slicer.app.temporaryPath)


def test_in_testing_mode_errors_pass_through_without_a_message_box():
    application = StandInApplication(testing=True)
    try:
        with pytest.raises(ValueError, match="cause"), slicer.util.tryWithErrorDisplay("It failed"):
            raise ValueError("cause")
        assert messages.texts("error") == []
        assert slicer.util.confirmOkCancelDisplay("Sure?") is False
    finally:
        application.quit()
