"""Synthetic T1 scans from label maps: the paper's own generative model (eq 2.8) with everything about it at random.

An intensity is class mean times bias field plus noise, as in the mixture; around it everything that makes real scans
differ is drawn anew for each sample: anatomy (affine and elastic), resolution and slice thickness, point spread,
contrast (deep grey matter between grey and white), texture, lesions, bias field, noise, and how well the mask fits. A
network that has seen all of them has to read each scan's own properties from the scan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from . import label_maps, mixture
from .em import COVARIANCE_SHARING
from .label_maps import FLUID, GREY, SULCAL_FLUID, VENTRICLES, WHITE, LabelMap
from .mixture import MixtureParameters
from .prior_input import standardise

# Target of voxels that teach nothing: outside the mask, or no tissue of the brain.
IGNORED = -1
_CORTEX = label_maps.names().index("cortex")
# The mixture that goes with a patch is fitted to this many of its voxels, in a few steps from the truth on.
_MIXTURE_VOXELS = 30_000
_MIXTURE_STEPS = 8


@dataclass(frozen=True)
class Sample:
    """One synthetic patch.

    Attributes:
        image: (i, j, k) float32 intensities, standardised by the mixture; 0 outside the mask.
        mask: (i, j, k) bool.
        s: (3, i, j, k) posteriors of the mixture of CSF, GM and WM, 0 outside the mask.
        target: (i, j, k) int64: 0 CSF, 1 GM, 2 WM, or :data:`IGNORED`.
    """

    image: Tensor
    mask: Tensor
    s: Tensor
    target: Tensor


class Synthesiser:
    """Draws synthetic patches: number n of a seed is always the same patch, whatever was drawn before.

    Args:
        maps: label maps to draw from.
        extent: edge in mm of the cube a patch shows at 1 mm.
        seed: of everything at random.
    """

    def __init__(self, maps: list[LabelMap], extent: int = 96, seed: int = 0) -> None:
        self.maps = [one.structures for one in maps]
        self.extent = extent
        self.seed = seed

    def draw(self, number: int) -> Sample:
        """Patch ``number``."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + number)
        return _Patch(self.maps, self.extent, generator).drawn()


