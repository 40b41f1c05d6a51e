"""`slicer.packaging` checks truly and installs nothing."""

import subprocess

import pytest
import slicer.packaging
from slicer.packaging import load_requirements, pip_check, pip_ensure, pip_install

from host import installs, scene

pytestmark = pytest.mark.usefixtures("a_scene")


def test_a_requirements_file_is_read_without_comments_and_options(tmp_path):
    (tmp_path / "requirements.txt").write_text("# engine\nnumpy>=1.20\n\n--only-binary :all:\nno-such-package-here\n")
    requirements = load_requirements(tmp_path / "requirements.txt")
    assert [str(r) for r in requirements] == ["numpy>=1.20", "no-such-package-here"]
    assert [pip_check(r) for r in requirements] == [True, False]


@pytest.mark.parametrize(
    ("requirement", "satisfied"),
    [("numpy", True), ("numpy>=99", False), ("numpy>=99; sys_platform == 'nowhere'", True), ("numpy vtk", True)],
)
def test_a_requirement_is_checked_against_what_is_installed(requirement, satisfied):
    assert pip_check(requirement) is satisfied


def test_only_what_is_missing_is_asked_for_and_then_counts_as_installed():
    installs.pretend(missing={"tqdm"})
    pip_ensure(["numpy", "tqdm>=4"], requester="GMMSegExtension")
    assert [call.requirements for call in installs.record] == [["tqdm>=4"]]
    assert pip_check("tqdm>=4")


def test_a_failed_installation_raises_as_pip_would():
    installs.outcome = "fail"
    with pytest.raises(subprocess.CalledProcessError):
        pip_install("deepbet", no_deps_requirements=["deepbet"])
    assert installs.record[-1].no_deps_requirements == ["deepbet"]


def test_a_fresh_scene_forgets_earlier_installations():
    pip_install("deepbet")
    scene.install()
    assert installs.record == []


def test_there_are_no_names_that_slicer_lacks():
    assert not hasattr(slicer.packaging, "install")
