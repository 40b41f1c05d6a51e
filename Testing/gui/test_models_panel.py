"""The section "Models": the list, what its buttons do, and what happens when something does not fit."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from gmmseg import models
from host import messages

from .managing_models import FORM, Managing, put_model

BUTTONS = ("useModel", "defaultModel", "renameModel", "deleteModel", "importModel", "exportModel")


@pytest.fixture
def the_folder(an_application):
    """The folder of the user's models, with the model ``mine`` in it."""
    put_model(models.user_folder(), "mine", created="2026-01-02")
    return models.user_folder()


@pytest.fixture
def a_managing(an_application, a_fake_engine, the_folder):
    """Gives a function that shows the models panel by itself, with a worker that behaves as named."""
    made = []

    def show(behaviour: str = "done", **options) -> Managing:
        made.append(Managing(an_application, a_fake_engine(behaviour, **options)))
        return made[-1]

    yield show
    for managing in made:
        managing.close()


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


# the list


def test_every_widget_is_of_its_class_and_every_control_has_a_tooltip_that_wraps(a_managing):
    managing = a_managing()
    for element in ElementTree.parse(FORM).iter("widget"):
        name, kind = element.get("name"), element.get("class")
        widget = managing.widget if name == "Models" else getattr(managing.ui, name)
        assert widget.className() == kind
        assert name == "Models" or kind == "QLabel" or widget.toolTip.startswith("<p>"), name


def test_the_table_shows_shipped_and_own_models_with_their_marks(a_managing):
    managing = a_managing()
    assert managing.rows() == [
        ["t1-fast\n(in use, default)", models.find("t1-fast").card.title, "Shipped", "2026-11-22"],
        ["mine", "The model mine", "Yours", "2026-01-02"],
    ]
    assert "Taught from: labelmaps14 (Apache-2.0)" in managing.tooltip("mine")


def test_the_selected_models_card_is_told_below(a_managing):
    managing = a_managing()
    assert "t1-fast: CSF, GM and WM" in managing.ui.modelDetailsBrowser.toPlainText()
    managing.select("mine")
    text = managing.ui.modelDetailsBrowser.toPlainText()
    for words in ("mine: The model mine", "Training: 2800 steps", "labelmaps14; ", "licence Apache-2.0"):
        assert words in text
    for words in ("Labels: Label maps gave", "held out dice GM 0.9275", "Made: 2026-01-02", "CSF, GM, WM, on T1"):
        assert words in text


def test_a_broken_model_is_grey_with_the_reason_and_can_be_deleted_only(a_managing, the_folder):
    put_model(the_folder, "other", in_channels=1)
    (the_folder / "broken.json").write_text("{}")
    managing = a_managing()
    assert managing.rows()[-1][:3] == ["broken", "cannot be used", "Yours"]
    for name, words in (("broken", "broken.safetensors' is missing"), ("other", "was not made for this program")):
        managing.select(name)
        assert managing.isGrey(name) and words in managing.tooltip(name)
        assert words in managing.ui.modelDetailsBrowser.toPlainText()
        for button in ("useModelButton", "defaultModelButton", "exportModelButton"):
            assert not getattr(managing.ui, button).enabled and words in getattr(managing.ui, button).toolTip
        assert managing.ui.deleteModelButton.enabled
    assert not managing.isGrey("mine")
    assert set(managing.told[-1]) == {"t1-fast", "mine"}


