"""What is built and installed in Slicer is what lies in the tree."""

from __future__ import annotations

import importlib.util
import json
import re

import pytest
from data_paths import CHECKOUT, TESTING


@pytest.fixture(scope="module")
def the_tool():
    """``Testing/tools/update_cmake_lists.py`` as a module."""
    spec = importlib.util.spec_from_file_location("update_cmake_lists", TESTING / "tools" / "update_cmake_lists.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def the_extension() -> str:
    """Text of the extension's CMakeLists."""
    return (CHECKOUT / "CMakeLists.txt").read_text()


@pytest.mark.parametrize("name", ["MODULE_PYTHON_SCRIPTS", "MODULE_PYTHON_RESOURCES"])
def test_every_file_of_the_module_is_installed_and_every_listed_file_exists(the_tool, name):
    in_list = the_tool.listed(the_tool.LIST_FILE.read_text(), name)
    in_tree = the_tool.wanted()[name]
    assert sorted(set(in_tree) - set(in_list)) == [], "missing in the list: run Testing/tools/update_cmake_lists.py"
    assert sorted(set(in_list) - set(in_tree)) == [], "not in the tree: run Testing/tools/update_cmake_lists.py"
    assert len(in_list) == len(set(in_list))


def test_the_tool_changes_nothing_when_the_lists_are_right(the_tool):
    text = the_tool.LIST_FILE.read_text()
    assert the_tool.rewritten(text) == text


def test_the_project_has_the_name_of_its_index_entry_and_its_module(the_extension):
    assert re.search(r"project\((\w+)\)", the_extension)[1] == "GMMSegExtension"
    assert (CHECKOUT / "GMMSegExtension.json").is_file()
    assert (CHECKOUT / "GMMSegExtension" / "GMMSegExtension.py").is_file()


def test_the_index_entry_has_what_the_index_demands(the_extension):
    entry = json.loads((CHECKOUT / "GMMSegExtension.json").read_text())
    allowed = {
        "$schema",
        "category",
        "scm_url",
        "scm_revision",
        "scm_type",
        "build_dependencies",
        "build_subdirectory",
        "enabled",
        "tier",
    }
    assert {"$schema", "category", "scm_url"} <= set(entry) <= allowed
    assert f'EXTENSION_CATEGORY "{entry["category"]}"' in the_extension
    assert entry["scm_url"].removesuffix(".git") in the_extension


@pytest.mark.parametrize(
    "name", ["HOMEPAGE", "CATEGORY", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS"]
)
def test_the_extension_says_what_its_catalogue_page_shows(the_extension, name):
    assert re.search(rf'set\(EXTENSION_{name} "[^"]+"\)', the_extension)


def test_pictures_of_the_catalogue_page_are_in_the_project(the_extension):
    for address in re.findall(r"https://raw\S+?/main/(\S+?\.png)", the_extension):
        assert (CHECKOUT / address).is_file(), address
