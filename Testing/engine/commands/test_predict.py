"""``gmmseg predict``: scans segmented on their own grids by a network of slices, and a sentence for everything else."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from gmmseg import cli, models
from gmmseg.case import Case
from gmmseg.errors import InputError
from gmmseg.slicewise import prediction, prepared
from gmmseg.volume_io import read_volume
from model_making import CARD, SLICES, network_of, save_model
from phantoms import nested_spheres
from sentences import assert_one_sentence
from tiny_datasets import save

# Oblique, and with its axes in another order than the anatomical one.
AFFINE = np.array([[0.5, -8.0, 0.0, 20], [0.0, 0.6, 8.0, 5], [7.0, 0.0, 1.1, 12], [0, 0, 0, 1.0]])


@pytest.fixture(scope="module")
def the_scans(tmp_path_factory) -> Path:
    """Folder of two skull-stripped scans, and the brain mask of the first."""
    folder = tmp_path_factory.mktemp("scans")
    for number, name in enumerate(("first", "second")):
        phantom = nested_spheres(16, noise=0.04, seed=number)
        save(folder / f"{name}.nii.gz", phantom.image, AFFINE)
        if name == "first":
            phantom.mask[:5] = False
            save(folder / "mask.nii.gz", phantom.mask.astype(np.uint8), AFFINE)
    return folder


@pytest.fixture
def a_model(tmp_path) -> Path:
    """Folder with a network of slices, and beside it what a training leaves."""
    save_model(tmp_path / "model", card=SLICES)
    for name in ("checkpoint.json", "checkpoint.safetensors", "training.json"):
        (tmp_path / "model" / name).write_text("{}")
    return tmp_path / "model"


def predict(*arguments) -> int:
    return cli.main(
        ["predict", *map(str, arguments), "--device", "cpu", "--precision", "float32", "--progress", "none"]
    )


def voxels(path: Path) -> np.ndarray:
    return np.asanyarray(nibabel.load(path).dataobj)


def test_each_scan_is_segmented_on_its_own_grid_as_the_network_says(a_model, the_scans, tmp_path, capfd):
    scans = [the_scans / f"{name}.nii.gz" for name in ("first", "second")]
    assert predict(a_model, *scans, "-o", tmp_path / "out") == 0
    written = [tmp_path / "out" / f"{name}_segmentation.nii.gz" for name in ("first", "second")]
    assert sorted((tmp_path / "out").iterdir()) == written
    assert capfd.readouterr().out.splitlines() == list(map(str, written))
    image = read_volume(scans[0])
    labels = voxels(written[0])
    np.testing.assert_allclose(nibabel.load(written[0]).affine, AFFINE, atol=1e-5)
    assert labels.dtype == np.uint8 and labels.shape == image.array.shape
    np.testing.assert_array_equal(labels > 0, image.array > 0)
    scan = prepared.from_case(Case((image,)), "axial", torch.device("cpu"))
    np.testing.assert_array_equal(labels, prediction.segment_slices(network_of(SLICES), scan, torch.device("cpu")))


@pytest.mark.parametrize("way", ["folder", "weights", "card", "name"])
def test_a_model_may_be_named_in_each_way(a_model, the_scans, tmp_path, monkeypatch, way):
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(a_model))
    model = {"folder": a_model, "weights": a_model / "small.safetensors", "card": a_model / "small.json"}
    assert predict(model.get(way, "small"), the_scans / "first.nii.gz", "-o", tmp_path / "out") == 0


def test_a_given_mask_decides_what_is_brain(a_model, the_scans, tmp_path):
    arguments = (a_model, the_scans / "first.nii.gz", "-o", tmp_path / "out")
    assert predict(*arguments, "--mask", the_scans / "mask.nii.gz") == 0
    labels = voxels(tmp_path / "out" / "first_segmentation.nii.gz")
    np.testing.assert_array_equal(labels > 0, voxels(the_scans / "mask.nii.gz") > 0)


def test_files_of_a_network_of_two_channels_come_in_pairs(the_scans, tmp_path, capfd):
    save_model(tmp_path / "model", card=SLICES, in_channels=3)
    first, second = the_scans / "first.nii.gz", the_scans / "second.nii.gz"
    assert predict(tmp_path / "model", first, second, "-o", tmp_path / "out") == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["first_segmentation.nii.gz"]
    capfd.readouterr()
    assert predict(tmp_path / "model", first, second, first, "-o", tmp_path / "out") == 2
    assert_one_sentence(capfd, "sees 2 channels, so 3 files make no whole scans")


def test_json_progress_ends_with_the_files(a_model, the_scans, tmp_path, capfd):
    arguments = ["predict", a_model, the_scans / "first.nii.gz", "-o", tmp_path / "out", "--progress", "json"]
    assert cli.main(list(map(str, arguments))) == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["progress"] * (len(events) - 1) + ["done"]
    assert events[-1]["files"] == [str(tmp_path / "out" / "first_segmentation.nii.gz")]


def test_what_cannot_be_predicted_gets_one_sentence_and_leaves_nothing(a_model, the_scans, tmp_path, capfd):
    first, mask = the_scans / "first.nii.gz", the_scans / "mask.nii.gz"
    empty = tmp_path / "empty"
    empty.mkdir()
    save_model(tmp_path / "fast")
    save_model(tmp_path / "two", "one", SLICES)
    save_model(tmp_path / "two", "other", SLICES)
    save_model(tmp_path / "odd", card=SLICES, settings={})
    cases = {
        (empty, first): "holds no whole model",
        (tmp_path / "two", first): "holds several models (one, other)",
        (tmp_path / "fast", first): "is no network of slices; give gmmseg segment the option --model",
        (tmp_path / "odd", first): "does not tell its slices",
        ("no-such-model", first): "There is no model 'no-such-model'",
        (empty / "x.safetensors", first): "x.json' is missing",
        (a_model, the_scans / "third.nii.gz"): "third.nii.gz",
        (a_model, first, first): "Two scans are called 'first'",
        (a_model, first, "--mask", mask, mask): "2 masks for 1 scans",
        (a_model, first, "--mask", mask, "--no-mask"): "not allowed with",
    }
    for arguments, words in cases.items():
        assert predict(*arguments, "-o", tmp_path / "out") == 2
        assert_one_sentence(capfd, words)
        assert not (tmp_path / "out").exists()


def test_a_second_scan_that_cannot_be_read_keeps_the_first_one_back(a_model, the_scans, tmp_path, capfd):
    (tmp_path / "broken.nii.gz").write_bytes(b"no image")
    assert predict(a_model, the_scans / "first.nii.gz", tmp_path / "broken.nii.gz", "-o", tmp_path / "out") == 2
    assert_one_sentence(capfd, "broken.nii.gz")
    assert not (tmp_path / "out").exists()


def test_an_interrupt_leaves_nothing(a_model, the_scans, tmp_path, capfd, monkeypatch):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(prediction, "segment_slices", interrupted)
    assert predict(a_model, the_scans / "first.nii.gz", "-o", tmp_path / "out") == 3
    assert_one_sentence(capfd, "Cancelled; nothing was written.")
    assert not (tmp_path / "out").exists()


def test_damaged_weights_are_refused(a_model, the_scans, tmp_path, capfd):
    (a_model / "small.safetensors").write_bytes((a_model / "small.safetensors").read_bytes()[:-1])
    assert predict(a_model, the_scans / "first.nii.gz", "-o", tmp_path / "out") == 2
    assert_one_sentence(capfd, "checksums differ")


def test_mode_fast_says_that_a_network_of_slices_is_for_predict():
    assert CARD.check_usable() is None
    with pytest.raises(InputError, match="network of slices"):
        SLICES.check_usable()
