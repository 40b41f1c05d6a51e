"""What the project hands out: small, licensed, and without traces of the machine it was made on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from data_paths import CHECKOUT, PHANTOMS, SAMPLES

MEGABYTE = 1024 * 1024
LARGEST_FILE, LARGEST_SAMPLE, LARGEST_CHECKOUT = 15 * MEGABYTE, 6 * MEGABYTE, 100 * MEGABYTE
# May be used for evaluation, not handed out.
NOT_OURS = re.compile(r"manual15|brainweb|mritc|colin27|visualqc|\d{4}_(T1|mask|tissues|fast)\.nii")
# Home, scratch and mount folders of whoever works on the project.
MACHINE_PATH = re.compile(rb"(?<![\w.:<>~-])/(?:root|home/\w+|Users/\w+|work|mnt|media|workspace)/[\w.-]")


@pytest.fixture(scope="module")
def the_files() -> list[Path]:
    """Every file that git tracks or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [CHECKOUT / name for name in names if name and (CHECKOUT / name).is_file()]


def test_no_file_is_large(the_files):
    assert [path.name for path in the_files if path.stat().st_size > LARGEST_FILE] == []


def test_the_checkout_is_small(the_files):
    assert sum(path.stat().st_size for path in the_files) < LARGEST_CHECKOUT


def test_scans_that_may_not_be_handed_out_are_not(the_files):
    assert [path.name for path in the_files if NOT_OURS.search(path.name)] == []


def test_every_sample_is_small_and_stands_beside_its_licence():
    assert {path.name: path.stat().st_size < LARGEST_SAMPLE for path in SAMPLES.glob("*.nii.gz")} == {
        "openneuro_brain_T1.nii.gz": True,
        "studyforrest_head_T1.nii.gz": True,
    }
    readme = (SAMPLES / "README.md").read_text()
    for licence in ("LICENSE-CC0-1.0.txt", "LICENSE-PDDL-1.0.txt"):
        assert (SAMPLES / licence).stat().st_size > 1000 and licence in readme


def test_the_label_maps_stand_beside_their_licence():
    assert (PHANTOMS / "LICENSE-Apache-2.0.txt").stat().st_size > 1000
    assert all(path.name in (PHANTOMS / "README.md").read_text() for path in PHANTOMS.glob("*.nii.gz"))


def test_the_project_has_its_licence_and_its_citation():
    assert "Apache License" in (CHECKOUT / "LICENSE").read_text()
    assert "Gaussian Mixture Model Loss Functional" in (CHECKOUT / "CITATION.cff").read_text()


def test_no_file_names_a_folder_of_somebodys_machine(the_files):
    found = [
        f"{path.relative_to(CHECKOUT)}: {match.group().decode()}"
        for path in the_files
        if path.suffix not in (".gz", ".png")
        for match in MACHINE_PATH.finditer(path.read_bytes())
    ]
    assert found == []


def test_no_image_file_names_a_folder_of_somebodys_machine(the_files):
    import gzip

    for path in the_files:
        if path.name.endswith(".nii.gz"):
            with gzip.open(path) as stream:
                header = stream.read(348)
            assert MACHINE_PATH.search(header) is None, path.name
