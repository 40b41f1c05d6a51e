"""The worker process: talk, death, cancel, end. Needs neither Qt nor Slicer."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from GMMSegExtensionLib import process_tree
from GMMSegExtensionLib.engine_process import EngineProcess

FAKE = Path(__file__).with_name("fake_worker.py")
PATIENCE = 20.0


@pytest.fixture
def an_engine():
    engines = []

    def make(*arguments: str, **options) -> EngineProcess:
        engines.append(EngineProcess(lambda: [sys.executable, str(FAKE), *arguments], **options))
        return engines[-1]

    yield make
    for engine in engines:
        engine.stop()


@pytest.fixture
def a_request(tmp_path):
    np.save(tmp_path / "image0.npy", np.arange(27, dtype=np.float32).reshape(3, 3, 3))
    image = {"array": str(tmp_path / "image0.npy"), "affine": np.eye(4).tolist(), "name": "T1"}

    def make(identity: str = "a1") -> dict:
        settings = {"number_of_classes": 3}
        return {"id": identity, "job": "segment", "images": [image], "settings": settings, "output": str(tmp_path)}

    return make


def events_until(engine: EngineProcess, *names: str) -> list[dict]:
    """All events up to the first one with one of these names."""
    events: list[dict] = []
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for event in engine.poll(0.05):
            events.append(event)
        if any(event["event"] in names for event in events):
            return events
    raise AssertionError(f"none of {names} came, only {events}")


def test_starting_gives_the_ready_event_with_what_the_worker_can_do(an_engine):
    engine = an_engine()
    engine.start()
    events_until(engine, "ready")
    assert engine.capabilities["devices"] == ["cpu", "cuda:0"]
    assert not engine.busy


def test_a_job_gives_its_events_in_order(an_engine, a_request):
    engine = an_engine()
    engine.submit(a_request())
    names = [event["event"] for event in events_until(engine, "done") if event["event"] != "log"]
    assert names == ["ready", "progress", "done"]
    assert not engine.busy


def test_the_worker_stays_warm_for_the_next_job(an_engine, a_request):
    engine = an_engine()
    engine.submit(a_request("a1"))
    events_until(engine, "done")
    process = engine._process.pid
    engine.submit(a_request("a2"))
    events_until(engine, "done")
    assert engine._process.pid == process


def test_a_second_job_is_refused_while_one_runs(an_engine, a_request):
    engine = an_engine("hang")
    engine.submit(a_request())
    with pytest.raises(RuntimeError, match="busy"):
        engine.submit(a_request("a2"))


def test_cancel_is_answered_and_the_worker_lives_on(an_engine, a_request):
    engine = an_engine("hang")
    engine.submit(a_request())
    events_until(engine, "preview")
    engine.cancel()
    assert events_until(engine, "cancelled")[-1]["id"] == "a1"
    assert engine.running and not engine.busy


def test_a_worker_that_ignores_cancel_is_ended_and_the_job_counts_as_cancelled(an_engine, a_request):
    engine = an_engine("deaf", cancelPatience=0.3)
    engine.submit(a_request())
    events_until(engine, "preview")
    worker = psutil.Process(engine._process.pid)
    engine.cancel()
    assert events_until(engine, "cancelled")[-1] == {"id": "a1", "event": "cancelled"}
    assert not worker.is_running()


def test_a_worker_that_dies_names_the_cause_and_the_next_job_gets_a_new_worker(an_engine, a_request):
    engine = an_engine("die")
    engine.submit(a_request())
    failed = events_until(engine, "failed")[-1]
    assert "exit code 7" in failed["reason"] and "the disk of memory is gone" in failed["reason"]
    assert not engine.running and not engine.busy
    engine.submit(a_request("a2"))
    assert events_until(engine, "failed")[-1]["id"] == "a2"


def test_a_worker_killed_from_outside_ends_its_job_as_failed(an_engine, a_request):
    engine = an_engine("hang")
    engine.submit(a_request())
    events_until(engine, "preview")
    psutil.Process(engine._process.pid).kill()
    assert events_until(engine, "failed")[-1]["kind"] == "internal"


def test_a_worker_that_lacks_packages_fails_the_job_with_its_sentence(an_engine, a_request):
    engine = an_engine("unavailable")
    engine.submit(a_request())
    failed = events_until(engine, "failed")[-1]
    assert failed["kind"] == "unavailable" and "torch is not installed" in failed["reason"]


def test_an_interpreter_that_is_not_there_is_a_sentence():
    engine = EngineProcess(lambda: ["/no/such/python"])
    with pytest.raises(RuntimeError, match="'/no/such/python' cannot be started"):
        engine.start()


def test_a_line_that_is_no_event_becomes_a_log_line(an_engine):
    script = "print('a library says hello', flush=True); import time; time.sleep(60)"
    engine = EngineProcess(lambda: [sys.executable, "-c", script])
    try:
        engine.start()
        assert events_until(engine, "log")[-1]["line"] == "a library says hello"
    finally:
        engine.stop(0.5)


def test_stop_ends_the_worker_also_in_the_middle_of_a_job(an_engine, a_request):
    engine = an_engine("hang")
    engine.submit(a_request())
    events_until(engine, "preview")
    worker = psutil.Process(engine._process.pid)
    engine.stop()
    assert not worker.is_running() and not engine.busy
    engine.stop()


@pytest.mark.parametrize("has_psutil", [True, False])
def test_ending_a_launcher_ends_its_child_even_when_it_ignores_terminate(has_psutil, monkeypatch):
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    child = f"import signal, time; {deaf}; print('up', flush=True); time.sleep(60)"
    launcher = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = process_tree.launch([sys.executable, "-c", launcher])
    assert process.stdout.readline().strip() == "up"
    family = psutil.Process(process.pid).children(recursive=True)
    with monkeypatch.context() as patch:
        if not has_psutil:
            patch.setitem(sys.modules, "psutil", None)
        process_tree.end(process, patience=0.3)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert family and process.poll() is not None
    assert not [member for member in alive if member.status() != psutil.STATUS_ZOMBIE]
