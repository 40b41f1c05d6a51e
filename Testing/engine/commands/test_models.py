"""``gmmseg models``: the list, a whole card, one's own models managed, and one line for what is wrong."""

from __future__ import annotations

import json

import pytest
from gmmseg import cli, model_files, models
from model_making import save_model


@pytest.fixture
def the_folder(tmp_path, monkeypatch):
    """The folder of the user's models, with the model ``small`` in it."""
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(tmp_path))
    save_model(
        tmp_path,
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
    return tmp_path


def test_the_list_has_title_classes_size_training_data_and_figures(the_folder, capfd):
    assert cli.main(["models"]) == 0
    text = capfd.readouterr().out
    assert "small: A small network for tests\n" in text
    for words in ("CSF, GM, WM, on T1, 5 channels", " MB, network modified_unet_3d of base width 2", "Twelve steps"):
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
    assert (card["default"], card["chosen"], card["shipped"]) == (False, False, False)
    assert card["figures"]["phantoms"]["WM"] is None
    first = listed["models"][0]
    assert (first["name"], first["default"], first["chosen"], first["shipped"]) == (models.DEFAULT, True, True, True)


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
    monkeypatch.setattr(model_files, "shipped_folder", lambda: tmp_path / "none")
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
    for arguments in (["other"], ["show"], ["rename", "small"], ["delete"], ["copy-in", "x"], ["copy-out", "x"]):
        assert cli.main(["models", *arguments]) == 2
        captured = capfd.readouterr()
        assert captured.err.count("\n") == 1 and captured.out == ""


def out_of(capfd, *arguments) -> str:
    """What a command that works prints."""
    assert cli.main(["models", *map(str, arguments)]) == 0
    captured = capfd.readouterr()
    assert captured.err == ""
    return captured.out.strip()


def complaint_about(capfd, *arguments) -> str:
    """The one line of a command that is refused."""
    assert cli.main(["models", *map(str, arguments)]) == 2
    captured = capfd.readouterr()
    assert captured.out == "" and captured.err.startswith("gmmseg: ") and captured.err.count("\n") == 1
    return captured.err.strip()


def test_list_is_what_is_done_without_an_action(the_folder, capfd):
    assert out_of(capfd, "list") == out_of(capfd)
    assert out_of(capfd, "list", "--json") == out_of(capfd, "--json")


def test_a_model_is_renamed(the_folder, capfd):
    assert out_of(capfd, "rename", "small", "better") == "'small' is now 'better'."
    assert models.find("better").card.name == "better"
    assert "belongs to the program" in complaint_about(capfd, "rename", models.DEFAULT, "mine")


@pytest.mark.parametrize(("answer", "is_gone"), [("y", True), ("Yes ", True), ("", False), ("no", False)])
def test_a_model_is_deleted_once_the_user_agrees(the_folder, capfd, monkeypatch, answer, is_gone):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: answer)
    assert ("is deleted" in out_of(capfd, "delete", "small")) == is_gone
    assert ("small" not in [card.name for card in models.available()]) == is_gone


def test_where_nobody_can_be_asked_a_model_is_deleted_only_with_yes(the_folder, capfd, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert "add --yes" in complaint_about(capfd, "delete", "small")
    assert models.find("small")
    assert out_of(capfd, "delete", "small", "--yes") == "'small' is deleted."
    assert "There is no model 'small'" in complaint_about(capfd, "delete", "small", "--yes")
    assert "cannot be deleted" in complaint_about(capfd, "delete", models.DEFAULT)


def test_models_are_copied_in_and_out(the_folder, capfd, tmp_path):
    folder = tmp_path / "another"
    assert str(folder) in out_of(capfd, "copy-out", "small", folder)
    assert "is there already" in complaint_about(capfd, "copy-out", "small", folder)
    out_of(capfd, "copy-out", "small", folder, "--overwrite")
    assert "--model copy." in out_of(capfd, "copy-in", folder, "small", "--as", "copy")
    assert "You have a model 'copy' already" in complaint_about(capfd, "copy-in", folder, "small", "--as", "copy")
    out_of(capfd, "copy-in", folder, "small", "--as", "copy", "--overwrite")
    assert models.load("copy").card.title == models.load("small").card.title


def test_a_foreign_model_is_put_into_its_network_before_it_is_copied_in(the_folder, capfd, tmp_path):
    folder = tmp_path / "another"
    models.copy_out("small", folder)
    card = json.loads((folder / "small.json").read_text())
    (folder / "small.json").write_text(json.dumps({**card, "base_width": 3}))
    assert "do not fit the network" in complaint_about(capfd, "copy-in", folder, "small", "--as", "copy")
    assert "There is no model 'copy'" in complaint_about(capfd, "show", "copy")


def test_the_default_is_chosen_and_told(the_folder, capfd):
    assert out_of(capfd, "default") == models.DEFAULT
    assert "small" in out_of(capfd, "default", "small")
    assert out_of(capfd, "default") == "small"
    text = out_of(capfd)
    assert "small (your default): " in text and f"{models.DEFAULT} (default): " in text
    chosen = {model["name"]: model["chosen"] for model in json.loads(out_of(capfd, "--json"))["models"]}
    assert chosen == {models.DEFAULT: False, "small": True}
    assert "There is no model 'none'" in complaint_about(capfd, "default", "none")
