"""Signals stop a command once, and never while results take their places."""

import signal

import pytest
from gmmseg.errors import Cancelled
from gmmseg.interrupts import Interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_stops_and_a_second_does_not_disturb_the_cleaning_up(number):
    with Interrupts():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)


def test_a_stop_that_a_library_swallowed_is_seen_at_the_next_check():
    with Interrupts() as interrupts:
        interrupts.check()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(Cancelled):
            interrupts.check()
        with pytest.raises(Cancelled), interrupts.shield():
            pytest.fail("nothing may be renamed after a stop")


def test_a_shielded_block_is_done_whole():
    finished = []
    with Interrupts() as interrupts, interrupts.shield():
        signal.raise_signal(signal.SIGINT)
        finished.append(True)
    assert finished


def test_the_handlers_of_before_come_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Interrupts():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
