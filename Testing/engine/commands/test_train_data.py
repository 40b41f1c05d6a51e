"""``gmmseg train --data``: a network of slices with card and test scores, resumable, and a sentence for the rest."""

from __future__ import annotations

import contextlib
import csv
import json
import shutil
from fractions import Fraction

import nibabel
import numpy as np
import pytest
import tiny_cohort
import tiny_datasets
import torch
from gmmseg import cli, models
from gmmseg.commands import console, slice_training
from gmmseg.commands.slice_training_request import SliceTrainingRequest
from gmmseg.errors import Cancelled, InputError
from gmmseg.learning import distributed
from gmmseg.model_card import ModelCard
from gmmseg.slicewise.settings import SliceSettings
from safetensors.torch import load_file
from sentences import assert_one_sentence

SMALL = ("--network", "unet", "--base-width", "2", "--batch-size", "2", "--scans-per-batch", "2", "--seed", "3")
QUICK = ("--device", "cpu", "--precision", "float32", "--progress", "none", "--name", "tiny")
IDS = ("p0", "p1", "p2", "p3", "p4")


@pytest.fixture(scope="module")
def the_data(tmp_path_factory):
    """Folder of five scans with labels."""
    folder = tiny_cohort.write(tmp_path_factory.mktemp("data"), size=16)
    (folder / "LICENSE").write_text("A Licence for Tests\nVersion 1\n")
    return folder


@pytest.fixture(scope="module")
def a_training(the_data, tmp_path_factory):
    """Folder of a finished training of two steps."""
    folder = tmp_path_factory.mktemp("training")
    assert train(the_data, folder) == 0
    return folder


def train(data, folder, *more, steps=2):
    arguments = ("-o", folder, "--data", data, "--steps", steps, "--labelled", "1/2", *SMALL, *more)
    return cli.main(["train", *QUICK, *map(str, arguments)])


def card_in(folder) -> dict:
    return json.loads((folder / "tiny.json").read_text())


