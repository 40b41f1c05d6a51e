"""The Segment Editor in the panel: its own, inside the brain only, no hole in the classes, undo."""

from __future__ import annotations

import numpy as np
import pytest
from host import painting

from .conftest import a_brain
from .reviewing import Reviewing, labels_of

STRAIGHT = np.diag([1.0, 1.0, 2.0, 1.0])


@pytest.fixture
def a_reviewed_brain(an_application, a_fake_engine):
    """The panel on a segmented volume of 10 x 8 x 6 voxels; the brain leaves out the outermost."""
    review = Reviewing(an_application, a_fake_engine())
    review.segment(a_brain(affine=STRAIGHT))
    yield review
    review.close()


def class_id(label: int) -> str:
    from GMMSegExtensionLib.tissues import segmentID

    return segmentID(label)


def everywhere() -> np.ndarray:
    return np.ones((10, 8, 6), dtype=bool)


def add_own_segment(review, mask: np.ndarray) -> str:
    """A segment that the user adds to the result by hand."""
    import slicer

    node = review.logic.outputsOf(review.volume).segmentation
    name = node.GetSegmentation().AddEmptySegment("lesion", "Lesion")
    array = mask.astype(np.uint8).transpose(2, 1, 0)
    slicer.util.updateSegmentBinaryLabelmapFromArray(array, node, name, review.volume)
    return name


def test_the_editor_is_made_when_its_section_is_opened(a_reviewed_brain):
    review = a_reviewed_brain
    assert review.panel._editor.widget is None
    editor = review.edit()
    assert editor.className() == "qMRMLSegmentEditorWidget"
    assert editor.parent() == review.ui.editorFrame
    outputs = review.logic.outputsOf(review.volume)
    assert editor.segmentationNode() is outputs.segmentation
    assert editor.sourceVolumeNode() is outputs.correctedVolumes[0]


def test_the_editor_has_a_node_of_its_own(a_reviewed_brain):
    import slicer

    shared = slicer.vtkMRMLSegmentEditorNode()
    shared.SetSingletonTag("SegmentEditor")
    shared = slicer.mrmlScene.AddNode(shared)
    mask_mode = shared.GetMaskMode()
    node = a_reviewed_brain.edit().mrmlSegmentEditorNode()
    assert node is not shared and node.GetSingletonTag() == "GMMSegExtension"
    assert shared.GetMaskMode() == mask_mode and shared.GetSegmentationNode() is None


def test_only_effects_that_leave_no_hole_are_offered(a_reviewed_brain):
    editor = a_reviewed_brain.edit()
    names = [editor.effectByIndex(index).name for index in range(1, editor.effectCount())]
    assert names == ["Paint", "Draw", "Level tracing"]


def test_nodes_and_segments_are_not_for_choosing_here(a_reviewed_brain):
    editor = a_reviewed_brain.edit()
    assert not editor.segmentationNodeSelectorVisible and not editor.sourceVolumeNodeSelectorVisible
    assert not editor.addRemoveSegmentButtonsVisible and not editor.maskingSectionVisible


def test_the_views_keep_what_they_show(a_reviewed_brain):
    import slicer

    composite = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceCompositeNodeRed")
    composite.SetBackgroundVolumeID(a_reviewed_brain.volume.GetID())
    a_reviewed_brain.edit()
    assert composite.GetBackgroundVolumeID() == a_reviewed_brain.volume.GetID()


def test_a_brush_changes_nothing_outside_the_brain(a_reviewed_brain):
    review = a_reviewed_brain
    before = labels_of(review.volume).copy()
    painting.paint(review.edit(), class_id(2), everywhere())
    np.testing.assert_array_equal(labels_of(review.volume), np.where(before > 0, 2, 0))


def test_a_stroke_takes_its_voxels_from_the_other_classes(a_reviewed_brain):
    review = a_reviewed_brain
    expected = labels_of(review.volume).copy()
    stroke = np.zeros_like(expected, dtype=bool)
    stroke[2:6, 2:5, 3] = True
    painting.paint(review.edit(), class_id(3), stroke)
    expected[stroke] = 3
    np.testing.assert_array_equal(labels_of(review.volume), expected)


def test_strokes_are_undone_and_redone(a_reviewed_brain, an_application):
    review = a_reviewed_brain
    editor = review.edit()
    before = labels_of(review.volume).copy()
    painting.paint(editor, class_id(1), everywhere())
    an_application.press("Z")
    np.testing.assert_array_equal(labels_of(review.volume), before)
    an_application.press("Y")
    assert set(np.unique(labels_of(review.volume))) == {0, 1}


def test_the_editors_keys_are_dead_while_it_is_not_seen(a_reviewed_brain, an_application):
    review = a_reviewed_brain
    painting.paint(review.edit(), class_id(1), everywhere())
    review.ui.editorCollapsibleButton.collapsed = True
    an_application.press("Z")
    assert set(np.unique(labels_of(review.volume))) == {0, 1}


def test_a_corrected_slice_is_confirmed_as_corrected(a_reviewed_brain):
    from GMMSegExtensionLib.confirmations import confirmedLabels

    review = a_reviewed_brain
    stroke = np.zeros((10, 8, 6), dtype=bool)
    stroke[:, :, 3] = True
    painting.paint(review.edit(), class_id(2), stroke)
    review.application.process_events()
    import slicer

    slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed").SetSliceOffset(6.0)
    review.ui.confirmSliceButton.click()
    expected = np.zeros((10, 8, 6), dtype=np.uint8)
    expected[1:9, 1:7, 3] = 2
    np.testing.assert_array_equal(confirmedLabels(review.volume), expected)


