"""Label maps of whole heads, reduced to the structures that differ on T1: what synthetic training scans are made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np

from .errors import InputError

# FreeSurfer's codes of each structure, left and right together.
STRUCTURES: dict[str, tuple[int, ...]] = {
    "sulcal fluid": (24, 136, 137, 163, 164),
    "ventricles": (4, 43, 5, 44, 14, 15, 72, 30, 62),
    "cortex": (3, 42, 26, 58),
    "cerebral white": (2, 41, 28, 60, 85, 25, 57),
    "thalamus": (10, 49),
    "caudate": (11, 50),
    "putamen": (12, 51),
    "pallidum": (13, 52),
    "hippocampus": (17, 53),
    "amygdala": (18, 54),
    "brain stem": (16,),
    "cerebellar cortex": (8, 47),
    "cerebellar white": (7, 46),
}
# Codes from here on are skull, skin, eyes and the like.
FIRST_OUTSIDE_BRAIN = 500
SULCAL_FLUID, VENTRICLES = 1, 2
AROUND = len(STRUCTURES) + 1
_MARGIN = 12

FLUID, GREY, WHITE = 0, 1, 2
GREY_STRUCTURES = (
    "cortex",
    "thalamus",
    "caudate",
    "putamen",
    "pallidum",
    "hippocampus",
    "amygdala",
    "cerebellar cortex",
)


@dataclass(frozen=True)
class LabelMap:
    """(I, J, K) uint8 structures at 1 mm, axes towards right, anterior, superior.

    0 is air, 1 to 13 are :data:`STRUCTURES` in their order, 14 is the rest of the head.
    """

    name: str
    structures: np.ndarray


def names() -> tuple[str, ...]:
    """Name of each structure code: air, those of :data:`STRUCTURES`, and the rest of the head."""
    return ("air", *STRUCTURES, "around")


def tissue_of_structure() -> np.ndarray:
    """(15,) int64: the tissue (0 CSF, 1 GM, 2 WM) each structure counts to; -1 outside the brain."""
    tissues = [-1]
    for name in STRUCTURES:
        tissues.append(FLUID if name in ("sulcal fluid", "ventricles") else GREY if name in GREY_STRUCTURES else WHITE)
    return np.array([*tissues, -1])


def find(folder: Path | str) -> list[Path]:
    """The label maps in a folder, by name.

    Raises:
        InputError: there is none.
    """
    folder = Path(folder)
    files = sorted(folder.glob("labels_*.nii.gz")) if folder.is_dir() else []
    if not files:
        raise InputError(f"There is no label map in '{folder}'; give a folder with files labels_*.nii.gz.")
    return files


def read(path: Path | str) -> LabelMap:
    """One label map of FreeSurfer's codes, 1 mm, cropped to the brain with a margin of the head around it.

    Raises:
        InputError: the file cannot be read, is not at 1 mm, or holds no brain.
    """
    path = Path(path)
    try:
        image = nibabel.as_closest_canonical(nibabel.load(path))
        codes = np.rint(np.asarray(image.dataobj)).astype(np.int32)
    except Exception as error:
        raise InputError(f"The label map '{path}' cannot be read ({error}).") from error
    if codes.ndim != 3 or not np.allclose(image.header.get_zooms()[:3], 1.0, atol=0.05):
        raise InputError(f"The label map '{path}' must be one volume with voxels of 1 mm.")
    lookup = np.zeros(max(int(codes.max()), FIRST_OUTSIDE_BRAIN) + 1, dtype=np.uint8)
    lookup[FIRST_OUTSIDE_BRAIN:] = AROUND
    for number, known in enumerate(STRUCTURES.values(), start=1):
        lookup[list(known)] = number
    structures = lookup[np.maximum(codes, 0)]
    brain = (structures > VENTRICLES) & (structures < AROUND)
    if not brain.any():
        raise InputError(f"The label map '{path}' holds no brain; its codes must be FreeSurfer's.")
    box = []
    for axis in range(3):
        used = np.flatnonzero(brain.any(axis=tuple(a for a in range(3) if a != axis)))
        box.append(slice(max(0, int(used[0]) - _MARGIN), int(used[-1]) + 1 + _MARGIN))
    return LabelMap(path.name.removesuffix(".nii.gz"), np.ascontiguousarray(structures[tuple(box)]))
