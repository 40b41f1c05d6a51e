"""Python packages that the worker needs in Slicer, installed on first use and after asking."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
from collections.abc import Callable, Iterator

import slicer
from slicer.i18n import tr as _

from .interpreter import siteInterpreter

_REQUESTER = "GMMSegExtension"
_TORCH = "torch>=2.2"
# 2.13 cannot load its libraries from paths that are usual on Windows.
_TORCH_VERSIONS = ">=2.2,!=2.13.*"
# Brain extraction. Without its own dependencies, one of which is a GUI toolkit; those its engine imports are in
# requirements.txt.
_NO_DEPS = ("deepbet>=1.0.2",)
_PIP_THAT_REPORTS_PROGRESS = "pip>=24.1"


class DependenciesMissing(RuntimeError):
    """The worker cannot be used yet; the message says why and how to go on.

    ``wasShown`` tells that the user has seen a dialog about it already.
    """

    def __init__(self, message: str, wasShown: bool = False) -> None:
        super().__init__(message)
        self.wasShown = wasShown


def areInstalledByTheUser() -> bool:
    """Whether the packages are the site's business, because it chose the interpreter by ``GMMSEG_PYTHON``."""
    return bool(siteInterpreter())


def ensureInstalled(requirementsPath: str, onInstalling: Callable[[], None] = lambda: None) -> None:
    """Install what is missing, after one question; when all is there this takes no time.

    Nothing is installed into an interpreter that the site chose, and nothing in testing mode. Events are handled
    during an installation.

    :param onInstalling: called when the user has agreed, before the first package is installed.
    :raises DependenciesMissing: the user declined, the installation failed, or Slicer has to be restarted.
    """
    if areInstalledByTheUser():
        return
    import slicer.packaging

    requirements = slicer.packaging.load_requirements(requirementsPath)
    torchMissing = not slicer.packaging.pip_check(_TORCH)
    noDeps = [requirement for requirement in _NO_DEPS if not slicer.packaging.pip_check(requirement)]
    others = [str(requirement) for requirement in requirements if not slicer.packaging.pip_check(requirement)]
    missing = [*([_TORCH] if torchMissing else []), *noDeps, *others]
    if not missing:
        return
    if slicer.app.testingEnabled():
        logging.info("Testing mode is enabled: not installing %s", ", ".join(missing))
        return
    torchInstaller = _torchInstaller() if torchMissing else None
    _ask(missing)
    onInstalling()
    # Building a package from its sources would fail late and obscurely on most computers.
    with _environment("PIP_ONLY_BINARY", ":all:"):
        if torchInstaller is not None:
            _installTorch(torchInstaller)
        try:
            if noDeps:
                # Satisfied requirements are left alone by pip; an empty list it would refuse.
                everything = [str(requirement) for requirement in requirements]
                slicer.packaging.pip_install(everything, no_deps_requirements=noDeps, requester=_REQUESTER)
            elif others:
                slicer.packaging.pip_ensure(requirements, requester=_REQUESTER, prompt_install=False)
        except subprocess.CalledProcessError as error:
            raise DependenciesMissing(offlineAdvice([*noDeps, *others]), wasShown=True) from error


def offlineAdvice(missing: list[str]) -> str:
    """The sentence for a machine that cannot download: which wheels to bring."""
    return _(
        "The packages could not be installed; without internet access, bring wheels of {packages} and install them "
        "with 'PythonSlicer -m pip install --no-index --no-deps --find-links FOLDER ...', or set GMMSEG_PYTHON to a "
        "Python that has them."
    ).format(packages=", ".join(missing))


def _ask(missing: list[str]) -> None:
    size = _(" (PyTorch is up to 3 GB)") if _TORCH in missing else ""
    question = _(
        "The segmentation needs Python packages that Slicer does not have yet{size}:\n\n{packages}\n\n"
        "They are downloaded and installed into Slicer once, which may take some minutes. Install them now?"
    ).format(size=size, packages="\n".join(missing))
    if not slicer.util.confirmOkCancelDisplay(question, windowTitle=_("Install packages")):
        raise DependenciesMissing(
            _("Nothing was installed; the segmentation needs the packages, so click Segment again to install them."),
            wasShown=True,
        )


