"""The worker's contract, spoken with a real worker process."""

import itertools
import os
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from gmmseg.case import Case, Volume
from gmmseg.segmenter import segment
from gmmseg.settings import MODES, Settings
from phantoms import nested_spheres
from worker_client import DEADLINE, misbehaving_worker

FINAL = ("done", "failed", "cancelled")


@pytest.fixture(scope="module")
def the_ready_worker():
    """A worker with its engine loaded, and its greeting."""
    worker = misbehaving_worker()
    yield worker, worker.next()
    worker.close()


@pytest.fixture(scope="module")
def a_worker():
    """A worker that greets at once, shared by the tests that need no engine and leave it alive."""
    worker = misbehaving_worker("instant")
    assert worker.next() == {"event": "ready"}
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def a_phantom():
    return nested_spheres(24, field_range=0.2)


@pytest.fixture
def a_request(tmp_path, a_phantom):
    """A request to segment the phantom with the classical method."""
    np.save(tmp_path / "image.npy", a_phantom.image)
    np.save(tmp_path / "mask.npy", a_phantom.mask.astype(np.uint8))
    (tmp_path / "out").mkdir()
    affine = np.diag([-1.0, 1.0, 1.0, 1.0]).tolist()
    return {
        "id": f"request-{next(_numbers)}",
        "job": "segment",
        "images": [{"array": str(tmp_path / "image.npy"), "affine": affine, "name": "T1"}],
        "mask": {"array": str(tmp_path / "mask.npy"), "affine": affine, "name": "mask"},
        "mask_source": "given",
        "settings": {"mode": "em", "device": "cpu", "bias_degree": 1},
        "output": str(tmp_path / "out"),
    }


_numbers = itertools.count()


def test_the_greeting_says_what_there_is(the_ready_worker):
    greeting = the_ready_worker[1]
    assert greeting["event"] == "ready"
    assert "cpu" in greeting["devices"]
    assert greeting["modes"] == list(MODES)
    assert "modified_unet" in greeting["networks"]
    assert greeting["automatic_mask"] == (not greeting["automatic_mask_missing"])
    assert set(greeting) == {
        "event", "version", "torch", "devices", "modes", "networks", "automatic_mask",
        "automatic_mask_missing",
    }  # fmt: skip


def test_a_phantom_is_segmented_as_by_the_engine_itself(the_ready_worker, a_request, a_phantom):
    worker, _ = the_ready_worker
    worker.send(a_request)
    *before, done = worker.until(*FINAL)
    assert done["event"] == "done", done
    assert {event["event"] for event in before} <= {"progress", "preview"}
    fractions = [event["fraction"] for event in before if event["event"] == "progress"]
    assert fractions == sorted(fractions)
    labels = np.load(done["labels"])
    assert labels.dtype == np.uint8
    affine = np.diag([-1.0, 1.0, 1.0, 1.0])
    case = Case((Volume(a_phantom.image, affine, "T1"),), Volume(a_phantom.mask, affine, "mask"), "given")
    np.testing.assert_array_equal(labels, segment(case, Settings.from_dict(a_request["settings"])).labels)
    box = tuple(slice(*bounds) for bounds in done["box"])
    posteriors = np.load(done["posteriors"])
    assert posteriors.shape == (3, *labels[box].shape)
    assert np.load(done["bias_field"]).shape == np.load(done["corrected"]).shape == (1, *labels.shape)
    np.testing.assert_array_equal(np.load(done["brain_mask"]), a_phantom.mask)
    assert [row["name"] for row in done["report"]["classes"]] == ["CSF", "GM", "WM"]


def test_what_libraries_print_does_not_reach_the_reader(a_worker):
    a_worker.send({"id": "c1", "job": "chatty"})
    assert a_worker.next() == {"id": "c1", "event": "done"}
    for printed in (b"nonsense", b"printed by a library", b"printed by a child"):
        deadline = time.monotonic() + DEADLINE
        while not any(printed in line for line in a_worker.errors) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert any(printed in line for line in a_worker.errors)


def test_a_cancel_is_answered_while_the_engine_is_stuck_and_the_next_job_waits_for_it(a_worker, tmp_path):
    release = tmp_path / "release"
    a_worker.send({"id": "s1", "job": "stuck", "release": str(release)})
    assert a_worker.next()["message"] == "stuck"
    a_worker.send({"cancel": "s1"})
    assert a_worker.next() == {"id": "s1", "event": "cancelled"}
    a_worker.send({"id": "e1", "job": "echo", "say": "hello"})
    waiting = a_worker.next()
    assert (waiting["id"], waiting["event"], waiting["stage"]) == ("e1", "progress", "waiting")
    release.touch()
    assert a_worker.next() == {"id": "e1", "event": "done", "said": "hello"}


