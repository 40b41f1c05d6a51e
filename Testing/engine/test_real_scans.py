"""Real and simulated scans with a truth of their own: floors far below what is measured, to catch what breaks."""

from __future__ import annotations

import numpy as np
import pytest
from data_paths import evaluation_file
from gmmseg import Case, Settings, segment
from gmmseg.metrics import evaluate
from gmmseg.volume_io import read_mask, read_volume

pytestmark = pytest.mark.data


def dice_of(labels: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> dict[int, float]:
    return {label: scores["dice"] for label, scores in evaluate(labels, truth, mask)["all"].items()}


@pytest.mark.parametrize("subject", ["1002", "1012"])
def test_the_mixture_is_nearer_to_the_manual_labels_than_fsl_fast_is(subject):
    image, mask, truth, fast = (
        evaluation_file("manual15", f"{subject}_{kind}.nii.gz") for kind in ("T1", "mask", "tissues", "fast")
    )
    case = Case((read_volume(image),), read_mask(mask), "given")
    labels = segment(case, Settings(mode="em")).labels
    inside = np.asarray(case.mask.array) > 0
    reference = np.asarray(read_volume(truth).array)
    ours = dice_of(labels, reference, inside)
    theirs = dice_of(np.asarray(read_volume(fast).array), reference, inside)
    assert ours[2] > theirs[2]
    assert ours[3] > theirs[3]


def test_brainwebs_three_tissues_are_found():
    image, mask, truth = (evaluation_file("brainweb", f"mritc_{kind}_2mm.nii.gz") for kind in ("t1", "mask", "label"))
    case = Case((read_volume(image),), read_mask(mask), "given")
    dice = dice_of(segment(case, Settings(mode="em")).labels, np.asarray(read_volume(truth).array), case.mask.array > 0)
    assert min(dice[label] for label in (1, 2, 3)) > 0.87
