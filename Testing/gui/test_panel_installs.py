"""Packages that the engine needs are asked for and installed on the first click."""

from __future__ import annotations

import pytest
from host import messages

from .conftest import a_brain


def test_packages_are_asked_for_on_the_first_click_and_declining_is_harmless(a_panel, run):
    from host import installs

    a_brain()
    widget = a_panel()
    installs.pretend(missing={"fill-voids", "deepbet"})
    messages.answers.append("reject")
    widget.ui.segmentButton.click()
    assert installs.record == [] and not widget.logic.isRunning
    assert "Nothing was installed" in widget.ui.statusLabel.text
    run(widget)
    asked = messages.texts("question")
    assert len(asked) == 2 and len(installs.record) == 1
    assert installs.record[0].no_deps_requirements == ["deepbet>=1.0.2"]
    assert widget.logic.outputsOf(widget._parameterNode.inputVolume) is not None
    run(widget)
    assert len(messages.texts("question")) == 2


def test_torch_is_installed_through_its_extension(a_panel, run):
    from host import installs

    a_brain()
    widget = a_panel()
    installs.set_pytorch(extension=True, torch=None)
    run(widget)
    assert [entry.tool for entry in installs.record] == ["torch"]
    assert installs.record[0].requirements == ["torch>=2.2,!=2.13.*"]


def test_the_panel_says_while_it_installs_and_takes_no_second_click(a_panel, monkeypatch):
    import slicer
    from host import installs
    from PySide6.QtWidgets import QApplication, QProgressDialog

    a_brain()
    widget = a_panel()
    installs.set_pytorch(extension=True, torch=None)
    seen = []

    def install(_logic, **_options):
        slicer.app.processEvents()
        widget.ui.segmentButton.click()
        windows = [window for window in QApplication.topLevelWidgets() if isinstance(window, QProgressDialog)]
        seen.append((widget.ui.segmentButton.enabled, widget.ui.statusLabel.text))
        assert [(window.labelText().split(";")[0], window.isModal()) for window in windows] == [
            ("Downloading and installing PyTorch", True)
        ]

    import PyTorchUtils

    monkeypatch.setattr(PyTorchUtils.PyTorchUtilsLogic, "installTorch", install)
    widget.ui.segmentButton.click()
    assert seen == [(False, "Packages are being installed; this may take some minutes.")]
    assert widget.ui.segmentButton.enabled and "PyTorch was not installed" in widget.ui.statusLabel.text


def test_a_worker_without_its_packages_is_mentioned_before_the_first_click(a_panel, an_application):
    a_brain()
    widget = a_panel("unavailable")
    an_application.process_events_until(lambda: widget.ui.statusLabel.visible, "the panel tells")
    assert "asks before it installs" in widget.ui.statusLabel.text and widget.ui.segmentButton.enabled


def test_a_missing_pytorch_extension_is_explained(a_panel):
    from host import installs

    a_brain()
    widget = a_panel()
    installs.set_pytorch(extension=False, torch=None)
    widget.ui.segmentButton.click()
    assert "The extension 'PyTorch' is missing" in widget.ui.statusLabel.text
    assert len(messages.texts("error")) == 1


@pytest.mark.parametrize("answer", ["accept", "reject"])
def test_the_pytorch_extension_is_installed_after_asking(a_panel, answer):
    from host import installs

    a_brain()
    widget = a_panel()
    installs.has_extensions_manager = True
    installs.set_pytorch(extension=False, torch=None)
    messages.answers.append(answer)
    widget.ui.segmentButton.click()
    assert [entry.requirements for entry in installs.record] == ([["PyTorch"]] if answer == "accept" else [])
    words = "restarts" if answer == "accept" else "'PyTorch' is missing"
    assert words in widget.ui.statusLabel.text and messages.texts("error") == []


def test_a_failed_installation_says_which_wheels_to_bring(a_panel):
    from host import installs

    a_brain()
    widget = a_panel()
    installs.pretend(missing={"fill-voids"})
    installs.outcome = "fail"
    widget.ui.segmentButton.click()
    assert "bring wheels of fill-voids>=2.0" in widget.ui.statusLabel.text and not widget.logic.isRunning


def test_nothing_is_installed_when_the_site_has_its_own_python(a_panel, run, monkeypatch):
    from host import installs

    monkeypatch.setenv("GMMSEG_PYTHON", "/usr/bin/python3")
    a_brain()
    widget = a_panel()
    installs.pretend(missing={"fill-voids", "deepbet"})
    run(widget)
    assert installs.record == [] and messages.texts("question") == []
