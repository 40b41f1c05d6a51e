"""What the panel and the scene show of a run, and of the next one."""

from __future__ import annotations

import pytest

from .conftest import a_brain


def test_the_output_controls_reach_the_scene(a_panel, run):
    import slicer

    a_brain()
    widget = a_panel()
    chosen = []
    for name, kind in (
        ("outputSegmentationSelector", "vtkMRMLSegmentationNode"),
        ("outputBiasFieldSelector", "vtkMRMLScalarVolumeNode"),
        ("outputCorrectedVolumeSelector", "vtkMRMLScalarVolumeNode"),
    ):
        chosen.append(slicer.mrmlScene.AddNewNodeByClass(kind, name))
        getattr(widget.ui, name).setCurrentNode(chosen[-1])
    widget.ui.createPosteriorsCheckBox.click()
    run(widget)
    outputs = widget.logic.outputsOf(widget._parameterNode.inputVolume)
    assert [outputs.segmentation, outputs.biasFields[0], outputs.correctedVolumes[0]] == chosen
    assert len(outputs.posteriors) == 3


def test_a_finished_run_shows_table_field_and_segments(a_panel, run):
    import slicer

    volume = a_brain()
    widget = a_panel("warn")
    assert widget.ui.resultsHintLabel.visible and not widget.ui.resultsTable.visible
    run(widget)
    table = widget.ui.resultsTable
    assert table.visible and not widget.ui.resultsHintLabel.visible
    assert [table.item(row, 0).text() for row in range(table.rowCount)] == ["CSF", "GM", "WM"]
    assert [table.item(2, column).text() for column in (1, 2, 3)] == ["0.1", "33.3", "300"]
    assert widget.ui.fieldRangeLabel.text == "Bias field 0.90–1.10"
    assert "touches the border" in widget.ui.warningLabel.text and widget.ui.warningLabel.visible
    composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    assert {node.GetBackgroundVolumeID() for node in composites} == {volume.GetID()}
    assert widget.ui.segmentButton.text == "Segment" and not widget.ui.progressBar.visible


def test_the_show_buttons_change_what_the_views_show(a_panel, run):
    import slicer

    volume = a_brain()
    widget = a_panel()
    run(widget)
    outputs = widget.logic.outputsOf(volume)
    view = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")[0]
    assert widget.ui.showSegmentsButton.checked
    widget.ui.showBiasFieldButton.click()
    assert view.GetForegroundVolumeID() == outputs.biasOverlay.GetID()
    assert not outputs.segmentation.GetDisplayNode().GetVisibility() and not widget.ui.showSegmentsButton.checked
    widget.ui.showCorrectedButton.click()
    assert view.GetBackgroundVolumeID() == outputs.correctedVolumes[0].GetID()
    widget.ui.showCorrectedButton.click()
    widget.ui.showSegmentsButton.click()
    assert view.GetBackgroundVolumeID() == volume.GetID() and view.GetForegroundVolumeID() is None
    assert outputs.segmentation.GetDisplayNode().GetVisibility()


def test_the_uncertainty_map_is_made_unless_it_is_not_wanted_and_can_be_shown(a_panel, run):
    import slicer

    volume = a_brain()
    widget = a_panel()
    ui = widget.ui
    assert not ui.showUncertaintyButton.visible
    run(widget)
    assert ui.showUncertaintyButton.visible and ui.showUncertaintyButton.enabled
    outputs = widget.logic.outputsOf(volume)
    view = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")[0]
    ui.showUncertaintyButton.click()
    assert view.GetForegroundVolumeID() == outputs.uncertainty.GetID()
    assert ui.showUncertaintyButton.checked and not ui.showSegmentsButton.checked
    ui.showBiasFieldButton.click()
    assert view.GetForegroundVolumeID() == outputs.biasOverlay.GetID() and not ui.showUncertaintyButton.checked
    ui.showUncertaintyButton.click()
    assert view.GetForegroundVolumeID() == outputs.uncertainty.GetID() and not ui.showBiasFieldButton.checked
    ui.showCorrectedButton.click()
    assert ui.showUncertaintyButton.checked and ui.showCorrectedButton.checked
    ui.showUncertaintyButton.click()
    assert view.GetForegroundVolumeID() is None and not ui.showSegmentsButton.checked
    ui.entropyCheckBox.click()
    run(widget)
    assert not ui.showUncertaintyButton.visible and widget.logic.outputsOf(volume).uncertainty is None