def test_a_segment_of_the_users_own_takes_nothing_from_the_classes(a_reviewed_brain):
    review = a_reviewed_brain
    before = labels_of(review.volume).copy()
    lesion = np.zeros((10, 8, 6), dtype=bool)
    lesion[2:4, 2:4, 2:4] = True
    name = add_own_segment(review, lesion)
    editor = review.edit()
    painting.paint(editor, name, everywhere())
    np.testing.assert_array_equal(labels_of(review.volume), before)
    painting.paint(editor, class_id(3), lesion)
    np.testing.assert_array_equal(labels_of(review.volume), np.where(lesion & (before > 0), 3, before))


def test_a_new_run_is_not_undone_by_undoing_strokes(a_reviewed_brain):
    review = a_reviewed_brain
    editor = review.edit()
    painting.paint(editor, class_id(1), everywhere())
    from gmmseg import Settings

    review.logic.segment(review.volume, settings=Settings(mode="em", entropy=True, number_of_classes=2))
    review.choose(review.volume)
    after = labels_of(review.volume).copy()
    editor.undo()
    np.testing.assert_array_equal(labels_of(review.volume), after)


def test_the_brush_is_put_away_with_the_module(a_reviewed_brain):
    review = a_reviewed_brain
    editor = review.edit()
    painting.paint(editor, class_id(1), [(3, 3, 3)])
    assert editor.activeEffect() is not None
    review.leave()
    assert editor.activeEffect() is None and editor.segmentationNode() is None
    review.open()
    review.choose(review.volume)
    assert editor.segmentationNode() is review.logic.outputsOf(review.volume).segmentation


def test_the_editor_goes_with_the_panel(a_reviewed_brain):
    review = a_reviewed_brain
    editor = review.edit()
    review.panel.close()
    review.application.process_events()
    with pytest.raises(ValueError, match="destroyed"):
        _ = editor.visible
    assert review.panel._editor.widget is None


def test_another_input_is_edited_when_it_is_chosen(a_reviewed_brain):
    review = a_reviewed_brain
    editor = review.edit()
    review.segment(a_brain("T1 later", STRAIGHT, seed=1))
    assert editor.segmentationNode() is review.logic.outputsOf(review.volume).segmentation
    review.choose(a_brain("not segmented", STRAIGHT))
    assert editor.segmentationNode() is None


def test_the_editor_stays_with_the_results_whatever_its_hidden_selectors_choose(a_reviewed_brain):
    import slicer

    review = a_reviewed_brain
    node = review.edit().mrmlSegmentEditorNode()
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "other")
    node.SetAndObserveSegmentationNode(other)
    node.SetAndObserveSourceVolumeNode(review.volume)
    outputs = review.logic.outputsOf(review.volume)
    assert node.GetSegmentationNode() is outputs.segmentation
    assert node.GetSourceVolumeNode() is outputs.correctedVolumes[0]


def start_run(review, classes: int = 3) -> None:
    from gmmseg import Settings
    from GMMSegExtensionLib.request import SegmentationRequest
    from GMMSegExtensionLib.segmentation_run import RunListener

    settings = Settings(mode="em", entropy=True, number_of_classes=classes)
    review.logic.startSegmentation(SegmentationRequest(review.volume, settings=settings), RunListener())


def end_run(review, isCancelled: bool) -> None:
    if isCancelled:
        review.logic.abandonSegmentation()
    while review.logic.isRunning:
        review.logic.pollEngine(0.05)


@pytest.mark.parametrize("isCancelled", [False, True])
def test_nothing_is_corrected_or_confirmed_while_a_run_replaces_the_segments(
    a_reviewed_brain, an_application, isCancelled
):
    review = a_reviewed_brain
    editor = review.edit()
    review.ui.confirmAllButton.click()
    painting.paint(editor, class_id(1), everywhere())
    painted = labels_of(review.volume).copy()
    start_run(review)
    assert editor.readOnly and editor.activeEffect() is None
    assert "wait for its end" in review.ui.editorFrame.toolTip
    for name in ("confirmSlice", "confirmAll", "undo"):
        button = getattr(review.ui, f"{name}Button")
        assert not button.enabled and "wait for its end" in button.toolTip
    an_application.press("Z")
    np.testing.assert_array_equal(labels_of(review.volume), painted)
    end_run(review, isCancelled)
    assert not editor.readOnly and review.ui.editorFrame.toolTip == "" and review.ui.confirmAllButton.enabled
    painting.paint(editor, class_id(2), everywhere())
    assert set(np.unique(labels_of(review.volume))) == {0, 2}


def test_a_run_on_another_volume_does_not_stop_the_editing(a_reviewed_brain):
    review = a_reviewed_brain
    editor, segmented = review.edit(), review.volume
    review.volume = a_brain("other", STRAIGHT, seed=1)
    start_run(review)
    review.volume = segmented
    assert not editor.readOnly and review.ui.confirmAllButton.enabled
    end_run(review, isCancelled=True)


def test_an_editor_that_is_opened_during_a_run_is_read_only(a_reviewed_brain):
    review = a_reviewed_brain
    start_run(review)
    editor = review.edit()
    assert editor.readOnly
    end_run(review, isCancelled=True)
    assert not editor.readOnly


def test_a_run_with_other_classes_ends_the_confirmations_and_the_way_back_to_them(a_reviewed_brain):
    review = a_reviewed_brain
    review.ui.confirmAllButton.click()
    start_run(review, classes=2)
    end_run(review, isCancelled=False)
    review.choose(review.volume)
    assert review.seen() == [] and review.ui.summaryLabel.text == "Nothing is confirmed yet."
    assert not review.ui.undoButton.enabled
