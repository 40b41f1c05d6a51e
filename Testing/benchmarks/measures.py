"""What is measured on a result, the same for the engine and for every other tool."""

from __future__ import annotations

from collections.abc import Mapping

import nibabel
import numpy as np
from gmmseg.metrics import coefficient_of_joint_variation, coefficient_of_variation, evaluate, overlap
from gmmseg.report import plain, voxel_volume_ml
from phantoms import field_error
from scipy import ndimage

from .cases import TISSUES, BenchmarkCase

# Raised when a measure changes its meaning, so that kept results are made anew.
VERSION = 1
BINS = 10
FILES = ("image", "truth", "mask", "field")


def request_of(case: BenchmarkCase) -> dict[str, str | None]:
    """The case's files as JSON-ready text, None for those it does not have."""
    return {name: str(path) if (path := getattr(case, name)) else None for name in FILES}


def measured(
    files: Mapping[str, str | None],
    labels: np.ndarray,
    field: np.ndarray | None = None,
    confidence: np.ndarray | None = None,
) -> dict:
    """All measures of one result.

    Args:
        files: ``image`` and, where there are any, ``truth``, ``mask`` and (true) ``field``.
        labels: (I, J, K) 1 CSF, 2 GM, 3 WM.
        field: (I, J, K) estimated field, all 1 for a tool that estimates none; None when it is not known.
        confidence: (I, J, K) largest posterior; None when it is not known.

    Returns:
        JSON-ready ``scores`` by protocol and label, ``gm_with_csf_dice``, ``volume_ml``, ``field_cv``, ``evenness`` and
        ``reliability``; None for what cannot be measured here.
    """
    image = nibabel.load(files["image"])
    truth = _array(files["truth"])
    truth = None if truth is None else np.rint(truth).astype(np.uint8)
    mask = _array(files["mask"])
    mask = None if mask is None else mask != 0
    true_field = _array(files["field"])
    voxel_ml = voxel_volume_ml(image.affine)
    result = {
        "scores": None if truth is None else evaluate(labels, truth, mask),
        "gm_with_csf_dice": None if truth is None else gm_with_csf_dice(labels, truth, mask),
        "volume_ml": {name: np.count_nonzero(labels == label) * voxel_ml for label, name in TISSUES.items()},
        "field_cv": None,
        "evenness": None,
        "reliability": None,
    }
    if field is not None and true_field is not None:
        result["field_cv"] = field_cv(true_field, field, mask)
    elif field is not None and truth is not None:
        result["evenness"] = evenness(np.asarray(image.dataobj, dtype=np.float32), field, truth)
    if confidence is not None and truth is not None:
        result["reliability"] = reliability(confidence, labels, truth, mask)
    return plain(result)


def gm_with_csf_dice(labels: np.ndarray, truth: np.ndarray, mask: np.ndarray | None) -> float:
    """Dice of grey matter and CSF taken as one: manual grey matter contains sulcal CSF, which then does not count."""
    joined = (np.isin(volume, (1, 2)) & (True if mask is None else mask) for volume in (labels, truth))
    return overlap(*joined)["dice"]


def field_cv(true_field: np.ndarray, field: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """CV of true over estimated field in the mask, and what it is without any correction."""
    return {
        "before": field_error(true_field, np.ones_like(true_field), mask),
        "after": field_error(true_field, field, mask),
    }


def evenness(image: np.ndarray, field: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """CV in true white and grey matter and their CJV, before and after the division by the field.

    The true labels are eroded by a voxel, so that neither partial volume nor a tool's own labels have a say.
    """
    white, grey = (ndimage.binary_erosion(truth == label) for label in (3, 2))
    values = {}
    for when, volume in (("before", image), ("after", image / field)):
        values[f"cv_wm_{when}"] = coefficient_of_variation(volume[white])
        values[f"cv_gm_{when}"] = coefficient_of_variation(volume[grey])
        values[f"cjv_{when}"] = coefficient_of_joint_variation(volume[white], volume[grey])
    return values


def reliability(
    confidence: np.ndarray, labels: np.ndarray, truth: np.ndarray, mask: np.ndarray | None
) -> dict[str, list[float]]:
    """How often voxels of a given largest posterior are right, over the voxels that have a true label.

    Returns:
        For each of :data:`BINS` equal steps of the posterior from 0 to 1: ``bins``, the number of voxels; ``right``,
        how many of them have the true label; ``confidence``, the sum of their posteriors.
    """
    judged = truth != 0 if mask is None else (truth != 0) & mask
    certain = confidence[judged].astype(np.float64)
    right = labels[judged] == truth[judged]
    step = np.clip((certain * BINS).astype(int), 0, BINS - 1)
    return {
        "bins": np.bincount(step, minlength=BINS).tolist(),
        "right": np.bincount(step[right], minlength=BINS).tolist(),
        "confidence": np.bincount(step, weights=certain, minlength=BINS).tolist(),
    }


def _array(path: str | None) -> np.ndarray | None:
    return None if path is None else np.asarray(nibabel.load(path).dataobj)
