"""How well labels agree with the truth, and how even tissues are: overlap, CV and CJV."""

from __future__ import annotations

import math

import numpy as np

SCORES = ("dice", "precision", "recall", "f1", "jaccard")


def overlap(prediction: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Agreement of two binary maps.

    Args:
        prediction: bool, any shape.
        truth: bool, same shape.

    Returns:
        The five :data:`SCORES`, each 0 to 1. A score that is nought divided by nought (the class is in
        neither map, or precision where nothing was predicted) is nan.
    """
    hits = int(np.count_nonzero(prediction & truth))
    predicted, true = int(np.count_nonzero(prediction)), int(np.count_nonzero(truth))
    dice = _ratio(2 * hits, predicted + true)
    return {
        "dice": dice,
        "precision": _ratio(hits, predicted),
        "recall": _ratio(hits, true),
        "f1": dice,  # the same number for one class against the rest, under its other name
        "jaccard": _ratio(hits, predicted + true - hits),
    }


def evaluate(
    prediction: np.ndarray, truth: np.ndarray, mask: np.ndarray | None = None
) -> dict[str, dict[int, dict[str, float]]]:
    """Overlap of every class under both protocols of the field's papers.

    ``all`` compares every voxel of the mask, so that an unlabelled voxel counts as background; ``labelled``
    compares only where the truth has a label, because manual CSF is often drawn in the ventricles only.

    Args:
        prediction: integer labels, 0 is background.
        truth: integer labels, same shape.
        mask: bool, same shape; None is everywhere.

    Returns:
        ``{"all": {label: scores}, "labelled": {label: scores}}`` with the labels found in either map inside
        the mask, ascending, and scores as in :func:`overlap`.
    """
    if mask is not None:
        prediction, truth = prediction[mask], truth[mask]
    prediction, truth = prediction.ravel(), truth.ravel()
    labels = sorted({int(label) for label in np.union1d(np.unique(prediction), np.unique(truth))} - {0})
    labelled = truth != 0
    pairs = {"all": (prediction, truth), "labelled": (prediction[labelled], truth[labelled])}
    return {
        protocol: {label: overlap(predicted == label, true == label) for label in labels}
        for protocol, (predicted, true) in pairs.items()
    }


def coefficient_of_variation(values: np.ndarray) -> float:
    """CV = standard deviation / mean of a tissue's intensities; nan without voxels or at zero mean."""
    values = np.asarray(values, dtype=np.float64)
    return _ratio(float(values.std()), abs(float(values.mean()))) if values.size else math.nan


def coefficient_of_joint_variation(first: np.ndarray, second: np.ndarray) -> float:
    """CJV = (sd_1 + sd_2) / abs(mean_1 - mean_2) of two tissues; lower is better, nan without voxels.

    It falls when a bias field is removed and rises when tissues are pushed together (Likar et al. 2001).
    """
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if not first.size or not second.size:
        return math.nan
    return _ratio(float(first.std() + second.std()), abs(float(first.mean() - second.mean())))


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else math.nan