def files_in(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_training_leaves_model_record_scores_and_segmentations(a_training):
    names = {path.name for path in a_training.iterdir()}
    assert names >= {
        "checkpoint.json", "checkpoint.safetensors", "curve.png", "log.csv", "prepared", "segmentations", "test.csv",
        "tiny.json", "tiny.safetensors", "training.json",
    }  # fmt: skip
    assert (a_training / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_each_test_scan_is_segmented_on_its_own_grid_and_scored(a_training, the_data):
    tested = card_in(a_training)["settings"]["split"]["test"]
    assert [path.name for path in (a_training / "segmentations").iterdir()] == [f"{name}.nii.gz" for name in tested]
    image = nibabel.load(a_training / "segmentations" / f"{tested[0]}.nii.gz")
    np.testing.assert_allclose(image.affine, tiny_cohort.AFFINE)
    labels, mask = (
        np.asanyarray(each.dataobj) for each in (image, nibabel.load(the_data / f"{tested[0]}_mask.nii.gz"))
    )
    assert set(np.unique(labels)) <= {0, 1, 2, 3}
    np.testing.assert_array_equal(labels > 0, mask > 0)
    with (a_training / "test.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    places = [(row["subject"], row["protocol"], row["tissue"]) for row in rows]
    assert places == [(tested[0], protocol, t) for protocol in ("all", "labelled") for t in ("CSF", "GM", "WM")]
    assert all(0 <= float(row["jaccard"]) <= float(row["dice"]) <= 1 for row in rows)
    wm = next(row for row in rows if (row["protocol"], row["tissue"]) == ("all", "WM"))
    assert card_in(a_training)["figures"]["test dice"]["all"]["WM"] == pytest.approx(float(wm["dice"]), abs=1e-6)


def test_the_card_says_whose_labels_were_used_and_how_it_was_trained(a_training, the_data):
    card = card_in(a_training)
    split = card["settings"]["split"]
    assert (card["network"], card["base_width"], card["classes"]) == ("unet", 2, ["CSF", "GM", "WM"])
    assert [len(split[part]) for part in ("training", "labelled", "validation", "test")] == [3, 2, 1, 1]
    assert sorted(split["training"] + split["validation"] + split["test"]) == list(IDS)
    assert f"labels of 2 of 3 scans ({', '.join(split['labelled'])})" in card["label_use"]
    assert "2 steps on batches of 2 axial slices of 3 scans" in card["training"]
    assert card["settings"]["learning"] == "semi-supervised" and card["settings"]["orientation"] == "axial"
    (data,) = card["data"]
    assert (data["name"], data["licence"]) == (the_data.name, "A Licence for Tests Version 1")
    assert str(the_data.parent) not in json.dumps(card)
    assert "held-out loss" in card["figures"]["held out"]


def test_the_model_is_the_trained_network_and_loads_by_name(a_training, monkeypatch):
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(a_training))
    kept = load_file(a_training / "checkpoint.safetensors")
    for name, value in models.load("tiny").network.state_dict().items():
        torch.testing.assert_close(value, kept[f"network.{name}"])


def test_the_same_command_again_changes_nothing(a_training, the_data, capfd):
    before = files_in(a_training)
    assert train(the_data, a_training) == 0
    after = files_in(a_training)
    assert after["tiny.safetensors"] == before["tiny.safetensors"] and after["test.csv"] == before["test.csv"]
    out = capfd.readouterr().out
    assert "Dice of test scans, labelled: CSF" in out and f"gmmseg predict {a_training} SCAN" in out


def test_a_longer_training_goes_on_as_if_it_had_been_asked_for_at_once(a_training, the_data, tmp_path):
    """With the learning rate constant a step does not know how many there will be."""
    assert train(the_data, tmp_path, steps=1) == 0
    assert train(the_data, tmp_path, steps=2) == 0
    longer, whole = (load_file(folder / "tiny.safetensors") for folder in (tmp_path, a_training))
    assert all(torch.equal(longer[name], whole[name]) for name in whole)


def test_a_process_that_trains_along_writes_and_says_nothing(a_training, the_data, tmp_path, capfd, monkeypatch):
    shutil.copytree(a_training, tmp_path, dirs_exist_ok=True)
    for name in ("tiny.json", "test.csv", "training.json"):
        (tmp_path / name).unlink()
    before = files_in(tmp_path)
    along = distributed.Group(rank=1, size=1)
    monkeypatch.setattr(distributed, "group", lambda device=None: contextlib.nullcontext(along))
    monkeypatch.setattr(distributed, "is_first", lambda: False)
    assert train(the_data, tmp_path, "--progress", "json") == 0
    assert train(the_data, tmp_path, "--steps", "1") == 2
    assert files_in(tmp_path) == before
    assert capfd.readouterr() == ("", "")


def predicted_again(data, training) -> bool:
    """Whether ``gmmseg predict`` says of the test scan what the training's segmentation says."""
    (tested,) = card_in(training)["settings"]["split"]["test"]
    scan, mask, out = data / f"{tested}_T1.nii.gz", data / f"{tested}_mask.nii.gz", training / "again"
    assert cli.main(["predict", *map(str, (training, scan, "--mask", mask, "-o", out)), *QUICK[:-2]]) == 0
    files = (out / f"{tested}_T1_segmentation.nii.gz", training / "segmentations" / f"{tested}.nii.gz")
    return np.array_equal(*(np.asanyarray(nibabel.load(file).dataobj) for file in files))


@pytest.mark.parametrize("learning", ["supervised", "unsupervised"])
def test_labels_are_used_as_far_as_the_learning_takes_them(the_data, tmp_path, learning):
    options = () if learning == "supervised" else ("--labelled", "1", "--bias-degree", "2")
    assert train(the_data, tmp_path, "--learning", learning, *options, steps=1) == 0
    card = card_in(tmp_path)
    assert predicted_again(the_data, tmp_path)
    if learning == "supervised":
        assert "labels of 2 of 3 scans" in card["label_use"] and "cross-entropy" in card["training"]
        assert "The others were not used" in card["label_use"]
    else:
        assert card["label_use"].startswith("No label was used to learn.")
        assert card["settings"]["split"]["labelled"] == []


def test_json_progress_ends_with_the_card(the_data, tmp_path, capfd):
    assert train(the_data, tmp_path, "--progress", "json", steps=1) == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["progress"] * (len(events) - 1) + ["done"]
    fractions = [event["fraction"] for event in events[:-1]]
    assert fractions == sorted(fractions)
    assert ModelCard(**{**events[-1]["model"], "classes": (*"abc",), "data": ()}).name == "tiny"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--learning-rate", 0.5), ("learning rate 0.0001, not 0.5",)),
        (("--network", "vit"), ("begun with network unet, not vit",)),
        (("--labelled", 1), ("begun with labelled 2 (",)),
        (("--test", "0.5"), ("begun with",)),
        (("--steps", 1), ("has taken 2 steps already",)),
    ],
)
def test_another_training_into_the_same_folder_is_refused(a_training, the_data, capfd, options, words):
    before = files_in(a_training)
    assert train(the_data, a_training, *options) == 2
    assert_one_sentence(capfd, *words)
    assert {name: data for name, data in files_in(a_training).items() if name in before} == before


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ("--label-maps", ("--network", "unet"), ("--network says nothing to a training with --label-maps",)),
        ("--scans", ("--labelled", "1/2"), ("--labelled says nothing to a training with --scans",)),
        ("--scans", ("--no-flips",), ("--flips", "--scans")),
        ("--data", ("--extent", "64"), ("--extent says nothing to a training with --data",)),
        ("--data", ("--start", "t1-fast"), ("--start", "--data")),
        ("--data", ("--scans", "x.nii"), ("not allowed with",)),
        ("--data", ("--steps", "3", "--epochs", "3"), ("not allowed with",)),
        ("--data", ("--labelled", "a half"), ("'a half' is no share, such as 0.25 or 1/4",)),
        ("--data", ("--test", "1/0"), ("'1/0' is no share",)),
        ("--data", ("--validation", "2"), ("validation must be a share from 0 to 1, but is 2",)),
        ("--data", ("--labelled", "0"), ("which takes labels", "--learning unsupervised")),
        ("--data", ("--learning", "unsupervised", "--labelled", "1/2"), ("leave --labelled out",)),
        ("--data", ("--gamma", "-1"), ("gamma must be",)),
        ("--data", ("--name", "../mine"), ("The name of a model",)),
        ("--data", ("--network", "telepathy"), ("telepathy", "modified_unet")),
    ],
)
def test_options_that_do_not_fit_get_one_sentence(tmp_path, capfd, source, options, words):
    assert cli.main(["train", "-o", str(tmp_path / "out"), source, "nowhere", *options]) == 2
    assert_one_sentence(capfd, *words)
    assert not (tmp_path / "out").exists()


