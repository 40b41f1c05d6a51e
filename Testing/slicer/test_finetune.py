"""A fine-tuning's arrays on their way to the worker and back, on real nodes and any geometry."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from gmmseg.settings import Settings
from phantom_results import result_of


@dataclass
class Heard:
    """What a run told its owner."""

    finished: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    cancelled: list = field(default_factory=list)


@pytest.fixture
def a_run(write_results, tmp_path, monkeypatch):
    """Gives a function that starts a fine-tuning on volumes, the first of which has results and a confirmed slice."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    from GMMSegExtensionLib.confirmations import Confirmations
    from GMMSegExtensionLib.finetune_request import FinetuneRequest
    from GMMSegExtensionLib.finetune_run import FinetuneListener, FinetuneRun
    from GMMSegExtensionLib.steps import finish

    def start(phantom, *volumes):
        write_results(volumes[0], phantom, entropy=phantom.mask.astype(np.float32))
        Confirmations(volumes[0]).addSlice(1, phantom.mask.shape[1] // 2)
        heard = Heard()
        listener = FinetuneListener(
            finished=heard.finished.append,
            failed=lambda *details: heard.failed.append(details),
            cancelled=heard.cancelled.append,
        )
        run = FinetuneRun(FinetuneRequest(volumes, Settings()), listener)
        finish(run.prepareSteps())
        return run, heard

    return start


def answer(run, phantom, count: int) -> dict:
    """The worker's `done` event: the phantom's classes 2 and 3 have changed places."""
    output = Path(run.message["output"])
    (output / "model").mkdir()
    (output / "model" / "candidate.safetensors").touch()
    turned = np.array([0, 1, 3, 2], dtype=np.uint8)[phantom.truth]
    result = result_of(replace(phantom, truth=turned))
    subjects = []
    for index in range(count):
        folder = output / f"subject{index}"
        folder.mkdir()
        arrays = {
            "labels": result.labels,
            "posteriors": result.posteriors,
            "bias_field": result.bias_field,
            "corrected": result.corrected,
            "brain_mask": result.brain_mask,
            "entropy": result.brain_mask.astype(np.float32) / 2,
        }
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
        paths = {name: str(folder / f"{name}.npy") for name in arrays}
        box = [[part.start, part.stop] for part in result.box]
        subjects.append({**paths, "box": box, "report": result.report, "before": None, "after": None})
    return {
        "event": "done",
        "model": {"folder": str(output / "model"), "name": "candidate"},
        "subjects": subjects,
        "agreement": None,
        "curve": [],
        "stopped_early": False,
    }


def do(run, event: dict) -> None:
    """Hand an event to the run, as the runner does."""
    from GMMSegExtensionLib.steps import finish

    steps = run.handle(event)
    announce = finish(steps) if steps is not None else None
    if announce is not None:
        announce()


def contents(volume) -> list:
    """Voxels and place of all results of a volume, and the report."""
    import slicer
    from GMMSegExtensionLib.confirmed_voxels import brainLabels
    from GMMSegExtensionLib.scene import outputsOf

    outputs = outputsOf(volume)
    if outputs is None:
        return []
    nodes = (*outputs.biasFields, *outputs.correctedVolumes, outputs.biasOverlay, outputs.uncertainty)
    voxels = [slicer.util.arrayFromVolume(node).tobytes() for node in nodes]
    return [brainLabels(volume).tobytes(), *voxels, outputs.report, len(slicer.util.getNodesByClass("vtkMRMLNode"))]


def test_labels_and_mask_are_sent_on_the_grid_of_the_volume(add_volume, a_phantom, an_affine, a_run):
    volume = add_volume(a_phantom.image, an_affine)
    run, _heard = a_run(a_phantom, volume)
    subject = run.message["subjects"][0]
    confirmed = np.zeros_like(a_phantom.truth)
    middle = a_phantom.mask.shape[1] // 2
    confirmed[:, middle] = a_phantom.truth[:, middle]
    np.testing.assert_array_equal(np.load(subject["labels"]["array"]), confirmed)
    np.testing.assert_array_equal(np.load(subject["mask"]["array"]) != 0, a_phantom.mask)
    np.testing.assert_allclose(np.load(subject["images"][0]["array"]), a_phantom.image)
    for entry in (subject["labels"], subject["mask"], subject["images"][0]):
        np.testing.assert_allclose(entry["affine"], an_affine, atol=1e-6)
    run.abandon()


def test_results_come_where_they_belong_but_for_confirmed_voxels(add_volume, a_phantom, an_affine, a_run):
    from GMMSegExtensionLib.confirmed_voxels import brainLabels

    volume = add_volume(a_phantom.image, an_affine)
    run, heard = a_run(a_phantom, volume)
    do(run, answer(run, a_phantom, 1))
    expected = np.array([0, 1, 3, 2], dtype=np.uint8)[a_phantom.truth]
    middle = a_phantom.mask.shape[1] // 2
    expected[:, middle] = a_phantom.truth[:, middle]
    np.testing.assert_array_equal(brainLabels(volume), expected)
    assert heard.finished[0].volumes[0].node is volume and run.ended


def test_keep_leaves_the_results_and_no_files(add_volume, a_phantom, a_run, tmp_path):
    from GMMSegExtensionLib.steps import finish

    volume = add_volume(a_phantom.image)
    run, heard = a_run(a_phantom, volume)
    do(run, answer(run, a_phantom, 1))
    after = contents(volume)
    taught = heard.finished[0]
    assert run.cleanUp() and (taught.modelFolder / "candidate.safetensors").exists()
    assert not list(tmp_path.glob("**/*.npy"))
    taught.keep()
    finish(taught.discardSteps())
    assert contents(volume) == after and not list(tmp_path.glob("gmmseg-*"))


def test_discard_brings_all_results_of_a_study_back(add_volume, a_phantom, a_run, tmp_path):
    from GMMSegExtensionLib.steps import finish

    volume, other = add_volume(a_phantom.image), add_volume(a_phantom.image, name="T1 later")
    run, heard = a_run(a_phantom, volume, other)
    before = contents(volume), contents(other)
    do(run, answer(run, a_phantom, 2))
    assert contents(volume)[:-1] != before[0][:-1] and contents(other)
    finish(heard.finished[0].discardSteps())
    assert (contents(volume), contents(other)) == before and before[1] == []
    assert not list(tmp_path.glob("gmmseg-*"))


def test_a_discard_is_done_one_node_at_a_step(add_volume, a_phantom, a_run):
    volume = add_volume(a_phantom.image)
    run, heard = a_run(a_phantom, volume)
    before = contents(volume)
    do(run, answer(run, a_phantom, 1))
    steps = heard.finished[0].discardSteps()
    changes = 0
    states = [contents(volume)]
    for _step in steps:
        states.append(contents(volume))
        differences = sum(one != other for one, other in zip(states[-2], states[-1], strict=True))
        assert differences <= 2  # a node, and the report or the number of nodes with it
        changes += bool(differences)
    assert changes >= 3 and contents(volume) == before


@pytest.mark.parametrize("steps", [0, 1, 5, 12])
def test_a_run_abandoned_while_it_writes_leaves_everything_as_before(add_volume, a_phantom, a_run, tmp_path, steps):
    volume, other = add_volume(a_phantom.image), add_volume(a_phantom.image, name="T1 later")
    run, heard = a_run(a_phantom, volume, other)
    before = contents(volume), contents(other)
    work = run.handle(answer(run, a_phantom, 2))
    for _number in range(steps):
        next(work)
    run.abandon("because")
    assert (contents(volume), contents(other)) == before
    assert heard.cancelled == ["because"] and heard.finished == [] and not list(tmp_path.glob("gmmseg-*"))


def test_an_answer_that_names_a_lost_file_is_taken_back(add_volume, a_phantom, a_run, tmp_path):
    volume, other = add_volume(a_phantom.image), add_volume(a_phantom.image, name="T1 later")
    run, heard = a_run(a_phantom, volume, other)
    before = contents(volume)
    event = answer(run, a_phantom, 2)
    Path(event["subjects"][1]["corrected"]).unlink()
    with pytest.raises(FileNotFoundError):
        do(run, event)
    run.fail("lost")
    assert contents(volume) == before and heard.failed[0][0] == "lost" and not list(tmp_path.glob("gmmseg-*"))


def test_a_scene_closed_before_the_decision_is_safe(a_scene, add_volume, a_phantom, a_run, tmp_path):
    from GMMSegExtensionLib.steps import finish

    volume = add_volume(a_phantom.image)
    run, heard = a_run(a_phantom, volume)
    do(run, answer(run, a_phantom, 1))
    a_scene.Clear(0)
    finish(heard.finished[0].discardSteps())
    assert not list(tmp_path.glob("gmmseg-*"))
