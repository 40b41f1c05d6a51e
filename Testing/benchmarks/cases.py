"""The scans of the benchmark, their masks and their truth. Truth: 1 CSF, 2 GM, 3 WM."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data_paths import evaluation_file

TISSUES = {1: "CSF", 2: "GM", 3: "WM"}
MANUAL_SUBJECTS = ("1000", "1002", "1007", "1012", "1036")


@dataclass(frozen=True)
class BenchmarkCase:
    """One scan.

    Attributes:
        dataset: heading it is tabled under.
        name: unique within the data set.
        image: file of the scan.
        truth: label file, None where there is none (time and volumes only).
        mask: brain mask file; None lets the engine find the brain.
        peers: results of other tools that lie beside the data, by tool name.
    """

    dataset: str
    name: str
    image: Path
    truth: Path | None = None
    mask: Path | None = None
    peers: tuple[tuple[str, Path], ...] = ()

    @property
    def key(self) -> str:
        return f"{self.dataset}/{self.name}"


def all_cases() -> list[BenchmarkCase]:
    """Every case, quick ones first within a data set.

    Raises:
        EvaluationDataMissing: there is no evaluation data, or some of it is missing.
    """
    return [*(_manual(subject) for subject in MANUAL_SUBJECTS), _brainweb(), *_heads()]


def quick_cases() -> list[BenchmarkCase]:
    """One case of each kind that has a mask: a check that the benchmark works, not a result."""
    return [_manual(MANUAL_SUBJECTS[0]), _brainweb()]


def _manual(subject: str) -> BenchmarkCase:
    def file(kind: str) -> Path:
        return evaluation_file("manual15", f"{subject}_{kind}.nii.gz")

    peers = (("FSL FAST after N4", file("fast")),)
    return BenchmarkCase("manual15", subject, file("T1"), file("tissues"), file("mask"), peers)


def _brainweb() -> BenchmarkCase:
    image, truth, mask = (evaluation_file("brainweb", f"mritc_{kind}_2mm.nii.gz") for kind in ("t1", "label", "mask"))
    return BenchmarkCase("brainweb", "2 mm", image, truth, mask)


def _heads() -> list[BenchmarkCase]:
    return [
        BenchmarkCase(
            "heads",
            "visualqc",
            evaluation_file("heads", "visualqc_T1.nii.gz"),
            evaluation_file("heads", "visualqc_tissues.nii.gz"),
        ),
        BenchmarkCase("heads", "colin27", evaluation_file("heads", "colin27_T1.nii.gz")),
        BenchmarkCase("heads", "studyforrest", evaluation_file("heads", "studyforrest_T1.nii.gz")),
    ]
