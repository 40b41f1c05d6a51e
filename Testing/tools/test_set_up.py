"""The set-up of .venv runs again when it has to, and only one at a time."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("set_up.py")


@pytest.fixture
def the_set_up(tmp_path, monkeypatch):
    """``set_up.py`` as a module, for a checkout in a temporary folder."""
    spec = importlib.util.spec_from_file_location("set_up", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    monkeypatch.setattr(module, "CHECKOUT", tmp_path)
    monkeypatch.setattr(module, "LOCK", tmp_path / ".venv.lock")
    return module


def test_a_changed_project_file_sets_up_again(the_set_up, tmp_path):
    chosen = argparse.Namespace(torch="torch", deepbet="deepbet")
    before = the_set_up._fingerprint(chosen)
    assert the_set_up._fingerprint(chosen) == before
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'changed'\n")
    assert the_set_up._fingerprint(chosen) != before


def test_a_moved_checkout_gets_a_new_environment(the_set_up, tmp_path, monkeypatch):
    before = the_set_up._place()
    monkeypatch.setattr(the_set_up, "CHECKOUT", tmp_path / "elsewhere")
    assert the_set_up._place() != before


def test_a_second_set_up_cannot_start_while_the_first_runs(the_set_up):
    with the_set_up._locked(), the_set_up.LOCK.open("w") as second:
        assert not the_set_up._try_lock(second)
    with the_set_up.LOCK.open("w") as third:
        assert the_set_up._try_lock(third)


def test_a_killed_set_up_leaves_no_lock_behind(the_set_up):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import fcntl; f = open({str(the_set_up.LOCK)!r}, 'w'); fcntl.flock(f, fcntl.LOCK_EX)\n"
            "print('locked', flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout.readline() == b"locked\n"
    with the_set_up.LOCK.open("w") as handle:
        assert not the_set_up._try_lock(handle)
        holder.kill()
        holder.communicate()
        assert the_set_up._try_lock(handle)
