"""``gmmseg evaluate``: a segmentation against the truth."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from .. import environment
from ..errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from ..case import Volume


def run(arguments: argparse.Namespace) -> int:
    """Does the command; returns 0.

    Raises:
        InputError: a file cannot be read, grids differ, or labels are no whole numbers.
    """
    environment.require(("numpy", "nibabel", "SimpleITK"))
    scores = compare(arguments.prediction, arguments.truth, arguments.mask)
    print(json.dumps(scores, indent=2, allow_nan=False) if arguments.json else table(scores))
    return 0


def compare(prediction_path: str, truth_path: str, mask_path: str | None = None) -> dict[str, Any]:
    """Scores of one label file against another.

    Returns:
        JSON-ready: ``prediction``, ``truth``, ``mask`` (paths), ``all`` and ``labelled`` (label to scores, see
        :func:`gmmseg.metrics.evaluate`; undefined scores are None), ``volume_ml`` (label to
        ``{"prediction", "truth"}``, inside the mask).

    Raises:
        InputError: a file cannot be read, grids differ, labels are no whole numbers, or the mask is empty.
    """
    from ..metrics import evaluate
    from ..report import plain, voxel_volume_ml
    from ..volume_io import read_mask, read_volume

    prediction, truth = read_volume(prediction_path), read_volume(truth_path)
    _check_same_grid(prediction, truth)
    predicted, true = _labels(prediction), _labels(truth)
    mask = None
    if mask_path is not None:
        mask_volume = read_mask(mask_path)
        _check_same_grid(mask_volume, truth)
        mask = mask_volume.array != 0
        if not mask.any():
            raise InputError(f"The mask '{mask_path}' is empty; give one that is non-zero inside the brain.")
    scores = evaluate(predicted, true, mask)
    if mask is not None:
        predicted, true = predicted[mask], true[mask]
    voxel_ml = voxel_volume_ml(truth.affine)
    volumes = {
        label: {"prediction": (predicted == label).sum() * voxel_ml, "truth": (true == label).sum() * voxel_ml}
        for label in scores["all"]
    }
    return plain(
        {"prediction": prediction_path, "truth": truth_path, "mask": mask_path, **scores, "volume_ml": volumes}
    )


def table(scores: dict[str, Any]) -> str:
    """The scores as text: one line a class and protocol."""
    from ..metrics import SCORES

    lines = [
        f"{'protocol':<10}{'label':>5}" + "".join(f"{name:>11}" for name in SCORES) + f"{'ml':>11}{'truth ml':>11}"
    ]
    for protocol in ("all", "labelled"):
        for label, row in scores[protocol].items():
            cells = "".join(f"{'-':>11}" if row[name] is None else f"{row[name]:>11.4f}" for name in SCORES)
            volume = scores["volume_ml"][label]
            lines.append(f"{protocol:<10}{label:>5}{cells}{volume['prediction']:>11.1f}{volume['truth']:>11.1f}")
    return "\n".join(lines)


def _check_same_grid(volume: Volume, reference: Volume) -> None:
    from ..grids import same_grid

    if not same_grid(volume, reference):
        sizes = " and ".join(" x ".join(map(str, one.array.shape)) for one in (volume, reference))
        raise InputError(
            f"{volume.name} and {reference.name} are on different grids ({sizes} voxels, or other places in the "
            "patient); resample one onto the other's grid."
        )


def _labels(volume: Volume) -> np.ndarray:
    import numpy as np

    array = volume.array
    if array.dtype.kind in "biu":
        return array.astype(np.int64) if array.dtype.kind == "b" else array
    rounded = np.rint(array)
    if not np.isfinite(array).all() or not np.allclose(array, rounded, atol=1e-3):
        raise InputError(f"{volume.name} holds values that are no whole numbers; give a label volume.")
    return rounded.astype(np.int32)