def test_a_bad_data_folder_gets_a_sentence_that_names_the_missing_file(tmp_path, capfd):
    tiny_datasets.flat(tmp_path / "flat")
    (tmp_path / "flat" / "1001_T1.nii.gz").unlink()
    assert train(tmp_path / "flat", tmp_path / "out") == 2
    assert_one_sentence(capfd, "1001_T1.nii.gz' is missing")
    assert train(tmp_path / "nowhere", tmp_path / "out") == 2
    assert_one_sentence(capfd, "nowhere' does not exist")
    assert not (tmp_path / "out").exists()


def test_data_that_nobody_can_learn_from_get_a_sentence(tmp_path, capfd):
    data = tiny_datasets.flat(tmp_path / "flat", ids=("1", "2", "3", "4"), labelled=False)
    assert train(data, tmp_path / "out") == 2
    assert_one_sentence(capfd, "No scan has labels to learn from")
    assert train(data, tmp_path / "out", "--channels", "T2") == 2
    assert_one_sentence(capfd, "_T2.nii.gz' is missing")
    assert train(data, tmp_path / "out", "--test", "1") == 2
    assert_one_sentence(capfd, "Nobody is left to learn from")


def test_scans_whose_results_would_be_one_file_are_refused(tmp_path, capfd):
    tiny_datasets.flat(tmp_path)
    lines = ["id,T1,mask", *(f"{name},1000_T1.nii.gz,1000_mask.nii.gz" for name in ("a b", "A/B"))]
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    assert train(tmp_path, tmp_path / "out") == 2
    assert_one_sentence(capfd, "'a b' and 'A/B' would share their results")


