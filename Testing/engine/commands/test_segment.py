"""``gmmseg segment``: the files of the contract, its settings, and an end that leaves nothing half done."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest
from command_line import AFFINE, PACKAGE, QUICK, names_in, run_python, segment, voxels, write
from gmmseg import cli, outputs, segmenter
from gmmseg.case import Case, Volume
from gmmseg.commands.segment import settings_of
from gmmseg.settings import Settings
from phantoms import nested_spheres
from sentences import assert_one_sentence


@pytest.fixture(scope="module")
def a_phantom():
    return nested_spheres(24, field_range=0.2)


@pytest.fixture
def a_scan(tmp_path, a_phantom):
    """Path of the phantom as NIfTI."""
    return write(tmp_path / "scan.nii.gz", a_phantom.image)


@pytest.fixture
def a_mask(tmp_path, a_phantom):
    return write(tmp_path / "mask.nii.gz", a_phantom.mask.astype(np.uint8))


def test_a_scan_becomes_every_file_of_the_contract_with_the_engines_labels(a_scan, a_phantom, tmp_path, capfd):
    assert segment(a_scan, "-o", tmp_path / "out") == 0
    assert names_in(tmp_path / "out") == sorted(outputs.FILES)
    labels = nib.load(tmp_path / "out" / "segmentation.nii.gz")
    np.testing.assert_allclose(labels.affine, AFFINE, atol=1e-4)
    direct = segmenter.segment(
        Case((Volume(a_phantom.image, AFFINE),)), Settings(mode="em", device="cpu", bias_degree=1)
    )
    np.testing.assert_array_equal(np.asanyarray(labels.dataobj), direct.labels)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["mask"]["source"] == "stripped" and report["settings"]["mode"] == "em"
    assert {"read", "total"} <= set(report["seconds"])
    assert "WM" in capfd.readouterr().out


def test_the_same_seed_gives_the_same_labels(a_scan, tmp_path):
    for name in ("a", "b"):
        assert segment(a_scan, "-o", tmp_path / name, "--seed", "7") == 0
    np.testing.assert_array_equal(*(voxels(tmp_path / name / "segmentation.nii.gz") for name in ("a", "b")))


def test_several_channels_and_a_given_mask(a_scan, a_mask, a_phantom, tmp_path):
    second = write(tmp_path / "second.nii.gz", np.where(a_phantom.mask, 1.5 - a_phantom.image, 0).astype(np.float32))
    assert segment(a_scan, second, "-o", tmp_path / "out", "--mask", a_mask) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["mask"]["source"] == "given"
    assert [entry["name"] for entry in report["inputs"]] == ["scan.nii.gz", "second.nii.gz"]
    assert nib.load(tmp_path / "out" / "bias_field.nii.gz").shape == (24, 24, 24, 2)
    np.testing.assert_array_equal(voxels(tmp_path / "out" / "brain_mask.nii.gz"), a_phantom.mask)


def test_no_mask_takes_the_finite_non_zero_voxels(a_phantom, tmp_path):
    image = a_phantom.image.copy()
    image[12, 12, 12] = np.nan
    scan = write(tmp_path / "scan.nii.gz", image)
    assert segment(scan, "-o", tmp_path / "out", "--no-mask") == 0
    np.testing.assert_array_equal(voxels(tmp_path / "out" / "brain_mask.nii.gz"), a_phantom.mask & np.isfinite(image))
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert any("1 NaN or infinite voxel in" in sentence for sentence in report["warnings"])


def test_a_few_nan_voxels_are_counted_and_left_out(a_phantom, a_mask, tmp_path):
    image = a_phantom.image.copy()
    image[12, 12, 10:13] = np.nan
    assert segment(write(tmp_path / "x.nii.gz", image), "-o", tmp_path / "out", "--mask", a_mask) == 0
    assert not voxels(tmp_path / "out" / "segmentation.nii.gz")[12, 12, 10:13].any()
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert any("3 NaN or infinite voxels" in sentence for sentence in report["warnings"])


def test_json_progress_is_one_object_a_line_and_ends_with_done(a_scan, tmp_path, capfd):
    assert segment(a_scan, "-o", tmp_path / "out", "--progress", "json") == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["progress"] * (len(events) - 1) + ["done"]
    fractions = [event["fraction"] for event in events[:-1]]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert events[-1]["report"]["classes"]


def test_the_bar_shows_stage_and_remaining_time_on_stderr(a_scan, tmp_path, capfd):
    assert segment(a_scan, "-o", tmp_path / "out", "--progress", "bar") == 0
    captured = capfd.readouterr()
    assert "Reading scan.nii.gz" in captured.err
    assert "%" not in captured.out.splitlines()[-1]


def parsed(*arguments):
    return settings_of(cli.parser().parse_args(["segment", "x.nii", "-o", "out", *arguments]))


def test_every_setting_is_an_option():
    given = {
        "-K": 4, "--mode": "em", "--model": "mine", "--beta": 0.5, "--gamma": 0.25, "--bias-degree": 2,
        "--entropy-weight": 0.5, "--network": "modified_unet", "--base-width": 4, "--iterations": 9,
        "--learning-rate": 0.1, "--batch-size": 3, "--device": "cpu", "--precision": "float32", "--seed": 5,
        "--preset": "as-printed",
    }  # fmt: skip
    settings = parsed("--entropy", *(str(part) for pair in given.items() for part in pair))
    assert settings.entropy
    assert list(settings.to_dict()) and len(given) + 1 == len(settings.to_dict())
    for option, value in given.items():
        name = "number_of_classes" if option == "-K" else option[2:].replace("-", "_")
        assert getattr(settings, name) == value
    assert parsed("--number-of-classes", "5").number_of_classes == 5


def test_options_override_the_file_and_the_file_overrides_the_preset(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"gamma": 2.0, "batch_size": 5, "preset": "default", "entropy": True}))
    settings = parsed("--settings", str(path), "--preset", "as-printed", "--batch-size", "6", "--no-entropy")
    assert (settings.batch_size, settings.gamma, settings.base_width) == (6, 2.0, 64)
    assert (settings.preset, settings.mode, settings.entropy) == ("as-printed", "train", False)
    assert parsed("--settings", str(path)).entropy
    assert parsed() == Settings()


def test_an_output_that_cannot_be_written_is_said_before_the_image_is_read(tmp_path, capfd):
    (tmp_path / "taken").write_text("")
    assert segment(tmp_path / "never-read.nii.gz", "-o", tmp_path / "taken") == 2
    assert_one_sentence(capfd, "taken")


def test_a_full_disk_is_one_sentence_and_leaves_nothing(a_scan, tmp_path):
    resource = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); "
    code = resource + "from gmmseg.cli import main; sys.exit(main(sys.argv[1:]))"
    process = run_python("-c", code, "segment", *QUICK, a_scan, "-o", str(tmp_path / "out"))
    assert process.returncode == 2
    assert re.fullmatch(r"gmmseg: [^\n]*disk is full[^\n]*\n", process.stderr)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_ends_with_status_3_and_leaves_nothing(number, a_scan, tmp_path):
    arguments = ["segment", a_scan, "-o", str(tmp_path / "out"), "--device", "cpu", "--progress", "json"]
    long_run = ["--mode", "train", "--iterations", "100000", "--base-width", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gmmseg", *arguments, *long_run],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE), "OMP_NUM_THREADS": "1"},
    )
    while json.loads(process.stdout.readline())["stage"] not in ("warm-up", "train"):
        pass
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (3, "gmmseg: Cancelled; nothing was written.\n")
    assert not (tmp_path / "out").exists()
