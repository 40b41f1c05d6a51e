"""``gmmseg segment --model NAME`` and the worker's job: a user's own model answers, an unfit one gets a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from gmmseg import cli, models
from gmmseg.commands.segment import settings_of
from gmmseg.errors import InputError
from gmmseg.settings import Settings
from gmmseg.worker import models as worker_models
from gmmseg.worker.jobs import Job
from model_making import CARD, save_model
from phantoms import nested_spheres
from worker_client import misbehaving_worker


@pytest.fixture
def the_folder(tmp_path, monkeypatch) -> Path:
    """The folder of the user's models, with the model ``small`` in it."""
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(tmp_path / "mine"))
    save_model(tmp_path / "mine")
    return tmp_path / "mine"


@pytest.fixture
def a_scan(tmp_path) -> Path:
    """File of a small phantom with zeros around the brain."""
    phantom = nested_spheres(24)
    image = np.where(phantom.mask, phantom.image, 0).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(image, np.eye(4)), tmp_path / "scan.nii.gz")
    return tmp_path / "scan.nii.gz"


def segment(scan: Path, out: Path, *options: str) -> int:
    return cli.main(["segment", str(scan), "-o", str(out), "--device", "cpu", "--no-mask", *options])


def model_of(*options: str) -> str:
    return settings_of(cli.parser().parse_args(["segment", "x.nii", "-o", "out", *options])).model


@pytest.mark.parametrize("asked", ["small", "default"])
def test_segment_uses_the_model_that_is_asked_for(the_folder, a_scan, tmp_path, asked):
    models.set_default("small")
    assert segment(a_scan, tmp_path / "out", "--model", asked) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["settings"]["model"], report["prior"]["model"]) == ("small", "small")


def test_a_run_that_names_no_model_uses_the_shipped_one_whatever_was_chosen(the_folder, tmp_path):
    models.set_default("small")
    assert model_of() == Settings().model == models.DEFAULT
    assert model_of("--model", "default") == "small"
    (tmp_path / "settings.json").write_text('{"model": "default"}')
    assert model_of("--settings", str(tmp_path / "settings.json")) == "small"
    models.delete("small")
    assert model_of("--model", "default") == models.DEFAULT


def test_a_model_that_cannot_be_used_is_one_line_before_anything_is_done(the_folder, a_scan, tmp_path, capfd):
    save_model(the_folder, "other", in_channels=1)
    (the_folder / "broken.json").write_text("{}")
    for name, words in (
        ("other", "was not made for this program (input channels 1"),
        ("broken", "broken.safetensors' is missing"),
        ("none", "There is no model 'none'; choose one of: "),
    ):
        assert segment(a_scan, tmp_path / "out", "--model", name) == 2
        captured = capfd.readouterr()
        assert words in captured.err and captured.err.count("\n") == 1
        assert not (tmp_path / "out").exists()


# the worker's job


def checked(**request) -> dict:
    """The fields of the ``done`` event of a job."""
    return worker_models.run_check_model(Job({"id": "1", "job": "check_model", **request}, lambda event: None))


def test_the_worker_checks_a_model_and_gives_its_card(the_folder, tmp_path):
    save_model(tmp_path / "elsewhere", "foreign")
    done = checked(folder=str(tmp_path / "elsewhere"), name="foreign")
    assert done == {"card": json.loads((tmp_path / "elsewhere" / "foreign.json").read_text())}
    assert not models.is_shipped("foreign") and len(list(the_folder.iterdir())) == 2


def test_the_worker_copies_a_model_in_after_the_check(the_folder, tmp_path):
    save_model(tmp_path / "elsewhere", "foreign", title="A foreign one")
    request = {"folder": str(tmp_path / "elsewhere"), "name": "foreign"}
    assert checked(**request, new_name="copy")["card"]["name"] == "copy"
    assert models.load("copy").card.title == "A foreign one"
    with pytest.raises(InputError, match="You have a model 'copy' already"):
        checked(**request, new_name="copy")
    checked(**request, new_name="small", overwrite=True)
    assert models.load("small").card.title == "A foreign one"


def test_a_job_that_was_cancelled_copies_nothing(the_folder, tmp_path):
    save_model(tmp_path / "elsewhere", "foreign")
    request = {"id": "1", "folder": str(tmp_path / "elsewhere"), "name": "foreign", "new_name": "copy"}
    job = Job(request, lambda event: None)
    job.send("cancelled")
    worker_models.run_check_model(job)
    assert "copy" not in [card.name for card in models.available()]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"folder": None}, "where the model lies"),
        ({"name": 3}, "where the model lies"),
        ({"new_name": 3}, "'new_name' must be a text"),
        ({"overwrite": "yes"}, "'overwrite' true or false"),
        ({"name": "none"}, "none.json' is missing"),
        ({"name": "../small"}, "The name of a model has"),
    ],
)
def test_a_request_that_cannot_be_met_says_why(the_folder, tmp_path, changes, words):
    with pytest.raises(InputError, match=words):
        checked(**{"folder": str(the_folder), "name": "small", **changes})


def test_a_running_worker_answers_with_the_card_or_a_sentence(the_folder):
    client = misbehaving_worker("instant")
    try:
        request = {"job": "check_model", "folder": str(the_folder), "name": "small"}
        client.send({**request, "id": "good"})
        assert client.until("done", "failed")[-1]["card"]["title"] == CARD.title
        weights = the_folder / "small.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1])
        client.send({**request, "id": "bad"})
        failed = client.until("done", "failed")[-1]
        assert (failed["event"], failed["kind"]) == ("failed", "input") and "checksums differ" in failed["reason"]
    finally:
        client.close()
