"""Inspecting a bias field: the module's own views, what can be set there, and the way back to the user's views."""

from __future__ import annotations

import numpy as np
import pytest

from .bias_bench import composite, layout, nodes
from .conftest import a_brain

FOUR_UP = 3


def test_inspect_shows_original_corrected_and_field_in_linked_views_of_their_own(a_bias_bench, an_application):
    bench = a_bias_bench()
    volume = bench.segmented()
    outputs = bench.logic.outputsOf(volume)
    bench.ui.inspectButton.click()
    assert layout(an_application) >= 100
    views = [composite(name) for name in ("GMMSegOriginal", "GMMSegCorrected", "GMMSegField")]
    corrected, overlay = outputs.correctedVolumes[0].GetID(), outputs.biasOverlay.GetID()
    assert [view.GetBackgroundVolumeID() for view in views] == [volume.GetID(), corrected, volume.GetID()]
    assert [view.GetForegroundVolumeID() for view in views] == [None, None, overlay]
    assert all(view.GetLinkedControl() and view.GetHotLinkedControl() for view in views)
    manager = an_application.app.layoutManager()
    slices = [manager.sliceWidget(view.GetLayoutName()).mrmlSliceNode() for view in views]
    assert len({node.GetViewGroup() for node in slices}) == 1
    assert slices[0].GetViewGroup() != manager.sliceWidget("Red").mrmlSliceNode().GetViewGroup()
    assert nodes("vtkMRMLPlotViewNode") == ["GMMSegHistogram", "GMMSegProfile"]


