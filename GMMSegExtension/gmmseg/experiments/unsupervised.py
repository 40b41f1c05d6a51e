"""A cell of table 5: one scan segmented without any label, by the mixture alone or with a network trained on it."""

from __future__ import annotations

from collections.abc import Sequence

from .. import metrics
from ..datasets import Subject, check_t1
from ..progress import Progress
from ..settings import Settings
from .config import ExperimentConfig
from .store import EM, WITH_BIAS, Result, ScanCell


def settings_of(cell: ScanCell, config: ExperimentConfig) -> Settings:
    """How the scan is segmented.

    Raises:
        InputError: the configuration's ``unsupervised`` has an unknown name or a value out of its range.
    """
    values = {**config.unsupervised, "mode": "em" if cell.method == EM else "train"}
    return Settings.from_dict(values if cell.method == WITH_BIAS else {**values, "bias_degree": 0})


def decisive(cell: ScanCell, config: ExperimentConfig, subjects: Sequence[Subject]) -> Result:
    """What may not change between a finished cell and one made now.

    Raises:
        InputError: the scan's first channel is not T1.
    """
    subject = _subject(cell, subjects)
    check_t1([subject])
    settings = settings_of(cell, config).to_dict()
    return {
        "settings": {name: value for name, value in settings.items() if name not in ("device", "precision")},
        "channels": list(subject.channels),
    }


def do(
    cell: ScanCell,
    config: ExperimentConfig,
    subjects: Sequence[Subject],
    device: str,
    precision: str,
    progress: Progress,
) -> Result:
    """Segments and judges the scan.

    Raises:
        InputError: the scan cannot be used.
        Cancelled: from ``progress``.
    """
    from dataclasses import replace

    from ..segmenter import segment

    subject = _subject(cell, subjects)
    case = subject.case()
    settings = replace(settings_of(cell, config), device=device, precision=precision)
    result = segment(case, settings, progress)
    truth = subject.labels(case.images[0])
    assert truth is not None
    mask = subject.evaluation_mask(case.images[0]).array > 0
    return {"scores": {subject.id: metrics.evaluate(result.labels, truth.array, mask)}}


def _subject(cell: ScanCell, subjects: Sequence[Subject]) -> Subject:
    return next(subject for subject in subjects if subject.id == cell.scan)
