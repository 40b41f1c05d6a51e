"""Why a network cannot be taught: a sentence that says how to mend it, before anything is started."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gmmseg import Settings

from .conftest import a_brain


@pytest.fixture
def a_request(a_scene, a_fake_engine, monkeypatch, tmp_path):
    """Gives a function that makes a request for volumes that were segmented as told and confirmed, or not."""
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    from GMMSegExtensionLib.confirmations import Confirmations
    from GMMSegExtensionLib.finetune_request import FinetuneRequest
    from GMMSegExtensionLib.segmentation_logic import SegmentationLogic

    def make(behaviour="done", isSegmented=True, isConfirmed=True, further=(), contrast="", **settings):
        volume = a_brain()
        if isSegmented:
            SegmentationLogic(a_fake_engine(behaviour)).segment(volume, further, settings=Settings(**settings))
        if isConfirmed:
            Confirmations(volume).addSlice(2, 4)
        return FinetuneRequest((volume,), Settings(**settings), contrast)

    return make


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({}, ""),
        ({"contrast": "T1"}, ""),
        ({"isSegmented": False, "isConfirmed": False}, "Segment 'T1' first"),
        ({"isConfirmed": False}, "Nothing is confirmed yet: correct a slice, then confirm it."),
        ({"number_of_classes": 4}, "'T1' was segmented into 4 classes, but models know three; segment it with K = 3."),
        ({"behaviour": "t2", "contrast": "T1"}, "'T1' looks like a T2 scan, but the model knows T1 scans"),
    ],
)
def test_the_sentence_names_what_is_missing(a_request, how, sentence):
    obstacle = a_request(**how).obstacle()
    assert obstacle.startswith(sentence) and bool(obstacle) == bool(sentence)


def test_several_channels_have_no_model(a_request):
    assert "with further channels, but models know one" in a_request(further=[a_brain("T2", seed=1)]).obstacle()


def test_no_volume_is_asked_for(a_request):
    from GMMSegExtensionLib.finetune_request import FinetuneRequest

    assert FinetuneRequest((), Settings()).obstacle() == "Choose the volume to segment."


def test_three_classes_are_asked_for(a_request):
    request = a_request()
    assert "set the classes K to 3" in replace(request, settings=Settings(number_of_classes=5)).obstacle()


def test_a_further_volume_without_voxels_is_named(a_request):
    import slicer

    request = a_request()
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    assert "'empty' has no voxels" in replace(request, volumes=(*request.volumes, empty)).obstacle()


def test_a_non_linear_transform_is_said_before_anything_is_sent(a_request):
    import slicer
    from GMMSegExtensionLib.finetune_run import FinetuneListener, FinetuneRun

    request = a_request()
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLBSplineTransformNode")
    request.volumes[0].SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(ValueError, match="under a non-linear transform"):
        FinetuneRun(request, FinetuneListener())


def test_the_button_says_why_it_cannot(a_teaching):
    volume = a_brain()
    teaching = a_teaching()
    assert "No scene is open" in teaching.ui.finetuneButton.toolTip and not teaching.ui.finetuneButton.enabled
    teaching.open(volume)
    assert "Segment 'T1' first" in teaching.ui.finetuneButton.toolTip
    teaching.segment(volume)
    assert "Nothing is confirmed yet" in teaching.ui.teachStatusLabel.text
    teaching.confirm(volume)
    assert teaching.ui.finetuneButton.enabled and not teaching.ui.teachStatusLabel.visible
    teaching.parameters.numberOfClasses = 4
    assert "set the classes K to 3" in teaching.ui.teachStatusLabel.text


def test_a_volume_that_the_model_does_not_know_cannot_be_ticked(a_teaching):
    import qt

    first, second = a_brain("first"), a_brain("second", seed=1)
    teaching = a_teaching("t2")
    teaching.segment(second)
    teaching.open(first)
    teaching.panel.setModels(["t1-fast"])
    item = teaching.ui.volumesTable.item(1, 0)
    assert "looks like a T2 scan" in item.toolTip() and not item.flags() & qt.Qt.ItemIsEnabled
    teaching.parameters.teachingVolumes = [second]
    item = teaching.ui.volumesTable.item(1, 0)
    assert item.flags() & qt.Qt.ItemIsEnabled
    assert "'second' looks like a T2 scan" in teaching.ui.teachStatusLabel.text
