"""Stand-in for `slicer.packaging`: checks requirements truly, asks as Slicer does, records instead of installing."""

from __future__ import annotations

import logging
import shlex
import tomllib
from importlib.metadata import requires
from pathlib import Path
from subprocess import CalledProcessError

import slicer
import slicer.util
from host import installs
from packaging.requirements import InvalidRequirement, Requirement
from slicer.i18n import tr as _

__all__ = [
    "isPipInstallInProgress",
    "load_pyproject_dependencies",
    "load_requirements",
    "pip_check",
    "pip_ensure",
    "pip_install",
    "pip_uninstall",
]


def load_requirements(path):
    """Requirements of a requirements.txt; comments, empty lines and lines with pip options are left out."""
    lines = (line.strip() for line in Path(path).read_text().splitlines())
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def load_pyproject_dependencies(path):
    """Requirements in `project.dependencies` of a pyproject.toml. KeyError without a project table."""
    data = tomllib.loads(Path(path).read_text())
    if "project" not in data:
        raise KeyError(f"pyproject.toml has no [project] table: {path}")
    return [Requirement(dependency) for dependency in data["project"].get("dependencies", [])]


def _to_requirements(requirements):
    if isinstance(requirements, str):
        try:
            return [Requirement(requirements)]
        except InvalidRequirement:
            return [Requirement(part) for part in requirements.split()]
    if isinstance(requirements, Requirement):
        return [requirements]
    if isinstance(requirements, list):
        return [Requirement(r) if isinstance(r, str) else r for r in requirements]
    raise TypeError(f"Expected str, Requirement, or list, got {type(requirements).__name__}")


def pip_check(req):
    """Whether all requirements that apply here are installed, with what their extras need."""
    return all(_is_satisfied(requirement, seen=set()) for requirement in _to_requirements(req))


def _is_satisfied(requirement, seen):
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    key = (requirement.name.lower(), frozenset(requirement.extras))
    if key in seen:
        return True
    seen.add(key)
    if not installs.satisfies(requirement.name, requirement.specifier):
        return False
    return all(_is_satisfied(dependency, seen) for dependency in _dependencies_of_extras(requirement))


def _dependencies_of_extras(requirement):
    if not requirement.extras:
        return
    for dependency in map(Requirement, requires(requirement.name) or []):
        marker, dependency.marker = dependency.marker, None
        if marker is not None and any(marker.evaluate({"extra": extra}) for extra in requirement.extras):
            yield dependency


def pip_ensure(
    requirements,
    constraints=None,
    skip_packages=None,
    prompt_install=True,
    prompt_restart=True,
    requester=None,
    skip_in_testing=True,
    show_progress=True,
):
    """Install what is missing, after asking. RuntimeError when the user declines, CalledProcessError on failure."""
    missing = [r for r in _to_requirements(requirements) if not pip_check(r)]
    if not missing:
        return None
    if not hasattr(slicer, "app"):
        return pip_install([str(r) for r in missing], constraints=constraints, skip_packages=skip_packages)
    if skip_in_testing and slicer.app.testingEnabled():
        logging.info(f"Testing mode is enabled: skipping pip_ensure for {missing}")
        return None
    if prompt_install and not _confirmed(missing, requester):
        raise RuntimeError("User declined package installation")
    return pip_install(
        [str(r) for r in missing],
        constraints=constraints,
        skip_packages=skip_packages,
        show_progress=show_progress,
        requester=requester,
    )


def _confirmed(missing, requester):
    title = _("{requester} - Install Python Packages").format(requester=requester)
    message = _("{count} Python packages need to be installed. Continue?").format(count=len(missing))
    packages = "\n".join(f"- {requirement}" for requirement in missing)
    return slicer.util.confirmOkCancelDisplay(message, title, detailedText=packages)


def isPipInstallInProgress():
    """Never: a recorded installation takes no time."""
    return False


def pip_install(
    requirements,
    constraints=None,
    no_deps_requirements=None,
    skip_packages=None,
    blocking=True,
    show_progress=True,
    requester=None,
    logCallback=None,
    completedCallback=None,
):
    """Record the request. Fails, as pip would, with CalledProcessError when `host.installs.outcome` says so."""
    if skip_packages is not None and (no_deps_requirements is not None or not blocking):
        raise ValueError("skip_packages goes neither with no_deps_requirements nor with blocking=False.")
    wanted, without_dependencies = _arguments(requirements), _arguments(no_deps_requirements or [])
    done = installs.install(
        installs.Installation("pip", wanted, without_dependencies, requester), _names(wanted + without_dependencies)
    )
    if not blocking:
        _report_later(done, logCallback, completedCallback)
    elif not done:
        if hasattr(slicer, "app") and not slicer.app.testingEnabled():
            slicer.util.errorDisplay(_("Package installation failed."))
        raise CalledProcessError(1, "pip install")
    return [] if skip_packages is not None else None


def pip_uninstall(requirements, blocking=True, logCallback=None, completedCallback=None):
    """Record the request."""
    wanted = _arguments(requirements)
    installs.record.append(installs.Installation("pip uninstall", wanted, []))
    installs.pretend(missing=set(_names(wanted)))
    if not blocking:
        _report_later(True, logCallback, completedCallback)


def _arguments(requirements):
    if isinstance(requirements, str):
        return shlex.split(requirements)
    if isinstance(requirements, list):
        return list(requirements)
    raise ValueError("pip_install requirement input must be string or list")


def _names(arguments):
    """Package names among pip's arguments; options and paths have none."""
    names = []
    for argument in arguments:
        try:
            names.append(Requirement(argument).name)
        except InvalidRequirement:
            continue
    return names


def _report_later(done, logCallback, completedCallback):
    import qt

    def report():
        if logCallback:
            logCallback("Successfully installed" if done else "ERROR: installation failed")
        if completedCallback:
            completedCallback(0 if done else 1)

    qt.QTimer.singleShot(0, report)
