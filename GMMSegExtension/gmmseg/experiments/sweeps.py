"""Figure 6: recall against the weights beta and gamma of the mixture's loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import markdown
from .config import ExperimentConfig
from .plan import sweep_cells
from .store import Cell, Result
from .summary import TISSUES, Difference, mean_difference, values

# By weight, its value and tissue: mean recall over seeds with its standard error.
Recalls = dict[str, dict[float, dict[int, Difference | None]]]


def recalls(data: str, config: ExperimentConfig, results: Mapping[Cell, Result | None]) -> Recalls:
    """Mean over seeds of each seed's mean recall over its test scans."""
    found: Recalls = {}
    for weight, by_value in sweep_cells(data, config).items():
        found[weight] = {
            value: {tissue: _over_seeds({cell.seed: results.get(cell) for cell in cells}, tissue) for tissue in TISSUES}
            for value, cells in by_value.items()
        }
    return found


def _over_seeds(results: Mapping[int, Result | None], tissue: int) -> Difference | None:
    by_seed: dict[int, list[float]] = {}
    for (seed, _), value in values(results, "all", tissue, "recall").items():
        by_seed.setdefault(seed, []).append(value)
    return mean_difference(float(np.mean(scores)) for scores in by_seed.values())


def csv_rows(found: Recalls) -> list[dict[str, Any]]:
    """Every point of the curves."""
    return [
        {
            "weight": weight,
            "value": f"{value:g}",
            "tissue": TISSUES[tissue],
            "recall": f"{each.mean:.6g}" if each else "",
            "standard_error": f"{each.error:.6g}" if each and each.error is not None else "",
            "seeds": each.count if each else 0,
        }
        for weight, by_value in found.items()
        for value, by_tissue in by_value.items()
        for tissue, each in by_tissue.items()
    ]


def sections(found: Recalls, config: ExperimentConfig) -> list[str]:
    """A table for beta and one for gamma."""
    made = []
    for weight, by_value in found.items():
        fixed = f"gamma {config.gamma:g}" if weight == "beta" else f"beta {config.beta:g}"
        rows = []
        for value, by_tissue in by_value.items():
            name = f"{value:g}" + (" (CE alone)" if weight == "beta" and value == 0 else "")
            seeds = max(each.count if each else 0 for each in by_tissue.values())
            rows.append([name, *(_text(each) for each in by_tissue.values()), str(seeds)])
        header = [weight, *(f"recall {name}" for name in TISSUES.values()), "seeds"]
        made.append(f"## Recall against {weight}, at {fixed}\n\n{markdown.table(header, rows)}")
    return made


EXPLANATION = (
    "Mean recall ± its standard error over seeds; the same under both protocols. The weights are for means over "
    "voxels. CSF in the labels of some data sets is that of the ventricles only."
)


def _text(each: Difference | None) -> str:
    return markdown.difference_text(each).lstrip("+")
