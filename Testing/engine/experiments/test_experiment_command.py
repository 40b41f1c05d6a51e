"""``gmmseg experiment`` from a data set to tables and figures, by real trainings of tiny networks."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tiny_cohort
from gmmseg import cli
from gmmseg.experiments.store import RESULT
from sentences import assert_one_sentence

TINY = {
    "preset": "quick",
    "networks": ["modified_unet", "unet"],
    "base_widths": {"modified_unet": 2, "unet": 2},
    "shares": [0.5],
    "seeds": 1,
    "beta": 1e-4,
    "gamma": 80,
    "training": {"steps": 2, "batch_size": 2, "unlabelled_size": None},
    "score_slices": 4,
    "sweep": {"network": "modified_unet", "share": 0.5, "betas": [1e-4], "gammas": [0]},
    "unsupervised": {"iterations": 2, "base_width": 2, "batch_size": 2},
    "unsupervised_scans": 1,
}
MADE = ("table1", "table5", "figure4", "figure6")


def experiment(*arguments) -> int:
    return cli.main(["experiment", *map(str, arguments), "--device", "cpu", "--progress", "none"])


@pytest.fixture(scope="module")
def the_data(tmp_path_factory):
    return tiny_cohort.write(tmp_path_factory.mktemp("data") / "tiny", persons=4)


@pytest.fixture(scope="module")
def a_config(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "tiny.json"
    path.write_text(json.dumps(TINY))
    return path


@pytest.fixture(scope="module")
def the_results(the_data, a_config, tmp_path_factory):
    """The output folder of experiments on one data set."""
    out = tmp_path_factory.mktemp("out")
    assert experiment(*MADE, "--data", the_data, "--out", out, "--config", a_config) == 0
    return out


def test_tables_and_figures_are_made_and_cells_leave_no_checkpoints(the_results):
    for name in MADE:
        assert (the_results / f"{name}.md").exists() and (the_results / f"{name}.png").exists()
    cells = sorted(path.parent.name for path in the_results.glob("cells/tiny/*/result.json"))
    assert cells == [
        "modified_unet-ce-1of2-seed0",
        "modified_unet-gmm_tv-beta0.0001-gamma0-1of2-seed0",
        "modified_unet-gmm_tv-beta0.0001-gamma80-1of2-seed0",
        "unet-ce-1of2-seed0",
        "unet-gmm_tv-beta0.0001-gamma80-1of2-seed0",
        "unsupervised-em-p0",
        "unsupervised-with_bias-p0",
        "unsupervised-without_bias-p0",
    ]
    assert not list(the_results.glob("cells/**/checkpoint*"))
    assert "/" not in (the_results / "table1.md").read_text().split("Command: ")[1].splitlines()[0]


def test_the_losses_of_a_pair_share_persons_and_settings(the_results):
    pair = [
        json.loads((the_results / "cells" / "tiny" / name / RESULT).read_text())["decisive"]
        for name in ("unet-ce-1of2-seed0", "unet-gmm_tv-beta0.0001-gamma80-1of2-seed0")
    ]
    differing = {name for name in pair[0]["settings"] if pair[0]["settings"][name] != pair[1]["settings"][name]}
    assert differing == {"learning", "beta", "gamma"}
    for decisive in pair:
        decisive.pop("settings")
    assert pair[0] == pair[1] and pair[0]["unlabelled"]


def test_only_a_damaged_cell_is_done_again_and_comes_out_the_same(the_results, the_data, capfd):
    results = {path: path.stat().st_mtime_ns for path in the_results.glob("cells/tiny/*/result.json")}
    damaged = the_results / "cells" / "tiny" / "unet-ce-1of2-seed0" / RESULT
    before = json.loads(damaged.read_text())
    damaged.write_text("{")
    assert experiment("table1", "--data", the_data, "--out", the_results) == 0
    assert "4 of 4 cells are finished" in capfd.readouterr().out
    changed = [path for path, time in results.items() if path.stat().st_mtime_ns != time]
    assert changed == [damaged]
    assert json.loads(damaged.read_text())["scores"] == before["scores"]


def test_tables_can_be_had_of_what_is_there(the_results, the_data, capfd):
    arguments = ("table2", "--data", the_data, "--out", the_results, "--tables-only")
    assert experiment(*arguments, "--seeds", 2, "--networks", "unet", "vit") == 0
    assert "2 of 8 cells are finished" in capfd.readouterr().out
    page = (the_results / "table2.md").read_text()
    assert "Seeds: 1 of 2" in page and "| vit | CE | - | - | - | 0 |" in page


def test_other_settings_belong_into_another_folder(the_results, the_data, a_config, tmp_path, capfd):
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**TINY, "training": {**TINY["training"], "steps": 3}}))
    assert experiment("table1", "--data", the_data, "--out", the_results, "--config", other) == 2
    assert_one_sentence(capfd, "steps 2, not steps 3", "another output folder")


def test_a_cell_that_fails_is_told_and_the_others_are_finished(the_data, a_config, tmp_path, capfd):
    data = tiny_cohort.write(tmp_path / "broken", persons=4)
    # Of the person who is judged by at seed 0, the truth is on another grid.
    judged = json.loads(_any_result(the_data, a_config, tmp_path).read_text())["decisive"]["test"][0]
    tiny_cohort.save(data / f"{judged}_tissues.nii.gz", np.ones((4, 4, 4), dtype=np.uint8))
    assert experiment("table1", "--data", data, "--out", tmp_path / "out", "--config", a_config) == 1
    captured = capfd.readouterr()
    assert captured.err.count("failed: ") == 4 and judged in captured.err
    assert "0 of 4 cells are finished" in captured.out


def _any_result(data, config, folder):
    out = folder / "whole"
    assert experiment("table1", "--data", data, "--out", out, "--config", config, "--networks", "unet") == 0
    return next(out.glob("cells/tiny/*/result.json"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("table1", "--data", "{none}"), ("does not exist",)),
        (("table1", "--data", "{bare}"), ("'bare'", "has labels")),
        (("table5", "--data", "{bare}"), ("'bare'", "has labels")),
        (("table1", "--data", "{few}"), ("'few'", "too few")),
        (("table1", "--data", "{few}", "--data", "{few}"), ("Two data sets are called 'few'",)),
        (("table1", "--data", "{few}", "--jobs", "0"), ("--jobs",)),
        (("table1", "--data", "{few}", "--config", "{none}"), ("cannot be read",)),
        (("table1", "--data", "{few}", "--paper", "{none}"), ("cannot be read",)),
        (("table1", "--data", "{few}", "--seeds", "0"), ("seeds",)),
        (("table9", "--data", "{few}"), ("invalid choice",)),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(tmp_path, capfd, arguments, words):
    places = {"none": tmp_path / "none", "bare": tmp_path / "bare", "few": tmp_path / "few"}
    tiny_cohort.write(places["bare"], persons=4, labelled=False)
    tiny_cohort.write(places["few"], persons=2)
    assert experiment(*(word.format(**places) for word in arguments), "--out", tmp_path / "out") == 2
    assert_one_sentence(capfd, *words)
