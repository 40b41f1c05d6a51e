"""What ``import gmmseg`` offers, and what it does not need: torch for settings, Slicer for anything."""

from __future__ import annotations

import subprocess
import sys

import gmmseg
import pytest

# Put before a script: any import of the packages named in the first line fails, as where they are not installed.
BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
"""


def run_without(packages: list[str], script: str) -> subprocess.CompletedProcess:
    """``script`` in a Python of its own in which ``packages`` cannot be imported."""
    text = f"BLOCKED = {packages!r}\n{BLOCKER}\n{script}"
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120)


def test_every_public_name_is_there():
    assert set(gmmseg.__all__) == {
        "__version__",
        "Settings",
        "Case",
        "Result",
        "Volume",
        "InputError",
        "Cancelled",
        "segment",
        "GMMLoss",
        "TVLoss",
        "GMMTVLoss",
        "GMMBiasLoss",
        "TotalLoss",
    }
    for name in gmmseg.__all__:
        assert getattr(gmmseg, name) is not None
    assert callable(gmmseg.segment)


def test_a_star_import_gives_every_public_name():
    names: dict = {}
    exec("from gmmseg import *", names)
    assert set(gmmseg.__all__) <= set(names)


def test_public_classes_are_those_of_their_modules():
    from gmmseg.case import Case
    from gmmseg.errors import Cancelled, InputError
    from gmmseg.settings import Settings

    assert (gmmseg.Case, gmmseg.Settings, gmmseg.InputError, gmmseg.Cancelled) == (
        Case,
        Settings,
        InputError,
        Cancelled,
    )


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'gmmseg' has no attribute 'segmentation'"):
        _ = gmmseg.segmentation


def test_settings_need_neither_torch_nor_numpy():
    script = """
import gmmseg
from gmmseg import Settings, InputError, Cancelled
from gmmseg.settings import LIMITS, MODES, PRESETS

print(Settings.from_dict({"gamma": 0.2}).gamma, gmmseg.__version__)
"""
    done = run_without(["torch", "numpy", "scipy", "nibabel", "SimpleITK"], script)
    assert done.stderr == ""
    assert done.stdout.split() == ["0.2", gmmseg.__version__]


def test_without_torch_the_engine_says_that_torch_is_missing():
    done = run_without(["torch"], "import gmmseg\ngmmseg.segment")
    assert done.returncode != 0
    assert "No module named 'torch'" in done.stderr.splitlines()[-1]


def test_no_module_of_the_engine_needs_slicer_or_qt():
    script = """
import importlib, pkgutil
import gmmseg

for module in pkgutil.walk_packages(gmmseg.__path__, "gmmseg."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print("all imported")
"""
    done = run_without(["slicer", "qt", "ctk", "vtk", "mrml", "PySide6", "GMMSegExtensionLib"], script)
    assert done.stdout.strip() == "all imported", done.stderr
