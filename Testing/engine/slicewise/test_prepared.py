"""Scans made ready as stacks of slices: the same whatever their storage, and put back where they came from."""

from __future__ import annotations

import dataclasses
import itertools

import nibabel
import numpy as np
import pytest
import tiny_cohort
import torch
from gmmseg import datasets
from gmmseg.datasets.subjects import Subject
from gmmseg.slicewise import prepared
from gmmseg.slicewise.prepared import ACROSS, OUTSIDE, UNLABELLED

CPU = torch.device("cpu")
TURNS = [
    (order, signs)
    for order in itertools.permutations(range(3))
    for signs in ((1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, -1))
]


@pytest.fixture
def a_subject(tmp_path):
    """A labelled scan of tiny_cohort."""
    return datasets.find(tiny_cohort.write(tmp_path / "data", persons=1))[0]


def made(subject, folder, orientation="axial", bias_degree=None):
    return prepared.read(prepared.prepared(subject, folder, orientation, bias_degree, CPU))


def turned(subject: Subject, folder, order, signs) -> Subject:
    """The same scan with its array axes in another order and direction."""
    folder.mkdir()
    turn = np.array([[axis, sign] for axis, sign in zip(order, signs, strict=True)], dtype=float)

    def moved(path):
        image = nibabel.load(path).as_reoriented(turn)
        nibabel.save(image, folder / path.name)
        return folder / path.name

    channels = {name: moved(path) for name, path in subject.channels.items()}
    return dataclasses.replace(
        subject, channels=channels, mask_path=moved(subject.mask_path), labels_path=moved(subject.labels_path)
    )


@pytest.mark.parametrize("orientation", ACROSS)
def test_slices_do_not_depend_on_how_the_scan_is_stored(a_subject, tmp_path, orientation):
    expected = made(a_subject, tmp_path / "prepared", orientation)
    for number, (order, signs) in enumerate(TURNS[:: 1 if orientation == "coronal" else 5]):
        other = turned(a_subject, tmp_path / f"{orientation}{number}", order, signs)
        scan = made(other, tmp_path / "prepared", orientation)
        np.testing.assert_array_equal(scan.image, expected.image)
        np.testing.assert_array_equal(scan.target, expected.target)
        truth = other.labels().array
        restored = scan.grid.restored(np.asarray(scan.target), orientation)
        np.testing.assert_array_equal(restored, truth)


def test_slices_of_an_orientation_are_across_its_axis(a_subject, tmp_path):
    mask = nibabel.load(a_subject.mask_path).get_fdata() > 0
    for orientation, axis in ACROSS.items():
        scan = made(a_subject, tmp_path, orientation)
        used = mask.any(axis=tuple(other for other in range(3) if other != axis))
        assert (scan.target != OUTSIDE).any(axis=(1, 2)).sum() == used.sum()


def test_unlabelled_voxels_of_the_mask_are_told_from_those_outside(a_subject, tmp_path):
    labels = nibabel.load(a_subject.labels_path).get_fdata().astype(np.uint8)
    labels[labels == 1] = 0
    tiny_cohort.save(a_subject.labels_path, labels)
    target = made(a_subject, tmp_path).target
    assert set(np.unique(target)) == {OUTSIDE, 2, 3, UNLABELLED}
    assert not made(a_subject.without_labels(), tmp_path).has_labels


def test_intensities_are_those_of_the_scan_up_to_scale(a_subject, tmp_path):
    scan = made(a_subject, tmp_path, "axial")
    values = nibabel.load(next(iter(a_subject.channels.values()))).get_fdata()
    full = scan.grid.restored(np.asarray(scan.image[:, 0], dtype=np.float32), "axial")
    inside = full > 0
    ratio = values[inside] / full[inside]
    assert ratio.std() / ratio.mean() < 1e-3  # half precision
    masked = np.asarray(scan.image[:, 0], dtype=np.float64)[np.asarray(scan.target) != OUTSIDE]
    assert scan.mean == pytest.approx(masked.mean(), rel=1e-3) and scan.deviation == pytest.approx(
        masked.std(), rel=1e-3
    )


def test_a_mixture_comes_with_an_image_freed_of_its_bias_field(tmp_path):
    subject = datasets.find(tiny_cohort.write(tmp_path / "data", persons=1, size=32, field_range=0.4))[0]
    raw, flat = made(subject, tmp_path / "p"), made(subject, tmp_path / "p", bias_degree=3)
    assert raw.parameters is None

    def variation(scan):
        white = np.asarray(scan.image[:, 0], dtype=np.float64)[np.asarray(scan.target) == 3]
        return white.std() / white.mean()

    assert variation(flat) < 0.75 * variation(raw)
    means = flat.parameters.mean[:, 0].numpy()
    measured = [
        np.asarray(flat.image[:, 0], dtype=np.float64)[np.asarray(flat.target) == code].mean() for code in (1, 2, 3)
    ]
    np.testing.assert_allclose(means, measured, rtol=0.1)


def test_a_scan_is_prepared_once_and_anew_when_its_files_change_or_are_damaged(a_subject, tmp_path):
    kept = prepared.prepared(a_subject, tmp_path / "p", "axial")
    written = (kept / "image.npy").stat().st_mtime_ns
    assert prepared.prepared(a_subject, tmp_path / "p", "axial") == kept
    assert (kept / "image.npy").stat().st_mtime_ns == written
    (kept / "image.npy").write_bytes((kept / "image.npy").read_bytes()[:200])
    prepared.prepared(a_subject, tmp_path / "p", "axial")
    assert prepared.read(kept).image.shape[1] == 1
    labels = nibabel.load(a_subject.labels_path).get_fdata().astype(np.uint8)
    tiny_cohort.save(a_subject.labels_path, np.where(labels == 1, 2, labels).astype(np.uint8))
    assert 1 not in made(a_subject, tmp_path / "p").target


def test_a_name_cannot_lead_out_of_the_folder(a_subject, tmp_path):
    kept = prepared.prepared(dataclasses.replace(a_subject, id="../../away"), tmp_path / "p", "axial")
    assert kept.parent == tmp_path / "p"


def test_the_orientation_is_that_of_the_data_set_else_axial(a_subject):
    assert prepared.orientation_of([a_subject], "auto") == "axial"
    assert prepared.orientation_of([dataclasses.replace(a_subject, slice_axis=1)], "auto") == "coronal"
    assert prepared.orientation_of([dataclasses.replace(a_subject, slice_axis=1)], "sagittal") == "sagittal"
