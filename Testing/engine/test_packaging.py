"""What ``pip install`` puts in place is what lies in the tree, and both lists of dependencies agree."""

from __future__ import annotations

import tomllib

import pytest
from data_paths import CHECKOUT
from gmmseg import model_files, models
from gmmseg.settings import Settings

MODULE = CHECKOUT / "GMMSegExtension"


@pytest.fixture(scope="module")
def the_project() -> dict:
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text())


def test_every_package_of_the_engine_is_installed_and_the_models_with_it(the_project):
    found = {".".join(path.parent.relative_to(MODULE).parts) for path in (MODULE / "gmmseg").rglob("__init__.py")}
    assert set(the_project["tool"]["setuptools"]["packages"]) == found | {"gmmseg.shipped_models"}


def test_the_models_inside_a_wheel_are_those_of_the_module(the_project):
    settings = the_project["tool"]["setuptools"]
    folder = CHECKOUT / settings["package-dir"]["gmmseg.shipped_models"]
    assert folder.resolve() == models.shipped_folder()
    endings = [pattern.removeprefix("*") for pattern in settings["package-data"]["gmmseg.shipped_models"]]
    assert {models.CARD, models.WEIGHTS} <= set(endings)
    assert [path.name for path in folder.iterdir() if path.suffix not in endings] == []


@pytest.mark.parametrize("inside", [True, False])
def test_models_are_found_inside_an_installed_package_and_beside_slicers_modules(inside, tmp_path, monkeypatch):
    folder = tmp_path / ("gmmseg/shipped_models" if inside else "Resources/Models")
    folder.mkdir(parents=True)
    monkeypatch.setattr(model_files, "__file__", str(tmp_path / "gmmseg" / "model_files.py"))
    assert models.shipped_folder() == folder.resolve()


def test_slicer_installs_what_pip_would_from_the_same_versions_on(the_project):
    lines = (MODULE / "Resources" / "requirements.txt").read_text().splitlines()
    wanted = {line.strip() for line in lines if line.strip() and not line.startswith("#")}
    # Slicer has these, or gets them through its extension for PyTorch.
    brought = ("torch", "numpy", "scipy", "SimpleITK")
    assert wanted == {line for line in the_project["project"]["dependencies"] if not line.startswith(brought)}


def test_the_settings_name_the_default_model():
    assert Settings().model == models.DEFAULT
