"""Synthetic patches: repeatable, well-formed, and with the contrast of a T1."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_label_maps
import torch
from gmmseg import label_maps
from gmmseg.label_maps import AROUND, FLUID, GREY, WHITE
from gmmseg.prior_input import FARTHEST
from gmmseg.synthesis import IGNORED, Synthesiser, _blurred, _largest, _Patch
from hypothesis import given, settings
from hypothesis import strategies as st

EXTENT = 24


@pytest.fixture(scope="module")
def some_maps(tmp_path_factory):
    folder = tiny_label_maps.write(tmp_path_factory.mktemp("maps"), count=2, size=32)
    return [label_maps.read(path) for path in label_maps.find(folder)]


@pytest.fixture(scope="module")
def a_synthesiser(some_maps):
    return Synthesiser(some_maps, EXTENT, seed=3)


@pytest.fixture
def drawing(some_maps):
    """A patch in the making."""
    return _Patch([one.structures for one in some_maps], EXTENT, torch.Generator().manual_seed(0))


def test_a_number_gives_the_same_patch_whatever_was_drawn_before(some_maps, a_synthesiser):
    a_synthesiser.draw(1)
    again, first = a_synthesiser.draw(7), Synthesiser(some_maps, EXTENT, seed=3).draw(7)
    torch.rand(5)
    for part in ("image", "mask", "s", "target"):
        assert torch.equal(getattr(again, part), getattr(first, part))


def test_other_numbers_and_other_seeds_give_other_patches(some_maps, a_synthesiser):
    patch = a_synthesiser.draw(7)
    for other in (a_synthesiser.draw(8), Synthesiser(some_maps, EXTENT, seed=4).draw(7)):
        assert other.image.shape != patch.image.shape or not torch.equal(other.image, patch.image)


def test_drawing_leaves_the_global_random_numbers_alone(a_synthesiser):
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    a_synthesiser.draw(0)
    assert torch.equal(torch.random.get_rng_state(), before)


@settings(max_examples=12, deadline=None)
@given(number=st.integers(0, 10**9))
def test_every_patch_is_well_formed(a_synthesiser, number):
    patch = a_synthesiser.draw(number)
    assert patch.image.shape == patch.mask.shape == patch.target.shape
    assert all(16 <= length <= EXTENT for length in patch.image.shape)
    assert (patch.image.dtype, patch.mask.dtype, patch.target.dtype) == (torch.float32, torch.bool, torch.int64)
    assert torch.isfinite(patch.image).all() and patch.image.abs().max() <= FARTHEST
    assert not patch.image[~patch.mask].any()
    assert patch.s.shape == (3, *patch.image.shape) and patch.s.min() >= 0
    torch.testing.assert_close(patch.s.sum(dim=0)[patch.mask], torch.ones(int(patch.mask.sum())))
    assert (patch.target[~patch.mask] == IGNORED).all()
    assert set(patch.target.unique().tolist()) <= {IGNORED, FLUID, GREY, WHITE}


def test_tissues_are_ordered_as_on_t1_and_standardised(a_synthesiser):
    sums, counts = torch.zeros(3), torch.zeros(3)
    for number in range(20):
        patch = a_synthesiser.draw(number)
        for k in range(3):
            known = patch.target == k
            sums[k] += patch.image[known].sum()
            counts[k] += known.sum()
    fluid, grey, white = (sums / counts).tolist()
    assert fluid < -0.5
    assert abs(grey) < 0.25
    assert abs(white - 1) < 0.25


def test_the_contrast_is_always_that_of_t1(drawing):
    for _ in range(200):
        fluid, grey, white = drawing._contrast().tolist()
        assert 0.029 < fluid < grey < white == 1


def test_lesions_count_to_the_tissue_they_look_like(drawing):
    contrast = torch.tensor([0.3, 0.7, 1.0])
    tissue = torch.full((EXTENT,) * 3, WHITE)
    seen = set()
    for _ in range(20):
        image, counted = drawing._with_lesions(torch.full(tissue.shape, -1.0), tissue, contrast)
        blobs = image != -1
        assert (counted[~blobs] == WHITE).all()
        if blobs.any():
            value = image[blobs].unique()
            assert value.numel() == 1
            nearest = int((contrast - value).abs().argmin())
            assert (counted[blobs] == nearest).all()
            seen.add(nearest)
    assert seen == {FLUID, GREY, WHITE}


def test_lesions_stay_inside_the_brain(drawing):
    tissue = torch.where(torch.arange(EXTENT)[:, None, None] < 12, WHITE, IGNORED).expand(EXTENT, EXTENT, EXTENT)
    for _ in range(10):
        image, counted = drawing._with_lesions(torch.full(tissue.shape, -1.0), tissue, torch.tensor([0.3, 0.7, 1.0]))
        assert (image[tissue == IGNORED] == -1).all() and (counted[tissue == IGNORED] == IGNORED).all()


def test_the_mask_holds_all_solid_tissue_and_little_else(drawing, some_maps):
    structures = torch.from_numpy(some_maps[0].structures)
    solid = (structures > label_maps.VENTRICLES) & (structures < AROUND)
    kept = [float((drawing._mask(structures) & solid).sum() / solid.sum()) for _ in range(20)]
    assert min(kept) > 0.6 and np.median(kept) > 0.99


def test_shares_of_tissues_are_shares(drawing):
    tissue = torch.randint(-1, 3, (EXTENT,) * 3, generator=torch.Generator().manual_seed(0))
    for _ in range(6):
        _, share = drawing._partial_volume(tissue.float(), tissue, tissue >= 0, torch.full((3,), 0.6))
        assert share.min() >= 0 and share.sum(dim=0).max() <= 1 + 1e-5


def test_blurring_keeps_sums_and_smooth_parts():
    image = torch.zeros(1, 21, 21, 21)
    image[0, 10, 10, 10] = 1
    blurred = _blurred(image, torch.tensor([0.8, 0.5, 1.2]))
    assert abs(float(blurred.sum()) - 1) < 1e-5
    offsets = torch.arange(21) - 10.0
    for axis, sigma in enumerate((0.8, 0.5, 1.2)):
        profile = blurred[0].sum(dim=[a for a in range(3) if a != axis])
        expected = torch.exp(-0.5 * (offsets / sigma) ** 2)
        torch.testing.assert_close(profile, expected / expected.sum(), atol=4e-3, rtol=0)
    constant = _blurred(torch.ones(1, 21, 21, 21), torch.full((3,), 0.8))
    torch.testing.assert_close(constant[0, 8:13, 8:13, 8:13], torch.ones(5, 5, 5))


def test_the_largest_share_is_argmax():
    share = torch.rand(3, 9, 9, 9, generator=torch.Generator().manual_seed(0))
    assert torch.equal(_largest(share), share.argmax(dim=0))


def test_transforms_neither_collapse_nor_explode(drawing):
    for _ in range(100):
        volume = float(torch.linalg.det(drawing._affine()).abs())
        assert 0.3 < volume < 2.5
