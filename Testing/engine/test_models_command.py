"""``gmmseg models``: the list, a whole card, both as JSON, and one line for what is wrong."""

from __future__ import annotations

import json

import pytest
import torch
from gmmseg import cli, models, networks
from gmmseg.model_card import ModelCard


@pytest.fixture
def the_folder(tmp_path, monkeypatch):
    """The folder of the user's models, with the model ``small`` in it."""
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(tmp_path))
    torch.manual_seed(0)
    card = ModelCard(
        name="small",
        title="A small network for tests",
        network="modified_unet_3d",
        base_width=2,
        in_channels=2,
        classes=("CSF", "GM", "WM"),
        contrast="T1",
        training="Twelve steps on " + ", ".join(["a phantom"] * 12) + ".",
        data=(
            {
                "name": "Müller's heads",
                "source": "https://example.org/heads",
                "licence": "CC0 1.0",
                "use": "validation",
            },
            {"name": "phantoms", "source": "", "licence": "Apache-2.0", "use": "training"},
        ),
        label_use="Manual labels of ten heads chose the step to stop at.",
        settings={"steps": 12, "widths": [2, 4]},
        figures={"phantoms": {"GM": 0.91234567, "WM": None}, "seconds": 2},
    )
    models.save(tmp_path, "small", networks.build_volume("modified_unet_3d", 2, 3, 2), card)
    return tmp_path


def test_the_list_has_title_classes_size_training_data_and_figures(the_folder, capfd):
    assert cli.main(["models"]) == 0
    text = capfd.readouterr().out
    assert "small: A small network for tests\n" in text
    for words in ("CSF, GM, WM, on T1, 2 channels", " MB, network modified_unet_3d of base width 2", "Twelve steps"):
        assert words in text
    assert "Müller's heads, phantoms" in text and "phantoms GM 0.9123, phantoms WM null, seconds 2" in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_whole_card_has_sources_licences_label_use_and_settings(the_folder, capfd):
    assert cli.main(["models", "show", "small"]) == 0
    text = capfd.readouterr().out
    assert "Müller's heads: https://example.org/heads; CC0 1.0; validation" in text
    assert "phantoms: Apache-2.0; training" in text
    for words in ("Manual labels of ten heads", "steps 12", "widths 2 4", str(the_folder / "small.safetensors")):
        assert words in text
    assert models.find("small").card.sha256 in text


def test_both_are_there_as_json(the_folder, capfd):
    assert cli.main(["models", "--json"]) == 0
    listed = json.loads(capfd.readouterr().out)
    assert listed["faults"] == [] and listed["models"][-1]["name"] == "small"
    for arguments in (["show", "small", "--json"], ["--json", "show", "small"]):
        assert cli.main(["models", *arguments]) == 0
        assert json.loads(capfd.readouterr().out) == listed["models"][-1]
    card = listed["models"][-1]
    assert card["bytes"] == (the_folder / "small.safetensors").stat().st_size
    assert (card["default"], card["shipped"], card["figures"]["phantoms"]["WM"]) == (False, False, None)


def test_a_model_that_cannot_be_used_is_told_below_the_others(the_folder, capfd):
    (the_folder / "newer.json").write_text(
        (the_folder / "small.json").read_text().replace('"version": 1', '"version": 9')
    )
    (the_folder / "newer.safetensors").write_bytes(b"")
    assert cli.main(["models"]) == 0
    out = capfd.readouterr().out
    assert out.splitlines()[-1].startswith("Not usable: The model 'newer' is for a newer gmmseg")
    assert "small: A small network for tests" in out


def test_a_list_of_nothing_says_so(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(tmp_path / "none"))
    monkeypatch.setattr(models, "shipped_folder", lambda: tmp_path / "none")
    assert cli.main(["models"]) == 0
    assert capfd.readouterr().out == "There are no models.\n"


@pytest.mark.parametrize("name", ["unknown", "../small", "damaged"])
def test_a_card_that_cannot_be_shown_is_one_line_and_status_2(the_folder, name, capfd):
    for ending in (".json", ".safetensors"):
        data = (the_folder / f"small{ending}").read_bytes()
        (the_folder / f"damaged{ending}").write_bytes(data.replace(b'"name": "small"', b'"name": "damaged"') + b" ")
    assert cli.main(["models", "show", name]) == 2
    captured = capfd.readouterr()
    assert captured.err.startswith("gmmseg: ") and captured.err.count("\n") == 1 and captured.out == ""


def test_wrong_arguments_are_one_line(capfd):
    assert cli.main(["models", "list"]) == 2
    assert cli.main(["models", "show"]) == 2
    assert capfd.readouterr().err.count("\n") == 2
