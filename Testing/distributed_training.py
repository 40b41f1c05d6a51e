"""Trainings in processes that ``torchrun`` has started; told the folder in which to leave what comes of them.

Not a test: started by ``Testing/engine/test_distributed.py``.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import torch
from gmmseg.errors import Cancelled, InputError
from gmmseg.learning import distributed
from gmmseg.learning.model_training import Plan, train
from safetensors.torch import save_file
from tiny_lessons import CPU, HeldOut, Lessons, a_network_with_state, stopping_at

PLAN = Plan(steps=8, learning_rate=0.01, score_every=3, log_every=2, loaders=0, lessons_per_step=4, schedule="cosine")
LOSSES = (0.5, 0.7, 0.6)


class FailingIn(Lessons):
    """With an error in one process."""

    def __init__(self, rank: int, error: Exception) -> None:
        super().__init__()
        self.rank, self.error = rank, error

    def loss(self, network, lesson):
        if distributed.local_rank() == self.rank:
            raise self.error
        return super().loss(network, lesson)


def learned(folder: Path, plan: Plan = PLAN, lessons: Lessons | None = None, **options) -> Lessons:
    """Trains in ``folder``, and leaves the weights that this process is given in ``weights-RANK``."""
    lessons = lessons or Lessons()
    folder.mkdir(exist_ok=True)
    network = a_network_with_state()
    if not distributed.is_first():  # which must not matter
        torch.nn.init.ones_(network[0].weight)
    train(network, lessons, plan, folder, CPU, **options)
    save_file(network.state_dict(), folder / f"weights-{distributed.local_rank()}.safetensors")
    return lessons


def failure(folder: Path, lessons: Lessons, **options) -> Exception:
    """What a training raises."""
    try:
        learned(folder, lessons=lessons, **options)
    except Exception as error:
        return error
    raise AssertionError("The training did not fail.")


def trainings(folder: Path) -> None:
    """Every way a training can go, within one group."""
    rank = distributed.local_rank()
    with distributed.group():
        lessons = learned(folder / "whole")
        share = range(2 * rank, 2 * rank + 2)
        assert lessons.drawn == [4 * step + place for step in range(8) for place in share], lessons.drawn

        patient = replace(PLAN, steps=20, patience=2)
        lessons = HeldOut(losses=LOSSES)
        learned(folder / "stopped", patient, lessons)
        assert (len(lessons.drawn), lessons.scored) == (18, 0 if rank else 3)

        stop = stopping_at(5, Cancelled)
        calm = stopping_at(99, Cancelled)
        assert isinstance(failure(folder / "parts", Lessons(), progress=stop if rank == 1 else calm), Cancelled)
        lessons = learned(folder / "parts")
        assert lessons.drawn[0] == 20 + 2 * rank, lessons.drawn

        refused = failure(folder / "refused", FailingIn(1, InputError("Give another.")))
        assert isinstance(refused, InputError) and str(refused) == "Give another.", refused
        broken = failure(folder / "broken", FailingIn(0, KeyError("a bug")))
        assert isinstance(broken, distributed.OtherProcessFailed if rank else KeyError), broken
        assert rank == 0 or "Process 0 of this training failed: 'a bug'" in str(broken)
        odd = failure(folder / "odd", Lessons(), plan=replace(PLAN, lessons_per_step=3))
        assert "must be a multiple of 2, but is 3; give 4" in str(odd), odd


def groups(folder: Path) -> None:
    """A group after another one, which the first process enters ahead, and whose second process is gone at once."""
    for number in (1, 2):
        with distributed.group() as group:
            assert (group.rank, group.size) == (distributed.local_rank(), 2)
            with group.first_ahead():
                assert group.is_first != (folder / f"made-{number}").exists()
                (folder / f"made-{number}").touch()
            assert group.any(not group.is_first) and not group.agrees(group.rank)
    assert not torch.distributed.is_initialized()
    if distributed.is_first():
        gone = failure(folder / "gone", Lessons())
        (folder / "gone.txt").write_text(f"{type(gone).__name__}: {gone}")
    else:
        train(a_network_with_state(), FailingIn(1, SystemExit(0)), PLAN, folder / "gone", CPU)


if __name__ == "__main__":
    assert os.environ["OMP_NUM_THREADS"] == "1"
    place = Path(sys.argv[1])
    trainings(place)
    groups(place)
