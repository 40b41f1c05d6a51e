"""What all tests share: where they find the engine, the evaluation data, and that no test is skipped unseen.

``make test`` runs them in several processes (pytest-xdist): the first only reports, and hears from the others how many
tests they left out.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from data_paths import CHECKOUT, TESTING, EvaluationDataMissing, evaluation_data

_LEFT_OUT = pytest.StashKey[int]()
_KEY = "left_out"

# Read by libraries when they are first imported, here and in the processes that tests start.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("MPLBACKEND", "Agg")
# Arrays in tests are small: threads that wait for each other on a busy machine cost more than they bring.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.pop("GMMSEG_PYTHON", None)
os.environ["PYTHONPATH"] = os.pathsep.join([str(CHECKOUT / "GMMSegExtension"), str(TESTING)])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "data: needs the evaluation data, which may not be redistributed")
    config.stash[_LEFT_OUT] = 0
    try:
        evaluation_data()
    except EvaluationDataMissing as error:
        raise pytest.UsageError(str(error)) from error


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without evaluation data its tests are left out, and the end of the run says so."""
    needing = [item for item in items if item.get_closest_marker("data")]
    if needing and evaluation_data() is None:
        items[:] = [item for item in items if item not in needing]
        config.hook.pytest_deselected(items=needing)
        config.stash[_LEFT_OUT] = len(needing)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error) -> None:
    """One of several processes has ended; each has left out the same tests."""
    config = node.config
    config.stash[_LEFT_OUT] = max(config.stash[_LEFT_OUT], getattr(node, "workeroutput", {}).get(_KEY, 0))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test is a failed run: a test that did not run has shown nothing."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_KEY] = session.config.stash[_LEFT_OUT]
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[_LEFT_OUT]:
        note = f"{config.stash[_LEFT_OUT]} tests were left out: they need the evaluation data"
        terminalreporter.write_line(f"{note} (set GMMSEG_DATA, see README.md).", yellow=True)
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"SKIPPED, which fails the run: {report.nodeid}: {reason}", red=True)


@pytest.fixture(scope="module")
def what_was_there_before_is_left_alone() -> Iterator[None]:
    """For tests that look for leftovers at their end: not among the million objects of the modules before."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def the_evaluation_data() -> Path:
    """The folder of the evaluation data; for tests marked ``data``."""
    folder = evaluation_data()
    assert folder is not None, "Mark this test with pytest.mark.data."
    return folder
