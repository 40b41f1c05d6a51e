"""Fine-tunings that are cancelled, fail, or lose what they need: nothing of the user's is lost."""

from __future__ import annotations

import pytest
from host import messages

from .conftest import a_brain
from .teaching import Teaching, labels_of, state_of


@pytest.fixture
def a_reviewed_brain(a_teaching):
    """Gives a function that opens the panel with a segmented volume, one slice of which is confirmed, and a worker that
    from then on behaves as named."""

    def make(engine=None) -> Teaching:
        volume = a_brain()
        teaching = a_teaching()
        teaching.segment(volume, entropy=True)
        teaching.confirm(volume)
        teaching.open(volume)
        if engine is not None:
            teaching.useEngine(engine)
        teaching.before = state_of(volume)
        return teaching

    return make


def previewed(teaching) -> bool:
    """Whether the segments are other than before."""
    return labels_of(teaching.parameters.inputVolume).tobytes() != teaching.before["labels"]


def test_cancelling_keeps_the_best_so_far_for_the_decision(a_reviewed_brain, a_fake_engine):
    teaching = a_reviewed_brain(a_fake_engine("hang"))
    teaching.click()
    teaching.until(lambda: previewed(teaching), "the preview is seen")
    assert teaching.ui.finetuneButton.text == "Cancel" and "best network so far" in teaching.ui.finetuneButton.toolTip
    assert teaching.ui.teachProgressBar.visible and teaching.ui.teachProgressBar.value == 25
    assert teaching.ui.teachStatusLabel.text == "learning on this scan, 3 s left"
    assert not teaching.ui.teachBetaSpinBox.enabled
    teaching.click()
    assert teaching.ui.finetuneButton.text == "Stop at once"
    teaching.wait()
    assert teaching.panel.undecided() and "Stopped early" in teaching.ui.decisionLabel.text
    teaching.discard()
    assert state_of(teaching.parameters.inputVolume) == teaching.before


def test_cancelling_before_anything_was_learned_leaves_everything_as_before(a_reviewed_brain, a_fake_engine, tmp_path):
    teaching = a_reviewed_brain(a_fake_engine("hang-early"))
    teaching.click()
    teaching.until(lambda: previewed(teaching), "the preview is seen")
    teaching.click()
    teaching.wait()
    assert teaching.panel.undecided() == "" and teaching.ui.finetuneButton.text == "Fine-tune"
    assert state_of(teaching.parameters.inputVolume) == teaching.before
    assert messages.shown == [] and not list(tmp_path.glob("**/gmmseg-*"))


def test_a_second_click_on_cancel_does_not_wait(a_reviewed_brain, a_fake_engine, tmp_path):
    teaching = a_reviewed_brain(a_fake_engine("deaf", cancelPatience=0.2))
    teaching.click()
    teaching.until(lambda: previewed(teaching), "the preview is seen")
    teaching.click()
    teaching.click()
    assert not teaching.logic.jobs.isRunning
    assert state_of(teaching.parameters.inputVolume) == teaching.before
    teaching.until(lambda: not teaching.logic.engine.busy, "the worker was ended")
    teaching.until(lambda: not list(tmp_path.glob("**/gmmseg-*")), "the files are gone")


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        ("fail", "is constant; choose another one"),
        ("preview-then-fail", "Out of memory."),
        ("die", "the disk of memory is gone"),
    ],
)
def test_a_failure_is_said_once_and_leaves_everything_as_before(
    a_reviewed_brain, a_fake_engine, behaviour, sentence, tmp_path
):
    teaching = a_reviewed_brain(a_fake_engine(behaviour))
    teaching.finetune()
    assert len(messages.texts("error")) == 1 and sentence in messages.texts("error")[0]
    assert sentence in teaching.ui.teachStatusLabel.text and teaching.panel.undecided() == ""
    assert state_of(teaching.parameters.inputVolume) == teaching.before
    assert not list(tmp_path.glob("**/gmmseg-*"))
    teaching.useEngine(a_fake_engine())
    teaching.finetune()
    assert teaching.panel.undecided()


