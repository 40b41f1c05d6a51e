"""What goes into a run: volumes on a grid, and where the brain mask comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

# detect: the non-zero voxels when the image is already skull-stripped, else automatic.
MASK_SOURCES = ("detect", "automatic", "stripped", "given")


@dataclass(frozen=True)
class Volume:
    """A scalar image on a grid.

    Attributes:
        array: (I, J, K) voxel values in the affine's index order, any real dtype.
        affine: (4, 4) from voxel indices to RAS millimetres.
        name: what messages and reports call it.
        notes: sentences about how it was read (for the report's warnings).
        header: the nibabel NIfTI header it was read from, which results on its grid repeat; None otherwise.
    """

    array: np.ndarray
    affine: np.ndarray
    name: str = "image"
    notes: tuple[str, ...] = ()
    header: Any = None

    @property
    def spacing(self) -> np.ndarray:
        """(3,) voxel size along each index axis in millimetres."""
        return np.sqrt((np.asarray(self.affine, dtype=float)[:3, :3] ** 2).sum(axis=0))


@dataclass(frozen=True)
class Case:
    """The scans of one head at one time.

    Attributes:
        images: one or more channels (T1, T2, ...); the first defines the output's grid.
        mask: brain mask (non-zero = brain) on the first image's grid, used when ``mask_source`` is ``given``.
        mask_source: one of :data:`MASK_SOURCES`.
    """

    images: tuple[Volume, ...]
    mask: Volume | None = None
    mask_source: str = "detect"


@dataclass(frozen=True)
class Result:
    """What a run gives, on the first image's grid.

    Attributes:
        labels: (I, J, K) uint8; 0 outside the mask, 1..K by increasing class mean of the first image.
        posteriors: (K, i, j, k) float32 inside ``box``; 0 outside the mask, summing to 1 inside.
        box: slices of the full grid that hold the brain.
        bias_field: (D, I, J, K) float32, one field per channel, mean 1 in the mask, defined everywhere.
        corrected: (D, I, J, K) float32, each channel divided by its field.
        brain_mask: (I, J, K) bool.
        affine: (4, 4) voxel to RAS millimetres.
        report: JSON-ready facts about the run, see ``gmmseg.report``.
        entropy: (I, J, K) float32 uncertainty of each voxel, 0 (sure) to 1, 0 outside the mask, see
            :mod:`gmmseg.uncertainty`; None unless the settings ask for it.
    """

    labels: np.ndarray
    posteriors: np.ndarray
    box: tuple[slice, slice, slice]
    bias_field: np.ndarray
    corrected: np.ndarray
    brain_mask: np.ndarray
    affine: np.ndarray
    report: dict = field(default_factory=dict)
    entropy: np.ndarray | None = None

    def posterior_on_grid(self, index: int) -> np.ndarray:
        """(I, J, K) float32 posterior of class ``index`` (0-based) on the full grid."""
        full = np.zeros(self.labels.shape, dtype=np.float32)
        full[self.box] = self.posteriors[index]
        return full
