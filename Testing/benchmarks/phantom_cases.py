"""The phantoms of the benchmark: four settings of noise and field, three brains that no network was trained on."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import nibabel
import numpy as np
import phantoms
from data_paths import evaluation_file
from tools.make_phantoms import cropped

# Raised when phantoms come out otherwise than before, so that kept results of other tools are made anew.
VERSION = 1

# setting -> noise (of the white matter), range of the field, signal of deep grey matter and brain stem.
CELLS: dict[str, tuple[float, float, float | None]] = {
    "pn3 rf20": (0.03, 0.20, None),
    "pn9 rf40": (0.09, 0.40, None),
    "pn3 rf40": (0.03, 0.40, None),
    "pn5 rf20 deep grey": (0.05, 0.20, 0.86),
}
# subject of labelmaps14 -> seed of field, texture and noise. These are held out of the shipped network's training.
SEEDS = {"01": 0, "07": 1, "12": 2}


@dataclass(frozen=True)
class PhantomRecipe:
    """How a phantom is made; see :func:`phantoms.from_labels` for the numbers."""

    subject: str
    noise: float
    field_range: float
    deep_grey_mean: float | None
    seed: int
    version: int = VERSION

    @classmethod
    def of(cls, cell: str, subject: str) -> PhantomRecipe:
        return cls(subject, *CELLS[cell], SEEDS[subject])

    @property
    def label_map(self) -> Path:
        """The label map it is made from.

        Raises:
            EvaluationDataMissing: it is not there.
        """
        return evaluation_file("labelmaps14", f"labels_{self.subject}.nii.gz")

    def to_dict(self) -> dict:
        return asdict(self)


@contextlib.contextmanager
def on_disk(recipe: PhantomRecipe | None, folder: Path) -> Iterator[None]:
    """Keeps the phantom's ``image``, ``truth``, ``mask`` and ``field`` in ``folder`` (.nii) for as long as is needed.

    Without a recipe nothing is done. Half a gigabyte is not worth keeping, and a phantom is made in seconds.
    """
    if recipe is None:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    try:
        labels = cropped(nibabel.load(recipe.label_map))
        write(made(recipe, np.asarray(labels.dataobj)), folder)
        yield
    finally:
        shutil.rmtree(folder)


def made(recipe: PhantomRecipe, labels: np.ndarray) -> phantoms.Phantom:
    """The phantom of a reduced label map (codes of :func:`phantoms.label_map`, 1 mm)."""
    return phantoms.from_labels(
        labels,
        noise=recipe.noise,
        field_range=recipe.field_range,
        seed=recipe.seed,
        deep_grey_mean=recipe.deep_grey_mean,
    )


def write(phantom: phantoms.Phantom, folder: Path) -> None:
    """Writes a phantom's four volumes into ``folder``."""
    volumes = {"image": phantom.image, "truth": phantom.truth, "mask": phantom.mask, "field": phantom.field}
    for name, array in volumes.items():
        stored = array.astype(np.float32 if array.dtype.kind == "f" else np.uint8)
        nibabel.save(nibabel.Nifti1Image(stored, phantom.affine), folder / f"{name}.nii")