def test_results_that_cannot_be_written_are_taken_back(a_reviewed_brain, monkeypatch):
    from GMMSegExtensionLib import scene_writer

    teaching = a_reviewed_brain()

    def refuse(*_arguments):
        raise OSError("no space left")

    monkeypatch.setattr(scene_writer, "setReport", refuse)
    teaching.finetune()
    assert "no space left" in messages.texts("error")[0] and teaching.panel.undecided() == ""
    assert state_of(teaching.parameters.inputVolume) == teaching.before


def test_closing_the_scene_while_learning_is_safe(a_reviewed_brain, a_fake_engine, an_application, tmp_path):
    teaching = a_reviewed_brain(a_fake_engine("hang"))
    teaching.click()
    teaching.until(lambda: previewed(teaching), "the preview is seen")
    teaching.logic.jobs.abandon()  # as the module does at the start of the closing
    teaching.leave()
    an_application.close_scene()
    teaching.until(lambda: not teaching.logic.engine.busy, "the worker has ended the job")
    teaching.until(lambda: not list(tmp_path.glob("**/gmmseg-*")), "the files are gone")
    volume = a_brain("next")
    teaching.open(volume)
    assert "Segment 'next' first" in teaching.ui.teachStatusLabel.text


@pytest.mark.parametrize("which", ["T1", "second"])
def test_deleting_a_volume_of_the_study_while_learning_cancels_with_a_sentence(a_reviewed_brain, a_fake_engine, which):
    import slicer

    teaching = a_reviewed_brain()
    first = teaching.parameters.inputVolume
    teaching.parameters.teachingVolumes = [a_brain("second", seed=1)]
    teaching.before = state_of(first)
    teaching.useEngine(a_fake_engine("hang"))
    teaching.click()
    teaching.until(lambda: previewed(teaching), "the preview is seen")
    slicer.mrmlScene.RemoveNode(slicer.util.getNode(which))
    teaching.wait()
    assert f"'{which}' was removed" in teaching.log[-1] and teaching.panel.undecided() == ""
    if which == "second":
        assert f"'{which}' was removed" in teaching.ui.teachStatusLabel.text
        assert state_of(first)["labels"] == teaching.before["labels"]


def test_quitting_while_learning_ends_the_worker_and_removes_the_files(a_reviewed_brain, a_fake_engine, tmp_path):
    teaching = a_reviewed_brain(a_fake_engine("hang"))
    teaching.click()
    teaching.until(lambda: teaching.ui.teachProgressBar.value > 0, "the run has begun")
    teaching.panel.close()
    teaching.logic.stopEngine()
    assert not teaching.logic.engine.running and not list(tmp_path.glob("**/gmmseg-*"))


def test_leaving_the_module_lets_the_network_go_on_learning(a_reviewed_brain, a_fake_engine):
    teaching = a_reviewed_brain(a_fake_engine("slow"))
    volume = teaching.parameters.inputVolume
    teaching.click()
    teaching.leave()
    teaching.wait()
    assert state_of(volume) != teaching.before and teaching.panel.undecided()
    teaching.open(volume)
    assert teaching.ui.decisionArea.visible


def test_another_job_is_waited_for(a_reviewed_brain, a_fake_engine):
    from gmmseg import Settings
    from GMMSegExtensionLib.request import SegmentationRequest
    from GMMSegExtensionLib.segmentation_run import RunListener

    teaching = a_reviewed_brain(a_fake_engine("hang"))
    request = SegmentationRequest(teaching.parameters.inputVolume, settings=Settings())
    teaching.logic.startSegmentation(request, RunListener())
    teaching.click()
    assert "at work on something else" in teaching.ui.teachStatusLabel.text and not teaching.ui.finetuneButton.enabled
    teaching.logic.jobs.abandon()
