"""Models as files: saved, found, loaded once, and a sentence for each way in which they can be broken."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from gmmseg import model_card, model_files, models, networks
from gmmseg.errors import InputError
from gmmseg.model_card import ModelCard
from gmmseg.model_weights import checksum, to_bytes
from model_making import CARD, SLICES, network_of
from safetensors import numpy as safetensors
from sentences import sentence_of


@pytest.fixture
def a_card() -> ModelCard:
    return dataclasses.replace(
        CARD, in_channels=2, settings={"steps": 0, "seed": 7}, figures={"phantoms": {"GM": 0.25, "WM": None}}
    )


@pytest.fixture
def a_network(a_card):
    return network_of(a_card)


@pytest.fixture
def the_folder(tmp_path, monkeypatch) -> Path:
    """The folder of the user's models: empty."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(folder))
    return folder


@pytest.fixture
def a_model(the_folder, a_network, a_card) -> Path:
    """Card file of the model ``small``, saved in the user's folder."""
    models.save(the_folder, "small", a_network, a_card)
    return the_folder / "small.json"


def sentence_for(name: str = "small") -> str:
    """What a user is told who asks for the model."""
    return sentence_of(models.load, name)


def change_card(path: Path, **entries) -> None:
    """Puts ``entries`` into the card; those that are Ellipsis are taken out."""
    values = {**json.loads(path.read_text()), **entries}
    path.write_text(json.dumps({name: value for name, value in values.items() if value is not ...}))


def put_weights(card_file: Path, data: bytes) -> None:
    """``data`` as weights whose checksum the card has."""
    card_file.with_suffix(".safetensors").write_bytes(data)
    change_card(card_file, sha256=checksum(data))


def arrays_of(card_file: Path) -> dict[str, np.ndarray]:
    return safetensors.load(card_file.with_suffix(".safetensors").read_bytes())


def test_a_saved_model_is_two_files_and_comes_back_as_it_was(the_folder, a_network, a_card):
    saved = models.save(the_folder, "small", a_network, a_card)
    assert sorted(path.name for path in the_folder.iterdir()) == ["small.json", "small.safetensors"]
    model = models.load("small")
    assert model.card == saved
    assert dataclasses.replace(saved, created="", sha256="") == a_card
    assert saved.sha256 == checksum((the_folder / "small.safetensors").read_bytes())
    volume = torch.rand(1, 2, 8, 9, 10)
    torch.testing.assert_close(model.network(volume), a_network.eval()(volume), rtol=0, atol=0)


def test_a_network_of_slices_is_saved_and_loaded_as_well(the_folder):
    network = network_of(SLICES)
    models.save(the_folder, "small", network, SLICES)
    images = torch.rand(2, 2, 9, 10)
    torch.testing.assert_close(models.load("small").network(images), network.eval()(images), rtol=0, atol=0)


def test_a_loaded_network_is_ready_for_use_only(a_model):
    network = models.load("small").network
    assert not network.training
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_half_precision_halves_the_file_and_is_loaded_as_float32(the_folder, a_network, a_card):
    models.save(the_folder, "whole", a_network, a_card)
    models.save(the_folder, "half", a_network, a_card, half=True)
    whole, half = (arrays_of(the_folder / f"{name}.json") for name in ("whole", "half"))
    assert sum(array.nbytes for array in half.values()) * 2 == sum(array.nbytes for array in whole.values())
    for name, tensor in models.load("half").network.state_dict().items():
        assert tensor.dtype == torch.float32
        np.testing.assert_array_equal(tensor.numpy(), whole[name].astype(np.float16).astype(np.float32))


def test_the_order_of_weights_in_memory_does_not_matter(a_network):
    expected = to_bytes(a_network)
    assert to_bytes(a_network.to(memory_format=torch.channels_last_3d)) == expected


