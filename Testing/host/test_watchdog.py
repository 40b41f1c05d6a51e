"""The watchdog finds what keeps the event loop from working."""

import time

from PySide6 import QtCore

from host.watchdog import event_loop_watchdog


def _sleep_in_a_slot():
    time.sleep(0.15)


def _compute_in_a_slot():
    end = time.thread_time() + 0.15
    while time.thread_time() < end:
        pass


def test_a_slot_that_sleeps_is_found_with_its_line(an_application):
    with event_loop_watchdog() as watch:
        QtCore.QTimer.singleShot(0, _sleep_in_a_slot)
        an_application.process_events_until(lambda: watch.longest_ms > 100, "the block is seen")
    assert "_sleep_in_a_slot" in watch.where
    assert watch.worst(1)[0].milliseconds == watch.longest_ms


def test_a_slot_that_computes_is_found_with_its_line(an_application):
    with event_loop_watchdog() as watch:
        QtCore.QTimer.singleShot(0, _compute_in_a_slot)
        an_application.process_events_until(lambda: watch.longest_ms > 100, "the block is seen")
    assert "_compute_in_a_slot" in watch.where


def test_what_runs_without_the_event_loop_counts_too(an_application):
    with event_loop_watchdog() as watch:
        _sleep_in_a_slot()
    assert watch.longest_ms > 100 and "_sleep_in_a_slot" in watch.where


def test_an_idle_loop_is_not_late(an_application):
    beats = []
    with event_loop_watchdog() as watch:
        timer = QtCore.QTimer()
        timer.timeout.connect(lambda: beats.append(1))
        timer.start(10)
        an_application.process_events_until(lambda: len(beats) > 20, "twenty beats")
    assert watch.blocks == [] or watch.longest_ms < 100
