"""One training on a divided data set, and how well the network does on the scans kept apart for that."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .. import devices, metrics, networks
from ..datasets import Split, Subject, check_t1
from ..errors import InputError
from ..learning import distributed, model_training
from ..learning.model_training import Plan
from ..progress import Progress, part, silent
from ..safe_files import ensure_output_folder
from ..volume_io import read_volume
from . import prediction, prepared
from .lessons import SliceLessons
from .prepared import CLASSES, Prepared
from .settings import SliceSettings

_PREPARING, _LEARNING = 0.1, 0.9

Scores = dict[str, dict[int, dict[str, float]]]


@dataclass(frozen=True)
class Outcome:
    """What a training gives.

    Attributes:
        network: in evaluation mode.
        in_channels: that it sees, see :func:`gmmseg.slicewise.lessons.network_input`.
        orientation: of its slices.
        scores: for each labelled test scan what :func:`gmmseg.metrics.evaluate` tells, by its id.
        labels: for each test scan (I, J, K) uint8 labels, 0 outside the mask and in slices not judged.
        precision: arithmetic of the network, such as ``bfloat16``.
            Neither in a process of ``torchrun`` that only trains along.
        log: of the training, see :func:`gmmseg.learning.model_training.read_log`.
        steps: taken, fewer than asked for after an early stop.
        seconds: of the steps, without preparing and judging.
    """

    network: nn.Module
    in_channels: int
    orientation: str
    scores: dict[str, Scores]
    labels: dict[str, np.ndarray]
    precision: str
    log: list[dict[str, float]]
    steps: int
    seconds: float


def learn(
    split: Split,
    settings: SliceSettings,
    folder: Path,
    *,
    prepared_in: Path,
    device: str = "auto",
    precision: str = "auto",
    score_slices: int = 1,
    progress: Progress = silent,
) -> Outcome:
    """Trains a network on the scans of a split and judges it on those kept apart.

    Args:
        split: scans to learn from, with labels or without (:func:`gmmseg.datasets.labelled`), to measure on meanwhile,
            and to judge.
        settings: of the training.
        folder: gets checkpoint and log; a checkpoint there is taken up.
        prepared_in: folder for prepared scans, which trainings may share.
        device, precision: as in ``Settings``.
        score_slices: one of so many slices of a test scan is judged.
        progress: told about each step.

    Raises:
        InputError: a scan cannot be used, nobody has labels to learn from, or the checkpoint is of another training.
        Cancelled: from ``progress``; a checkpoint is left behind.
    """
    where = devices.resolve(device)
    arithmetic = devices.resolve_precision(precision, where)
    ensure_output_folder(folder)
    ready = _Ready(split, settings, prepared_in, where)
    # Of several processes that train together, the first prepares what the others then find.
    with distributed.group(where) as group, group.first_ahead():
        lessons = ready.lessons(part(progress, 0.0, _PREPARING))
        if settings.patience and not lessons.held_out:
            raise InputError(
                "Patience needs scans to measure on; keep some apart for validation, or set patience to 0."
            )
    plan = _plan(settings, lessons)
    network = _network(settings, lessons.channels)
    learning = part(progress, _PREPARING, _LEARNING)
    network = model_training.train(network, lessons, plan, folder, where, arithmetic, learning)
    scores, labels = {}, {}
    tested = split.test if group.is_first else ()
    for index, subject in enumerate(tested):
        progress(_LEARNING + (1 - _LEARNING) * index / len(tested), "results", f"Judging {subject.id}")
        scan = prepared.read(ready.of(subject))
        labels[subject.id] = prediction.segment_slices(network, scan, where, arithmetic, score_slices)
        if subject.labels_path is not None:
            scores[subject.id] = evaluate(subject, labels[subject.id], prediction.judged(scan, score_slices))
    log = model_training.read_log(folder)
    return Outcome(
        network,
        lessons.channels,
        ready.orientation,
        scores,
        labels,
        str(arithmetic).removeprefix("torch."),
        log,
        int(log[-1]["step"]),
        float(log[-1]["seconds"]),
    )


def evaluate(subject: Subject, labels: np.ndarray, judged: np.ndarray) -> Scores:
    """Scores of a segmentation against a scan's own labels, both protocols.

    Args:
        subject: with labels.
        labels: (I, J, K) on its grid.
        judged: (I, J, K) bool, voxels that may count; those that its evaluation mask leaves out do not.
    """
    image = read_volume(next(iter(subject.channels.values())))
    truth = subject.labels(image)
    assert truth is not None
    mask = (subject.evaluation_mask(image).array > 0) & judged
    return metrics.evaluate(labels, truth.array, mask)


class _Ready:
    """The scans of a split, prepared where they are needed."""

    def __init__(self, split: Split, settings: SliceSettings, folder: Path, device: torch.device) -> None:
        self.split, self.settings, self.folder, self.device = split, settings, folder, device
        self.orientation = prepared.orientation_of(split.training, settings.orientation)
        # The mixture and its field are for learning without labels only.
        self.bias_degree = settings.bias_degree if settings.learning == "unsupervised" else None
        self.paths: dict[Subject, Path] = {}

    def of(self, subject: Subject) -> Path:
        """The folder of a prepared scan."""
        if subject not in self.paths:
            self.paths[subject] = prepared.prepared(
                subject, self.folder, self.orientation, self.bias_degree, self.device
            )
        return self.paths[subject]

    def lessons(self, progress: Progress) -> SliceLessons:
        """What the settings say is to be learned."""
        with_labels = [subject for subject in self.split.training if subject.labels_path is not None]
        without = [subject for subject in self.split.training if subject.labels_path is None]
        if self.settings.learning == "unsupervised":
            check_t1(with_labels + without)
            with_labels, without = [subject.without_labels() for subject in self.split.training], []
        elif not with_labels:
            raise InputError(
                f"Learning is {self.settings.learning}, but no scan to learn from has labels; add label files, or "
                "learn unsupervised."
            )
        groups: tuple[Sequence[Subject], ...] = (with_labels, without, self.split.validation, self.split.test)
        everybody = [subject for group in groups for subject in group]
        for index, subject in enumerate(everybody):
            message = f"Preparing {subject.id} (scan {index + 1} of {len(everybody)})"
            progress(index / len(everybody), "prepare", message)
            self.of(subject)
        scans = prepared.read(self.of(everybody[0]))
        for subject in everybody:
            _check_same_channels(subject, prepared.read(self.of(subject)), scans, everybody[0])
        learned, unlabelled, held_out = ([self.of(subject) for subject in group] for group in groups[:3])
        if self.settings.learning == "supervised":
            return SliceLessons(learned, [], held_out, self.settings, beside=unlabelled)
        return SliceLessons(learned, unlabelled, held_out, self.settings)


def _check_same_channels(subject: Subject, scan: Prepared, first: Prepared, of: Subject) -> None:
    if scan.image.shape[1] != first.image.shape[1]:
        raise InputError(
            f"'{subject.id}' has {scan.image.shape[1]} channels, but '{of.id}' has {first.image.shape[1]}; choose "
            "channels that every scan has."
        )


def _plan(settings: SliceSettings, lessons: SliceLessons) -> Plan:
    shared = {field.name for field in dataclasses.fields(Plan)} & {f.name for f in dataclasses.fields(SliceSettings)}
    values = {name: getattr(settings, name) for name in shared}
    values |= {"steps": lessons.steps, "weight_decay": 0.0, "loaders": 0}
    return Plan(**values)


def _network(settings: SliceSettings, channels: int) -> nn.Module:
    """Random weights from the seed, the caller's random numbers untouched."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return networks.build(settings.network, channels, CLASSES, settings.base_width)
