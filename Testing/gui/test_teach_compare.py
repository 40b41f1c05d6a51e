"""Before and after side by side, and the decision that waits: through other modules, volumes, scenes and files."""

from __future__ import annotations

import numpy as np
import pytest
from host import messages

from .conftest import a_brain
from .teaching import Teaching, labels_of, state_of

COMPARE = 5021


@pytest.fixture
def a_taught_brain(a_teaching) -> Teaching:
    """The panel after a fine-tuning, undecided."""
    volume = a_brain()
    teaching = a_teaching()
    teaching.segment(volume, entropy=True)
    teaching.confirm(volume)
    teaching.open(volume)
    teaching.before = state_of(volume)
    teaching.earlier = labels_of(volume)
    teaching.finetune()
    return teaching


def layout(application) -> int:
    return application.layout_manager.layout


def before_node():
    import slicer

    nodes = [node for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode") if node.GetHideFromEditors()]
    return nodes[0] if nodes else None


def seen_in(node) -> set[str]:
    return {identifier.removeprefix("vtkMRMLSliceNode") for identifier in node.GetDisplayNode().GetViewNodeIDs()}


def test_before_and_after_stand_side_by_side_in_linked_views(a_taught_brain, an_application):
    import slicer
    from GMMSegExtensionLib.tissues import segmentID

    teaching = a_taught_brain
    volume = teaching.parameters.inputVolume
    assert layout(an_application) == COMPARE and teaching.ui.compareButton.checked
    for name in ("GMMSegBefore", "GMMSegAfter"):
        widget = an_application.layout_manager.sliceWidget(name)
        composite = widget.mrmlSliceCompositeNode()
        assert composite.GetBackgroundVolumeID() == volume.GetID()
        assert composite.GetLinkedControl() and composite.GetHotLinkedControl()
    before, after = before_node(), teaching.logic.outputsOf(volume).segmentation
    assert seen_in(before) == {"GMMSegBefore"}
    assert "GMMSegAfter" in seen_in(after) and "Red" in seen_in(after) and "GMMSegBefore" not in seen_in(after)
    earlier = slicer.util.arrayFromSegmentBinaryLabelmap(before, segmentID(2), volume).transpose(2, 1, 0)
    np.testing.assert_array_equal(earlier > 0, teaching.earlier == 2)


def test_swapping_exchanges_the_two(a_taught_brain, an_application):
    teaching = a_taught_brain
    after = teaching.logic.outputsOf(teaching.parameters.inputVolume).segmentation
    assert teaching.panel.swapBeforeAfter()
    assert seen_in(before_node()) == {"GMMSegAfter"} and "GMMSegBefore" in seen_in(after)
    left = an_application.layout_manager.sliceWidget("GMMSegBefore").mrmlSliceNode()
    assert left.GetLayoutLabel() == "After"
    assert teaching.panel.swapBeforeAfter()
    assert seen_in(before_node()) == {"GMMSegBefore"} and left.GetLayoutLabel() == "Before"
    teaching.ui.compareButton.click()
    assert not teaching.panel.swapBeforeAfter()


@pytest.mark.parametrize("button", ["compareButton", "discardButton", "keepButton"])
def test_the_users_layout_comes_back(a_taught_brain, an_application, button):
    teaching = a_taught_brain
    teaching.answers = ["ours"]
    after = teaching.logic.outputsOf(teaching.parameters.inputVolume).segmentation
    getattr(teaching.ui, button).click()
    teaching.until(lambda: button == "compareButton" or not teaching.panel.undecided(), "it is decided")
    assert layout(an_application) == 3 and before_node() is None and seen_in(after) == set()
    if button == "compareButton":
        teaching.ui.compareButton.click()
        assert layout(an_application) == COMPARE and before_node() is not None


def test_leaving_the_module_gives_the_layout_back_and_the_decision_waits(a_taught_brain, an_application):
    teaching = a_taught_brain
    volume = teaching.parameters.inputVolume
    teaching.leave()
    assert layout(an_application) == 3 and before_node() is None
    teaching.open(volume)
    assert layout(an_application) == COMPARE and teaching.ui.decisionArea.visible
    teaching.discard()
    assert state_of(volume) == teaching.before


def test_a_layout_that_the_user_chooses_meanwhile_stays(a_taught_brain, an_application):
    teaching = a_taught_brain
    an_application.layout_manager.setLayout(6)
    assert not teaching.ui.compareButton.checked and before_node() is None
    teaching.discard()
    assert layout(an_application) == 6


def test_another_input_compares_its_own_results_or_those_of_the_study(a_taught_brain, an_application):
    teaching = a_taught_brain
    volume, other = teaching.parameters.inputVolume, a_brain("other", seed=1)
    teaching.choose(other)
    composite = an_application.layout_manager.sliceWidget("GMMSegAfter").mrmlSliceCompositeNode()
    assert teaching.ui.decisionArea.visible and composite.GetBackgroundVolumeID() == volume.GetID()
    assert "Keep or discard" in teaching.ui.teachStatusLabel.text and not teaching.ui.finetuneButton.enabled
    teaching.discard()
    assert state_of(volume)["labels"] == teaching.before["labels"]


def test_deleted_nodes_do_not_stand_in_the_way_of_a_decision(a_taught_brain):
    import slicer

    teaching = a_taught_brain
    volume = teaching.parameters.inputVolume
    slicer.mrmlScene.RemoveNode(teaching.logic.outputsOf(volume).segmentation)
    assert teaching.panel.swapBeforeAfter() in (True, False)
    slicer.mrmlScene.RemoveNode(volume)
    teaching.parameters.inputVolume = None
    teaching.panel.show(None, None)
    assert not teaching.ui.compareButton.enabled and "removed" in teaching.ui.compareButton.toolTip
    teaching.discard()
    assert teaching.panel.undecided() == ""


def test_closing_the_scene_forgets_the_candidate_and_its_files(a_taught_brain, an_application, tmp_path):
    teaching = a_taught_brain
    assert list(tmp_path.glob("**/candidate.safetensors"))
    an_application.close_scene()
    assert teaching.panel.undecided() == "" and not list(tmp_path.glob("**/gmmseg-*"))
    assert layout(an_application) == 3 and before_node() is None
    teaching.open(a_brain("next"))
    assert not teaching.ui.decisionArea.visible


def test_closing_the_scene_while_discarding_is_safe(a_taught_brain, an_application, tmp_path):
    teaching = a_taught_brain
    teaching.ui.discardButton.click()
    an_application.close_scene()
    assert teaching.panel.undecided() == "" and not list(tmp_path.glob("**/gmmseg-*"))


def test_a_scene_saved_while_undecided_comes_back_with_the_new_results_alone(a_taught_brain, an_application, tmp_path):
    import slicer

    teaching = a_taught_brain
    after = labels_of(teaching.parameters.inputVolume)
    an_application.save_scene(tmp_path / "scene.mrb")
    teaching.leave()
    an_application.load_scene(tmp_path / "scene.mrb")
    volume = slicer.util.getNode("T1")
    teaching.open(volume)
    assert layout(an_application) == 3 and before_node() is None
    assert teaching.panel.undecided() == "" and not teaching.ui.decisionArea.visible
    assert seen_in(teaching.logic.outputsOf(volume).segmentation) == set()
    np.testing.assert_array_equal(labels_of(volume), after)
    assert teaching.ui.lossPlace.visible
    names = {node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLSegmentationDisplayNode")}
    assert len(names) <= len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode"))


def test_a_scene_loaded_beside_leaves_the_decision_open(a_taught_brain, an_application, tmp_path):
    teaching = a_taught_brain
    volume = teaching.parameters.inputVolume
    an_application.save_scene(tmp_path / "scene.mrb")
    teaching.panel.setParameters(None)
    an_application.load_scene(tmp_path / "scene.mrb", clear=False)
    teaching.panel.setParameters(teaching.parameters)
    assert teaching.panel.undecided()
    teaching.discard()
    assert state_of(volume)["labels"] == teaching.before["labels"]


def test_without_a_main_window_the_table_decides(tmp_path, monkeypatch, a_fake_engine):
    import functools
    import tempfile

    from host.application import StandInApplication

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    application = StandInApplication(main_window=False)
    application.process_events_until = functools.partial(application.process_events_until, timeout=60)
    teaching = None
    try:
        volume = a_brain()
        teaching = Teaching(application, a_fake_engine())
        teaching.segment(volume)
        teaching.confirm(volume)
        teaching.open(volume)
        teaching.finetune()
        assert not teaching.ui.compareButton.enabled and "shows no views" in teaching.ui.compareButton.toolTip
        assert not teaching.panel.swapBeforeAfter()
        teaching.discard()
        assert teaching.panel.undecided() == "" and messages.texts("error") == []
    finally:
        if teaching is not None:
            teaching.close()
        application.quit()
    assert application.problems() == []
