"""Are voxels that the engine is 90 % sure of right 90 % of the time? Curves from counts by bins of confidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from .figures import Record
from .markdown import number, table

# Bins that hold a smaller share of the voxels are not shown: their fraction says nothing.
SMALLEST_SHARE = 1e-4


@dataclass(frozen=True)
class Curve:
    """Reliability over the voxels of several scans, one entry for each bin that is not empty.

    Attributes:
        share: of all voxels.
        confidence: mean highest posterior in the bin.
        right: fraction of the bin's voxels whose label is true.
    """

    share: np.ndarray
    confidence: np.ndarray
    right: np.ndarray

    @property
    def calibration_error(self) -> float:
        """Mean distance of fraction right from confidence over voxels (Guo et al. 2017, equation 3)."""
        return float((self.share * np.abs(self.right - self.confidence)).sum())

    @property
    def overconfidence(self) -> float:
        """Mean confidence less the fraction right, over all voxels: above 0 promises too much."""
        return float((self.share * (self.confidence - self.right)).sum())


def pooled(records: Iterable[Record]) -> Curve | None:
    """The curve of all scans together, each voxel counting once; None when no record has counts.

    Args:
        records: with ``reliability``: ``bins`` (voxels), ``right`` (true ones) and ``confidence`` (sums) by bin.
    """
    found = [counts for record in records if (counts := record.get("reliability"))]
    if not found:
        return None
    voxels, right, confidence = (
        np.sum([counts[name] for counts in found], axis=0, dtype=float) for name in ("bins", "right", "confidence")
    )
    if not voxels.any():
        return None
    filled = voxels > SMALLEST_SHARE * voxels.sum()
    share = voxels / voxels.sum()
    return Curve(share[filled], confidence[filled] / voxels[filled], right[filled] / voxels[filled])


def curves(scans: Mapping[str, Mapping[str, Record]]) -> dict[str, Curve]:
    """A curve for each method that has one."""
    found = {method: pooled(records.values()) for method, records in scans.items()}
    return {method: curve for method, curve in found.items() if curve}


def as_table(found: Mapping[str, Curve]) -> str:
    """Calibration error and the curve, one bin a cell: mean confidence → fraction right (share of the voxels)."""
    rows = [
        [
            method,
            number(curve.calibration_error),
            f"{curve.overconfidence:+.3f}",
            ", ".join(
                f"{confidence:.2f} → {right:.2f} ({100 * share:.1f} %)"
                for confidence, right, share in zip(curve.confidence, curve.right, curve.share, strict=True)
            ),
        ]
        for method, curve in found.items()
    ]
    header = ["method", "calibration error", "overconfidence", "confidence → fraction right (share of voxels)"]
    return table(header, rows) if rows else ""
