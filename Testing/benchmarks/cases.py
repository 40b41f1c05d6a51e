"""The scans of the benchmark, their masks and their truth. Truth: 1 CSF, 2 GM, 3 WM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_paths import evaluation_file

from .phantom_cases import CELLS, SEEDS, PhantomRecipe

TISSUES = {1: "CSF", 2: "GM", 3: "WM"}
MANUAL_SUBJECTS = (
    "1000",
    "1001",
    "1002",
    "1006",
    "1007",
    "1008",
    "1009",
    "1010",
    "1011",
    "1012",
    "1013",
    "1014",
    "1015",
    "1017",
    "1036",
)
FAST = "FSL FAST after N4"


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
        field: file of the true bias field, where it is known.
        recipe: of a phantom, whose files are there only while it is being worked on; None for data that lies on disk.
    """

    dataset: str
    name: str
    image: Path
    truth: Path | None = None
    mask: Path | None = None
    peers: tuple[tuple[str, Path], ...] = ()
    field: Path | None = None
    recipe: PhantomRecipe | None = None

    @property
    def key(self) -> str:
        return f"{self.dataset}/{self.name}"

    @property
    def sources(self) -> list[Path]:
        """Files of the evaluation data that the case is made of."""
        if self.recipe is not None:
            return [self.recipe.label_map]
        return [path for path in (self.image, self.truth, self.mask) if path is not None]


def all_cases(folder: Path) -> list[BenchmarkCase]:
    """Every case; ``folder`` is where phantoms are put while they are worked on.

    Raises:
        EvaluationDataMissing: there is no evaluation data, or some of it is missing.
    """
    manual = [_manual(subject) for subject in MANUAL_SUBJECTS]
    phantoms = [_phantom(cell, subject, folder) for cell in CELLS for subject in SEEDS]
    return [*manual, _brainweb(), *phantoms, *_heads()]


def quick_cases(folder: Path) -> list[BenchmarkCase]:
    """One case of each kind that has a mask: a check that the benchmark works, not a result."""
    return [_manual(MANUAL_SUBJECTS[0]), _brainweb(), _phantom(next(iter(CELLS)), next(iter(SEEDS)), folder)]


def chosen(cases: Sequence[BenchmarkCase], beginnings: Sequence[str]) -> list[BenchmarkCase]:
    """The cases whose ``dataset/name`` begins with one of ``beginnings``; all when there are none."""
    return [case for case in cases if not beginnings or case.key.startswith(tuple(beginnings))]


def _manual(subject: str) -> BenchmarkCase:
    def file(kind: str) -> Path:
        return evaluation_file("manual15", f"{subject}_{kind}.nii.gz")

    return BenchmarkCase("manual15", subject, file("T1"), file("tissues"), file("mask"), ((FAST, file("fast")),))


def _brainweb() -> BenchmarkCase:
    image, truth, mask = (evaluation_file("brainweb", f"mritc_{kind}_2mm.nii.gz") for kind in ("t1", "label", "mask"))
    return BenchmarkCase("brainweb", "2 mm", image, truth, mask)


def _phantom(cell: str, subject: str, folder: Path) -> BenchmarkCase:
    recipe = PhantomRecipe.of(cell, subject)
    place = folder / f"{cell} {subject}".replace(" ", "_")
    image, truth, mask, field = (place / f"{kind}.nii" for kind in ("image", "truth", "mask", "field"))
    return BenchmarkCase(f"phantoms {cell}", subject, image, truth, mask, field=field, recipe=recipe)


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
