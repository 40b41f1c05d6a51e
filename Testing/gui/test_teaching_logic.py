"""Teaching by a script, without Qt: what the worker is asked, what is kept, and what a failure leaves behind."""

from __future__ import annotations

import tempfile

import numpy as np
import pytest
from gmmseg import Cancelled, Settings, models
from gmmseg.teaching import Teaching

from .conftest import a_brain
from .teaching import labels_of, state_of

EM = Settings(mode="em", entropy=True)


@pytest.fixture
def the_models(tmp_path, monkeypatch):
    """The folder of the user's models; there are none yet."""
    monkeypatch.setenv("GMMSEG_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def a_teacher(a_scene, a_fake_engine, the_models, tmp_path, monkeypatch):
    """Gives a function that makes a logic whose worker behaves as named, and a segmented volume with a confirmed
    slice."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    from GMMSegExtensionLib.confirmations import Confirmations
    from GMMSegExtensionLib.teaching_logic import TeachingLogic

    def make(behaviour: str = "done"):
        volume, logic = a_brain(), TeachingLogic(a_fake_engine())
        logic.segment(volume, settings=EM)
        Confirmations(volume).addSlice(2, 4)
        if behaviour != "done":
            logic.stopEngine()
            logic.engine = a_fake_engine(behaviour)
        return logic, volume

    return make


@pytest.fixture
def a_segmentation(a_scene):
    """Gives a function that makes a segmentation node from arrays by (name, terminology)."""
    import slicer

    def make(volume, arrays: dict):
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn")
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        for number, ((name, terminology), array) in enumerate(arrays.items()):
            identifier = node.GetSegmentation().AddEmptySegment(f"segment{number}", name)
            segment = node.GetSegmentation().GetSegment(identifier)
            segment.SetTag(segment.GetTerminologyEntryTagName(), terminology)
            slicer.util.updateSegmentBinaryLabelmapFromArray(array.astype(np.uint8), node, identifier, volume)
        return node

    return make


class SentLabels:
    """Reads, as a run's progress, the labels that are on their way to the worker: their files go with the run."""

    def __init__(self, requests) -> None:
        self._requests = requests
        self.arrays: list[np.ndarray] = []

    def read(self, *_told) -> None:
        entries = [subject["labels"] for subject in self._requests()[-1]["subjects"]]
        self.arrays = [np.load(entry["array"]) for entry in entries]


@pytest.fixture
def sent_labels(the_requests):
    return SentLabels(the_requests)


def left_files(tmp_path) -> list:
    return list(tmp_path.glob("gmmseg-*"))


def test_a_taught_network_is_kept_under_its_name_and_the_volume_has_new_results(a_teacher, the_models, tmp_path):
    logic, volume = a_teacher()
    before = labels_of(volume)
    heard = []
    outcome = logic.finetune([volume], modelName="mine", progress=lambda *told: heard.append(told))
    assert outcome.modelName == "mine" and models.find("mine").card.name == "mine"
    assert (outcome.agreementBefore, outcome.agreementAfter) == (0.81, 0.93)
    assert (outcome.heldOutVoxels, outcome.bestStep) == (1234, 4)
    assert outcome.outputs[0].segmentation is logic.outputsOf(volume).segmentation
    assert (labels_of(volume) != before).any() and heard[0] == (0.25, "train", "learning on this scan")
    assert sorted(path.name for path in the_models.iterdir()) == ["mine.json", "mine.safetensors"]
    assert not left_files(tmp_path)


def test_settings_and_choices_reach_the_worker(a_teacher, the_requests):
    logic, volume = a_teacher()
    logic.finetune([volume, a_brain("second", seed=1)], settings=Settings(beta=0.5, gamma=2.0, seed=7))
    asked = the_requests()[-1]
    assert (asked["job"], asked["model"], asked["settings"]["mode"]) == ("finetune", models.DEFAULT, "fast")
    assert asked["teaching"] == {**asked["teaching"], "alpha": 1.0, "beta": 0.5, "gamma": 2.0, "seed": 7, "steps": 60}
    assert [subject["labels"] is None for subject in asked["subjects"]] == [False, True]
    logic.finetune([volume], teaching=Teaching(steps=3, learning_rate=1e-3))
    asked = the_requests()[-1]
    assert (asked["teaching"]["steps"], asked["teaching"]["learning_rate"]) == (3, 1e-3)


def test_without_a_name_a_free_one_is_found(a_teacher):
    logic, volume = a_teacher()
    first, second = (logic.finetune([volume]).modelName for _number in range(2))
    assert (first, second) == ("t1-fast-taught", "t1-fast-taught-2")


def test_a_name_that_is_taken_is_refused_before_anything_starts_unless_it_may_be(a_teacher, the_requests):
    logic, volume = a_teacher()
    logic.finetune([volume], modelName="mine")
    count = len(the_requests())
    with pytest.raises(ValueError, match="You have a model 'mine' already"):
        logic.finetune([volume], modelName="mine")
    assert len(the_requests()) == count
    assert logic.finetune([volume], modelName="mine", overwrite=True).modelName == "mine"


def test_a_given_label_map_teaches_a_volume_that_was_never_segmented(a_teacher, sent_labels, the_requests):
    import slicer

    logic, _volume = a_teacher()
    volume = a_brain("fresh", seed=2)
    values = (slicer.util.arrayFromVolume(volume) > 50).astype(np.uint8) * 2
    matrix = slicer.util.arrayFromVTKMatrix(_ijk_to_ras(volume))
    given = slicer.util.addVolumeFromArray(values, ijkToRAS=matrix, nodeClassName="vtkMRMLLabelMapVolumeNode")
    logic.finetune([volume], labels=[given], progress=sent_labels.read)
    subject = the_requests()[-1]["subjects"][0]
    np.testing.assert_array_equal(sent_labels.arrays[0], values.transpose(2, 1, 0))
    np.testing.assert_allclose(subject["labels"]["affine"], matrix)
    assert subject["mask_source"] == "detect"


def test_given_segments_are_told_by_terminology_or_name_and_confirmed_ones_count_where_none_are_given(
    a_teacher, a_segmentation, sent_labels
):
    import slicer
    from GMMSegExtensionLib.confirmed_voxels import confirmedLabels
    from GMMSegExtensionLib.tissues import terminology

    logic, confirmed = a_teacher()
    volume = a_brain("fresh", seed=2)
    image = slicer.util.arrayFromVolume(volume)
    bright, dark = image > 70, (image > 0) & (image < 20)
    arrays = {("Marklager", terminology("WM")): bright, (" csf", ""): dark, ("Tumor", ""): image > 90}
    expected = confirmedLabels(confirmed)
    logic.finetune([volume, confirmed], labels=[a_segmentation(volume, arrays)], progress=sent_labels.read)
    first, second = sent_labels.arrays
    drawn = np.select([bright, dark], [3, 1], 0)
    np.testing.assert_array_equal(first, drawn.transpose(2, 1, 0))
    np.testing.assert_array_equal(second, expected)


def test_a_study_that_cannot_be_learned_from_says_why_before_anything_starts(
    a_teacher, a_segmentation, the_requests, tmp_path
):
    import slicer

    logic, volume = a_teacher()
    fresh = a_brain("fresh", seed=2)
    tumor = a_segmentation(fresh, {("Tumor", ""): slicer.util.arrayFromVolume(fresh) > 50})
    sentences = {
        "Choose the volume to segment": {"volumes": []},
        "Segment 'fresh' first": {"volumes": [fresh]},
        "'drawn' has no segments to learn from; name them CSF, GM, WM.": {"volumes": [fresh], "labels": [tumor]},
        "stands twice": {"volumes": [volume, volume]},
        "more labels than volumes": {"volumes": [volume], "labels": [None, tumor]},
        "There is no model 'unknown'": {"volumes": [volume], "settings": Settings(model="unknown")},
        "belongs to the program": {"volumes": [volume], "modelName": models.DEFAULT},
    }
    for sentence, arguments in sentences.items():
        with pytest.raises(ValueError, match=sentence):
            logic.finetune(**arguments)
    logic.guards.append(lambda node: "Keep or discard first." if node is volume else "")
    with pytest.raises(ValueError, match=r"Keep or discard first\."):
        logic.finetune([volume])
    assert [request["job"] for request in the_requests()] == ["segment"] and not left_files(tmp_path)


@pytest.mark.parametrize(
    ("behaviour", "error", "sentence"),
    [
        ("fail", ValueError, "The image 'T1' is constant; choose another one."),
        ("preview-then-fail", RuntimeError, "Out of memory."),
        ("die", RuntimeError, "the disk of memory is gone"),
    ],
)
def test_a_failure_raises_its_sentence_and_leaves_everything_as_before(
    a_teacher, the_models, tmp_path, behaviour, error, sentence
):
    logic, volume = a_teacher(behaviour)
    before = state_of(volume)
    with pytest.raises(error, match=sentence):
        logic.finetune([volume])
    assert state_of(volume) == before and not the_models.exists() and not left_files(tmp_path)


def test_a_network_that_cannot_be_saved_takes_its_results_along(a_teacher, the_models, tmp_path):
    logic, volume = a_teacher()
    before = state_of(volume)
    with pytest.raises(ValueError, match=r"models' cannot be read"):
        logic.finetune([volume], progress=lambda *_told: the_models.write_text("a file"))
    assert state_of(volume) == before and not left_files(tmp_path)


def test_a_cancelled_fine_tuning_leaves_everything_as_before(a_teacher, the_models, tmp_path):
    logic, volume = a_teacher("hang")
    before = state_of(volume)

    def stop(fraction, stage, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        logic.finetune([volume], progress=stop)
    assert state_of(volume) == before and not the_models.exists() and not left_files(tmp_path)
    assert not logic.jobs.isRunning and not logic.engine.busy


@pytest.mark.parametrize("which", ["volume", "labels", "scene"])
def test_what_is_removed_during_the_run_cancels_it(a_teacher, a_segmentation, the_models, which):
    import slicer

    logic, volume = a_teacher("hang")
    labels = a_segmentation(volume, {("GM", ""): slicer.util.arrayFromVolume(volume) > 50})

    def remove(fraction, stage, message):
        if which == "scene":
            slicer.mrmlScene.Clear(0)
        else:
            slicer.mrmlScene.RemoveNode(volume if which == "volume" else labels)

    lost = "drawn" if which == "labels" else "T1"
    with pytest.raises(Cancelled, match=f"'{lost}' was removed, so the fine-tuning was cancelled."):
        logic.finetune([volume], labels=[labels], progress=remove)
    assert not logic.jobs.isRunning and not the_models.exists()


def test_the_start_of_a_closing_scene_ends_the_run_as_in_the_module(a_teacher, the_models):
    logic, volume = a_teacher("hang")
    with pytest.raises(Cancelled):
        logic.finetune([volume], progress=lambda *_told: logic.jobs.abandon())
    assert not logic.jobs.isRunning and not the_models.exists()


def test_a_busy_engine_is_a_sentence(a_teacher, tmp_path):
    from GMMSegExtensionLib.request import SegmentationRequest
    from GMMSegExtensionLib.segmentation_run import RunListener

    logic, volume = a_teacher("hang")
    logic.startSegmentation(SegmentationRequest(volume, settings=EM), RunListener())
    with pytest.raises(RuntimeError, match="The engine is busy"):
        logic.finetune([volume])
    logic.stopEngine()
    assert not left_files(tmp_path)


def _ijk_to_ras(volume):
    from GMMSegExtensionLib.volumes import ijkToRas

    return ijkToRas(volume)
