"""The parts of the worker by themselves: previews, progress, the queue of jobs."""

import dataclasses
import json
import threading
from pathlib import Path

import numpy as np
import pytest
from gmmseg.worker import protocol as worker_protocol
from gmmseg.worker.jobs import Job, JobProgress, JobQueue
from phantom_results import result_of
from worker_client import DEADLINE


def test_previews_come_seldom_and_an_unread_one_is_replaced(tmp_path):
    now = [0.0]
    sent = []
    previews = worker_protocol.Previews(tmp_path, sent.append, clock=lambda: now[0])
    labels = np.ones((3, 3, 3), np.uint8)
    for seconds in (0.0, 1.0, 1.9, 2.1, 2.2):
        now[0] = seconds
        previews.offer(labels)
    assert [Path(path).name for path in sent] == ["preview-1.npy", "preview-2.npy"]
    assert [path.name for path in tmp_path.iterdir()] == ["preview-2.npy"]
    np.testing.assert_array_equal(np.load(sent[-1]), labels)


def test_a_preview_the_reader_has_deleted_is_not_missed(tmp_path):
    now = [0.0]
    previews = worker_protocol.Previews(tmp_path, lambda path: Path(path).unlink(), clock=lambda: now[0])
    for seconds in (0.0, 3.0):
        now[0] = seconds
        previews.offer(np.ones((2, 2, 2)))
    assert not list(tmp_path.iterdir())


def test_memory_is_given_back_when_nothing_has_happened_for_a_while():
    released = threading.Event()
    events = []
    jobs = JobQueue(lambda job: {}, released.set, idle_seconds=0.01)
    jobs.submit(Job({"id": "a"}, events.append))
    assert released.wait(DEADLINE)
    assert events == [{"id": "a", "event": "done"}]


def test_progress_is_told_at_most_ten_times_a_second_but_every_stage_is():
    now = [0.0]
    events = []
    progress = JobProgress(Job({"id": "a"}, events.append), previews=None, clock=lambda: now[0])
    for step in range(100):
        now[0] = step * 0.01
        progress(step / 100, "train", f"step {step}")
    progress(1.0, "results", "done")
    assert 10 <= len(events) <= 12
    assert events[-1]["stage"] == "results"
    assert events[-2]["remaining_seconds"] == pytest.approx(0.1, abs=0.1)


def test_a_result_that_cannot_be_told_is_told_as_a_failure():
    told = threading.Event()
    events = []

    def send(event):
        json.dumps(event, allow_nan=False)
        events.append(event)
        told.set()

    JobQueue(lambda job: {"report": {"mean": float("nan")}}, lambda: None).submit(Job({"id": "a"}, send))
    assert told.wait(DEADLINE)
    assert [event["event"] for event in events] == ["failed"]


@pytest.mark.parametrize("asked", [False, True])
def test_a_result_is_handed_over_with_its_entropy_or_null(asked, tmp_path):
    result = result_of()
    entropy = np.where(result.brain_mask, np.float32(0.5), np.float32(0)) if asked else None
    fields = worker_protocol.save_result(dataclasses.replace(result, entropy=entropy), tmp_path)
    json.dumps(fields, allow_nan=False)
    if asked:
        np.testing.assert_array_equal(np.load(fields["entropy"]), entropy)
    else:
        assert fields["entropy"] is None
    assert (tmp_path / "entropy.npy").exists() == asked
    assert set(fields) == {
        "labels", "posteriors", "bias_field", "corrected", "brain_mask", "entropy", "box", "report",
    }  # fmt: skip
