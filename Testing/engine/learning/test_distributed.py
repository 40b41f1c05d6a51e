"""Several processes train as one would: with the same result, one log, and one end for all."""

from __future__ import annotations

import os
import subprocess
import sys

import distributed_training
import pytest
import torch
from data_paths import TESTING
from distributed_training import LOSSES, PLAN
from gmmseg import devices
from gmmseg.errors import EngineUnavailable
from gmmseg.learning import distributed
from gmmseg.learning.model_training import read_log
from safetensors.torch import load_file
from tiny_lessons import HeldOut

TORCHRUN = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}


@pytest.fixture(scope="module")
def trainings(tmp_path_factory):
    """Folder of what two processes have trained; they were started as users start them, once, as each takes seconds."""
    folder = tmp_path_factory.mktemp("trainings")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*launcher, str(TESTING / "distributed_training.py"), str(folder)]
    ended = subprocess.run(
        command, env={**os.environ, "PYTHONFAULTHANDLER": "1"}, capture_output=True, text=True, timeout=200, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return folder


def weights(folder, rank=0):
    return load_file(folder / f"weights-{rank}.safetensors")


@pytest.mark.parametrize("kind", ["whole", "parts"])
def test_two_processes_give_what_one_gives(trainings, tmp_path, kind):
    """With running statistics and dropout; whole, and taken up after it was stopped in the second process."""
    distributed_training.learned(tmp_path / "one")
    torch.testing.assert_close(weights(trainings / kind), weights(tmp_path / "one"), rtol=1e-4, atol=1e-5)
    one, two = read_log(tmp_path / "one"), read_log(trainings / kind)
    assert [row["step"] for row in one] == [row["step"] for row in two]
    for row, other in zip(one, two, strict=True):
        assert row["loss"] == pytest.approx(other["loss"], rel=1e-4)


def test_every_process_is_given_the_same_weights(trainings):
    for kind in ("whole", "stopped", "parts"):
        one, other = weights(trainings / kind, 0), weights(trainings / kind, 1)
        assert all(torch.equal(one[name], other[name]) for name in one), kind


def test_all_stop_early_as_the_first_process_decides(trainings, tmp_path):
    plan = distributed_training.replace(PLAN, steps=20, patience=2)
    distributed_training.learned(tmp_path, plan, HeldOut(losses=LOSSES))
    assert [row["step"] for row in read_log(trainings / "stopped")] == [row["step"] for row in read_log(tmp_path)]
    assert read_log(trainings / "stopped")[-1]["step"] == 9
    torch.testing.assert_close(weights(trainings / "stopped"), weights(tmp_path), rtol=1e-4, atol=1e-5)


def test_a_process_that_is_gone_ends_the_others(trainings):
    assert "OtherProcessFailed: Another process of this training is gone" in (trainings / "gone.txt").read_text()


def test_a_process_started_alone_is_a_group_of_its_own():
    assert distributed.is_first() and not distributed.is_launched()
    with distributed.group() as group:
        assert (group.rank, group.size, group.is_first) == (0, 1, True)
        assert group.any(True) and not group.any(False) and group.agrees(3.0)
        with pytest.raises(KeyError), group.first_ahead():
            raise KeyError


def test_each_process_has_the_gpu_of_its_number(monkeypatch):
    monkeypatch.setattr(devices, "available", lambda: ["cpu", "cuda:0", "cuda:1"])
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)
    assert not distributed.is_first()
    assert devices.resolve("auto") == devices.resolve("cuda") == torch.device("cuda:1")
    assert devices.resolve("cpu") == torch.device("cpu")
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(EngineUnavailable, match=r"more processes .* than it has GPUs \(2\)"):
        devices.resolve("auto")
