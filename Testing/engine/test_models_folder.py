"""Where the user's models lie, on each system and without a home."""

from __future__ import annotations

from pathlib import Path

import pytest
from gmmseg import model_files
from gmmseg.errors import InputError


@pytest.mark.parametrize(
    ("platform", "variable", "path"),
    [
        ("linux", "XDG_DATA_HOME", ".local/share"),
        ("darwin", "", "Library/Application Support"),
        ("win32", "LOCALAPPDATA", "AppData/Local"),
    ],
)
def test_the_users_folder_follows_the_system(platform, variable, path, tmp_path, monkeypatch):
    monkeypatch.delenv(model_files.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(model_files.sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, "relative/ignored")
    assert model_files.user_folder() == tmp_path / path / "gmmseg" / "models"
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "data"))
        assert model_files.user_folder() == tmp_path / "data" / "gmmseg" / "models"


def test_a_user_without_a_home_still_has_the_shipped_models(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv(model_files.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert len(model_files.survey()[0]) == len(list(model_files.shipped_folder().glob("*.json")))
    with pytest.raises(InputError, match=f"set {model_files.FOLDER_VARIABLE}"):
        model_files.find("small")
