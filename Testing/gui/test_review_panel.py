"""The "Correct" section: uncertain slices, confirming, the strip, undo."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import a_brain
from .reviewing import Reviewing, labels_of

STRAIGHT = np.diag([1.0, 1.0, 2.0, 1.0])


@pytest.fixture
def a_review(an_application, a_fake_engine):
    """Gives a function that shows the panel by itself."""
    made = []

    def show() -> Reviewing:
        made.append(Reviewing(an_application, a_fake_engine()))
        return made[-1]

    yield show
    for review in made:
        review.close()


@pytest.fixture
def a_reviewed_brain(a_review):
    """The panel on a segmented volume that is not tilted: 10 x 8 x 6 voxels, the brain leaves out the outermost."""
    review = a_review()
    review.segment(a_brain(affine=STRAIGHT))
    view().SetSliceOffset(6.0)
    return review


def view(name: str = "Red"):
    import slicer

    return slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceNode{name}")


def confirmed(review) -> np.ndarray:
    from GMMSegExtensionLib.confirmations import confirmedMask

    return confirmedMask(review.volume)


def set_uncertainty(review, entropy: np.ndarray) -> None:
    from GMMSegExtensionLib.volumes import setVoxels

    setVoxels(review.logic.outputsOf(review.volume).uncertainty, entropy.astype(np.float32), review.volume)


def test_nothing_can_be_done_before_a_segmentation(a_review):
    review = a_review()
    review.choose(a_brain())
    buttons = [getattr(review.ui, name) for name in vars(review.ui) if name.endswith("Button")]
    buttons = [button for button in buttons if button.className() == "QPushButton"]
    assert len(buttons) == 8 and not any(button.enabled for button in buttons)
    assert "Segment the volume first." in review.ui.confirmSliceButton.toolTip
    assert review.seen() == [] and review.ui.summaryLabel.text == ""


def test_the_slice_that_the_view_shows_is_confirmed(a_reviewed_brain):
    review = a_reviewed_brain
    view().SetSliceOffset(6.2)
    assert review.ui.positionLabel.text == "Axial 3 of 0–5, not confirmed"
    review.ui.confirmSliceButton.click()
    assert review.seen() == [("Axial", "3", "48")]
    assert review.ui.positionLabel.text == "Axial 3 of 0–5, confirmed"
    assert review.ui.summaryLabel.text == "1 slice, 48 voxels (25.0 % of the brain) confirmed"
    expected = np.zeros((10, 8, 6), dtype=bool)
    expected[1:9, 1:7, 3] = True
    np.testing.assert_array_equal(confirmed(review), expected)
    assert review.changed == [review.volume]


@pytest.mark.parametrize(("orientation", "name", "offset"), [("coronal", "Green", 3), ("sagittal", "Yellow", -2)])
def test_the_orientation_chosen_says_which_view_is_meant(a_reviewed_brain, orientation, name, offset):
    review = a_reviewed_brain
    review.ui.orientationComboBox.currentIndex = review.ui.orientationComboBox.findText(orientation.capitalize())
    assert review.parameters.reviewOrientation == orientation
    view(name).SetSliceOffset(float(offset))
    review.ui.confirmSliceButton.click()
    assert [row[:2] for row in review.seen()] == [(orientation.capitalize(), str(abs(offset)))]


def test_a_slice_confirmed_twice_is_confirmed_once(a_reviewed_brain):
    review = a_reviewed_brain
    view().SetSliceOffset(8.0)
    review.ui.confirmSliceButton.click()
    review.ui.confirmSliceButton.click()
    assert len(review.seen()) == 1


def test_a_slice_without_brain_is_refused_with_a_sentence(a_reviewed_brain):
    review = a_reviewed_brain
    view().SetSliceOffset(0.0)
    review.ui.confirmSliceButton.click()
    assert review.seen() == []
    assert review.ui.messageLabel.text == "No brain in slice Axial 0; go to one that crosses the brain."


def test_a_view_beside_the_volume_confirms_nothing(a_reviewed_brain):
    review = a_reviewed_brain
    view().SetSliceOffset(900.0)
    review.ui.confirmSliceButton.click()
    assert review.seen() == []
    assert review.ui.positionLabel.text.startswith("The view of the axial slices shows none of the volume")


def test_next_goes_to_the_most_uncertain_slice_and_then_to_others(a_reviewed_brain):
    review = a_reviewed_brain
    entropy = np.zeros((10, 8, 6))
    entropy[1:9, 1:7, 4] = 0.5
    entropy[3, 4, 4] = 0.9
    entropy[1:9, 1:7, 1] = 0.3
    set_uncertainty(review, entropy)
    review.ui.nextUncertainButton.click()
    assert review.ui.positionLabel.text.startswith("Axial 4 ")
    # The other views go through its most uncertain voxel, and the crosshair is there.
    assert (view("Yellow").GetSliceOffset(), view("Green").GetSliceOffset()) == pytest.approx((-3, 4))
    review.ui.nextUncertainButton.click()
    assert review.ui.positionLabel.text.startswith("Axial 1 ")
    review.ui.nextUncertainButton.click()
    assert review.ui.positionLabel.text.startswith("Axial 4 ")


def test_a_confirmed_slice_does_not_come_up_again(a_reviewed_brain):
    review = a_reviewed_brain
    entropy = np.zeros((10, 8, 6))
    entropy[..., 3] = 0.5
    set_uncertainty(review, entropy)
    review.ui.nextUncertainButton.click()
    review.ui.confirmSliceButton.click()
    review.ui.nextUncertainButton.click()
    assert review.ui.messageLabel.text == "No uncertain slice is left in this orientation."


def test_without_an_uncertainty_map_next_says_what_to_do(a_reviewed_brain):
    import slicer

    review = a_reviewed_brain
    slicer.mrmlScene.RemoveNode(review.logic.outputsOf(review.volume).uncertainty)
    assert not review.ui.nextUncertainButton.enabled
    assert "segment again" in review.ui.nextUncertainButton.toolTip
    assert review.ui.confirmSliceButton.enabled


def test_a_region_is_what_the_box_holds_of_the_brain(a_reviewed_brain):
    from GMMSegExtensionLib import region_box

    review = a_reviewed_brain
    assert not review.ui.confirmRegionButton.enabled
    review.ui.regionBoxButton.click()
    box = region_box.boxOf(review.volume)
    assert box.GetSize() == (30, 30, 30) and box.GetDisplayNode().GetVisibility()
    box.SetSize(2.2, 2.2, 4.4)
    box.SetCenterWorld(2, 3, 6)
    review.ui.confirmRegionButton.click()
    assert review.seen() == [("Region 1", "", "27")]
    expected = np.zeros((10, 8, 6), dtype=bool)
    expected[1:4, 2:5, 2:5] = True
    np.testing.assert_array_equal(confirmed(review), expected)
    review.ui.regionBoxButton.click()
    assert not box.GetDisplayNode().GetVisibility() and not review.ui.confirmRegionButton.enabled


def test_confirm_all_confirms_the_brain(a_reviewed_brain):
    review = a_reviewed_brain
    review.ui.confirmAllButton.click()
    assert review.seen() == [("All of the brain", "", "192")]
    assert review.ui.summaryLabel.text == "192 voxels (100.0 % of the brain) confirmed"
    np.testing.assert_array_equal(confirmed(review), labels_of(review.volume) > 0)


def test_voxels_confirmed_twice_count_once(a_reviewed_brain):
    review = a_reviewed_brain
    view().SetSliceOffset(8.0)
    review.ui.confirmSliceButton.click()
    review.ui.confirmAllButton.click()
    assert review.ui.summaryLabel.text == "1 slice, 192 voxels (100.0 % of the brain) confirmed"


def test_undo_takes_each_step_back(a_reviewed_brain):
    review = a_reviewed_brain
    assert not review.ui.undoButton.enabled
    for offset in (4.0, 6.0):
        view().SetSliceOffset(offset)
        review.ui.confirmSliceButton.click()
    review.ui.confirmedTable.selectRow(0)
    review.ui.removeButton.click()
    review.ui.confirmAllButton.click()
    states = []
    while review.ui.undoButton.enabled:
        states.append([row[:2] for row in review.seen()])
        review.ui.undoButton.click()
    states.append(review.seen())
    two, three = ("Axial", "2"), ("Axial", "3")
    assert states == [[three, ("All of the brain", "")], [three], [two, three], [two], []]
    assert review.ui.summaryLabel.text == "Nothing is confirmed yet."


def test_several_rows_are_removed_and_come_back_together(a_reviewed_brain):
    review = a_reviewed_brain
    for offset in (2.0, 4.0, 6.0):
        view().SetSliceOffset(offset)
        review.ui.confirmSliceButton.click()
    before = confirmed(review).copy()
    review.ui.confirmedTable.selectAll()
    review.ui.removeButton.click()
    assert review.seen() == [] and not confirmed(review).any()
    review.ui.undoButton.click()
    assert len(review.seen()) == 3
    np.testing.assert_array_equal(confirmed(review), before)


def test_the_delete_key_removes_the_chosen_row(a_reviewed_brain, an_application):
    review = a_reviewed_brain
    review.ui.confirmSliceButton.click()
    review.ui.confirmedTable.selectRow(0)
    review.ui.confirmedTable.setFocus()
    an_application.press("Del")
    assert review.seen() == []


def test_a_click_in_the_strip_goes_to_the_slice(a_reviewed_brain):
    review = a_reviewed_brain
    view().SetSliceOffset(4.0)
    review.ui.confirmSliceButton.click()
    review.parameters.reviewOrientation = "coronal"
    view().SetSliceOffset(8.0)
    review.ui.confirmedTable.cellClicked(0, 0)
    assert review.parameters.reviewOrientation == "axial"
    assert view().GetSliceOffset() == pytest.approx(4.0)


def test_confirmed_voxels_are_outlined_when_asked_for(a_reviewed_brain):
    review = a_reviewed_brain
    review.ui.confirmSliceButton.click()
    display = review.panel._confirmations.node.GetDisplayNode()
    assert not display.GetVisibility()
    review.ui.showConfirmedButton.click()
    assert display.GetVisibility() and display.GetVisibility2DOutline() and not display.GetVisibility2DFill()
    review.ui.showConfirmedButton.click()
    assert not display.GetVisibility()


def test_a_tilted_view_is_turned_before_anything_is_confirmed(a_review):
    from GMMSegExtensionLib import review_slices

    review = a_review()
    review.segment(a_brain())  # an oblique volume
    view().JumpSliceByCentering(*review_slices.position(review.volume, (5, 4, 3)))
    assert "tilted by" in review.ui.positionLabel.text
    review.ui.confirmSliceButton.click()
    assert review.seen() == [] and "confirm again" in review.ui.messageLabel.text
    assert "tilted" not in review.ui.positionLabel.text
    review.ui.confirmSliceButton.click()
    assert len(review.seen()) == 1


def test_next_turns_the_views_of_an_oblique_volume_to_its_slices(a_review):
    from GMMSegExtensionLib import review_slices

    review = a_review()
    review.segment(a_brain())
    entropy = np.zeros((10, 8, 6))
    entropy[2, 3, 4] = 0.7
    set_uncertainty(review, entropy)
    review.ui.nextUncertainButton.click()
    assert review_slices.shownVoxel(review.volume) == (2, 3, 4)
    assert "turned" in review.ui.messageLabel.text
    assert review.ui.positionLabel.text == "Axial 4 of 0–5, not confirmed"


def test_under_a_non_linear_transform_a_sentence_says_what_to_do(a_reviewed_brain):
    import slicer
    import vtk

    review = a_reviewed_brain
    bend = vtk.vtkThinPlateSplineTransform()
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    transform.SetAndObserveTransformToParent(bend)
    review.volume.SetAndObserveTransformNodeID(transform.GetID())
    for button in (review.ui.confirmSliceButton, review.ui.nextUncertainButton, review.ui.regionBoxButton):
        button.click()
        assert "harden the transform first" in review.ui.messageLabel.text
    assert review.ui.positionLabel.text == "" and not review.ui.regionBoxButton.checked
    review.ui.confirmAllButton.click()
    assert len(review.seen()) == 1


def test_the_keys_of_the_module_press_the_buttons(a_reviewed_brain):
    review = a_reviewed_brain
    review.panel.nextUncertain()
    review.panel.confirmSlice()
    assert len(review.seen()) == 1
    review.choose(None)
    review.panel.nextUncertain()
    review.panel.confirmSlice()
    assert review.seen() == []


def test_each_volume_has_its_confirmations_and_its_undo(a_reviewed_brain):
    review = a_reviewed_brain
    first = review.volume
    review.ui.confirmSliceButton.click()
    review.segment(a_brain("T1 later", STRAIGHT, seed=1))
    assert review.seen() == [] and not review.ui.undoButton.enabled
    review.ui.confirmAllButton.click()
    review.choose(first)
    assert [row[0] for row in review.seen()] == ["Axial"]
    review.ui.undoButton.click()
    assert review.seen() == []


def test_the_box_is_put_away_with_the_module(a_reviewed_brain):
    from GMMSegExtensionLib import region_box

    review = a_reviewed_brain
    review.ui.regionBoxButton.click()
    review.leave()
    assert not region_box.isShown(review.volume)


def test_deleted_nodes_are_noticed(a_reviewed_brain):
    import slicer

    review = a_reviewed_brain
    review.ui.confirmSliceButton.click()
    slicer.mrmlScene.RemoveNode(review.panel._confirmations.node)
    assert review.seen() == [] and review.ui.summaryLabel.text == "Nothing is confirmed yet."
    slicer.mrmlScene.RemoveNode(review.logic.outputsOf(review.volume).segmentation)
    assert not review.ui.confirmSliceButton.enabled
    review.segment(review.volume)
    assert review.ui.confirmSliceButton.enabled
    slicer.mrmlScene.RemoveNode(review.volume)
    assert not review.ui.confirmSliceButton.enabled


def test_closing_the_scene_lets_go_of_everything(a_reviewed_brain, an_application):
    review = a_reviewed_brain
    review.edit()
    review.ui.confirmSliceButton.click()
    review.leave()
    an_application.close_scene()
    review.open()
    review.segment(a_brain(affine=STRAIGHT))
    view().SetSliceOffset(6.0)
    assert review.seen() == [] and not review.ui.undoButton.enabled
    review.ui.confirmSliceButton.click()
    assert len(review.seen()) == 1


def test_a_reopened_scene_shows_what_was_confirmed(a_reviewed_brain, an_application, tmp_path):
    import slicer

    review = a_reviewed_brain
    review.ui.confirmSliceButton.click()
    rows, text = review.seen(), review.ui.summaryLabel.text
    review.leave()
    an_application.save_scene(tmp_path / "scene.mrb")
    an_application.load_scene(tmp_path / "scene.mrb")
    review.open()
    review.choose(slicer.util.getNode("T1"))
    assert review.seen() == rows and review.ui.summaryLabel.text == text
    review.ui.confirmedTable.selectRow(0)
    review.ui.removeButton.click()
    review.ui.undoButton.click()
    assert review.seen() == rows


def test_the_panel_is_of_use_without_slice_views(a_review, an_application):
    import slicer

    review = a_review()
    for node in list(slicer.util.getNodesByClass("vtkMRMLSliceNode")):
        slicer.mrmlScene.RemoveNode(node)
    review.segment(a_brain(affine=STRAIGHT))
    entropy = np.zeros((10, 8, 6))
    entropy[..., 4] = 0.4
    set_uncertainty(review, entropy)
    review.ui.nextUncertainButton.click()
    review.ui.confirmSliceButton.click()
    assert review.seen() == [("Axial", "4", "48")]
