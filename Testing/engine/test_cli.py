"""The command line's contract: exit status, one line for what is wrong, and nothing heavy before it is needed."""

from __future__ import annotations

import re

import pytest
from command_line import QUICK, run_python, segment, write
from gmmseg import cli, segmenter
from phantoms import nested_spheres
from sentences import assert_one_sentence


@pytest.fixture
def a_scan(tmp_path):
    """Path of a phantom as NIfTI."""
    return write(tmp_path / "scan.nii.gz", nested_spheres(24).image)


def test_missing_torch_is_one_sentence(a_scan, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['torch'] = None\n")
    process = run_python("-m", "gmmseg", "segment", *QUICK, a_scan, "-o", str(tmp_path / "out"), path=[tmp_path])
    assert process.returncode == 2
    assert re.fullmatch(r"gmmseg: [^\n]*torch[^\n]*pip install torch\n", process.stderr)


@pytest.mark.parametrize("arguments, status", [(["--help"], 0), (["segment", "x", "-o", "y", "--mode", "magic"], 2)])
def test_help_and_wrong_arguments_are_answered_without_loading_the_engine(arguments, status):
    code = (
        "import sys; from gmmseg.cli import main; status = main(sys.argv[1:]); "
        "sys.exit(99 if {'torch', 'numpy', 'nibabel'} & set(sys.modules) else status)"
    )
    assert run_python("-c", code, *arguments).returncode == status


def test_too_little_memory_is_one_sentence(a_scan, tmp_path, capfd, monkeypatch):
    def run_out(*arguments):
        raise MemoryError

    monkeypatch.setattr(segmenter, "segment", run_out)
    assert segment(a_scan, "-o", tmp_path / "out") == 2
    assert_one_sentence(capfd, "not enough memory")
    assert not (tmp_path / "out").exists()


def test_an_unforeseen_failure_is_one_line_that_says_how_to_see_more(a_scan, tmp_path, capfd, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("something\nbroke")

    monkeypatch.setattr(segmenter, "segment", fail)
    assert segment(a_scan, "-o", tmp_path / "out") == 1
    assert_one_sentence(capfd, "RuntimeError: something broke", "--debug")
    assert segment(a_scan, "-o", tmp_path / "out", "--debug") == 1
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], ["COMMAND"]),
        (["dance"], ["dance"]),
        (["train", "x"], ["train"]),
        (["segment", "-o", "out"], ["IMAGE"]),
        (["segment", "x.nii"], ["--output"]),
        (["segment", "x", "-o", "out", "--mode", "magic"], ["magic", "fast", "train", "em"]),
        (["segment", "x", "-o", "out", "-K", "three"], ["three"]),
        (["segment", "x", "-o", "out", "--auto-mask", "--no-mask"], ["not allowed with"]),
        (["segment", "x", "-o", "out", "--mask", "m", "--auto-mask"], ["not allowed with"]),
        (["segment", "x", "-o", "out", "--speed"], ["--speed"]),
        (["evaluate", "x"], ["TRUTH"]),
    ],
)
def test_wrong_arguments_get_one_line_and_status_2(arguments, words, capfd):
    assert cli.main(arguments) == 2
    assert_one_sentence(capfd, *words)


def test_the_version_is_told(capfd):
    assert cli.main(["--version"]) == 0
    assert re.fullmatch(r"gmmseg \d+\.\d+\.\d+\n", capfd.readouterr().out)
