"""The worker's job ``finetune``, spoken with a real worker process."""

from __future__ import annotations

import numpy as np
import pytest
from gmmseg import models
from gmmseg.errors import InputError
from gmmseg.worker.finetune import FinetuneRequest
from phantoms import from_labels, label_map
from worker_client import WorkerClient

FINAL = ("done", "failed", "cancelled")
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0]).tolist()


@pytest.fixture(scope="module")
def a_worker():
    worker = WorkerClient(["-m", "gmmseg", "worker"])
    assert worker.next()["event"] == "ready"
    yield worker
    worker.close()


@pytest.fixture
def a_request(tmp_path):
    """A request to learn one slice of a phantom."""
    phantom = from_labels(label_map("01", 2), noise=0.04, spacing=2.0)
    labels = np.zeros_like(phantom.truth)
    labels[:, :, 40] = phantom.truth[:, :, 40]

    def entry(name: str, array: np.ndarray) -> dict:
        np.save(tmp_path / f"{name}.npy", array)
        return {"array": str(tmp_path / f"{name}.npy"), "affine": AFFINE, "name": name}

    (tmp_path / "out").mkdir()
    return {
        "id": "teach",
        "job": "finetune",
        "model": "t1-fast",
        "output": str(tmp_path / "out"),
        "settings": {"device": "cpu"},
        "teaching": {"steps": 3},
        "subjects": [
            {
                "name": "T1",
                "images": [entry("T1", phantom.image)],
                "mask": entry("mask", phantom.mask.astype(np.uint8)),
                "mask_source": "given",
                "labels": entry("labels", labels),
            }
        ],
    }


def answers(worker, request, on_event=lambda event: None) -> list[dict]:
    worker.send(request)
    events = []
    while not events or events[-1]["event"] not in FINAL:
        events.append(worker.next())
        on_event(events[-1])
    return events


def test_losses_previews_model_and_results_come_back(a_worker, a_request):
    events = answers(a_worker, a_request)
    done = events[-1]
    assert done["event"] == "done", done
    losses = [event for event in events if event["event"] == "loss"]
    assert [(event["step"], event["steps"]) for event in losses] == [(1, 3), (2, 3), (3, 3)]
    assert {"cross_entropy", "mixture", "total"} <= set(losses[0])
    assert [event["subject"] for event in events if event["event"] == "preview"] == [0]
    (subject,) = done["subjects"]
    labels = np.load(subject["labels"])
    assert labels.dtype == np.uint8 and labels.max() == 3
    assert np.load(subject["entropy"]).shape == labels.shape
    assert len(subject["before"]["volumes_ml"]) == len(subject["after"]["volumes_ml"]) == 3
    assert done["agreement"]["held_out_voxels"] > 0 and subject["after"]["agreement"] is not None
    assert len(done["curve"]) == 3 and done["stopped_early"] is False


def test_the_taught_model_lies_in_the_folder_that_is_told(a_worker, a_request, monkeypatch):
    done = answers(a_worker, a_request)[-1]
    monkeypatch.setenv(models.FOLDER_VARIABLE, done["model"]["folder"])
    assert models.load(done["model"]["name"]).card.name == "t1-fast-taught"


def test_asked_to_finish_early_it_gives_what_it_has(a_worker, a_request):
    a_request["teaching"]["steps"] = 500

    def finish_after_two(event: dict) -> None:
        if event["event"] == "loss" and event["step"] == 2:
            a_worker.send({"finish": "teach"})

    done = answers(a_worker, a_request, finish_after_two)[-1]
    assert done["event"] == "done" and done["stopped_early"] and len(done["curve"]) < 500


def test_a_cancel_ends_it_for_good_and_the_worker_goes_on(a_worker, a_request):
    a_request["teaching"]["steps"] = 500

    def cancel_after_one(event: dict) -> None:
        if event["event"] == "loss" and event["step"] == 1:
            a_worker.send({"cancel": "teach"})

    assert answers(a_worker, a_request, cancel_after_one)[-1]["event"] == "cancelled"
    assert answers(a_worker, {**a_request, "id": "again", "teaching": {"steps": 0}})[-1]["event"] == "failed"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subjects": []}, "names no subjects"),
        ({"subjects": [3]}, "names no subjects"),
        ({"teaching": {"steps": 0}}, "steps must be"),
        ({"teaching": 3}, "must be an object"),
        ({"output": "nowhere"}, "does not exist"),
        ({"settings": {"mood": "x"}}, "mood"),
    ],
)
def test_a_request_that_cannot_be_understood_is_refused_with_a_sentence(a_request, change, words):
    with pytest.raises(InputError, match=words):
        FinetuneRequest.parse({**a_request, **change})


def test_labels_that_are_no_object_are_refused_with_a_sentence(a_request):
    a_request["subjects"][0]["labels"] = "labels.npy"
    with pytest.raises(InputError, match="labels of subject 1"):
        FinetuneRequest.parse(a_request)
