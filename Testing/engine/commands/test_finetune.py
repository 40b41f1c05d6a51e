"""``gmmseg finetune``: a taught model and the scans' results out of files, and a sentence for everything else."""

from __future__ import annotations

import json
import re

import nibabel
import numpy as np
import pytest
from gmmseg import cli, models
from phantoms import from_labels, label_map

QUICK = ("--steps", "2", "--device", "cpu", "--progress", "none", "--no-mask")


@pytest.fixture(scope="module")
def the_files(tmp_path_factory):
    """Two scans and labels of the first, of which one slice is labelled."""
    folder = tmp_path_factory.mktemp("files")
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    for name, subject in (("first", "01"), ("second", "12")):
        phantom = from_labels(label_map(subject, 2), noise=0.04, spacing=2.0)
        nibabel.save(nibabel.Nifti1Image(phantom.image, affine), folder / f"{name}.nii.gz")
        if name == "first":
            labels = np.zeros_like(phantom.truth)
            labels[:, :, 40] = phantom.truth[:, :, 40]
            nibabel.save(nibabel.Nifti1Image(labels, affine), folder / "labels.nii.gz")
    return folder


def finetune(*arguments) -> int:
    return cli.main(["finetune", *map(str, arguments), *QUICK])


@pytest.fixture(scope="module")
def a_finetuning(the_files, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "study"
    scans = (the_files / "first.nii.gz", the_files / "second.nii.gz")
    assert finetune(*scans, "--labels", the_files / "labels.nii.gz", "-o", out, "--name", "mine") == 0
    return out


def test_model_and_results_of_every_scan_come_out(a_finetuning):
    assert sorted(path.name for path in a_finetuning.iterdir()) == ["first", "mine.json", "mine.safetensors", "second"]
    for name in ("first", "second"):
        report = json.loads((a_finetuning / name / "report.json").read_text())
        assert report["prior"]["model"] == "t1-fast-taught"
        assert (a_finetuning / name / "segmentation.nii.gz").exists()


def test_the_model_can_be_used_to_segment(a_finetuning, the_files, tmp_path, monkeypatch):
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(a_finetuning))
    out = tmp_path / "out"
    command = ["segment", str(the_files / "first.nii.gz"), "-o", str(out), "--model", "mine", "--device", "cpu"]
    assert cli.main([*command, "--progress", "none", "--no-mask"]) == 0
    one, other = (
        np.asarray(nibabel.load(folder / "segmentation.nii.gz").dataobj) for folder in (out, a_finetuning / "first")
    )
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("first.nii.gz", "--labels", "labels.nii.gz", "labels.nii.gz"), "2 label files for 1 scan"),
        (("first.nii.gz", "first.nii.gz", "--labels", "labels.nii.gz"), "Two scans are called 'first'"),
        (("missing.nii.gz", "--labels", "labels.nii.gz"), "missing.nii.gz"),
        (("second.nii.gz", "--labels", "labels.nii.gz"), "another grid"),
        (("first.nii.gz", "--labels", "labels.nii.gz", "--model", "none-such"), "no model 'none-such'"),
        (("first.nii.gz", "--labels", "labels.nii.gz", "--name", "a/b"), "name of a model"),
        (("first.nii.gz", "--labels", "labels.nii.gz", "--retention", "-1"), "retention must be"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_leaves_nothing(the_files, tmp_path, capfd, arguments, words):
    out = tmp_path / "out"
    files = [str(the_files / text) if text.endswith(".gz") else text for text in arguments]
    assert finetune(*files, "-o", out) == 2
    captured = capfd.readouterr()
    assert re.fullmatch(r"gmmseg: [^\n]+\n", captured.err) and words in captured.err, captured.err
    assert not out.exists() or not any(path.is_file() for path in out.rglob("*"))
