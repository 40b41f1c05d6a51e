"""Scores of test scans as a table and as means."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

from ..metrics import SCORES
from ..model_card import PRIOR_CLASSES
from ..safe_files import atomic
from ..slicewise.study import Scores

COLUMNS = ("subject", "protocol", "tissue", *SCORES)


def write(path: Path, scores: Mapping[str, Scores]) -> None:
    """A CSV file of one row for each scan, protocol and tissue; a score that is not defined is empty.

    Args:
        path: of the file; replaced when it is there.
        scores: of each scan, see :func:`gmmseg.metrics.evaluate`.

    Raises:
        InputError: it cannot be written.
    """
    with atomic(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for subject, protocols in scores.items():
            for protocol, tissues in protocols.items():
                for label, row in tissues.items():
                    values = ("" if math.isnan(row[name]) else f"{row[name]:.6f}" for name in SCORES)
                    writer.writerow((subject, protocol, PRIOR_CLASSES[label - 1], *values))


def mean_dice(scores: Mapping[str, Scores]) -> dict[str, dict[str, float]]:
    """Mean Dice over the scans, by protocol and tissue, where it is defined."""
    found: dict[str, dict[str, list[float]]] = {}
    for protocols in scores.values():
        for protocol, tissues in protocols.items():
            for label, row in tissues.items():
                if not math.isnan(row["dice"]):
                    found.setdefault(protocol, {}).setdefault(PRIOR_CLASSES[label - 1], []).append(row["dice"])
    return {
        protocol: {tissue: math.fsum(values) / len(values) for tissue, values in tissues.items()}
        for protocol, tissues in found.items()
    }
