"""Fixtures of the tests of the Slicer side: a scene, volumes, workers that are not the engine."""

from __future__ import annotations

import functools
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from host import scene

MODULE = Path(__file__).resolve().parents[2] / "GMMSegExtension" / "GMMSegExtension.py"
FAKE_WORKER = Path(__file__).with_name("fake_worker.py")
OBLIQUE = np.array([[0.9, -0.3, 0.1, 10.0], [0.3, 0.9, 0.0, 20.0], [0.0, 0.1, 2.0, -30.0], [0.0, 0.0, 0.0, 1.0]])


@pytest.fixture
def a_scene():
    """A fresh scene without a window."""
    return scene.install().scene


def a_brain(name: str = "T1", affine: np.ndarray = OBLIQUE, seed: int = 0):
    """A small volume node: zeros around a block of positive noise."""
    import slicer

    array = np.zeros((6, 8, 10), dtype=np.float32)
    array[1:5, 1:7, 1:9] = 1 + 100 * np.random.default_rng(seed).random((4, 6, 8))
    return slicer.util.addVolumeFromArray(array, ijkToRAS=affine, name=name)


@pytest.fixture
def a_fake_engine(tmp_path):
    """Gives a function that makes an EngineProcess of the fake worker; it is stopped at the end."""
    from GMMSegExtensionLib.engine_process import EngineProcess

    engines = []

    def make(behaviour: str = "done", **options) -> EngineProcess:
        command = [sys.executable, str(FAKE_WORKER), behaviour, str(tmp_path / "requests.jsonl")]
        engines.append(EngineProcess(lambda: command, **options))
        return engines[-1]

    yield make
    for engine in engines:
        engine.stop()


@pytest.fixture
def a_logic(a_scene, a_fake_engine, monkeypatch, tmp_path):
    """Gives a function that makes a logic whose worker behaves as named."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    from GMMSegExtensionLib.segmentation_logic import SegmentationLogic

    return lambda behaviour="done": SegmentationLogic(a_fake_engine(behaviour))


@pytest.fixture
def the_requests(tmp_path):
    """Gives a function that tells what the fake worker was asked so far."""

    def read() -> list[dict]:
        path = tmp_path / "requests.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    return read


@pytest.fixture
def an_application(tmp_path, monkeypatch, what_was_there_before_is_left_alone):
    """The stand-in application; whatever goes wrong unseen in it fails the test."""
    from host.application import StandInApplication

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("GMMSEG_MODELS", str(tmp_path / "models"))  # not those of whoever runs the tests
    application = StandInApplication()
    # Only how long a broken test takes to fail: a busy machine may be slow to start a worker.
    application.process_events_until = functools.partial(application.process_events_until, timeout=60)
    yield application
    application.quit()
    assert application.problems() == []


@pytest.fixture
def a_panel(an_application, a_fake_engine):
    """Gives a function that shows the module's panel, with a worker that behaves as named."""

    def show(behaviour: str = "done", **options):
        widget = an_application.load_module(MODULE)
        widget.logic.engine = a_fake_engine(behaviour, **options)
        an_application.select_module("GMMSegExtension")
        return widget

    return show


@pytest.fixture
def run(an_application):
    """Gives a function that clicks Segment and waits for the end of the run."""

    def click(widget) -> None:
        widget.ui.segmentButton.click()
        an_application.process_events_until(lambda: not widget.logic.isRunning, "the run has ended")

    return click


@pytest.fixture
def a_teaching(an_application, a_fake_engine):
    """Gives a function that shows the teaching panel by itself, with a worker that behaves as named."""
    from .teaching import Teaching

    made = []

    def show(behaviour: str = "done", **options) -> Teaching:
        made.append(Teaching(an_application, a_fake_engine(behaviour, **options)))
        return made[-1]

    yield show
    for teaching in made:
        teaching.close()


@pytest.fixture
def a_series_panel(a_panel, an_application):
    """Gives a function that shows the panel with its Series section open: (module widget, section, its form)."""

    def make(behaviour: str = "done"):
        widget = a_panel(behaviour)
        for name in ("moreCollapsibleButton", "seriesCollapsibleButton"):
            getattr(widget.ui, name).collapsed = False
        an_application.process_events()
        return widget, widget._panels.series, widget._panels.series._ui

    return make


@pytest.fixture
def run_series(an_application):
    """Gives a function that clicks Segment series and waits for the end."""

    def click(panel, ui) -> None:
        ui.seriesButton.click()
        an_application.process_events_until(lambda: not panel.isRunning, "the series has ended")

    return click


@pytest.fixture
def a_bias_bench(an_application, a_fake_engine):
    """Gives a function that shows the section "Bias field" alone, with a worker that behaves as named."""
    from .bias_bench import Bench

    benches = []

    def make(behaviour: str = "done") -> Bench:
        benches.append(Bench(an_application, a_fake_engine(behaviour)))
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()
