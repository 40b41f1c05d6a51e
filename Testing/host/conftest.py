"""Fixtures of the stand-in's own tests.

Importing `host.scene` here, before any test file, makes `slicer.parameterNodeWrapper` and its like importable.
"""

from pathlib import Path

import numpy as np
import pytest

from host import pythonqt, scene
from host.scene import slicer


@pytest.fixture
def a_scene():
    return scene.install().scene


@pytest.fixture
def a_button():
    pythonqt.application()
    return pythonqt.qt_module().QPushButton("Apply")


@pytest.fixture
def an_application(what_was_there_before_is_left_alone):
    """The stand-in application; whatever goes wrong unseen in it fails the test."""
    from host.application import StandInApplication

    application = StandInApplication()
    yield application
    application.quit()
    assert application.problems() == []


@pytest.fixture
def a_volume_node(an_application):
    return slicer.util.addVolumeFromArray(np.zeros((2, 2, 2)), name="T1")


@pytest.fixture
def the_example(an_application):
    """Panel of the module in `example/`, shown."""
    widget = an_application.load_module(Path(__file__).parent / "example" / "Example.py")
    an_application.select_module("Example")
    return widget
