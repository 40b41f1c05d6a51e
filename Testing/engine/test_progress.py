"""Progress of a part within the whole."""

from __future__ import annotations

import numpy as np
import pytest
from gmmseg.errors import Cancelled
from gmmseg.progress import part, silent
from hypothesis import given
from hypothesis import strategies as st


class Told:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple] = []

    def __call__(self, fraction, stage, message, preview=None) -> None:
        self.calls.append((fraction, stage, message, preview))


def test_a_part_runs_from_its_start_to_its_stop():
    told = Told()
    half = part(told, 0.5, 0.9)
    for fraction in (0.0, 0.5, 1.0):
        half(fraction, "train", "Training")
    assert [call[0] for call in told.calls] == pytest.approx([0.5, 0.7, 0.9])


def test_stage_message_and_preview_pass_unchanged():
    told, preview = Told(), np.ones((2, 2, 2), dtype=np.uint8)
    part(told, 0.0, 1.0)(0.5, "train", "Training", preview)
    (call,) = told.calls
    assert call[1:3] == ("train", "Training")
    assert call[3] is preview


@given(st.floats(-10, 10))
def test_a_part_never_leaves_its_share(fraction):
    told = Told()
    part(told, 0.2, 0.4)(fraction, "mask", "")
    assert 0.2 <= told.calls[0][0] <= 0.4


def test_a_part_of_a_part_lies_within_it():
    told = Told()
    inner = part(part(told, 0.2, 0.6), 0.5, 1.0)
    inner(0.0, "mask", "")
    inner(1.0, "mask", "")
    assert [call[0] for call in told.calls] == pytest.approx([0.4, 0.6])


def test_a_cancelled_run_stops_inside_its_parts():
    def stop(fraction, stage, message, preview=None):
        raise Cancelled

    with pytest.raises(Cancelled):
        part(part(stop, 0, 0.5), 0, 0.5)(0.1, "train", "")


def test_silent_progress_takes_everything():
    part(silent, 0, 1)(0.5, "train", "Training", np.zeros((1, 1, 1), dtype=np.uint8))
