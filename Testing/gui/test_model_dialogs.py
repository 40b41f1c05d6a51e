"""What the user is asked about models, in Qt's own dialogs."""

from __future__ import annotations

import pytest
from host import messages


@pytest.fixture
def the_dialogs(an_application):
    from GMMSegExtensionLib.model_dialogs import ModelDialogs

    return ModelDialogs()


def types(text: str | None, suggested: list[str]):
    """The user's answer to a dialog: a text, None for Cancel; what the dialog suggests is noted."""

    def answer(dialog) -> bool:
        suggested.append(dialog.textValue())
        if text is not None:
            dialog.setTextValue(text)
        return text is not None

    return answer


def obstacle(name: str) -> str:
    return "" if name == "good" else f"'{name}' is taken; choose another name."


def test_a_name_is_asked_for_until_it_can_be_used(the_dialogs):
    suggested: list[str] = []
    messages.dialogs += [types("bad", suggested), types("  good ", suggested)]
    assert the_dialogs.name("Rename model", "New name", "old", obstacle) == "good"
    assert suggested == ["old", "bad"]
    assert messages.texts("warning") == ["'bad' is taken; choose another name."]


def test_cancel_is_no_name(the_dialogs):
    messages.dialogs += [types("bad", []), types(None, [])]
    assert the_dialogs.name("Rename model", "New name", "good", obstacle) is None


@pytest.mark.parametrize("path", ["/a/model.json", None])
def test_files_and_folders_are_paths_or_none(the_dialogs, path):
    messages.inputs += [path, path]
    assert the_dialogs.modelFile() == path and the_dialogs.folder() == path