@pytest.mark.parametrize("leave", ["toggle", "exit", "close", "other volume", "results deleted"])
def test_leaving_gives_the_users_layout_and_views_back(a_bias_bench, an_application, leave):
    import slicer

    bench = a_bias_bench()
    volume = bench.segmented()
    other = a_brain("other")
    segments = bench.logic.outputsOf(volume).segmentation
    composite("Red").SetBackgroundVolumeID(other.GetID())
    composite("Red").SetForegroundVolumeID(volume.GetID())
    composite("Red").SetForegroundOpacity(0.25)
    before = {node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLVolumeNode")}
    bench.ui.inspectButton.click()
    bench.ui.contoursCheckBox.click()
    bench.ui.profileButton.click()
    bench.wait()
    if leave == "toggle":
        bench.ui.inspectButton.click()
    elif leave == "exit":
        bench.panel.exit()
    elif leave == "close":
        bench.panel.setParameters(None)
    elif leave == "other volume":
        bench.show(other)
    else:
        bench.panel.show(volume, None)
    assert layout(an_application) == FOUR_UP
    red = composite("Red")
    assert (red.GetBackgroundVolumeID(), red.GetForegroundVolumeID()) == (other.GetID(), volume.GetID())
    assert red.GetForegroundOpacity() == 0.25
    assert not segments.GetDisplayNode().GetViewNodeIDs()
    assert {node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLVolumeNode")} == before
    shown = [*slicer.util.getNodesByClass("vtkMRMLMarkupsNode")]
    shown += [node for node in slicer.util.getNodesByClass("vtkMRMLModelNode") if "bias field" in node.GetName()]
    assert len(shown) > 2 and not any(node.GetDisplayNode().GetVisibility() for node in shown)


def test_a_layout_chosen_by_the_user_stays(a_bias_bench, an_application):
    bench = a_bias_bench()
    bench.segmented()
    bench.ui.inspectButton.click()
    an_application.app.layoutManager().setLayout(6)
    assert not bench.ui.inspectButton.checked
    bench.panel.exit()
    assert layout(an_application) == 6


def test_before_and_after_keep_one_window_and_level(a_bias_bench):
    bench = a_bias_bench()
    volume = bench.segmented()
    corrected = bench.logic.outputsOf(volume).correctedVolumes[0]
    bench.ui.inspectButton.click()
    for changed, other in ((volume, corrected), (corrected, volume)):
        window = changed.GetDisplayNode().GetWindow() + 10
        changed.GetDisplayNode().SetAutoWindowLevel(False)
        changed.GetDisplayNode().SetWindowLevel(window, 40)
        assert (other.GetDisplayNode().GetWindow(), other.GetDisplayNode().GetLevel()) == (window, 40)


def test_segments_stay_out_of_the_fields_view(a_bias_bench):
    bench = a_bias_bench()
    volume = bench.segmented()
    display = bench.logic.outputsOf(volume).segmentation.GetDisplayNode()
    bench.ui.inspectButton.click()
    assert display.IsDisplayableInView("vtkMRMLSliceNodeRed")
    assert not display.IsDisplayableInView("vtkMRMLSliceNodeGMMSegOriginal")
    bench.ui.segmentsCheckBox.click()
    assert display.IsDisplayableInView("vtkMRMLSliceNodeGMMSegOriginal")
    assert not display.IsDisplayableInView("vtkMRMLSliceNodeGMMSegField")


def test_range_and_opacity_act_on_the_overlay(a_bias_bench):
    bench = a_bias_bench()
    volume = bench.segmented()
    overlay = bench.logic.outputsOf(volume).biasOverlay
    bench.ui.inspectButton.click()
    assert bench.ui.automaticRangeButton.checked
    automatic = bench.ui.rangeSlider.value
    bench.ui.rangeSlider.value = 25
    assert overlay.GetDisplayNode().GetWindowLevelMin() == pytest.approx(0.75)
    assert overlay.GetDisplayNode().GetWindowLevelMax() == pytest.approx(1.25)
    assert not bench.ui.automaticRangeButton.checked
    bench.ui.automaticRangeButton.click()
    assert bench.ui.rangeSlider.value == pytest.approx(automatic)
    bench.ui.opacitySlider.value = 30
    assert composite("GMMSegField").GetForegroundOpacity() == pytest.approx(0.3)


def test_contours_and_charts_are_updated_not_piled_up(a_bias_bench):
    bench = a_bias_bench()
    bench.segmented()

    def made() -> list[str]:
        return nodes("vtkMRMLModelNode") + nodes("vtkMRMLPlotSeriesNode") + nodes("vtkMRMLTableNode")

    bench.ui.inspectButton.click()
    bench.ui.contoursCheckBox.click()
    bench.ui.profileButton.click()
    bench.wait()
    first = made()
    assert bench.ui.contourIntervalLabel.text.startswith("every ")
    bench.ui.inspectButton.click()
    bench.ui.inspectButton.click()
    bench.wait()
    assert made() == first
    assert nodes("vtkMRMLPlotChartNode") == ["T1 histogram", "T1 profile"]


def test_the_profile_follows_the_line(a_bias_bench):
    import slicer
    from GMMSegExtensionLib import output_nodes

    bench = a_bias_bench()
    volume = bench.segmented()
    bench.ui.inspectButton.click()
    bench.ui.profileButton.click()
    line = output_nodes.find(volume, output_nodes.PROFILE_LINE)
    table = output_nodes.find(volume, output_nodes.PROFILE_TABLE)
    before = slicer.util.arrayFromTableColumn(table, "Corrected").copy()
    assert np.isfinite(before).sum() > 50
    right, front, top = line.GetNthControlPointPositionWorld(0)
    line.SetNthControlPointPositionWorld(0, right, front + 2, top)
    after = slicer.util.arrayFromTableColumn(table, "Corrected")
    assert not np.array_equal(before, after, equal_nan=True)
    slicer.mrmlScene.RemoveNode(line)
    bench.ui.inspectButton.click()


def test_each_channel_can_be_inspected(a_bias_bench):
    bench = a_bias_bench()
    other = a_brain("T2", seed=1)
    volume = bench.segmented(other)
    combo = bench.ui.channelComboBox
    assert combo.visible and [combo.itemText(index) for index in range(combo.count)] == ["T1", "T2"]
    bench.ui.inspectButton.click()
    combo.setCurrentIndex(1)
    assert composite("GMMSegOriginal").GetBackgroundVolumeID() == other.GetID()
    assert composite("GMMSegField").GetForegroundVolumeID() not in (
        None,
        bench.logic.outputsOf(volume).biasOverlay.GetID(),
    )


def test_closing_the_scene_while_inspecting_gives_the_layout_back(a_bias_bench, an_application):
    bench = a_bias_bench("field-slow")
    bench.segmented()
    bench.ui.inspectButton.click()
    bench.ui.contoursCheckBox.click()
    bench.ui.degreeSlider.value = 6
    bench.panel.setParameters(None)
    an_application.close_scene()
    bench.wait()
    assert layout(an_application) == FOUR_UP


def test_a_scene_saved_while_inspecting_goes_on_there(a_bias_bench, an_application, tmp_path):
    import slicer

    bench = a_bias_bench()
    bench.segmented()
    bench.ui.inspectButton.click()
    bench.ui.contoursCheckBox.click()
    bench.ui.profileButton.click()
    bench.wait()
    first = nodes("vtkMRMLModelNode") + nodes("vtkMRMLPlotSeriesNode") + nodes("vtkMRMLMarkupsLineNode")
    an_application.save_scene(tmp_path / "scene.mrb")
    bench.panel.setParameters(None)
    an_application.load_scene(tmp_path / "scene.mrb")
    bench.show(slicer.util.getNode("T1"))
    bench.wait()
    assert layout(an_application) >= 100 and bench.ui.inspectButton.checked
    assert nodes("vtkMRMLModelNode") + nodes("vtkMRMLPlotSeriesNode") + nodes("vtkMRMLMarkupsLineNode") == first
    bench.ui.inspectButton.click()
    assert layout(an_application) == FOUR_UP


def test_controls_that_cannot_act_say_why(a_bias_bench):
    bench = a_bias_bench()
    bench.segmented()
    assert not bench.ui.opacitySlider.enabled and "Click Inspect first" in bench.ui.opacitySlider.toolTip
    bench.ui.inspectButton.click()
    assert bench.ui.opacitySlider.enabled and "Click Inspect first" not in bench.ui.opacitySlider.toolTip


@pytest.mark.parametrize("leave", ["another module", "scene closed", "volume deleted"])
def test_the_module_gives_the_layout_back_however_it_is_left(a_panel, run, an_application, leave):
    import slicer

    volume = a_brain()
    widget = a_panel("field-slow")
    run(widget)
    form = slicer.util.childWidgetVariables(widget.ui.biasCollapsibleButton)
    form.inspectButton.click()
    form.contoursCheckBox.click()
    form.profileButton.click()
    form.degreeSlider.value = 6
    assert layout(an_application) >= 100
    if leave == "another module":
        an_application.select_module("")
    elif leave == "scene closed":
        an_application.close_scene()
    else:
        slicer.mrmlScene.RemoveNode(volume)
        an_application.process_events()
    an_application.process_events_until(lambda: not widget.logic.jobs.isRunning, "the field is computed or given up")
    assert layout(an_application) == FOUR_UP


def test_without_a_main_window_everything_but_the_views_works(a_fake_engine, tmp_path, monkeypatch):
    import tempfile

    from host.application import StandInApplication

    from .bias_bench import Bench

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    application = StandInApplication(main_window=False)
    bench = Bench(application, a_fake_engine())
    volume = bench.segmented()
    assert not bench.ui.inspectButton.enabled and "shows no views" in bench.ui.inspectButton.toolTip
    bench.ui.degreeSlider.value = 5
    bench.wait()
    assert bench.logic.outputsOf(volume).report["bias_field"][0]["degree"] == 5
    bench.close()
    application.quit()
    assert application.problems() == []
