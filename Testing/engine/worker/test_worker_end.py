"""How the worker ends: when it is told to, with its parent, and when a package is missing."""

import os
import subprocess
import sys
import time

import psutil
import pytest
from worker_client import DEADLINE, TESTING, WorkerClient, misbehaving_worker


@pytest.fixture
def a_mortal_worker():
    """A worker of the test's own, to be ended."""
    worker = misbehaving_worker("instant")
    assert worker.next() == {"event": "ready"}
    yield worker
    worker.close()


def has_ended(pid):
    """Polls until the process is gone."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_shutdown_ends_it_at_once_even_in_the_middle_of_a_job(a_mortal_worker, tmp_path):
    a_mortal_worker.send({"id": "s", "job": "stuck", "release": str(tmp_path / "never")})
    a_mortal_worker.next()
    a_mortal_worker.send({"job": "shutdown"})
    assert a_mortal_worker.wait() == 0


def test_the_end_of_its_input_ends_it_even_in_the_middle_of_a_job(a_mortal_worker, tmp_path):
    a_mortal_worker.send({"id": "s", "job": "stuck", "release": str(tmp_path / "never")})
    a_mortal_worker.next()
    a_mortal_worker.process.stdin.close()
    assert a_mortal_worker.wait() == 0


def test_a_killed_worker_is_seen_as_the_end_of_its_events(a_mortal_worker, tmp_path):
    a_mortal_worker.send({"id": "s", "job": "stuck", "release": str(tmp_path / "never")})
    a_mortal_worker.next()
    a_mortal_worker.process.kill()
    assert a_mortal_worker.next() is None


def test_it_dies_with_its_parent_although_its_input_stays_open(tmp_path):
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen(sys.argv[1:], stdin=0, stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    script = str(TESTING / "worker_with_test_jobs.py")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    reading_end, writing_end = os.pipe()
    try:
        parent = subprocess.Popen(
            [sys.executable, "-c", code, sys.executable, script, "instant"],
            stdin=reading_end,
            stdout=subprocess.PIPE,
            env=environment,
        )
        worker = int(parent.stdout.readline())
        assert psutil.pid_exists(worker)
        parent.kill()
        parent.wait()
        assert has_ended(worker)
        parent.stdout.close()
    finally:
        os.close(reading_end)
        os.close(writing_end)


@pytest.mark.parametrize("package", ["torch", "numpy", "scipy"])
def test_a_missing_package_is_told_in_the_first_event_and_ends_it(package, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Blocker:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] == {package!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Blocker())\n"
    )
    worker = WorkerClient(["-m", "gmmseg", "worker"], path=[tmp_path])
    try:
        event = worker.next()
        assert event["event"] == "unavailable"
        assert event["missing"] == [package]
        assert package in event["reason"]
        assert worker.wait() == 0
    finally:
        worker.close()