def test_an_interrupted_training_says_how_to_go_on_and_does(the_data, a_training, tmp_path, capfd, monkeypatch):
    class Stopping(console.NoProgress):
        def __call__(self, fraction, stage, message, preview=None):
            if "step 2" in message:
                raise Cancelled

    with monkeypatch.context() as patch:
        patch.setattr(console, "progress", lambda kind: Stopping())
        assert train(the_data, tmp_path) == 3
    assert_one_sentence(capfd, "Cancelled after 1 steps, which are kept in", "give the same command again")
    assert not (tmp_path / "tiny.json").exists()
    assert train(the_data, tmp_path) == 0
    cut, whole = (load_file(folder / "tiny.safetensors") for folder in (tmp_path, a_training))
    assert all(torch.equal(cut[name], whole[name]) for name in whole)


def test_every_field_of_request_and_settings_is_an_option():
    given = {
        "--network": "unet", "--base-width": 4, "--learning": "supervised", "--alpha": 2, "--beta": 0.5, "--gamma": 0.2,
        "--bias-degree": 2, "--entropy-weight": 0.5, "--orientation": "coronal", "--steps": 3, "--batch-size": 3,
        "--scans-per-batch": 2, "--lessons-per-step": 2, "--learning-rate": 0.5, "--schedule": "cosine",
        "--unlabelled-size": 4, "--gradient-norm": 2, "--patience": 3, "--score-every": 5, "--averaging": 0.5,
        "--seed": 1, "--channels": "FLAIR", "--test": "1/3", "--validation": "0.25", "--labelled": "1/2", "--name": "n",
        "--device": "cpu", "--precision": "float32", "--source": "x", "--licence": "y", "-o": "out", "--data": "d",
    }  # fmt: skip
    arguments = [str(part) for pair in given.items() for part in pair]
    request = SliceTrainingRequest.of(cli.parser().parse_args(["train", "--no-flips", *arguments]))
    defaults = SliceTrainingRequest(request.output, request.data)
    changed = {name for name, value in vars(request).items() if value != vars(defaults)[name]}
    assert changed == set(vars(request)) - {"output", "data"}
    settings, usual = vars(request.settings), vars(SliceSettings())
    assert {name for name, value in settings.items() if value != usual[name]} == set(usual) - {"epochs"}
    by_epochs = cli.parser().parse_args(["train", "-o", "out", "--data", "d", "--epochs", "7"])
    assert SliceTrainingRequest.of(by_epochs).settings.epochs == 7
    assert SliceTrainingRequest.of(by_epochs).model == "modified_unet"


def test_shares_are_of_persons(the_data):
    request = SliceTrainingRequest(the_data, the_data, labelled=Fraction(1, 3))
    split = slice_training.divided(request)
    assert [len(part) for part in (split.training, split.validation, split.test)] == [3, 1, 1]
    assert sum(subject.labels_path is not None for subject in split.training) == 1
    assert all(subject.labels_path is not None for subject in (*split.validation, *split.test))


@pytest.mark.parametrize("seed", range(4))
def test_rescans_stay_together_and_persons_without_labels_only_teach(the_data, tmp_path, seed):
    data = shutil.copytree(the_data, tmp_path / "data")
    for file in sorted(data.glob("p0_*")):
        shutil.copy(file, data / file.name.replace("p0_", "p0_MR2_"))
    for name in ("p3", "p4"):
        (data / f"{name}_tissues.nii.gz").unlink()
    split = slice_training.divided(SliceTrainingRequest(data, data, settings=SliceSettings(seed=seed)))
    parts = [{subject.group for subject in part} for part in (split.training, split.validation, split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 5
    assert {"p3", "p4"} <= parts[0] and all(parts)


def test_patience_needs_persons_to_measure_on(the_data):
    with pytest.raises(InputError, match="raise --validation"):
        SliceTrainingRequest(the_data, the_data, settings=SliceSettings(patience=2), validation=Fraction(0))
