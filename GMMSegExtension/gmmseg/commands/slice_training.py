"""The work of ``gmmseg train --data``: a data set in, a network of slices, its card and its test scores out.

Started by ``torchrun``, several processes learn together; the first writes and tells, see
:mod:`gmmseg.learning.distributed`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Cancelled
from ..learning import distributed
from ..safe_files import ensure_output_folder, file_name
from . import command_frame, console
from .slice_training_request import SliceTrainingRequest
from .training_request import check_record, how_to_go_on

if TYPE_CHECKING:
    from ..datasets import Split
    from ..learning.distributed import Group
    from ..model_card import ModelCard
    from ..progress import Progress
    from ..slicewise.study import Outcome
    from .command_frame import Frame

PREPARED, SEGMENTATIONS, SCORES = "prepared", "segmentations", "test.csv"


def run(arguments: argparse.Namespace) -> int:
    """Does the command; returns 0.

    Raises:
        InputError: anything the user can mend.
        Cancelled, KeyboardInterrupt: on Ctrl-C or SIGTERM, once the training's state is kept.
    """
    request = SliceTrainingRequest.of(arguments)
    with command_frame.running(arguments.progress if distributed.is_first() else "none") as frame:
        card = _train(request, frame)
    if card is not None:
        _tell(card, request, frame.shown)
    return 0


def divided(request: SliceTrainingRequest) -> Split:
    """The data set's scans, divided by persons; only those to learn from with labels keep them among the training's.

    Raises:
        InputError: the data set cannot be read, or nobody is left to learn from.
    """
    from .. import datasets

    subjects = datasets.find(request.data, request.channels)
    seed = request.settings.seed
    split = datasets.by_shares(subjects, test=request.test, validation=request.validation, seed=seed)
    if request.settings.learning == "unsupervised":
        training = tuple(subject.without_labels() for subject in split.training)
    else:
        parts = datasets.labelled(split.training, request.labelled, seed=seed)
        by_id = {subject.id: subject for part in parts for subject in part}
        training = tuple(by_id[subject.id] for subject in split.training)
    return dataclasses.replace(split, training=training)


def _train(request: SliceTrainingRequest, frame: Frame) -> ModelCard | None:
    """The trained network's card; None in a process that trains along."""
    from .. import devices

    with distributed.group(devices.resolve(request.device)) as group:
        with group.failing_together():
            split = divided(request)
            folder = ensure_output_folder(request.output)
        try:
            # A signal in the midst of a step would leave weights and optimiser apart: each step asks for it instead.
            with frame.interrupts.shield():
                return _learn(request, split, folder, group, frame.progress)
        except (Cancelled, KeyboardInterrupt) as stop:
            raise Cancelled(how_to_go_on(folder, _steps_kept(folder))) from stop


def _learn(
    request: SliceTrainingRequest, split: Split, folder: Path, group: Group, progress: Progress
) -> ModelCard | None:
    from .. import models
    from ..learning import training_checkpoint
    from ..slicewise import study
    from . import slice_training_card

    with group.failing_together():
        if group.is_first:
            record = slice_training_card.record(request, split)
            check_record(folder, record, begun=(folder / training_checkpoint.STATE).exists())
    outcome = study.learn(
        split,
        request.settings,
        folder,
        prepared_in=folder / PREPARED,
        device=request.device,
        precision=request.precision,
        progress=progress,
    )
    with group.failing_together():
        if not group.is_first:
            return None
        card = slice_training_card.card(request, split, outcome)
        card = models.save(folder, request.model, outcome.network, card)
        _write_results(folder, split, outcome)
    return card


def _write_results(folder: Path, split: Split, outcome: Outcome) -> None:
    import numpy as np

    from ..learning import training_curve
    from ..volume_io import read_volume, write_volume
    from . import slice_scores

    training_curve.write(folder)
    slice_scores.write(folder / SCORES, outcome.scores)
    place = ensure_output_folder(folder / SEGMENTATIONS)
    for subject in split.test:
        like = read_volume(next(iter(subject.channels.values())))
        write_volume(place / f"{file_name(subject.id)}.nii.gz", outcome.labels[subject.id], like, dtype=np.uint8)


def _steps_kept(folder: Path) -> int:
    """Steps of the checkpoint that there is."""
    from ..learning.training_checkpoint import STATE

    try:
        return int(json.loads((folder / STATE).read_text(encoding="utf-8"))["step"])
    except FileNotFoundError:
        return 0


def _tell(card: ModelCard, request: SliceTrainingRequest, shown: console.NoProgress) -> None:
    """What came out, as a last event or as a few lines."""
    from ..models import CARD, WEIGHTS

    folder = request.output
    if isinstance(shown, console.JsonProgress):
        shown.event("done", output=str(folder), model=json.loads(card.to_json()))
        return
    for protocol, tissues in card.figures["test dice"].items():
        print(f"Dice of test scans, {protocol}: " + ", ".join(f"{name} {dice:.3f}" for name, dice in tissues.items()))
    print(f"scores and segmentations of test scans: {folder / SCORES}, {folder / SEGMENTATIONS}")
    print(f"model {card.name}: {folder / card.name}{WEIGHTS} and {CARD}")
    print(f"to use it: gmmseg predict {folder} SCAN -o OUT")