def _torchInstaller():
    """Logic of the PyTorch extension, which finds the build of torch that fits the computer's graphics card."""
    try:
        import PyTorchUtils
    except ImportError as error:
        _offerPyTorchExtension()
        raise DependenciesMissing(
            _(
                "The extension 'PyTorch' is missing; install it in the Extensions Manager and restart Slicer, or set "
                "GMMSEG_PYTHON to a Python that has PyTorch."
            )
        ) from error
    return PyTorchUtils.PyTorchUtilsLogic()


def _installTorch(installer) -> None:
    try:
        with _pleaseWait(_("Downloading and installing PyTorch; this may take some minutes.")), _pipProgress():
            torch = installer.installTorch(askConfirmation=False, torchVersionRequirement=_TORCH_VERSIONS)
    except subprocess.CalledProcessError as error:
        raise DependenciesMissing(offlineAdvice([_TORCH])) from error
    except Exception as error:  # whatever the extension's installer raises, the user gets the cause
        raise DependenciesMissing(
            _("PyTorch could not be installed ({cause}). {advice}").format(
                cause=str(error), advice=offlineAdvice([_TORCH])
            )
        ) from error
    if torch is None:
        raise DependenciesMissing(_("PyTorch was not installed; click Segment again to install it."))


@contextlib.contextmanager
def _pleaseWait(sentence: str) -> Iterator[None]:
    """A modal window while the PyTorch extension works, which shows none of its own."""
    title = _("Install packages")
    dialog = slicer.util.createProgressDialog(labelText=sentence, windowTitle=title, maximum=0, modal=True)
    dialog.setCancelButton(None)
    dialog.show()
    slicer.app.processEvents()
    try:
        yield
    finally:
        dialog.close()
        dialog.deleteLater()


def _pipProgress() -> contextlib.AbstractContextManager:
    """Let pip print a line for each part it has downloaded.

    Slicer handles events at each line of a process that it waits for; in the minutes of silence that a large download
    takes otherwise, it would look frozen.
    """
    if not slicer.packaging.pip_check(_PIP_THAT_REPORTS_PROGRESS):
        return contextlib.nullcontext()
    return _environment("PIP_PROGRESS_BAR", "raw")


@contextlib.contextmanager
def _environment(variable: str, value: str) -> Iterator[None]:
    """Set a variable for the processes started meanwhile, unless the site has set it."""
    if variable in os.environ:
        yield
        return
    os.environ[variable] = value
    try:
        yield
    finally:
        del os.environ[variable]


def _offerPyTorchExtension() -> None:
    """Install the extension for the user where this Slicer can, and restart.

    :raises DependenciesMissing: the user declined, or Slicer restarts.
    """
    managerModel = getattr(slicer.app, "extensionsManagerModel", None)
    if managerModel is None:  # a Slicer that was built without
        return
    question = _(
        "The segmentation needs the extension 'PyTorch', which is not installed. Install it and restart Slicer?\n\n"
        "Save your data first: what is not saved is lost by the restart."
    )
    if not slicer.util.confirmOkCancelDisplay(question, windowTitle=_("Install extension")):
        raise DependenciesMissing(
            _("The extension 'PyTorch' is missing; click Segment again, or install it in the Extensions Manager."),
            wasShown=True,
        )
    manager = managerModel()
    wasInteractive = manager.interactive
    manager.interactive = False
    try:
        with _pleaseWait(_("Downloading and installing the extension 'PyTorch'.")):
            manager.installExtensionFromServer("PyTorch", False)
    finally:
        manager.interactive = wasInteractive
    if manager.isExtensionInstalled("PyTorch"):
        slicer.util.restart()
        raise DependenciesMissing(_("Slicer restarts to load the extension 'PyTorch'."), wasShown=True)