def test_a_job_cancelled_while_it_waits_never_starts(a_worker, tmp_path):
    release = tmp_path / "release"
    a_worker.send({"id": "s2", "job": "stuck", "release": str(release)})
    assert a_worker.next()["message"] == "stuck"
    a_worker.send({"id": "e2", "job": "echo"})
    assert a_worker.next()["stage"] == "waiting"
    a_worker.send({"cancel": "e2"})
    assert a_worker.next() == {"id": "e2", "event": "cancelled"}
    release.touch()
    assert a_worker.next() == {"id": "s2", "event": "done"}
    a_worker.send({"id": "e3", "job": "echo"})
    assert a_worker.next()["id"] == "e3"


def test_a_segmentation_is_cancelled_and_leaves_no_result(the_ready_worker, a_request):
    worker, _ = the_ready_worker
    worker.send({**a_request, "settings": {"mode": "train", "iterations": 100_000, "device": "cpu"}})
    while worker.next().get("stage") not in ("warm-up", "train"):
        pass
    worker.send({"cancel": a_request["id"]})
    assert worker.until(*FINAL)[-1] == {"id": a_request["id"], "event": "cancelled"}
    worker.send({"id": "after", "job": "echo"})
    assert worker.until(*FINAL)[-1]["id"] == "after"
    assert not (Path(a_request["output"]) / "labels.npy").exists()


def test_a_failed_job_tells_its_cause_and_the_next_one_works(a_worker):
    a_worker.send({"id": "b1", "job": "broken"})
    failed = a_worker.next()
    assert (failed["event"], failed["kind"]) == ("failed", "internal")
    assert failed["reason"] == "RuntimeError: the cause of it all"
    assert failed["details"].endswith("of it all")
    a_worker.send({"id": "b2", "job": "echo"})
    assert a_worker.next()["event"] == "done"


def test_too_little_memory_is_a_sentence(a_worker):
    a_worker.send({"id": "h1", "job": "hungry"})
    failed = a_worker.next()
    assert (failed["event"], failed["kind"]) == ("failed", "memory")
    assert "not enough memory" in failed["reason"]


@pytest.mark.parametrize("line", ["not json", "[1, 2]", '{"job": "echo"}', '{"id": 7, "job": "echo"}'])
def test_a_line_that_is_no_request_fails_without_id(line, a_worker):
    a_worker.send(line)
    failed = a_worker.next()
    assert failed["event"] == "failed" and "id" not in failed and failed["reason"]


def test_an_unknown_job_fails_and_says_which_are_known(a_worker):
    a_worker.send({"id": "u1", "job": "dance"})
    failed = a_worker.next()
    assert (failed["id"], failed["event"], failed["kind"]) == ("u1", "failed", "input")
    assert "'dance'" in failed["reason"] and "segment" in failed["reason"]


BAD_PARTS = {
    "no images": ({"images": []}, "no images"),
    "no array": ({"images": [{"affine": []}]}, "path of an array"),
    "unknown mask source": ({"mask_source": "guess"}, "mask_source"),
    "given mask missing": ({"mask": None}, "no mask"),
    "missing output": ({"output": "/does/not/exist"}, "does not exist"),
    "unknown setting": ({"settings": {"speed": 3}}, "Unknown setting 'speed'"),
    "setting out of range": ({"settings": {"number_of_classes": 99}}, "number_of_classes"),
    "settings of the wrong kind": ({"settings": [1]}, "Settings"),
}


@pytest.mark.parametrize("part, words", BAD_PARTS.values(), ids=BAD_PARTS)
def test_a_bad_request_gets_a_sentence(part, words, a_worker, a_request):
    a_worker.send({**a_request, **part})
    failed = a_worker.until(*FINAL)[-1]
    assert (failed["event"], failed["kind"]) == ("failed", "input"), failed
    assert words in failed["reason"]


def _missing(path):
    path.unlink()


def _truncated(path):
    path.write_bytes(path.read_bytes()[:5000])


def _empty(path):
    path.write_bytes(b"")


def _text(path):
    path.write_text("this is no array")


def _objects(path):
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)


def _words(path):
    np.save(path, np.full((4, 4, 4), "word"))


def _flat(path):
    np.save(path, np.ones((4, 4)))


@pytest.mark.parametrize("spoil", [_missing, _truncated, _empty, _text, _objects, _words, _flat])
def test_a_broken_array_file_gets_a_sentence(spoil, a_worker, a_request, tmp_path):
    spoil(tmp_path / "image.npy")
    a_worker.send(a_request)
    failed = a_worker.until(*FINAL)[-1]
    assert (failed["event"], failed["kind"]) == ("failed", "input"), failed
    assert failed["reason"].endswith(".")


@pytest.mark.parametrize("affine", [None, "x", np.eye(3).tolist(), np.zeros((4, 4)).tolist(), [[1, 2], [3]]])
def test_a_broken_affine_gets_a_sentence(affine, a_worker, a_request):
    a_request["images"][0]["affine"] = affine
    a_worker.send(a_request)
    assert "affine" in a_worker.until(*FINAL)[-1]["reason"]


def test_it_leaves_the_processor_to_others(a_worker):
    assert psutil.Process(a_worker.process.pid).nice() == min(19, os.nice(0) + 5)
