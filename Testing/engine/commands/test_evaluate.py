"""``gmmseg evaluate``: a segmentation against the truth under both protocols."""

from __future__ import annotations

import json

import numpy as np
import pytest
from command_line import AFFINE, write
from gmmseg import cli
from sentences import assert_one_sentence


@pytest.fixture
def two_labellings(tmp_path):
    truth = np.zeros((6, 6, 6), np.uint8)
    truth[1:5, 1:5, 1:3], truth[1:5, 1:5, 3:5] = 1, 2
    prediction = truth.copy()
    prediction[1, 1:5, 1:5] = 2
    prediction[0, 0, 0] = 1
    return write(tmp_path / "prediction.nii.gz", prediction), write(tmp_path / "truth.nii.gz", truth)


def test_evaluate_scores_both_protocols_and_volumes(two_labellings, capfd):
    assert cli.main(["evaluate", *two_labellings, "--json"]) == 0
    scores = json.loads(capfd.readouterr().out)
    assert scores["all"]["1"]["precision"] == pytest.approx(24 / 25)
    assert scores["labelled"]["1"]["precision"] == 1.0
    assert scores["all"]["2"]["recall"] == 1.0
    assert scores["all"]["1"]["dice"] == scores["all"]["1"]["f1"] == pytest.approx(2 * 24 / (25 + 32))
    voxel_ml = abs(np.linalg.det(AFFINE[:3, :3])) / 1000
    assert scores["volume_ml"]["1"] == pytest.approx({"prediction": 25 * voxel_ml, "truth": 32 * voxel_ml}, rel=1e-4)


def test_evaluate_prints_a_table(two_labellings, capfd):
    assert cli.main(["evaluate", *two_labellings]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == 5 and lines[0].split()[:3] == ["protocol", "label", "dice"]


def test_evaluate_looks_inside_the_mask_only(two_labellings, tmp_path, capfd):
    mask = np.ones((6, 6, 6), np.uint8)
    mask[0] = mask[1] = 0
    assert cli.main(["evaluate", *two_labellings, "--mask", write(tmp_path / "m.nii.gz", mask), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["all"]["1"]["jaccard"] == 1.0


@pytest.mark.parametrize("other", ["shape", "place", "fractions"])
def test_evaluate_refuses_what_cannot_be_compared(other, two_labellings, tmp_path, capfd):
    moved = AFFINE.copy()
    moved[0, 3] += 1
    bad = {
        "shape": lambda path: write(path, np.ones((6, 6, 5), np.uint8)),
        "place": lambda path: write(path, np.ones((6, 6, 6), np.uint8), moved),
        "fractions": lambda path: write(path, np.full((6, 6, 6), 0.5, np.float32)),
    }[other](tmp_path / "bad.nii.gz")
    assert cli.main(["evaluate", bad, two_labellings[1]]) == 2
    assert_one_sentence(capfd, "bad.nii.gz")