def test_a_weights_file_is_what_other_programs_read(a_model, a_network):
    from safetensors.torch import load_file

    loaded = load_file(a_model.with_suffix(".safetensors"))
    assert loaded.keys() == a_network.state_dict().keys()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in a_network.state_dict().items())


def test_a_model_is_read_once_and_again_when_its_files_changed(a_model, a_network, a_card, the_folder):
    first = models.load("small")
    assert models.load("small") is first
    models.save(the_folder, "small", a_network, dataclasses.replace(a_card, title="Another"))
    assert models.load("small").card.title == "Another"


def test_loading_draws_no_random_numbers(a_model):
    before = torch.get_rng_state()
    models.load("small")
    assert torch.equal(torch.get_rng_state(), before)


def test_saving_over_a_model_replaces_it_whole(a_model, a_card, the_folder):
    network = networks.build_volume("modified_unet_3d", 2, 2, 4)
    models.save(the_folder, "small", network, dataclasses.replace(a_card, classes=("inside", "outside"), base_width=4))
    assert models.load("small").card.classes == ("inside", "outside")


def test_the_users_models_are_listed_with_the_programs_own_first(a_model, the_folder):
    cards = models.available()
    assert cards[-1].name == "small"
    assert [card.name for card in cards[:-1]] == sorted(
        (path.stem for path in models.shipped_folder().glob("*.json")), key=lambda name: (name != models.DEFAULT, name)
    )


def test_a_broken_model_is_left_out_of_the_list_and_explained(a_model, the_folder):
    (the_folder / "lonely.json").write_text("{}")
    (the_folder / "notes.txt").write_text("not a model")
    assert "lonely" not in [card.name for card in models.available()]
    entries, faults = models.survey()
    assert "small" in [entry.card.name for entry in entries]
    assert [(fault.name, fault.folder) for fault in faults] == [("lonely", the_folder)]
    assert "lonely.safetensors' is missing" in faults[0].sentence


def test_every_shipped_model_loads_and_is_within_its_size():
    for path in models.shipped_folder().glob("*.json"):
        assert models.load(path.stem).card.name == path.stem
        assert path.with_suffix(".safetensors").stat().st_size <= 15e6


def test_a_users_file_cannot_take_the_place_of_a_shipped_model(the_folder, a_network, a_card, tmp_path, monkeypatch):
    shipped = tmp_path / "shipped"
    monkeypatch.setattr(model_files, "shipped_folder", lambda: shipped)
    models.save(shipped, "small", a_network, a_card)
    models.save(the_folder, "small", a_network, dataclasses.replace(a_card, title="Not this one"))
    assert models.load("small").card.title == a_card.title
    entries, faults = models.survey()
    assert [entry.card.title for entry in entries] == [a_card.title]
    assert [(fault.name, fault.folder) for fault in faults] == [("small", the_folder)]
    assert "another model has the same name" in faults[0].sentence


def test_the_default_model_is_the_first_of_the_list(the_folder, a_network, a_card, tmp_path, monkeypatch):
    monkeypatch.setattr(model_files, "shipped_folder", lambda: tmp_path / "none")
    for name in ("another", models.DEFAULT, "a-third"):
        models.save(the_folder, name, a_network, a_card)
    assert [card.name for card in models.available()] == [models.DEFAULT, "a-third", "another"]


def test_an_unknown_model_gets_the_names_that_there_are(a_model):
    assert "'smaller'; choose one of: " in sentence_for("smaller")
    assert "small" in sentence_for("smaller").split("choose one of: ")[1]


