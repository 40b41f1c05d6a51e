"""A user's own models: copied in and out, renamed, deleted, chosen as default; a sentence for what cannot be done."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from gmmseg import model_card, models, prior_input
from gmmseg.commands import training_start
from model_making import SLICES, save_model
from sentences import sentence_of

ENDINGS = (".json", ".safetensors")


@pytest.fixture
def the_folder(tmp_path, monkeypatch) -> Path:
    """The folder of the user's models, which is not there yet."""
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(tmp_path / "mine"))
    return tmp_path / "mine"


@pytest.fixture
def elsewhere(the_folder, tmp_path) -> Path:
    """Another folder, with the model ``small`` in it."""
    save_model(tmp_path / "elsewhere")
    return tmp_path / "elsewhere"


@pytest.fixture
def an_own_model(the_folder) -> Path:
    """The user's folder, with the model ``small`` in it."""
    save_model(the_folder)
    return the_folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def names() -> list[str]:
    return [card.name for card in models.available() if not models.is_shipped(card.name)]


def refuse(*_arguments, **_options):
    raise PermissionError(13, "Permission denied")


# copying in


def test_a_copied_model_is_whole_and_in_the_list(elsewhere, the_folder):
    card = models.copy_in(elsewhere, "small")
    assert files_of(the_folder) == files_of(elsewhere)
    assert names() == ["small"] and models.load("small").card == card


def test_a_copy_under_another_name_has_it_in_its_card(elsewhere, the_folder):
    card = models.copy_in(elsewhere, "small", "mine-2")
    assert card == dataclasses.replace(models.check(elsewhere, "small"), name="mine-2")
    assert sorted(files_of(the_folder)) == ["mine-2.json", "mine-2.safetensors"]
    assert models.load("mine-2").card == card


def test_a_copy_replaces_an_own_model_only_when_told_to(elsewhere, an_own_model):
    before = files_of(an_own_model)
    save_model(elsewhere, title="Another")
    assert "You have a model 'small' already" in sentence_of(models.copy_in, elsewhere, "small")
    assert "You have a model 'small' already" in sentence_of(models.copy_in, elsewhere, "small", "SMALL")
    assert files_of(an_own_model) == before
    assert models.copy_in(elsewhere, "small", overwrite=True).title == "Another"
    assert models.load("small").card.title == "Another"


@pytest.mark.parametrize("overwrite", [False, True])
def test_no_copy_takes_the_place_of_a_shipped_model(elsewhere, the_folder, overwrite):
    sentence = sentence_of(models.copy_in, elsewhere, "small", models.DEFAULT, overwrite)
    assert "belongs to the program" in sentence and files_of(the_folder) == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [("my model", "The name of a model has"), ("../up", "The name of a model has"), ("Default", "your default model")],
)
def test_a_name_that_cannot_be_one_is_refused(elsewhere, an_own_model, name, words):
    before = files_of(an_own_model)
    assert words in sentence_of(models.copy_in, elsewhere, "small", name)
    assert words in sentence_of(models.rename, "small", name)
    assert words in models.obstacle(name)
    assert files_of(an_own_model) == before


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_model_with_a_missing_file_is_not_copied(elsewhere, the_folder, ending):
    (elsewhere / f"small{ending}").unlink()
    assert f"small{ending}' is missing" in sentence_of(models.copy_in, elsewhere, "small")
    assert files_of(the_folder) == {}


def test_a_damaged_model_is_not_copied(elsewhere, the_folder):
    weights = elsewhere / "small.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "checksums differ" in sentence_of(models.copy_in, elsewhere, "small")
    (elsewhere / "small.json").write_text("{")
    assert "not valid JSON" in sentence_of(models.copy_in, elsewhere, "small")
    assert files_of(the_folder) == {}


def test_a_model_of_another_purpose_is_not_taken(elsewhere, the_folder):
    save_model(elsewhere, in_channels=1, classes=("brain", "rest"))
    for act in (models.copy_in, models.check):
        sentence = sentence_of(act, elsewhere, "small")
        assert "input channels 1, classes brain, rest, not 5 and CSF, GM, WM" in sentence
    assert files_of(the_folder) == {}