@pytest.mark.parametrize(
    ("behaviour", "mode", "text"),
    [
        ("done", "Fast", "t1-fast and the mixture agree to 93 %"),
        ("doubtful", "Fast", "t1-fast and the mixture agree to 65 %; the model counts 50 %"),
        ("unusual", "Fast", "t1-fast and the mixture agree to 41 % only; the model was not used"),
        ("done", "Classical EM", ""),
    ],
)
def test_the_results_tell_what_the_model_was_worth(a_panel, run, behaviour, mode, text):
    a_brain()
    widget = a_panel(behaviour)
    widget.ui.modeComboBox.setCurrentText(mode)
    run(widget)
    assert widget.ui.priorLabel.text == text and widget.ui.priorLabel.visible == bool(text)


def test_class_names_of_other_than_three_classes_can_be_edited_and_are_kept(a_panel, run):
    import qt

    a_brain()
    widget = a_panel()
    run(widget)
    assert not widget.ui.resultsTable.item(0, 0).flags() & qt.Qt.ItemIsEditable
    widget.ui.numberOfClassesSpinBox.value = 2
    run(widget)
    item = widget.ui.resultsTable.item(0, 0)
    assert item.text() == "Class 1 (darkest)" and item.flags() & qt.Qt.ItemIsEditable
    item.setText("bone")
    segmentation = widget.logic.outputsOf(widget._parameterNode.inputVolume).segmentation.GetSegmentation()
    assert segmentation.GetNthSegment(0).GetName() == "bone"
    other = a_brain("other")
    widget.ui.inputVolumeSelector.setCurrentNode(other)
    run(widget)
    assert widget.ui.resultsTable.item(0, 0).text() == "bone"


def test_the_preview_is_seen_over_its_volume_even_when_the_segments_were_hidden(
    a_panel, run, a_fake_engine, an_application
):
    import slicer

    volume = a_brain()
    other = a_brain("other")
    widget = a_panel()
    widget._parameterNode.inputVolume = volume
    run(widget)
    display = widget.logic.outputsOf(volume).segmentation.GetDisplayNode()
    display.SetVisibility(False)
    slicer.util.setSliceViewerLayers(background=other)
    widget.logic.engine = a_fake_engine("hang")
    widget.ui.segmentButton.click()
    an_application.process_events_until(display.GetVisibility, "the preview is seen")
    assert slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")[0].GetBackgroundVolumeID() == volume.GetID()
    widget.ui.segmentButton.click()
    an_application.process_events_until(lambda: not widget.logic.isRunning, "the run is cancelled")


def test_a_surface_in_the_3d_views_is_made_anew_once_by_a_rerun(a_panel, run, a_fake_engine, an_application):
    from GMMSegExtensionLib import surfaces

    volume = a_brain()
    widget = a_panel()
    run(widget)
    assert "replaced" in widget.ui.segmentButton.toolTip
    segmentation = widget.logic.outputsOf(volume).segmentation
    segmentation.CreateClosedSurfaceRepresentation()
    for behaviour in ("t2", "preview-then-fail"):
        widget.logic.engine = a_fake_engine(behaviour)
        run(widget)
        an_application.process_events_until(lambda: surfaces.exist(segmentation), f"the surface is there: {behaviour}")


def test_a_rerun_adds_no_nodes(a_panel, run):
    import slicer

    a_brain()
    widget = a_panel()
    run(widget)
    count = slicer.mrmlScene.GetNumberOfNodes()
    run(widget)
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_another_volume_shows_its_own_results_and_frees_the_chosen_outputs(a_panel, run):
    first, second = a_brain("first"), a_brain("second", seed=1)
    widget = a_panel()
    run(widget)
    outputs = widget.logic.outputsOf(first)
    widget.ui.outputSegmentationSelector.setCurrentNode(outputs.segmentation)
    widget.ui.inputVolumeSelector.setCurrentNode(second)
    assert widget.ui.outputSegmentationSelector.currentNode() is None
    assert widget.ui.resultsHintLabel.visible
    widget.ui.inputVolumeSelector.setCurrentNode(first)
    assert widget.ui.resultsTable.visible


def test_a_deleted_result_is_no_longer_offered(a_panel, run):
    import slicer

    volume = a_brain()
    widget = a_panel()
    run(widget)
    slicer.mrmlScene.RemoveNode(widget.logic.outputsOf(volume).correctedVolumes[0])
    widget.ui.showSegmentsButton.click()
    assert not widget.ui.showCorrectedButton.enabled and "was deleted" in widget.ui.showCorrectedButton.toolTip
    slicer.mrmlScene.RemoveNode(widget.logic.outputsOf(volume).segmentation)
    widget.ui.showBiasFieldButton.click()
    assert widget.ui.resultsHintLabel.visible and not widget.ui.showSegmentsButton.visible


def test_a_foreground_of_the_user_stays_through_a_run(a_panel, run):
    import slicer

    a_brain()
    other = a_brain("other")
    widget = a_panel()
    view = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")[0]
    view.SetForegroundVolumeID(other.GetID())
    run(widget)
    assert view.GetForegroundVolumeID() == other.GetID()