def test_where_there_is_no_model_at_all_the_folder_for_them_is_named(the_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(model_files, "shipped_folder", lambda: tmp_path / "none")
    assert sentence_for().endswith(f"put its two files into '{the_folder}'.")


@pytest.mark.parametrize("name", ["../small", "a/b", "a\\b", "/etc/passwd", "", ".", "..", "C:small", "a\nb", 3, None])
def test_a_name_that_leads_elsewhere_is_refused(a_model, name, a_network, a_card):
    with pytest.raises(InputError, match="The name of a model has"):
        models.load(name)
    with pytest.raises(InputError, match="The name of a model has"):
        models.save(a_model.parent, name, a_network, a_card)


def test_a_card_without_weights_and_weights_without_a_card_are_explained(a_model):
    weights = a_model.with_suffix(".safetensors")
    kept = weights.read_bytes()
    weights.unlink()
    assert "small.safetensors' is missing" in sentence_for()
    weights.write_bytes(kept)
    a_model.unlink()
    assert "small.json' is missing" in sentence_for()


def test_a_card_of_a_newer_format_asks_for_an_update(a_model):
    change_card(a_model, version=model_card.FORMAT_VERSION + 1, a_new_entry=1)
    assert "for a newer gmmseg" in sentence_for() and "update" in sentence_for()


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"title": ...}, "entry 'title' is missing"),
        ({"colour": "red"}, "entry 'colour', which no card has"),
        ({"name": "other"}, "its name is 'other'"),
        ({"title": 3}, "title must be a text"),
        ({"base_width": 0}, "base_width must be a whole number from 1"),
        ({"base_width": 10**9}, "base_width must be a whole number from 1"),
        ({"base_width": True}, "base_width must be a whole number from 1"),
        ({"in_channels": 1.5}, "in_channels must be a whole number from 1"),
        ({"classes": "CSF"}, "classes must be a list of texts"),
        ({"classes": ["all"]}, "classes must have 2 to 64 names"),
        ({"data": [{"name": "x"}]}, "each entry of data must have the texts"),
        ({"data": [3]}, "data must be a list of objects of texts"),
        ({"figures": [1]}, "figures must be an object"),
        ({"version": "1"}, "version must be a whole number"),
        ({"network": "unheard_of"}, "needs the network 'unheard_of', which this gmmseg does not have"),
    ],
)
def test_a_card_with_a_wrong_entry_says_which(a_model, entries, words):
    change_card(a_model, **entries)
    assert words in sentence_for()


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"figures": NaN}', "[" * 100_000, "name: small"])
def test_a_card_that_is_no_json_object_is_refused(a_model, text):
    a_model.write_text(text)
    assert "it is not valid JSON" in sentence_for() or "it must be a JSON object" in sentence_for()


def test_a_card_in_another_encoding_is_refused(a_model):
    a_model.write_bytes(a_model.read_text().encode("utf-16"))
    assert "is no model card" in sentence_for()


def test_weights_of_another_model_are_noticed(a_model):
    weights = a_model.with_suffix(".safetensors")
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert "checksums differ" in sentence_for()


@pytest.mark.parametrize("length", [0, 4, 100, -1])
def test_weights_that_are_cut_short_are_refused(a_model, length):
    put_weights(a_model, a_model.with_suffix(".safetensors").read_bytes()[:length])
    assert "no safetensors file, or one that is damaged or cut short" in sentence_for()


class Malicious:
    """What unpickling would run."""

    def __reduce__(self):
        return Path.touch, (Path(os.environ["PROOF"]),)


def test_a_pickle_under_another_name_is_refused_and_not_run(a_model, tmp_path, monkeypatch):
    monkeypatch.setenv("PROOF", str(tmp_path / "proof"))
    put_weights(a_model, pickle.dumps({"weights": Malicious()}))
    assert "no safetensors file" in sentence_for()
    assert not (tmp_path / "proof").exists()


