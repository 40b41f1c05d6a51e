"""A cell of tables 1 to 4 and figures 4 and 6: one training on a division of a data set, judged by scan."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..datasets import Subject
from ..progress import Progress
from ..safe_files import atomic
from .config import ExperimentConfig
from .division import Division, divided
from .store import CE, Result, Store, TrainingCell

if TYPE_CHECKING:
    from ..slicewise.settings import SliceSettings

PREPARED = "prepared"
SLICES = "slices.npz"
# Of a training that is finished, these stay beside the result.
_KEPT = (SLICES, "log.csv")


def settings_of(cell: TrainingCell, config: ExperimentConfig) -> SliceSettings:
    """How the cell is trained.

    Raises:
        InputError: the configuration's ``training`` has an unknown name or a value out of its range.
    """
    from ..slicewise.settings import SliceSettings

    return SliceSettings.from_dict(
        {
            **config.training,
            "network": cell.network,
            "base_width": config.base_widths.get(cell.network),
            "learning": "supervised" if cell.loss == CE else "semi-supervised",
            "beta": cell.beta,
            "gamma": cell.gamma,
            "seed": cell.seed,
        }
    )


def division_of(cell: TrainingCell, config: ExperimentConfig, subjects: Sequence[Subject]) -> Division:
    """Who is learned from and judged; the same for both losses of a pair."""
    return divided(cell.data, subjects, config, cell.seed, cell.share)


def decisive(cell: TrainingCell, config: ExperimentConfig, subjects: Sequence[Subject]) -> Result:
    """What may not change between a finished cell and one made now."""
    division = division_of(cell, config, subjects)
    return {
        "settings": settings_of(cell, config).to_dict(),
        "score_slices": config.score_slices,
        "channels": list(division.test[0].channels),
        "labelled": _ids(division.labelled),
        "unlabelled": _ids(division.unlabelled),
        "validation": _ids(division.validation),
        "test": _ids(division.test),
    }


def do(
    cell: TrainingCell,
    config: ExperimentConfig,
    subjects: Sequence[Subject],
    store: Store,
    device: str,
    precision: str,
    progress: Progress,
) -> Result:
    """Trains and judges; the folder is left with a log and a slice of each test scan.

    Raises:
        InputError: a scan cannot be used.
        Cancelled: from ``progress``; the training goes on next time.
    """
    from ..slicewise.study import learn

    folder = store.folder(cell)
    outcome = learn(
        division_of(cell, config, subjects).split(),
        settings_of(cell, config),
        folder,
        prepared_in=store.out / PREPARED / cell.key.partition("/")[0],
        device=device,
        precision=precision,
        score_slices=config.score_slices,
        progress=progress,
    )
    affines = {subject.id: _affine(subject) for subject in subjects if subject.id in outcome.labels}
    kept = keep_slices(folder / SLICES, outcome.labels, affines, outcome.orientation)
    return {"scores": outcome.scores, "slices": kept, "steps": outcome.steps, "training_seconds": outcome.seconds}


def tidy(folder: Path) -> None:
    """Takes what only an unfinished training needs out of a cell's folder: a hundred checkpoints would fill a disk."""
    for file in folder.iterdir():
        if file.is_file() and file.name not in _KEPT and file.name != "result.json":
            with contextlib.suppress(OSError):
                file.unlink()


def keep_slices(
    path: Path, labels: Mapping[str, np.ndarray], affines: Mapping[str, np.ndarray], orientation: str
) -> dict[str, dict[str, Any]]:
    """Writes the middle one of the judged slices of each scan.

    Args:
        path: of the compressed arrays.
        labels: (I, J, K) by scan, 0 outside the judged slices.
        affines: (4, 4) of the scans.
        orientation: of the slices.

    Returns:
        By scan the ``axis`` across the slice, its ``index``, and the array's name (``array``) in the file.
    """
    from ..shipped_prior import Axes
    from ..slicewise.prepared import ACROSS

    arrays: dict[str, Any] = {}
    places: dict[str, dict[str, Any]] = {}
    for number, (scan, volume) in enumerate(labels.items()):
        axis = Axes.of(affines[scan]).order[ACROSS[orientation]]
        used = np.flatnonzero(volume.any(axis=tuple({0, 1, 2} - {axis})))
        if used.size:
            index = int(used[len(used) // 2])
            arrays[f"slice_{number}"] = np.ascontiguousarray(volume.take(index, axis=axis)).astype(np.uint8)
            places[scan] = {"axis": axis, "index": index, "array": f"slice_{number}"}
    with atomic(path) as beside, beside.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return places


def _affine(subject: Subject) -> np.ndarray:
    from ..volume_io import read_volume

    return read_volume(next(iter(subject.channels.values()))).affine


def _ids(subjects: Sequence[Subject]) -> list[str]:
    return [subject.id for subject in subjects]
