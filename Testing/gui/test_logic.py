"""The Logic on a real scene, without Qt: what it asks of a worker that is not the engine, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gmmseg import Cancelled, Settings

from .conftest import a_brain
from .scene_content import count_of_nodes, labels_of

EM = Settings(mode="em")


def test_a_linear_parent_transform_reaches_the_engine_and_the_results(a_logic, the_requests):
    import slicer

    volume = a_brain(affine=np.eye(4))
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.diag([1.0, 1.0, 1.0, 1.0]) + _shift(5)))
    volume.SetAndObserveTransformNodeID(transform.GetID())
    outputs = a_logic().segment(volume, settings=EM)
    assert the_requests()[0]["images"][0]["affine"][0][3] == 5
    assert {node.GetTransformNodeID() for node in (outputs.segmentation, outputs.biasFields[0])} == {transform.GetID()}
    assert ((labels_of(outputs, volume) > 0) == (slicer.util.arrayFromVolume(volume) > 0)).all()


def test_a_non_linear_transform_is_a_sentence(a_logic):
    import slicer

    volume = a_brain()
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLBSplineTransformNode")
    volume.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(ValueError, match="'T1' is under a non-linear transform"):
        a_logic().segment(volume)


def test_a_segment_is_handed_over_as_mask_on_the_grid_of_the_volume(a_logic, the_requests, tmp_path, monkeypatch):
    import slicer
    from GMMSegExtensionLib import exchange

    monkeypatch.setattr(exchange.Exchange, "remove", lambda self: True)
    volume = a_brain()
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    mask = (slicer.util.arrayFromVolume(volume) > 50).astype(np.uint8)
    segmentation.GetSegmentation().AddEmptySegment("brain", "brain")
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, "brain", volume)
    a_logic().segment(volume, maskSource="given", maskNode=segmentation, maskSegmentID="brain", settings=EM)
    sent = np.load(the_requests()[0]["mask"]["array"])
    np.testing.assert_array_equal(sent, mask.transpose(2, 1, 0))
    np.testing.assert_array_equal(
        np.load(the_requests()[0]["images"][0]["array"]), slicer.util.arrayFromVolume(volume).transpose(2, 1, 0)
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"maskSource": "given"}, "Choose the brain mask"),
        ({"maskSource": "magic"}, "The mask source must be one of"),
    ],
)
def test_a_request_that_cannot_run_says_why_before_anything_starts(a_logic, arguments, sentence):
    logic = a_logic()
    with pytest.raises(ValueError, match=sentence):
        logic.segment(a_brain(), **arguments)
    with pytest.raises(ValueError, match="Choose the volume to segment"):
        logic.segment(None)
    assert not logic.engine.running


def test_a_mask_from_the_segmentation_that_would_be_changed_is_refused(a_logic):
    from GMMSegExtensionLib.request import ChosenOutputs
    from GMMSegExtensionLib.tissues import segmentID

    logic, volume = a_logic(), a_brain()
    segmentation = logic.segment(volume, settings=EM).segmentation
    mask = {"maskSource": "given", "maskNode": segmentation, "maskSegmentID": segmentID(3), "settings": EM}
    with pytest.raises(ValueError, match="which this run would change; choose another output"):
        logic.segment(volume, **mask)
    with pytest.raises(ValueError, match="is read by this run"):
        logic.segment(volume, outputs=ChosenOutputs(segmentation), **mask)


def test_a_colour_volume_is_a_sentence(a_logic):
    import slicer

    array = np.zeros((4, 5, 6, 3), dtype=np.uint8)
    volume = slicer.util.addVolumeFromArray(array, name="photo", nodeClassName="vtkMRMLVectorVolumeNode")
    with pytest.raises(ValueError, match="'photo' has 3 values in each voxel"):
        a_logic().segment(volume)


@pytest.mark.parametrize(
    ("behaviour", "error", "sentence"),
    [
        ("fail", ValueError, "The image 'T1' is constant; choose another one."),
        ("preview-then-fail", RuntimeError, "Out of memory."),
        ("die", RuntimeError, "the disk of memory is gone"),
    ],
)
def test_a_failed_run_raises_its_sentence_and_leaves_scene_and_disk_as_before(
    a_logic, tmp_path, behaviour, error, sentence
):
    volume = a_brain()
    counts = count_of_nodes()
    with pytest.raises(error, match=sentence):
        a_logic(behaviour).segment(volume, settings=EM)
    assert count_of_nodes() == counts
    assert not list(tmp_path.glob("gmmseg-*"))


def test_a_cancelled_run_brings_the_earlier_segments_back(a_logic, a_fake_engine, tmp_path):
    logic, volume = a_logic(), a_brain()
    before = labels_of(logic.segment(volume, settings=EM), volume)
    logic.stopEngine()
    logic.engine = a_fake_engine("hang")
    seen = []

    def stop(fraction, stage, message, preview=None):
        seen.append(message)
        raise Cancelled

    with pytest.raises(Cancelled):
        logic.segment(volume, settings=Settings(mode="em", number_of_classes=5), progress=stop)
    after = logic.outputsOf(volume)
    assert seen and after.segmentation.GetSegmentation().GetNumberOfSegments() == 3
    np.testing.assert_array_equal(labels_of(after, volume), before)
    assert not list(tmp_path.glob("gmmseg-*"))


def test_a_volume_removed_during_the_run_cancels_it(a_logic):
    import slicer

    volume = a_brain()

    def remove(fraction, stage, message):
        slicer.mrmlScene.RemoveNode(volume)

    with pytest.raises(Cancelled, match="'T1' was removed"):
        a_logic("hang").segment(volume, settings=EM, progress=remove)
    assert count_of_nodes()["vtkMRMLSegmentationNode"] == 0


def test_the_module_and_its_logic_load_without_qt_and_torch():
    code = (
        "sys.modules['torch'] = sys.modules['qt'] = None; import host.scene as s; s.install(); import GMMSegExtension; "
        "print(GMMSegExtension.GMMSegExtensionLogic().getParameterNode().mode.value)"
    )
    root = Path(__file__).resolve().parents[2]
    paths = f"import sys; sys.path[:0] = [{str(root / 'GMMSegExtension')!r}, {str(root / 'Testing')!r}]; "
    result = subprocess.run([sys.executable, "-c", paths + code], capture_output=True, text=True, timeout=60)
    assert result.stdout.strip() == "fast", result.stderr


def _shift(millimetres: float) -> np.ndarray:
    shift = np.zeros((4, 4))
    shift[0, 3] = millimetres
    return shift


def test_slicer_itself_is_never_started_as_the_worker(a_scene, monkeypatch, tmp_path):
    from GMMSegExtensionLib.interpreter import workerCommand

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("GMMSEG_PYTHON", raising=False)
    assert workerCommand()[0] == sys.executable
    monkeypatch.setattr(sys, "executable", "/opt/Slicer/bin/Slicer")
    with pytest.raises(RuntimeError, match="PythonSlicer"):
        workerCommand()
    monkeypatch.setenv("GMMSEG_PYTHON", "/opt/site/bin/python")
    assert workerCommand()[0] == "/opt/site/bin/python"
