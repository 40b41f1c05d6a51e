"""Whatever happens between two steps of a run, the scene stays sound and the disk clean."""

from __future__ import annotations

import itertools
import tempfile

import numpy as np
import pytest
from gmmseg import Settings
from host import scene

from .conftest import a_brain

THREE = Settings(mode="em", entropy=True)
FOUR = Settings(mode="em", number_of_classes=4)


@pytest.fixture
def a_logic(a_scene, a_fake_engine, monkeypatch, tmp_path):
    """A logic that does one step at each poll; its worker sends a preview before the results."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    from GMMSegExtensionLib import job_runner
    from GMMSegExtensionLib.segmentation_logic import SegmentationLogic

    monkeypatch.setattr(job_runner, "_WORK_SECONDS", 0)
    return SegmentationLogic(a_fake_engine("t2"))


class Run:
    """A run that was started, what was said about its end, and how many steps it has done."""

    def __init__(self, logic, volume, settings: Settings, further: tuple = ()) -> None:
        from GMMSegExtensionLib.request import ChosenOutputs, SegmentationRequest
        from GMMSegExtensionLib.segmentation_run import RunListener

        self.said: list[str] = []
        self.outputs = None
        self._logic = logic
        listener = RunListener(
            finished=self._finish,
            failed=lambda reason, kind, details: self.said.append(f"failed: {reason} {details}"),
            cancelled=lambda reason: self.said.append("cancelled"),
        )
        outputs = ChosenOutputs(posteriors=True)
        logic.startSegmentation(SegmentationRequest(volume, further, settings=settings, outputs=outputs), listener)

    def _finish(self, outputs) -> None:
        self.said.append("finished")
        self.outputs = outputs

    def advance(self, steps: int | None = None) -> bool:
        """Do so many steps, or all; whether the run goes on."""
        done = 0
        while self._logic.isRunning and done != steps:
            done += self._logic.jobs.isWorking
            self._logic.pollEngine(0.05)
        return self._logic.isRunning


def wait_for_files_to_go(logic, folder) -> None:
    while logic.engine.busy:
        logic.pollEngine(0.05)
    logic.pollEngine()
    assert not list(folder.glob("gmmseg-*"))


def content() -> dict[str, tuple]:
    """Everything in the scene that a user could miss."""
    import slicer

    found = {}
    for index in range(slicer.mrmlScene.GetNumberOfNodes()):
        node = slicer.mrmlScene.GetNthNode(index)
        attributes = {name: node.GetAttribute(name) for name in node.GetAttributeNames()}
        values = [node.GetClassName(), node.GetName(), attributes]
        if node.IsA("vtkMRMLScalarVolumeNode") and node.GetImageData() is not None:
            values += [slicer.util.arrayFromVolume(node).tobytes(), node.GetTransformNodeID()]
        elif node.IsA("vtkMRMLSegmentationNode"):
            values.append(_segments_of(node))
        elif node.IsA("vtkMRMLScalarVolumeDisplayNode"):
            values += [node.GetWindow(), node.GetLevel(), node.GetColorNodeID()]
        found[node.GetID()] = tuple(values)
    return found


def _segments_of(node) -> list[tuple]:
    import slicer

    segmentation = node.GetSegmentation()
    return [
        (
            name,
            segmentation.GetSegment(name).GetName(),
            segmentation.GetSegment(name).GetColor(),
            slicer.util.arrayFromSegmentInternalBinaryLabelmap(node, name).tobytes(),
            segmentation.GetSegment(name).GetLabelValue(),
        )
        for name in segmentation.GetSegmentIDs()
    ]


END_IT = {
    "cancelled": lambda logic: logic.cancelSegmentation(),
    "abandoned": lambda logic: logic.abandonSegmentation(),
    "quit": lambda logic: logic.stopEngine(),
}


@pytest.mark.parametrize(
    ("isRerun", "end"), [(False, "abandoned"), (True, "abandoned"), (True, "cancelled"), (False, "quit")]
)
def test_a_run_ended_after_any_step_leaves_the_scene_as_before(a_logic, tmp_path, isRerun, end):
    volume, other = a_brain(), a_brain("T2", seed=1)
    volume.GetDisplayNode().SetAutoWindowLevel(False)
    if isRerun:
        a_logic.segment(volume, settings=THREE)
    before = content()
    for steps in itertools.count():
        run = Run(a_logic, volume, FOUR, (other,))
        if not run.advance(steps):
            break
        END_IT[end](a_logic)
        run.advance()
        assert run.said == ["cancelled"], steps
        assert content() == before, steps
        wait_for_files_to_go(a_logic, tmp_path)
    assert steps > 15 and run.said == ["finished"]
    wait_for_files_to_go(a_logic, tmp_path)


def test_the_scene_may_be_closed_after_any_step(a_logic, a_scene, tmp_path):
    for steps in itertools.count():
        run = Run(a_logic, a_brain(), THREE)
        goesOn = run.advance(steps)
        a_scene.Clear(0)
        run.advance()
        assert run.said == (["cancelled"] if goesOn else ["finished"]), steps
        assert a_scene.GetNumberOfNodesByClass("vtkMRMLDisplayableNode") == 0
        wait_for_files_to_go(a_logic, tmp_path)
        if not goesOn:
            break


@pytest.mark.parametrize(
    ("role", "end"),
    [("input", "cancelled"), ("segmentation", "finished"), ("biasField", "finished"), ("uncertainty", "finished")],
)
def test_a_node_may_be_deleted_after_any_step(a_logic, a_scene, tmp_path, role, end):
    from GMMSegExtensionLib import output_nodes

    for steps in itertools.count():
        volume = a_brain()
        a_logic.segment(volume, settings=THREE)
        run = Run(a_logic, volume, THREE)
        goesOn = run.advance(steps)
        a_scene.RemoveNode(volume if role == "input" else output_nodes.find(volume, role))
        run.advance()
        assert run.said == ([end] if goesOn else ["finished"]), steps
        wait_for_files_to_go(a_logic, tmp_path)
        if not goesOn:
            break
        if end == "finished":
            assert a_scene.IsNodePresent(run.outputs.segmentation)
        a_scene.Clear(0)


def test_a_scene_may_be_imported_after_any_step(a_logic, a_scene, tmp_path):
    import slicer
    from GMMSegExtensionLib.output_nodes import SEGMENTATION, find

    a_logic.segment(a_brain("saved"), settings=THREE)
    scene.save_scene(tmp_path / "saved.mrb")
    for steps in (1, 4, 9, 14):
        a_scene.Clear(0)
        volume = a_brain()
        run = Run(a_logic, volume, THREE)
        assert run.advance(steps)
        scene.load_scene(tmp_path / "saved.mrb", clear=False)
        run.advance()
        assert run.said == ["finished"] and find(volume, SEGMENTATION) is run.outputs.segmentation
        imported = a_logic.outputsOf(slicer.util.getNode("saved"))
        assert imported.segmentation is not run.outputs.segmentation
        assert imported.segmentation.GetSegmentation().GetNumberOfSegments() == 3


def test_a_failure_in_any_step_is_told_and_leaves_the_scene_as_before(a_logic, tmp_path, monkeypatch):
    from GMMSegExtensionLib import hierarchy, volumes

    volume = a_brain()
    a_logic.segment(volume, settings=THREE)
    before = content()

    def fail(*_arguments, **_options):
        raise RuntimeError("no memory for it")

    for module, name in ((volumes, "newImage"), (volumes, "setImage"), (hierarchy, "placeInHelperFolder")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, fail)
            run = Run(a_logic, volume, FOUR)
            run.advance()
        assert len(run.said) == 1 and "could not be put into the scene: no memory for it" in run.said[0]
        assert content() == before, name
        wait_for_files_to_go(a_logic, tmp_path)


def test_a_full_disk_is_a_sentence_and_leaves_no_files(a_logic, tmp_path, monkeypatch):
    from GMMSegExtensionLib import exchange

    def full(_path, _array):
        raise OSError(28, "No space left on device")
        yield

    monkeypatch.setattr(exchange, "_saveSteps", full)
    with pytest.raises(ValueError, match=r"cannot take the volumes \(No space left on device\); free some space there"):
        a_logic.segment(a_brain())
    assert not list(tmp_path.glob("gmmseg-*"))


def test_the_next_run_may_be_started_when_the_end_of_one_is_told(a_logic):
    from GMMSegExtensionLib.request import SegmentationRequest
    from GMMSegExtensionLib.segmentation_run import RunListener

    first, second, said = a_brain("first"), a_brain("second"), []

    def go_on(_outputs) -> None:
        listener = RunListener(finished=lambda outputs: said.append(outputs.segmentation.GetName()))
        a_logic.startSegmentation(SegmentationRequest(second, settings=THREE), listener)

    a_logic.startSegmentation(SegmentationRequest(first, settings=THREE), RunListener(finished=go_on))
    while a_logic.isRunning:
        a_logic.pollEngine(0.05)
    assert said == ["second segmentation"] and a_logic.outputsOf(first) is not None


def test_a_volume_changed_while_it_is_sent_arrives_as_it_was(a_logic, the_requests, monkeypatch):
    import slicer
    from GMMSegExtensionLib import exchange

    monkeypatch.setattr(exchange.Exchange, "remove", lambda self: True)
    volume = a_brain()
    expected = slicer.util.arrayFromVolume(volume).copy()
    run = Run(a_logic, volume, THREE)
    assert run.advance(1)
    slicer.util.updateVolumeFromArray(volume, np.ones((3, 3, 3), np.float32))
    run.advance()
    sent = np.load(the_requests()[0]["images"][0]["array"])
    np.testing.assert_array_equal(sent, expected.transpose(2, 1, 0))


def test_the_panel_says_that_confirmations_of_other_classes_are_gone_unless_the_run_is_cancelled(
    a_panel, run, an_application, a_fake_engine
):
    from GMMSegExtensionLib.confirmations import Confirmations

    widget = a_panel()
    volume = a_brain()
    widget._parameterNode.inputVolume = volume
    run(widget)
    Confirmations(volume).addAll()
    widget.logic.stopEngine()
    widget.logic.engine = a_fake_engine("hang")
    widget.ui.numberOfClassesSpinBox.value = 5
    widget.ui.segmentButton.click()
    segments = widget.logic.outputsOf(volume).segmentation.GetSegmentation()
    an_application.process_events_until(lambda: segments.GetNumberOfSegments() == 5, "the preview is there")
    widget.ui.segmentButton.click()
    an_application.process_events_until(lambda: not widget.logic.isRunning, "the run is cancelled")
    assert len(Confirmations(volume).entries()) == 1 and "confirmations are gone" not in widget.ui.logTextEdit.plainText
    widget.logic.stopEngine()
    widget.logic.engine = a_fake_engine("done")
    run(widget)
    assert Confirmations(volume).entries() == [] and "confirmations are gone" in widget.ui.logTextEdit.plainText


def test_what_a_listener_raises_is_heard_and_the_job_it_began_goes_on(a_scene, a_fake_engine, tmp_path):
    from GMMSegExtensionLib.engine_job import JobListener
    from GMMSegExtensionLib.job_runner import JobRunner
    from GMMSegExtensionLib.model_check import ModelCheck

    runner, ends = JobRunner(a_fake_engine()), []

    def begin_the_next(reason: str, _kind: str, _details: str) -> None:
        ends.append(reason)
        listener = JobListener(failed=lambda reason, _kind, _details: ends.append(reason))
        runner.start(ModelCheck(str(tmp_path), "second", "second", listener))
        raise LookupError("the listener's own fault")

    runner.start(ModelCheck(str(tmp_path), "first", "first", JobListener(failed=begin_the_next)))
    with pytest.raises(LookupError, match="the listener's own fault"):
        while runner.isRunning:
            runner.poll(0.05)
    assert runner.isRunning
    while runner.isRunning:
        runner.poll(0.05)
    assert ["first" in ends[0], "second" in ends[1], len(ends)] == [True, True, 2]
