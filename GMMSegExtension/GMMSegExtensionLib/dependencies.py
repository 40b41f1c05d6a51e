"""Python packages that the worker needs in Slicer, installed on first use and after asking."""

from __future__ import annotations

import logging
import subprocess

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


class DependenciesMissing(RuntimeError):
    """The worker cannot be used yet; the message says why and how to go on.

    ``wasShown`` tells that the user has seen a dialog about it already.
    """

    def __init__(self, message: str, wasShown: bool = False) -> None:
        super().__init__(message)
        self.wasShown = wasShown


def ensureInstalled(requirementsPath: str) -> bool:
    """Install what is missing, after one question. True when something was installed; all there takes no time.

    Nothing is installed into an interpreter that the site chose by ``GMMSEG_PYTHON``, and nothing in testing mode.

    :raises DependenciesMissing: the user declined, the installation failed, or Slicer has to be restarted.
    """
    if siteInterpreter():
        return False
    import slicer.packaging

    requirements = slicer.packaging.load_requirements(requirementsPath)
    torchMissing = not slicer.packaging.pip_check(_TORCH)
    noDeps = [requirement for requirement in _NO_DEPS if not slicer.packaging.pip_check(requirement)]
    others = [str(requirement) for requirement in requirements if not slicer.packaging.pip_check(requirement)]
    missing = [*([_TORCH] if torchMissing else []), *noDeps, *others]
    if not missing:
        return False
    if slicer.app.testingEnabled():
        logging.info("Testing mode is enabled: not installing %s", ", ".join(missing))
        return False
    torchInstaller = _torchInstaller() if torchMissing else None
    _ask(missing)
    try:
        if torchInstaller is not None:
            _installTorch(torchInstaller)
        if noDeps:
            # Satisfied requirements are left alone by pip; an empty list it would refuse.
            slicer.packaging.pip_install(
                [str(requirement) for requirement in requirements], no_deps_requirements=noDeps, requester=_REQUESTER
            )
        elif others:
            slicer.packaging.pip_ensure(requirements, requester=_REQUESTER, prompt_install=False)
    except subprocess.CalledProcessError as error:
        raise DependenciesMissing(offlineAdvice(missing), wasShown=True) from error
    return True


def offlineAdvice(missing: list[str]) -> str:
    """The sentence for a machine that cannot download: which wheels to bring."""
    return _(
        "The packages could not be installed; without internet access, bring wheels of {packages} and install them "
        "with 'PythonSlicer -m pip install --no-index --no-deps --find-links FOLDER ...', or set GMMSEG_PYTHON to a "
        "Python that has them."
    ).format(packages=", ".join(missing))


def _ask(missing: list[str]) -> None:
    question = _(
        "The segmentation needs {count} Python packages that Slicer does not have yet (PyTorch is up to 3 GB). "
        "They are downloaded and installed into Slicer once; this may take some minutes. Install them now?"
    ).format(count=len(missing))
    if not slicer.util.confirmOkCancelDisplay(
        question, windowTitle=_("Install packages"), detailedText="\n".join(missing)
    ):
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
            _("The extension 'PyTorch' is missing; install it in the Extensions Manager and restart Slicer.")
        ) from error
    return PyTorchUtils.PyTorchUtilsLogic()


def _installTorch(installer) -> None:
    try:
        torch = installer.installTorch(askConfirmation=False, torchVersionRequirement=_TORCH_VERSIONS)
    except subprocess.CalledProcessError:
        raise
    except Exception as error:  # whatever the extension's installer raises, the user gets the cause
        raise DependenciesMissing(
            _("PyTorch could not be installed ({cause}). {advice}").format(
                cause=str(error), advice=offlineAdvice([_TORCH])
            )
        ) from error
    if torch is None:
        raise DependenciesMissing(_("PyTorch was not installed; click Segment again to install it."), wasShown=True)


def _offerPyTorchExtension() -> None:
    """Install the extension for the user where this Slicer can, and offer the restart that it needs."""
    managerModel = getattr(slicer.app, "extensionsManagerModel", None)
    if managerModel is None:
        return
    question = _(
        "The segmentation needs the extension 'PyTorch', which is not installed. Install it and restart Slicer?"
    )
    if not slicer.util.confirmOkCancelDisplay(question, windowTitle=_("Install extension")):
        return
    manager = managerModel()
    manager.interactive = False
    if manager.downloadAndInstallExtensionByName("PyTorch", True, True):
        slicer.util.restart()
