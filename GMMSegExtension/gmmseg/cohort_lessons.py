"""Learning from unlabelled scans: the paper's loss (eq 3.7 with TV) amortised over a cohort."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import cohort_scans, mixture
from .cohort_scans import CohortScan
from .losses import GMMLoss, TVLoss
from .mixture import MixtureParameters
from .prior_input import informed_logits, network_volume, standardise
from .training import INPUT_NOISE

# Patches the score is taken on.
_SCORED = 10


class CohortLessons:
    """Lessons of :mod:`gmmseg.learning.model_training` from scans without labels.

    A lesson is a patch of one scan. Its loss is the free energy of the network's posteriors under the scan's own
    mixture, plus total variation. The mixture is held fixed at EM's fixed point: mu, S and pi are the loss's minimisers
    given Bayes' posteriors, so that by the envelope theorem the gradient there is the one with them free. Solved anew
    from the network's posteriors they would run away with them, see :func:`gmmseg.training.statistics`.

    Args:
        scans: files of prepared scans to learn from, see :func:`gmmseg.cohort_scans.prepared`.
        held_out: the same, to score on.
        extent: edge of a patch in voxels.
        gamma: weight of the total variation, as in ``Settings``.
        seed: of the patches.
    """

    def __init__(
        self, scans: Sequence[Path], held_out: Sequence[Path], extent: int = 96, gamma: float = 0.1, seed: int = 0
    ) -> None:
        self.scans, self.held_out = list(scans), list(held_out)
        self.extent, self.gamma, self.seed = extent, gamma, seed
        self.free_energy, self.variation = GMMLoss(), TVLoss()

    def draw(self, number: int) -> tuple[Tensor, ...]:
        """What the network sees (5, i, j, k), intensities (1, i, j, k), mu, S, pi, and spacing (3,)."""
        return self._patch(self.scans, self.seed, number, INPUT_NOISE)

    def loss(self, network: nn.Module, lesson: tuple[Tensor, ...]) -> Tensor:
        """Mean over the mask's voxels of free energy and total variation."""
        free_energy, variation = self._terms(network, lesson)
        return free_energy + self.gamma * variation

    @torch.no_grad()
    def score(self, network: nn.Module) -> dict[str, float]:
        """Mean free energy and total variation over patches of the held-out scans, the same ones each time."""
        if not self.held_out:
            return {}
        device = next(network.parameters()).device
        totals = torch.zeros(2)
        for number in range(_SCORED):
            lesson = self._patch(self.held_out, self.seed + 1, number, 0.0)
            terms = self._terms(network, tuple(part[None].to(device) for part in lesson))
            totals += torch.stack(terms).cpu() / _SCORED
        return {"free energy": float(totals[0]), "total variation": float(totals[1])}

    def _terms(self, network: nn.Module, lesson: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        volume, intensities, mean, covariance, weight, spacing = lesson
        inside = volume[:, 1] > 0
        logits = informed_logits(network, volume)
        parameters = MixtureParameters(mean[0], covariance[0], weight[0])
        # In units of the smallest step, so that gamma means the same at every resolution.
        steps = spacing / spacing.amin(dim=1, keepdim=True)
        return (
            self.free_energy(logits, intensities, inside, parameters=parameters),
            self.variation(logits, inside, spacing=steps),
        )

    def _patch(self, scans: list[Path], seed: int, number: int, noise: float) -> tuple[Tensor, ...]:
        """Patch ``number``; what the network sees of it has ``noise`` more, in units of the scan's own."""
        random = np.random.default_rng([seed, number])
        scan = cohort_scans.read(scans[random.integers(len(scans))])
        image, mask = _cut(scan, self.extent, random)
        if random.random() < 0.5:
            image, mask = image.flip(0), mask.flip(0)
        added = torch.from_numpy(random.standard_normal(tuple(image.shape), dtype=np.float32))
        parameters = scan.parameters
        return (
            _seen(image + noise * scan.noise * added, mask, parameters),
            image[None].contiguous(),
            parameters.mean,
            parameters.covariance,
            parameters.weight,
            scan.spacing,
        )


def _seen(image: Tensor, mask: Tensor, parameters: MixtureParameters) -> Tensor:
    """(5, i, j, k) what the network sees of noisy intensities; the mixture's posteriors are of these ones too.

    Those of the scan itself would tell the answer, and the network would learn nothing but to repeat it.
    """
    s, _ = mixture.posterior(image.reshape(-1, 1), parameters)
    standardised = standardise(image, parameters.mean[1], parameters.mean[2])
    return network_volume(standardised, mask, s.T.reshape(-1, *image.shape))


def _cut(scan: CohortScan, extent: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """(extent, extent, extent) image and mask around a random voxel of the brain, as far inside the scan as it goes."""
    shape = scan.mask.shape
    while True:
        voxel = [int(random.integers(n)) for n in shape]
        if scan.mask[voxel[0], voxel[1], voxel[2]]:
            break
    starts = [min(max(0, v - extent // 2), max(0, n - extent)) for v, n in zip(voxel, shape, strict=True)]
    place = tuple(slice(start, start + extent) for start in starts)
    image, mask = scan.image[place], scan.mask[place]
    margin = [side for n in reversed(image.shape) for side in (0, extent - n)]
    return F.pad(image, margin), F.pad(mask, margin)