def test_a_folder_that_cannot_be_read_is_told_beside_the_shipped_models(a_managing, the_folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("GMMSEG_MODELS", str(tmp_path / "file"))
    managing = a_managing()
    assert len(managing.rows()) == 1 and managing.ui.modelStatusLabel.visible
    assert "cannot be read (not a directory)" in managing.ui.modelStatusLabel.text


def test_the_panel_tells_which_models_there_are_when_that_changes_only(a_managing, the_folder):
    managing = a_managing()
    shipped = f"t1-fast: {models.find('t1-fast').card.title}"
    assert managing.told == [{"t1-fast": shipped, "mine": "mine: The model mine"}]
    managing.panel.enter()
    managing.parameters.model = "mine"
    assert len(managing.told) == 1
    put_model(the_folder, "later")
    managing.panel.enter()
    assert set(managing.told[-1]) == {"t1-fast", "mine", "later"}


def test_it_fits_the_width_of_the_panel(a_managing, an_application):
    managing = a_managing()
    assert managing.widget.minimumSizeHint.width() <= 370
    managing.widget.resize(370, managing.widget.sizeHint.height())
    an_application.process_events()
    for name in BUTTONS:
        button = getattr(managing.ui, f"{name}Button")
        assert button.width >= button.sizeHint.width(), name


def test_while_no_scene_is_open_no_model_can_be_used(a_managing):
    managing = a_managing()
    managing.panel.setParameters(None)
    managing.select("mine")
    assert not managing.ui.useModelButton.enabled and "No scene is open." in managing.ui.useModelButton.toolTip
    assert managing.rows()[0][0] == "t1-fast\n(default)"


# use, default


def test_use_sets_the_model_of_the_scene(a_managing):
    managing = a_managing()
    managing.select("mine")
    managing.ui.useModelButton.click()
    assert managing.parameters.model == "mine" and managing.rows()[1][0] == "mine\n(in use)"
    assert not managing.ui.useModelButton.enabled and "It is in use." in managing.ui.useModelButton.toolTip


def test_a_model_chosen_elsewhere_is_marked(a_managing):
    managing = a_managing()
    managing.parameters.model = "mine"
    assert [row[0] for row in managing.rows()] == ["t1-fast\n(default)", "mine\n(in use)"]


def test_make_default_is_for_new_scenes_and_leaves_this_one(a_managing):
    managing = a_managing()
    managing.select("mine")
    managing.ui.defaultModelButton.click()
    assert models.default() == "mine" and managing.parameters.model == "t1-fast"
    assert [row[0] for row in managing.rows()] == ["t1-fast\n(in use)", "mine\n(default)"]
    assert not managing.ui.defaultModelButton.enabled and "It is the default." in managing.ui.defaultModelButton.toolTip


def test_new_scenes_begin_with_the_default_and_saved_ones_keep_theirs(a_panel, an_application, the_folder, tmp_path):
    widget = a_panel()
    assert widget.logic.getParameterNode().model == "t1-fast"
    an_application.save_scene(tmp_path / "scene.mrb")
    models.set_default("mine")
    an_application.select_module("")
    an_application.select_module("GMMSegExtension")
    assert widget.logic.getParameterNode().model == "t1-fast"
    an_application.close_scene()
    assert widget.logic.getParameterNode().model == "mine"
    an_application.load_scene(tmp_path / "scene.mrb")
    assert widget.logic.getParameterNode().model == "t1-fast"


def test_no_preset_changes_the_model(a_managing):
    from GMMSegExtensionLib.parameters import Preset, applyPreset, matchingPreset

    managing = a_managing()
    managing.parameters.model = "mine"
    assert matchingPreset(managing.parameters) == Preset("default")
    applyPreset(managing.parameters)
    assert managing.parameters.model == "mine"


# rename, delete


def test_a_renamed_model_stays_in_use(a_managing, the_folder):
    managing = a_managing()
    managing.parameters.model = "mine"
    managing.select("mine")
    managing.answers.names = ["t1-fast", "my model", "better"]
    managing.ui.renameModelButton.click()
    assert managing.answers.asked == [("Rename model", "mine")]
    shipped, unfit = managing.answers.refused
    assert "belongs to the program" in shipped and "up to 64 letters" in unfit
    assert names(the_folder) == ["better.json", "better.safetensors"]
    assert managing.parameters.model == "better" and managing.rows()[1][0] == "better\n(in use)"
    assert set(managing.told[-1]) == {"t1-fast", "better"}


def test_a_deleted_model_is_replaced_by_the_default_where_it_was_in_use(a_managing, the_folder):
    managing = a_managing()
    managing.parameters.model = "mine"
    managing.select("mine")
    managing.ui.deleteModelButton.click()
    assert "Delete the model 'mine' for good?" in messages.texts()[-1]
    assert names(the_folder) == [] and managing.parameters.model == "t1-fast"
    assert len(managing.rows()) == 1


def test_nothing_happens_when_the_user_changes_their_mind(a_managing, the_folder):
    before = names(the_folder)
    managing = a_managing()
    managing.select("mine")
    messages.answers.append("reject")
    managing.ui.deleteModelButton.click()
    managing.answers.names = [None]
    managing.ui.renameModelButton.click()
    managing.ui.importModelButton.click()
    managing.ui.exportModelButton.click()
    assert names(the_folder) == before and not managing.logic.jobs.isRunning


def test_shipped_models_can_be_neither_renamed_nor_deleted(a_managing):
    managing = a_managing()
    managing.select("t1-fast")
    for button in (managing.ui.renameModelButton, managing.ui.deleteModelButton):
        assert not button.enabled and "belongs to the program" in button.toolTip
    assert managing.ui.exportModelButton.enabled


def test_a_model_that_was_deleted_by_other_means_is_told_and_leaves_the_list(a_managing, the_folder):
    managing = a_managing()
    managing.select("mine")
    for path in the_folder.iterdir():
        path.unlink()
    managing.ui.deleteModelButton.click()
    assert "There is no model 'mine'" in messages.texts("error")[-1]
    assert len(managing.rows()) == 1


# import, export


def test_an_imported_model_is_checked_by_the_worker_and_copied(a_managing, the_folder, tmp_path, the_requests):
    put_model(tmp_path / "stick", "foreign")
    managing = a_managing()
    managing.answers.path = str(tmp_path / "stick" / "foreign.safetensors")
    managing.ui.importModelButton.click()
    assert not managing.ui.importModelButton.enabled and managing.ui.modelStatusLabel.text == "Checking the model..."
    managing.wait()
    (request,) = the_requests()
    assert (request["job"], request["folder"], request["name"]) == ("check_model", str(tmp_path / "stick"), "foreign")
    assert models.read_weights(models.find("foreign")) and managing.rows()[1][0] == "foreign"
    assert "foreign: The model foreign" in managing.ui.modelDetailsBrowser.toPlainText()
    assert managing.ui.importModelButton.enabled and not managing.ui.modelStatusLabel.visible


def test_for_a_name_that_is_taken_another_is_asked_for(a_managing, tmp_path):
    put_model(tmp_path / "stick", "mine", title="From the stick")
    managing = a_managing()
    managing.answers.path = str(tmp_path / "stick" / "mine.json")
    managing.ui.importModelButton.click()
    managing.wait()
    assert managing.answers.asked == [("Import model", "mine-2")]
    assert models.find("mine-2").card.title == "From the stick" and models.find("mine").card.title == "The model mine"


def test_a_foreign_file_is_refused_with_the_workers_sentence(a_managing, the_folder, tmp_path):
    put_model(tmp_path / "stick", "foreign")
    (tmp_path / "stick" / "foreign.safetensors").write_bytes(b"no weights")
    before = names(the_folder)
    managing = a_managing()
    managing.answers.path = str(tmp_path / "stick" / "foreign.json")
    managing.ui.importModelButton.click()
    managing.wait()
    assert "checksums differ" in messages.texts("error")[-1] and "checksums differ" in managing.log[-1]
    assert names(the_folder) == before and managing.ui.importModelButton.enabled


@pytest.mark.parametrize(
    ("behaviour", "words"), [("unavailable", "torch is not installed"), ("die", "The engine stopped unexpectedly")]
)
def test_an_import_without_a_worker_is_explained(a_managing, tmp_path, behaviour, words):
    put_model(tmp_path / "stick", "foreign")
    managing = a_managing(behaviour)
    managing.answers.path = str(tmp_path / "stick" / "foreign.json")
    managing.ui.importModelButton.click()
    managing.wait()
    assert words in messages.texts("error")[-1] and managing.ui.importModelButton.enabled


def test_an_import_during_a_run_is_refused_with_the_reason(a_managing, tmp_path):
    put_model(tmp_path / "stick", "foreign")
    managing = a_managing("hang")
    managing.answers.path = str(tmp_path / "stick" / "foreign.json")
    managing.ui.importModelButton.click()
    managing.panel.importModel()
    assert "The engine is busy" in messages.texts("error")[-1]
    assert not managing.ui.importModelButton.enabled and managing.logic.jobs.isRunning


def test_an_import_that_is_abandoned_changes_nothing(a_managing, the_folder, tmp_path):
    put_model(tmp_path / "stick", "foreign")
    before = names(the_folder)
    managing = a_managing("hang")
    managing.answers.path = str(tmp_path / "stick" / "foreign.json")
    managing.ui.importModelButton.click()
    managing.logic.jobs.abandon()
    assert managing.log[-1] == "The import of a model was cancelled." and managing.ui.importModelButton.enabled
    managing.ui.importModelButton.click()
    managing.panel.close()
    assert not managing.logic.jobs.isRunning and names(the_folder) == before


def test_an_exported_model_is_whole_and_replaces_files_only_when_told_to(a_managing, tmp_path):
    managing = a_managing()
    managing.select("mine")
    managing.answers.path = str(tmp_path / "out")
    managing.ui.exportModelButton.click()
    assert names(tmp_path / "out") == ["mine.json", "mine.safetensors"] and messages.texts() == []
    (tmp_path / "out" / "mine.json").write_text("notes")
    messages.answers.append("reject")
    managing.ui.exportModelButton.click()
    assert (tmp_path / "out" / "mine.json").read_text() == "notes"
    managing.ui.exportModelButton.click()
    assert "has a model 'mine' already. Replace it?" in messages.texts()[-1]
    assert (tmp_path / "out" / "mine.json").read_text() != "notes"


# keeping a taught model


def test_a_candidate_is_saved_under_the_name_that_the_user_gives(a_managing, tmp_path):
    put_model(tmp_path / "run", "candidate", title="Taught on one slice")
    managing = a_managing()
    managing.answers.names = ["mine", "taught"]
    card = managing.panel.saveCandidate(str(tmp_path / "run"), "candidate", "mine")
    assert (card.name, card.title) == ("taught", "Taught on one slice")
    assert managing.answers.asked == [("Keep model", "mine-2")] and "You have a model" in managing.answers.refused[0]
    assert "taught" in managing.told[-1] and models.find("taught").card == card


def test_a_candidate_is_not_saved_when_the_user_changes_their_mind(a_managing, the_folder, tmp_path):
    put_model(tmp_path / "run", "candidate")
    before = names(the_folder)
    managing = a_managing()
    managing.answers.names = [None]
    assert managing.panel.saveCandidate(str(tmp_path / "run"), "candidate", "mine") is None
    assert names(the_folder) == before


def test_a_candidate_that_is_damaged_is_refused(a_managing, tmp_path):
    put_model(tmp_path / "run", "candidate", sha256="0")
    with pytest.raises(ValueError, match="checksums differ"):
        a_managing().panel.saveCandidate(str(tmp_path / "run"), "candidate", "taught")
