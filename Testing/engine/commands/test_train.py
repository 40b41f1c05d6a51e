"""``gmmseg train``: a model out of label maps or of scans, resumable, and a sentence for everything else."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tiny_label_maps
import torch
from gmmseg import cli, models, networks
from gmmseg.commands import training_card
from gmmseg.commands.training_request import TrainingRequest
from gmmseg.errors import InputError
from gmmseg.learning import model_training, training_curve
from gmmseg.prior_input import CHANNELS
from phantoms import nested_spheres
from safetensors.torch import load_file, save_file
from sentences import assert_one_sentence

SMALL = ("--base-width", "2", "--extent", "32")
QUICK = ("--device", "cpu", "--precision", "float32", "--progress", "none", "--name", "tiny")


@pytest.fixture(scope="module")
def the_maps(tmp_path_factory):
    return tiny_label_maps.write(tmp_path_factory.mktemp("maps"))


@pytest.fixture(scope="module")
def the_scans(tmp_path_factory):
    """Folder of two scans without labels."""
    folder = tmp_path_factory.mktemp("scans")
    for number in (1, 2):
        image = nibabel.Nifti1Image(nested_spheres(24, noise=0.04, seed=number).image, np.diag([6.0, 6, 6, 1]))
        nibabel.save(image, folder / f"sub-{number:02d}.nii.gz")
    return folder


@pytest.fixture(scope="module")
def a_training(the_maps, tmp_path_factory):
    """Folder of a finished training of four steps."""
    folder = tmp_path_factory.mktemp("training")
    assert on_maps(the_maps, folder) == 0
    return folder


def train(*arguments, quick=(*QUICK, "--loaders", "0")):
    return cli.main(["train", *quick, *map(str, arguments)])


def on_maps(maps, folder, *more, steps=4):
    return train("-o", folder, "--label-maps", maps, "--hold-out", "labels_02", "--steps", steps, *SMALL, *more)


def test_a_training_leaves_model_checkpoint_log_and_curve(a_training):
    assert sorted(path.name for path in a_training.iterdir()) == [
        "checkpoint.json", "checkpoint.safetensors", "curve.png", "log.csv", "tiny.json", "tiny.safetensors",
        "training.json",
    ]  # fmt: skip
    assert (a_training / "curve.png").read_bytes().startswith(b"\x89PNG")
    (row,) = model_training.read_log(a_training)
    assert row["step"] == 4 and {"dice CSF", "dice GM", "dice WM"} <= set(row)


def test_the_card_says_what_it_was_trained_on_and_how(a_training, the_maps):
    text = (a_training / "tiny.json").read_text()
    card = json.loads(text)
    assert (card["name"], card["base_width"], card["classes"]) == ("tiny", 2, ["CSF", "GM", "WM"])
    (data,) = card["data"]
    assert data["name"] == the_maps.name and data["licence"] == "A Licence for Tests Version 1"
    assert data["use"] == "2 label maps to train on (labels_01, labels_03), 1 to measure on (labels_02)"
    assert "4 steps" in card["training"] and "no label of a real scan" in card["label_use"]
    assert card["settings"]["learning_rate"] == 1e-3 and card["settings"]["extent"] == 32
    assert set(card["figures"]["held out"]) == {"dice CSF", "dice GM", "dice WM"}
    assert str(the_maps.parent) not in text


def test_the_model_is_the_average_in_half_precision_and_loads(a_training, monkeypatch):
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(a_training))
    stored = load_file(a_training / "tiny.safetensors")
    assert {value.dtype for value in stored.values()} == {torch.float16}
    average = load_file(a_training / "checkpoint.safetensors")
    for name, value in models.load("tiny").network.state_dict().items():
        torch.testing.assert_close(value, average[f"average.{name}"], atol=1e-3, rtol=1e-3)


def test_the_same_command_again_changes_nothing(a_training, the_maps, capfd):
    before = (a_training / "tiny.safetensors").read_bytes()
    assert on_maps(the_maps, a_training) == 0
    assert (a_training / "tiny.safetensors").read_bytes() == before
    out = capfd.readouterr().out
    assert "dice GM on held-out data" in out and str(a_training / "tiny.safetensors") in out


def test_more_steps_go_on_where_it_was_left(the_maps, tmp_path):
    assert on_maps(the_maps, tmp_path, steps=2) == 0
    assert on_maps(the_maps, tmp_path, steps=3) == 0
    assert [row["step"] for row in model_training.read_log(tmp_path)] == [2, 3]


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(the_maps, tmp_path):
    """With a loader of its own, stopped as by Ctrl-C, which reaches the loader too."""
    # So many that the signal comes before the last one on a fast machine too.
    steps, cut, whole = 120, tmp_path / "cut", tmp_path / "whole"
    command = [sys.executable, "-m", "gmmseg", "train", *QUICK, *SMALL, "--progress", "json", "--loaders", "1"]
    command += ["-o", str(cut), "--label-maps", str(the_maps), "--hold-out", "labels_02", "--steps", str(steps)]
    package = Path(cli.__file__).parent.parent
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(package)},
        start_new_session=True,
    )
    for line in process.stdout:
        # Not each step is told about: a fast machine takes several between two lines.
        if re.search(rf"step ([2-9]|\d\d+) of {steps}", line):
            os.killpg(process.pid, signal.SIGINT)
            break
    _, errors = process.communicate(timeout=400)
    assert process.returncode == 3, errors
    assert re.fullmatch(r"gmmseg: Cancelled after \d+ steps, which are kept in .*\n", errors), errors
    assert not (cut / "tiny.json").exists()
    assert on_maps(the_maps, cut, steps=steps) == 0
    assert on_maps(the_maps, whole, steps=steps) == 0
    for name in ("checkpoint.safetensors", "tiny.safetensors"):
        one, other = load_file(cut / name), load_file(whole / name)
        assert all(torch.equal(one[key], other[key]) for key in other), name


def test_json_progress_ends_with_the_card(the_maps, tmp_path, capfd):
    assert on_maps(the_maps, tmp_path, "--progress", "json", steps=1) == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["progress"] * (len(events) - 1) + ["done"]
    assert events[-1]["model"]["name"] == "tiny"


def test_scans_without_labels_become_a_model(the_scans, tmp_path, capfd):
    options = ("-o", tmp_path, "--scans", the_scans, "--hold-out", "sub-02", *SMALL)
    assert train(*options, "--steps", 1, "--source", "a place", "--licence", "CC0 1.0") == 0
    card = json.loads((tmp_path / "tiny.json").read_text())
    assert set(card["figures"]["held out"]) == {"free energy", "total variation"}
    (data,) = card["data"]
    assert (data["source"], data["licence"]) == ("a place", "CC0 1.0")
    assert card["label_use"].startswith("No label was used") and card["settings"]["gamma"] == 0.1
    assert sorted(path.name for path in (tmp_path / "prepared").iterdir()) == ["sub-01.npz", "sub-02.npz"]
    capfd.readouterr()
    assert train(*options, "--steps", 1, "--gamma", 0.5) == 2
    assert_one_sentence(capfd, "begun with gamma 0.1, not 0.5")


def test_a_training_may_start_from_a_model_whose_data_stay_in_the_card(a_training, the_scans, tmp_path, monkeypatch):
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(a_training))
    options = ("--scans", the_scans / "sub-01.nii.gz", "--extent", 32, "--steps", 1, "--learning-rate", 1e-9)
    for number, start in enumerate(("tiny", a_training / "tiny.safetensors", a_training / "checkpoint.safetensors")):
        assert train("-o", tmp_path / str(number), "--start", start, *options) == 0
        trained = load_file(tmp_path / str(number) / "tiny.safetensors")
        for name, value in load_file(a_training / "tiny.safetensors").items():
            torch.testing.assert_close(trained[name], value, atol=1e-3, rtol=1e-3)
    card = json.loads((tmp_path / "0" / "tiny.json").read_text())
    assert len(card["data"]) == 2 and card["base_width"] == 2
    assert "began as the model tiny" in card["training"] and "no label of a real scan" in card["label_use"]
    unknown = json.loads((tmp_path / "2" / "tiny.json").read_text())
    assert "weights in checkpoint.safetensors, of which nothing is known" in unknown["label_use"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--steps", 0), "steps must be from 1"),
        (("--steps", 3), "has taken 4 steps already"),
        (("--extent", 48), "begun with extent 32, not 48"),
        (("--base-width", 4), "begun with base width 2, not 4"),
        (("--seed", 1), "begun with seed 0, not 1"),
        (("--learning-rate", 0.5), "begun with learning rate 0.001, not 0.5"),
        (("--learning-rate", -1), "learning rate must be above 0"),
        (("--hold-out", "labels_01"), "begun with trained on"),
        (("--hold-out", "nobody"), "no 'nobody' among the label maps"),
        (("--hold-out", "labels_01", "labels_02", "labels_03"), "All label maps are held out"),
        (("--name", "../mine"), "The name of a model"),
        (("--device", "cuda:99"), "cuda:99 is not there"),
        (("--start", "no-such-model"), "There is no model 'no-such-model'"),
        (("--start", "missing.safetensors"), "cannot be read"),
    ],
)
def test_what_does_not_fit_gets_one_sentence(a_training, the_maps, capfd, options, words):
    before = {path.name: path.read_bytes() for path in a_training.iterdir()}
    assert on_maps(the_maps, a_training, *options) == 2
    assert_one_sentence(capfd, words)
    assert {path.name: path.read_bytes() for path in a_training.iterdir()} == before


@pytest.mark.parametrize("options", [(), ("--scans", "a.nii", "--label-maps", "b")])
def test_either_label_maps_or_scans_are_needed(tmp_path, capfd, options):
    assert train("-o", tmp_path, *options) == 2
    assert_one_sentence(capfd, "--label-maps", "--scans")


def test_folders_that_hold_nothing_to_learn_from_get_a_sentence(tmp_path, capfd):
    (tmp_path / "empty").mkdir()
    for option, word in (("--label-maps", "There is no label map"), ("--scans", "There is no scan")):
        assert train("-o", tmp_path / "out", option, tmp_path / "empty") == 2
        assert_one_sentence(capfd, word)


def test_an_output_folder_that_cannot_be_one_gets_a_sentence(the_maps, tmp_path, capfd):
    (tmp_path / "file").write_text("")
    assert on_maps(the_maps, tmp_path / "file") == 2
    assert_one_sentence(capfd, "is a file, so it cannot be the output folder")


def test_a_start_of_another_kind_is_refused(the_maps, tmp_path, capfd):
    save_file({"weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    assert on_maps(the_maps, tmp_path / "out", "--start", tmp_path / "other.safetensors") == 2
    assert_one_sentence(capfd, "holds no weights of a modified_unet_3d")
    network = networks.build_volume("modified_unet_3d", CHANNELS, 3, 3)
    save_file(network.state_dict(), tmp_path / "wide.safetensors")
    assert on_maps(the_maps, tmp_path / "out", "--start", tmp_path / "wide.safetensors") == 2
    assert_one_sentence(capfd, "has base width 3, not 2")


def test_a_damaged_record_is_refused(a_training, the_maps, tmp_path, capfd):
    for path in a_training.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "training.json").write_text("{}")
    assert on_maps(the_maps, tmp_path) == 2
    assert_one_sentence(capfd, "training.json' is damaged")


def test_smaller_steps_are_the_default_when_a_model_is_trained_on():
    assert TrainingRequest(Path("o"), Path("maps")).rate == 1e-3
    assert TrainingRequest(Path("o"), Path("maps"), start="m").rate == 2e-4
    assert TrainingRequest(Path("o"), Path("maps"), start="m", learning_rate=0.1).rate == 0.1


def test_a_request_without_data_is_refused():
    with pytest.raises(InputError, match="either label maps or scans"):
        TrainingRequest(Path("o"))


def test_every_field_of_a_request_is_an_option():
    given = {
        "--hold-out": "a", "--steps": 3, "--base-width": 4, "--extent": 64, "--learning-rate": 0.5, "--gamma": 0.2,
        "--seed": 1, "--loaders": 2, "--name": "n", "--start": "s", "--device": "cpu", "--precision": "float32",
        "--source": "x", "--licence": "y", "--scans": "b", "-o": "out",
    }  # fmt: skip
    arguments = [str(part) for pair in given.items() for part in pair]
    request = TrainingRequest.of(cli.parser().parse_args(["train", *arguments]))
    defaults = TrainingRequest(Path("o"), scans=("b",))
    changed = {name for name, value in vars(request).items() if value != vars(defaults)[name]}
    assert changed == set(vars(request)) - {"label_maps", "scans"}
    assert (request.kind, request.scans, request.hold_out) == ("cohort", ("b",), ("a",))


def test_the_curve_has_a_panel_for_each_scale():
    log = [{"step": 1.0, "loss": 2.0}, {"step": 2.0, "loss": 1.0, "dice GM": 0.5, "dice WM": 0.6, "free energy": 1.0}]
    labels = [axes.get_ylabel() for axes in training_curve.figure(log).axes]
    assert labels == ["loss", "Dice, held out", "free energy, held out"]
    assert [axes.get_ylabel() for axes in training_curve.figure(log[:1]).axes] == ["loss"]


def test_the_licence_beside_data_is_named_by_its_first_lines(tmp_path):
    assert training_card.licence_beside(tmp_path) == ""
    (tmp_path / "LICENCE").write_text("\n\n  Some   Licence\nVersion 2\nthe rest\n")
    assert training_card.licence_beside(tmp_path) == "Some Licence Version 2"
