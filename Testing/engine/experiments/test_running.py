"""Cells one after the other and in several processes: a failed one does not stop the others, a stop stops all."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from experiment_tasks import Task, do
from gmmseg.errors import Cancelled
from gmmseg.experiments.running import Counter, run_cells
from gmmseg.interrupts import Interrupts
from gmmseg.progress import silent


def run(tasks, jobs, progress=silent):
    with Interrupts() as interrupts:
        return run_cells(tasks, do, jobs, progress, interrupts)


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_cells_are_done_in_their_order_and_a_failed_one_says_why(tmp_path):
    seen = []
    tasks = [Task("a", tmp_path), Task("b", tmp_path, "fail"), Task("c", tmp_path)]
    failed = run(tasks, 1, lambda fraction, stage, message, preview=None: seen.append((fraction, message)))
    assert failed == {"b": "The scan is broken; mend it."}
    assert names(tmp_path) == ["a", "c"]
    assert [fraction for fraction, _ in seen] == pytest.approx([1 / 6, 3 / 6, 5 / 6])
    assert seen[1][1] == "b (cell 2 of 3): half done"


def test_processes_do_the_rest_when_one_fails_and_another_dies(tmp_path):
    hows = {"a": "finish", "b": "die", "c": "fail", "d": "finish"}
    failed = run([Task(name, tmp_path, how) for name, how in hows.items()], 2)
    assert failed == {"b": "its process ended (exit status -9)", "c": "The scan is broken; mend it."}
    assert names(tmp_path) == ["a", "d"]
    assert (tmp_path / "a").read_text() == "1"  # one thread each


def test_a_stop_asked_for_by_progress_ends_the_cell_and_leaves_the_rest(tmp_path):
    def progress(fraction, stage, message, preview=None):
        if message.startswith("b "):
            raise Cancelled

    with pytest.raises(Cancelled):
        run([Task(name, tmp_path) for name in "abc"], 1, progress)
    assert names(tmp_path) == ["a"]


def test_ctrl_c_stops_every_process_in_order(tmp_path):
    def interrupt():
        deadline = time.monotonic() + 20
        while not (tmp_path / "a").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises((Cancelled, KeyboardInterrupt)):
        run([Task("a", tmp_path), Task("b", tmp_path, "wait")], 2)
    assert names(tmp_path) == ["a", "b stopped"]


def test_progress_of_several_cells_never_falls():
    told = []
    counter = Counter(4, lambda fraction, stage, message, preview=None: told.append(fraction))
    counter.tell("a", 0.5, "")
    counter.tell("b", 1.0, "")
    counter.end("b")
    counter.tell("a", 0.25, "")
    assert told == [0.125, 0.375, 0.375]
