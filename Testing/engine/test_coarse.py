"""The quick fit of a thinned-out scan against the whole one, and against phantoms of known field."""

import numpy as np
import phantoms
import pytest
import torch
from gmmseg import coarse, em
from gmmseg.scan import Scan
from phantoms import Phantom, field_error


def scan_of(one: Phantom) -> Scan:
    return Scan(torch.from_numpy(one.image)[None], torch.from_numpy(one.mask), one.spacing)


@pytest.fixture(scope="module")
def a_phantom() -> Phantom:
    return phantoms.from_labels(phantoms.label_map("12"), noise=0.03, field_range=0.4)


@pytest.fixture(scope="module")
def a_fit(a_phantom):
    return coarse.fit(scan_of(a_phantom), 3, 3)


def test_class_means_are_those_of_the_whole_scan_s_fit(a_phantom, a_fit):
    whole = em.fit(scan_of(a_phantom), 3, 3)
    torch.testing.assert_close(a_fit.parameters.mean, whole.parameters.mean, atol=0.03, rtol=0)


def test_the_field_is_a_fifth_as_wrong_as_none(a_phantom, a_fit):
    field = scan_of(a_phantom).on_grid(a_fit.field, outside=1.0)[0].numpy()
    uncorrected = field_error(a_phantom.field, np.ones_like(field), a_phantom.mask)
    assert field_error(a_phantom.field, field, a_phantom.mask) < 0.2 * uncorrected


def test_posteriors_are_given_for_every_voxel_and_sum_to_one(a_phantom, a_fit):
    assert a_fit.s.shape == (int(a_phantom.mask.sum()), 3)
    torch.testing.assert_close(a_fit.s.sum(dim=1), torch.ones(len(a_fit.s)))


def test_a_scan_of_thick_voxels_is_not_thinned_out():
    scan = scan_of(phantoms.from_labels(phantoms.label_map("12", 2), spacing=2.0))
    torch.testing.assert_close(coarse.fit(scan, 3, 0).s, em.fit(scan, 3, 0).s)


def test_degree_nought_gives_no_field(a_phantom):
    assert coarse.fit(scan_of(a_phantom), 3, 0).field is None