def test_weights_of_another_network_are_refused_with_the_tensor_that_shows_it(a_model):
    arrays = arrays_of(a_model)
    name = "encoder.0.0.weight"
    put_weights(a_model, safetensors.save({key: array for key, array in arrays.items() if key != name}))
    assert f"'{name}' is missing" in sentence_for()
    put_weights(a_model, safetensors.save({**arrays, "foreign": arrays[name]}))
    assert "'foreign' has no place in it" in sentence_for()
    put_weights(a_model, safetensors.save({**arrays, name: np.zeros((2, 3), np.float32)}))
    assert f"'{name}' is 2 x 3, not 2 x 16 x 3 x 3 x 3" in sentence_for()
    put_weights(a_model, safetensors.save({**arrays, name: arrays[name].astype(np.int32)}))
    assert f"'{name}' holds int32, not float32" in sentence_for()


def test_a_card_of_another_width_does_not_fit(a_model):
    change_card(a_model, base_width=512)
    assert "do not fit the network 'modified_unet_3d' of its card" in sentence_for()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(a_model, value):
    arrays = {name: array.copy() for name, array in arrays_of(a_model).items()}
    next(iter(arrays.values())).flat[0] = value
    put_weights(a_model, safetensors.save(arrays))
    assert "not finite" in sentence_for()


def test_a_broken_model_is_tried_again_once_it_is_mended(a_model):
    weights = a_model.with_suffix(".safetensors")
    kept = weights.read_bytes()
    weights.write_bytes(kept[:-1])
    sentence_for()
    weights.write_bytes(kept)
    assert models.load("small").card.name == "small"


def test_a_folder_that_cannot_be_read_is_explained_and_hides_no_shipped_model(the_folder):
    shipped = models.available()
    the_folder.rmdir()
    the_folder.symlink_to(the_folder)
    assert models.available() == shipped
    (fault,) = models.survey()[1]
    assert (fault.name, fault.folder) == ("", None)
    assert "cannot be read (too many levels of symbolic links)" in fault.sentence
    assert "cannot be read (too many levels of symbolic links)" in sentence_for()


@pytest.mark.parametrize("ending", [".json", ".safetensors"])
def test_a_file_that_cannot_be_read_is_explained(a_model, ending):
    a_model.with_suffix(ending).unlink()
    a_model.with_suffix(ending).mkdir()
    assert f"small{ending}' cannot be read (is a directory)" in sentence_for()


def test_a_file_in_place_of_the_folder_is_explained(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(tmp_path / "file"))
    assert "cannot be read (not a directory)" in sentence_for()


def test_a_model_that_cannot_be_loaded_again_is_not_saved(a_model, a_network, a_card, the_folder):
    before = {path.name: path.read_bytes() for path in the_folder.iterdir()}
    with pytest.raises(InputError, match="do not fit"):
        models.save(the_folder, "small", a_network, dataclasses.replace(a_card, base_width=4))
    with torch.no_grad():
        next(a_network.parameters())[0] = 1e6
    with pytest.raises(InputError, match="not finite"):
        models.save(the_folder, "small", a_network, a_card, half=True)
    assert {path.name: path.read_bytes() for path in the_folder.iterdir()} == before


def test_a_save_that_fails_half_way_leaves_the_old_model(a_model, a_network, a_card, the_folder, monkeypatch):
    def full_disk(*_args, **_options):
        raise OSError(28, "No space left on device")

    before = {path.name: path.read_bytes() for path in the_folder.iterdir()}
    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(InputError, match="disk is full"):
        models.save(the_folder, "small", a_network, dataclasses.replace(a_card, title="Another"))
    assert {path.name: path.read_bytes() for path in the_folder.iterdir()} == before


def test_numbers_that_json_lacks_become_null_in_the_card(a_network, a_card, the_folder):
    figures = {"cv": float("nan"), "dice": np.float64(0.5)}
    models.save(the_folder, "small", a_network, dataclasses.replace(a_card, figures=figures))
    assert models.load("small").card.figures == {"cv": None, "dice": 0.5}


def test_cards_are_read_without_torch(a_model):
    script = """
import sys
from gmmseg import models
print([card.name for card in models.available()][-1], "torch" in sys.modules, "numpy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["small", "False", "False"], done.stderr