class _Patch:
    """One patch in the making: everything at random comes from its generator."""

    def __init__(self, maps: list[np.ndarray], extent: int, generator: torch.Generator) -> None:
        self.maps = maps
        self.extent = extent
        self.random = generator

    def drawn(self) -> Sample:
        voxel, step = self._resolution()
        structures = self._with_narrower_sulci(self._anatomy(step), step)
        tissue = torch.from_numpy(label_maps.tissue_of_structure())[structures.long()]
        contrast = self._contrast()
        image, tissue = self._intensities(structures, tissue, contrast)
        mask = self._mask(structures)
        spread = self._between(0.1, 1.0) * voxel / step
        image, share = self._partial_volume(image, tissue, mask, spread)
        size = [max(16, round(n * float(s / v))) for n, s, v in zip(structures.shape, step, voxel, strict=True)]
        # A scan that was thinned out keeps its sharp edges.
        mode = "nearest-exact" if self._chance(0.3) else "trilinear"
        image, share, mask = (_resize(values, size, mode) for values in (image, share, mask.float()[None]))
        inside = mask[0] > 0.5
        image = self._scanned(image[0], voxel)
        if self._chance(0.5):
            gamma = float(torch.exp(0.12 * self._normal()))
            image, contrast = image.clamp_min(1e-4) ** gamma, contrast**gamma
        if self._chance(0.1):
            image = (image * 120).round() / 120
        known = share.sum(dim=0) > 0.5
        target = torch.where(inside & known, _largest(share), IGNORED)
        parameters, s = self._mixture(image, inside, target, contrast)
        gap = parameters.mean[WHITE] - parameters.mean[GREY]
        grey = parameters.mean[GREY] + 0.03 * gap * self._normal()
        white = parameters.mean[WHITE] + 0.03 * gap * self._normal()
        return Sample(torch.where(inside, standardise(image, grey, white), 0.0), inside, s, target)

    def _mixture(
        self, image: Tensor, inside: Tensor, target: Tensor, contrast: Tensor
    ) -> tuple[MixtureParameters, Tensor]:
        """The mixture that fitting this scan would have found, and its posteriors (3, i, j, k)."""
        labels = target[inside]
        rows = image[inside][:, None]
        step = max(1, len(rows) // _MIXTURE_VOXELS)
        x, known = rows[::step], labels[::step]
        taught = known != IGNORED
        # A few voxels of each tissue, because a small patch may lack one that the scan has.
        x = torch.cat([x[taught], contrast.repeat(30)[:, None] + 0.05 * self._normal(90, 1)])
        known = torch.cat([known[taught], torch.arange(3).repeat(30)])
        parameters = mixture.estimate(x, F.one_hot(known, 3).float(), covariance_sharing=COVARIANCE_SHARING)
        steps = int(self._between(0, _MIXTURE_STEPS + 1))
        if steps:
            parameters, _, _ = mixture.fit(x, parameters, iterations=steps, covariance_sharing=COVARIANCE_SHARING)
        # Fitted to the whole brain, and under a field not yet right, the means lie somewhere near.
        spread = parameters.covariance.mean().sqrt()
        mean = parameters.mean + 0.15 * spread * self._normal(3, 1)
        weight = parameters.weight * torch.exp(0.2 * self._normal(3))
        covariance = parameters.covariance * torch.exp(0.2 * self._normal(3))[:, None, None]
        parameters, _ = MixtureParameters(mean, covariance, weight / weight.sum()).sorted_by_first_channel()
        posterior, _ = mixture.posterior(rows, parameters)
        s = torch.zeros(3, *image.shape)
        s[:, inside] = posterior.T
        return parameters, s

    def _resolution(self) -> tuple[Tensor, Tensor]:
        """Voxel size and the step of the grid the anatomy is sampled on, (3,) mm each."""
        kind = float(self._uniform())
        if kind < 0.55:
            voxel = torch.full((3,), self._between(0.9, 1.1))
        elif kind < 0.67:
            voxel = torch.full((3,), self._between(0.7, 0.9))
        elif kind < 0.87:
            voxel = torch.full((3,), self._between(1.1, 2.2))
        else:
            voxel = torch.full((3,), self._between(0.8, 1.1))
            voxel[int(3 * self._uniform())] = self._between(1.2, 4.0)
        return voxel, voxel.clamp_max(1.0)

    def _anatomy(self, step: Tensor) -> Tensor:
        """(n, n, n) uint8 structures of a random, randomly deformed part of a random head."""
        source = torch.from_numpy(self.maps[int(len(self.maps) * self._uniform())])
        middle = torch.tensor(source.shape) / 2
        centre = self._brain_voxel(source)
        # Rather the whole brain's middle than its very edge: half of a patch should not be air.
        centre = centre + self._between(0.0, 0.4) * (middle - centre)
        n = self.extent
        axis = torch.arange(n, dtype=torch.float32) - (n - 1) / 2
        grid = torch.stack(torch.meshgrid(*(axis * s for s in step), indexing="ij"))
        position = torch.einsum("ab,bijk->aijk", self._affine(), grid) + centre[:, None, None, None]
        for spacing, most in ((24, 3.5), (10, 1.2)):
            coarse = self._normal(1, 3, *[n // spacing + 3] * 3) * self._between(0.0, most)
            position += F.interpolate(coarse, size=(n, n, n), mode="trilinear", align_corners=True)[0]
        index = position.round_().long()
        inside = torch.ones(n, n, n, dtype=torch.bool)
        for i in range(3):
            inside &= (index[i] >= 0) & (index[i] < source.shape[i])
            index[i].clamp_(0, source.shape[i] - 1)
        return torch.where(inside, source[index[0], index[1], index[2]], 0)

    def _with_narrower_sulci(self, structures: Tensor, step: Tensor) -> Tensor:
        """Cortex grown into the fluid around it by up to a millimetre: the maps' heads are old, their sulci wide."""
        least = self._between(0.2, 0.8)
        if least > 0.7:
            return structures
        cortex = structures == _CORTEX
        solid = (structures > VENTRICLES) & (structures < label_maps.AROUND)
        near = _blurred(torch.stack([solid, cortex]).float(), 1.0 / step)
        grown = (structures == SULCAL_FLUID) & (near[0] > least) & (near[1] > 0.15)
        return torch.where(grown, _CORTEX, structures)

    def _brain_voxel(self, source: Tensor) -> Tensor:
        while True:
            voxel = [int(n * self._uniform()) for n in source.shape]
            if 0 < int(source[voxel[0], voxel[1], voxel[2]]) < label_maps.AROUND:
                return torch.tensor(voxel, dtype=torch.float32)

    def _affine(self) -> Tensor:
        """(3, 3) rotation, scaling, shear and mirroring."""
        angles = torch.deg2rad(12.0 * self._normal(3)) if self._chance(0.8) else torch.zeros(3)
        rotation = torch.linalg.matrix_exp(
            torch.stack(
                [
                    torch.stack([torch.zeros(()), -angles[2], angles[1]]),
                    torch.stack([angles[2], torch.zeros(()), -angles[0]]),
                    torch.stack([-angles[1], angles[0], torch.zeros(())]),
                ]
            )
        )
        scale = torch.diag(self._between(0.86, 1.16) * (1 + 0.05 * self._normal(3)))
        shear = torch.eye(3) + 0.03 * self._normal(3, 3)
        mirror = torch.diag(torch.tensor([-1.0 if self._chance(0.5) else 1.0, 1.0, 1.0]))
        return rotation @ shear @ scale @ mirror

    def _contrast(self) -> Tensor:
        """(3,) means of CSF, GM and WM; WM is 1."""
        grey = 1 - self._between(0.10, 0.45)
        fluid = max(0.03, grey - self._between(0.12, 0.65))
        return torch.tensor([fluid, grey, 1.0])

    def _intensities(self, structures: Tensor, tissue: Tensor, contrast: Tensor) -> tuple[Tensor, Tensor]:
        """Noise-free image before partial volume, and the tissues, with lesions in both."""
        gap = contrast[WHITE] - contrast[GREY]
        towards_white = {
            "thalamus": self._between(0.1, 0.85),
            "caudate": self._between(-0.15, 0.35),
            "putamen": self._between(-0.1, 0.5),
            "pallidum": self._between(0.35, 1.0),
            "hippocampus": self._between(-0.2, 0.2),
            "amygdala": self._between(-0.2, 0.2),
            "cortex": 0.0,
            "cerebellar cortex": self._between(-0.25, 0.25),
            "cerebral white": 1.0,
            "cerebellar white": self._between(0.8, 1.1),
            "brain stem": self._between(0.55, 1.0),
        }
        means = torch.zeros(len(label_maps.names()))
        for code, name in enumerate(label_maps.names()):
            if name in towards_white:
                # Where deep grey matter hardly differs in a scan, it does so in all of its parts.
                means[code] = contrast[GREY] + gap * towards_white[name]
        means[SULCAL_FLUID] = means[VENTRICLES] = contrast[FLUID]
        if self._chance(0.2):
            means[SULCAL_FLUID] = contrast[FLUID] + (contrast[GREY] - contrast[FLUID]) * self._between(0.0, 0.25)
        if self._chance(0.3):
            for code, name in enumerate(label_maps.names()):
                if name in label_maps.GREY_STRUCTURES:
                    means[code] = contrast[GREY]
        image = means[structures.long()]
        around = structures == label_maps.AROUND
        if bool(around.any()):
            rest = (0.5 + 0.4 * self._smooth(image.shape, self._between(1.5, 6.0))).clamp(0.02, 1.4)
            image = torch.where(around, rest, image)
        if self._chance(0.15):
            image, tissue = self._with_lesions(image, tissue, contrast)
        texture = 1 + self._between(0.0, 0.035) * self._smooth(image.shape, self._between(2.0, 8.0))
        return image * texture, tissue

    def _with_lesions(self, image: Tensor, tissue: Tensor, contrast: Tensor) -> tuple[Tensor, Tensor]:
        """Blobs of other intensity that count to the tissue they look like: there the scan is to be believed."""
        blobs = self._smooth(image.shape, self._between(2.5, 9.0)) > self._between(2.0, 2.8)
        blobs &= tissue >= (WHITE if self._chance(0.6) else FLUID)
        value = self._between(float(contrast[FLUID]), 1.1)
        nearest = int((contrast - value).abs().argmin())
        return torch.where(blobs, value, image), torch.where(blobs, nearest, tissue)

    def _mask(self, structures: Tensor) -> Tensor:
        """(n, n, n) bool brain mask: right, tight or generous."""
        brain = (structures > 0) & (structures < label_maps.AROUND)
        if self._chance(0.4):
            return brain
        solid = (brain & (structures != SULCAL_FLUID)).float()
        near = _blurred(solid[None], torch.full((3,), self._between(1.5, 4.0)))[0]
        limit = self._between(0.03, 0.4) * (1 + 0.25 * self._smooth(near.shape, 8.0))
        mask = near > limit
        return mask | (structures == VENTRICLES) if self._chance(0.4) else (mask & brain) | (solid > 0)

    def _partial_volume(self, image: Tensor, tissue: Tensor, mask: Tensor, spread: Tensor) -> tuple[Tensor, Tensor]:
        """Image (1, ...) and tissue shares (3, ...) after the point spread, inside the mask only or across its edge."""
        stack = torch.cat([image[None], torch.stack([(tissue == k).float() for k in (FLUID, GREY, WHITE)])])
        if self._chance(0.5):
            stack = torch.cat([stack * mask, mask.float()[None]])
            blurred = _blurred(stack, spread)
            blurred = blurred[:4] / blurred[4:].clamp_min(1e-3)
        else:
            blurred = _blurred(stack, spread)
        return blurred[:1], blurred[1:]

    def _scanned(self, image: Tensor, voxel: Tensor) -> Tensor:
        """With what is left of the bias field, and noise."""
        most = self._between(0.0, 0.12) if self._chance(0.8) else self._between(0.1, 0.4)
        field = self._smooth(image.shape, self._between(25.0, 60.0) / float(voxel.mean()))
        image = image * (1 + most * field / field.abs().max().clamp_min(1e-6))
        level = self._between(0.0, 0.11) if self._chance(0.8) else self._between(0.0, 0.03)
        noise = self._normal(2, *image.shape)
        if self._chance(0.3):
            noise = _blurred(noise, torch.full((3,), self._between(0.3, 0.6)))
            noise = noise / noise.std()
        if self._chance(0.2):
            noise = noise * (1 + 0.3 * self._smooth(image.shape, 20.0)).clamp_min(0.2)
        noise = noise * level
        return torch.hypot(image + noise[0], noise[1]) if self._chance(0.7) else image + noise[0]

    def _smooth(self, shape: torch.Size, sigma: float) -> Tensor:
        """Smooth random field of about zero mean and unit spread."""
        step = max(1.0, sigma * 1.2)
        coarse = self._normal(1, 1, *(max(3, round(n / step) + 2) for n in shape))
        fine = F.interpolate(coarse, size=tuple(shape), mode="trilinear", align_corners=True)[0, 0]
        return (fine - fine.mean()) / fine.std().clamp_min(1e-6)

    def _uniform(self) -> Tensor:
        return torch.rand((), generator=self.random)

    def _between(self, low: float, high: float) -> float:
        return low + (high - low) * float(self._uniform())

    def _chance(self, share: float) -> bool:
        return float(self._uniform()) < share

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.random)


def _blurred(stack: Tensor, sigma: Tensor) -> Tensor:
    """(C, i, j, k) blurred by a Gaussian of ``sigma`` (3,) voxels; nothing comes from outside.

    Shifts and sums: for kernels this short five times as fast as a convolution with one channel.
    """
    for axis in range(3):
        spread = float(sigma[axis])
        radius = min(max(1, round(3 * spread)), stack.shape[axis + 1] - 1)
        weight = torch.exp(-0.5 * (torch.arange(radius + 1) / max(spread, 1e-3)) ** 2)
        weight /= weight[0] + 2 * weight[1:].sum()
        total = stack * weight[0]
        for shift in range(1, radius + 1):
            length = stack.shape[axis + 1] - shift
            share = float(weight[shift])
            total.narrow(axis + 1, 0, length).add_(stack.narrow(axis + 1, shift, length), alpha=share)
            total.narrow(axis + 1, shift, length).add_(stack.narrow(axis + 1, 0, length), alpha=share)
        stack = total
    return stack


def _largest(share: Tensor) -> Tensor:
    """Index of the largest of (3, ...); torch's argmax over a leading dimension is ten times slower."""
    index = (share[1] > share[0]).long()
    return torch.where(share[2] > torch.maximum(share[0], share[1]), 2, index)


def _resize(stack: Tensor, size: list[int], mode: str) -> Tensor:
    if list(stack.shape[1:]) == size:
        return stack
    return F.interpolate(stack[None], size=size, mode=mode, align_corners=False if mode == "trilinear" else None)[0]