def test_a_network_of_slices_is_not_taken_and_the_sentence_says_what_it_is_for(elsewhere, the_folder):
    save_model(elsewhere, card=SLICES)
    for act in (models.copy_in, models.check):
        assert "segment scans with it by gmmseg predict" in sentence_of(act, elsewhere, "small")
    assert files_of(the_folder) == {}


def test_what_a_model_must_see_and_tell_is_what_is_shown_to_it():
    assert (prior_input.CHANNELS, training_start.CLASSES) == (model_card.PRIOR_CHANNELS, model_card.PRIOR_CLASSES)
    assert models.find(models.DEFAULT).card.check_usable() is None


def test_a_copy_that_fails_half_way_leaves_nothing(elsewhere, the_folder, monkeypatch):
    monkeypatch.setattr(Path, "write_text", refuse)
    assert "write-protected" in sentence_of(models.copy_in, elsewhere, "small")
    assert files_of(the_folder) == {}


def test_a_folder_that_cannot_be_written_to_is_explained(elsewhere, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(tmp_path / "file" / "models"))
    assert str(tmp_path / "file" / "models") in sentence_of(models.copy_in, elsewhere, "small")


def test_a_check_looks_into_the_weights_and_changes_nothing(elsewhere, the_folder):
    assert models.check(elsewhere, "small").name == "small"
    card = json.loads((elsewhere / "small.json").read_text())
    (elsewhere / "small.json").write_text(json.dumps({**card, "base_width": 4}))
    assert "do not fit the network" in sentence_of(models.check, elsewhere, "small")
    assert "nowhere" in sentence_of(models.check, elsewhere / "nowhere", "small")
    assert files_of(the_folder) == {}


# copying out


@pytest.mark.parametrize("name", ["small", models.DEFAULT])
def test_a_model_is_copied_out_as_it_is(an_own_model, tmp_path, name):
    card = models.copy_out(name, tmp_path / "new" / "folder")
    assert models.check(tmp_path / "new" / "folder", name) == card == models.find(name).card


def test_copying_out_replaces_files_only_when_told_to(an_own_model, tmp_path):
    (tmp_path / "small.json").write_text("notes")
    assert "small.json' is there already" in sentence_of(models.copy_out, "small", tmp_path)
    assert (tmp_path / "small.json").read_text() == "notes" and not (tmp_path / "small.safetensors").exists()
    models.copy_out("small", tmp_path, overwrite=True)
    assert models.check(tmp_path, "small").name == "small"


def test_a_damaged_model_is_not_copied_out(an_own_model, tmp_path):
    (an_own_model / "small.safetensors").write_bytes(b"x")
    assert "checksums differ" in sentence_of(models.copy_out, "small", tmp_path / "out")
    assert "There is no model 'other'" in sentence_of(models.copy_out, "other", tmp_path / "out")
    assert files_of(tmp_path / "out") == {}


# renaming


def test_a_renamed_model_is_the_same_under_the_new_name(an_own_model):
    before = models.find("small").card
    card = models.rename("small", "better")
    assert card == dataclasses.replace(before, name="better")
    assert sorted(files_of(an_own_model)) == ["better.json", "better.safetensors"]
    assert models.load("better").card == card and names() == ["better"]


def test_a_name_that_is_taken_is_refused(an_own_model):
    save_model(an_own_model, "other")
    (an_own_model / "lonely.safetensors").write_bytes(b"")
    before = files_of(an_own_model)
    for name in ("other", "OTHER", "lonely", "small"):
        assert f"You have a model '{name.lower()}' already" in sentence_of(models.rename, "small", name)
    assert "belongs to the program" in sentence_of(models.rename, "small", models.DEFAULT)
    assert files_of(an_own_model) == before


def test_a_broken_model_is_not_renamed(an_own_model):
    (an_own_model / "small.safetensors").unlink()
    assert "small.safetensors' is missing" in sentence_of(models.rename, "small", "better")
    assert sorted(files_of(an_own_model)) == ["small.json"]


