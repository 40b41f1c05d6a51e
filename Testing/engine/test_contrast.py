"""Telling T1-like from T2-like contrast by where the brightest class lies."""

from __future__ import annotations

import numpy as np
import phantoms
import pytest
from gmmseg.contrast import bright_lies_deep

ISOTROPIC = np.ones(3)


def turned(labels: np.ndarray) -> np.ndarray:
    """The labels by increasing mean on a scan of opposite contrast."""
    return np.where(labels > 0, 4 - labels, 0)


@pytest.fixture(params=["spheres", "brain"])
def a_head(request) -> phantoms.Phantom:
    if request.param == "spheres":
        return phantoms.nested_spheres()
    return phantoms.from_labels(phantoms.label_map(step=3), spacing=3.0)


def test_bright_white_matter_lies_deep(a_head):
    assert bright_lies_deep(a_head.truth, a_head.mask, ISOTROPIC, 3)


def test_bright_csf_does_not(a_head):
    assert not bright_lies_deep(turned(a_head.truth), a_head.mask, ISOTROPIC, 3)


def a_tightly_stripped_head() -> np.ndarray:
    """Labels of a head whose only CSF is a ventricle in the middle, deeper than all white matter."""
    truth = phantoms.nested_spheres(size=32).truth
    labels = np.where(truth == 1, 0, truth)
    labels[14:18, 13:19, 14:18] = 1
    return labels


@pytest.mark.parametrize("opposite", [False, True])
def test_ventricles_alone_do_not_pass_for_white_matter(opposite):
    labels = a_tightly_stripped_head()
    seen = turned(labels) if opposite else labels
    assert bright_lies_deep(seen, labels > 0, ISOTROPIC, 3) is not opposite


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 4.0), (4.0, 1.0, 1.0), (0.5, 0.5, 0.5)])
def test_thick_slices_are_judged_like_thin_ones(spacing):
    step = tuple(slice(None, None, max(1, round(size))) for size in spacing)
    labels = phantoms.nested_spheres(size=48).truth[step]
    assert bright_lies_deep(labels, labels > 0, np.array(spacing), 3)
    assert not bright_lies_deep(turned(labels), labels > 0, np.array(spacing), 3)


@pytest.mark.parametrize(("thickness", "deep"), [(10.0, True), (1.0, False)])
def test_depth_is_measured_in_millimetres(thickness, deep):
    labels = np.full((40, 40, 7), 2, dtype=np.uint8)
    labels[18:22, 18:22, 0] = 3  # one slice below the top
    labels[1, 12:28, 3] = 1  # two voxels from the side, in the middle slice
    assert bright_lies_deep(labels, labels > 0, np.array([1.0, 1.0, thickness]), 3) is deep


def test_a_large_volume_is_judged_on_a_coarser_grid_alike():
    labels = np.kron(phantoms.nested_spheres(size=32).truth, np.ones((4, 4, 4), dtype=np.uint8))
    assert bright_lies_deep(labels, labels > 0, ISOTROPIC, 3)
    assert not bright_lies_deep(turned(labels), labels > 0, ISOTROPIC, 3)


def test_a_brain_that_touches_the_edge_of_the_grid_has_a_surface_there():
    labels = phantoms.nested_spheres().truth
    box = np.nonzero(labels)
    cut = labels[tuple(slice(axis.min(), axis.max() + 1) for axis in box)]
    assert bright_lies_deep(cut, cut > 0, ISOTROPIC, 3)


@pytest.mark.parametrize(("missing", "deep"), [(1, True), (3, False)])
def test_an_empty_class_lies_nowhere(missing, deep):
    truth = phantoms.nested_spheres().truth
    labels = np.where(truth == missing, 2, truth)
    assert bright_lies_deep(labels, truth > 0, ISOTROPIC, 3) is deep
