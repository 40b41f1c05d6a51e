"""What the module under test asked to have installed. Nothing ever is: tests read the record and set outcomes.

installs.pretend(missing={"tqdm"})            # pip_check now says that tqdm is not there
installs.outcome = "fail"                     # the next installation fails
assert installs.record[-1].requirements == ["tqdm>=4.65"]
installs.set_pytorch(extension=True, torch=None, accept=False)
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import sys
from types import ModuleType
from typing import Literal

from packaging.utils import canonicalize_name


@dataclasses.dataclass(frozen=True)
class Installation:
    """One request to install."""

    tool: Literal["pip", "pip uninstall", "torch", "extension"]
    requirements: list[str]
    no_deps_requirements: list[str]
    requester: str | None = None


record: list[Installation] = []
outcome: Literal["succeed", "fail"] = "succeed"
# Slicer can be built without the Extensions Manager; then `slicer.app` has no `extensionsManagerModel`.
has_extensions_manager = False
_versions: dict[str, str | None] = {}


def reset() -> None:
    """Forget the record; the packages are those of this Python, and the PyTorch extension is there."""
    global outcome, has_extensions_manager
    record.clear()
    outcome = "succeed"
    has_extensions_manager = False
    _versions.clear()
    set_pytorch(extension=True)


def pretend(missing: set[str] = frozenset(), installed: dict[str, str] | None = None) -> None:
    """Let packages look absent, or present with a version, whatever this Python has."""
    _versions.update({canonicalize_name(name): None for name in missing})
    _versions.update({canonicalize_name(name): version for name, version in (installed or {}).items()})


def version(name: str) -> str | None:
    """Version of a package, None when it is absent (or pretended so)."""
    canonical = canonicalize_name(name)
    if canonical in _versions:
        return _versions[canonical]
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def install(installation: Installation, names: list[str]) -> bool:
    """Record the request; where it succeeds, the packages are there from now on."""
    record.append(installation)
    if outcome == "succeed":
        # Any version will do for pip_check, because only requirements that were asked for are "installed".
        _versions.update({canonicalize_name(name): _ANY for name in names})
    return outcome == "succeed"


def satisfies(name: str, specifier) -> bool:
    """Whether the installed version of a package meets the specifier."""
    present = version(name)
    return present is not None and (present is _ANY or specifier.contains(present, prereleases=True))


_ANY = "just installed"


def set_pytorch(extension: bool, torch: str | None = "this", accept: bool = True) -> None:
    """Make the extension `PyTorch` present or absent, `torch` installed in it or not, and the user willing or not.

    torch "this" means as in this Python, None not installed, else a version.
    """
    _versions.pop("torch", None)
    if torch != "this":
        _versions["torch"] = torch
    sys.modules.pop("PyTorchUtils", None)
    if extension:
        sys.modules["PyTorchUtils"] = _pytorch_utils(accept)
    else:
        # None makes the import fail even if a file of this name is on the path.
        sys.modules["PyTorchUtils"] = None


def _pytorch_utils(accept: bool) -> ModuleType:
    class PyTorchUtilsLogic:
        """The part of the extension's logic that other extensions call."""

        @staticmethod
        def torchInstalled():
            return version("torch") is not None

        @property
        def torch(self):
            import torch

            return torch

        def installTorch(
            self,
            askConfirmation=False,
            forceComputationBackend=None,
            torchVersionRequirement=None,
            torchvisionVersionRequirement=None,
        ):
            if askConfirmation and not accept:
                return None
            requirement = f"torch{torchVersionRequirement or ''}"
            if not install(Installation("torch", [requirement], []), ["torch"]):
                raise RuntimeError("Failed to install PyTorch.")
            return ModuleType("torch")

    module = ModuleType("PyTorchUtils")
    PyTorchUtilsLogic.__module__ = "PyTorchUtils"
    module.PyTorchUtilsLogic = PyTorchUtilsLogic
    return module