def test_a_renaming_that_fails_leaves_the_old_name(an_own_model, monkeypatch):
    before = files_of(an_own_model)
    monkeypatch.setattr(Path, "replace", refuse)
    assert "write-protected" in sentence_of(models.rename, "small", "better")
    assert files_of(an_own_model) == before


def test_shipped_models_are_neither_renamed_nor_deleted(the_folder):
    before = files_of(models.shipped_folder())
    assert models.is_shipped(models.DEFAULT) and not models.is_shipped("small")
    assert "belongs to the program and cannot be renamed" in sentence_of(models.rename, models.DEFAULT, "mine")
    assert "belongs to the program and cannot be deleted" in sentence_of(models.delete, models.DEFAULT)
    assert files_of(models.shipped_folder()) == before


@pytest.mark.parametrize(("act", "arguments"), [(models.rename, ("none", "new")), (models.delete, ("none",))])
def test_a_model_that_is_not_there_gets_the_names_that_there_are(an_own_model, act, arguments):
    assert "There is no model 'none'; choose one of: small" in sentence_of(act, *arguments)


# deleting


def test_a_deleted_model_is_gone_and_no_other(an_own_model):
    save_model(an_own_model, "small-2")
    models.delete("small")
    assert sorted(files_of(an_own_model)) == ["small-2.json", "small-2.safetensors"]
    assert names() == ["small-2"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_left_of_a_broken_model_can_be_deleted(an_own_model, ending):
    (an_own_model / f"small{ending}").unlink()
    models.delete("small")
    assert files_of(an_own_model) == {}


def test_files_that_cannot_be_deleted_are_explained(an_own_model, monkeypatch):
    monkeypatch.setattr(Path, "unlink", refuse)
    assert "small.json' cannot be deleted (permission denied)" in sentence_of(models.delete, "small")


# the default


def test_without_a_choice_the_shipped_model_is_the_default(the_folder):
    assert models.default() == models.DEFAULT
    assert not the_folder.exists()


def test_a_chosen_default_is_kept_and_is_no_model_of_its_own(an_own_model):
    models.set_default("small")
    assert models.default() == "small"
    assert models.survey()[1] == [] and names() == ["small"]
    models.set_default(models.DEFAULT)
    assert models.default() == models.DEFAULT


def test_a_default_that_is_gone_or_broken_gives_the_shipped_one(an_own_model):
    models.set_default("small")
    weights = an_own_model / "small.safetensors"
    kept = weights.read_bytes()
    weights.unlink()
    assert models.default() == models.DEFAULT
    weights.write_bytes(kept)
    assert models.default() == "small"


def test_a_deleted_default_is_forgotten(an_own_model):
    models.set_default("small")
    models.delete("small")
    save_model(an_own_model, "small")
    assert models.default() == models.DEFAULT


def test_a_renamed_default_stays_the_default(an_own_model):
    models.set_default("small")
    models.rename("small", "better")
    assert models.default() == "better"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"model": 3}', '{"model": "../up"}', '{"name": "small"}'])
def test_a_choice_that_cannot_be_read_is_no_choice(an_own_model, text):
    (an_own_model / ".default.json").write_text(text)
    assert models.default() == models.DEFAULT


def test_a_user_without_a_home_has_the_shipped_default(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv(models.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert models.default() == models.DEFAULT
    assert f"set {models.FOLDER_VARIABLE}" in sentence_of(models.set_default, models.DEFAULT)


def test_what_cannot_be_used_cannot_be_the_default(an_own_model):
    assert "There is no model 'none'" in sentence_of(models.set_default, "none")
    save_model(an_own_model, "other", in_channels=1)
    assert "was not made for this program" in sentence_of(models.set_default, "other")
    assert models.default() == models.DEFAULT


def test_own_models_are_managed_without_torch(elsewhere):
    script = f"""
import sys
from gmmseg import models
models.copy_in({str(elsewhere)!r}, "small")
models.rename("small", "better")
models.set_default("better")
models.copy_out("better", {str(elsewhere)!r})
print(models.default(), "torch" in sys.modules)
models.delete("better")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["better", "False"], done.stderr
