"""What a step of fine-tuning learns: a patch of a scan, and the semi-supervised loss on it (eq 3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .fixed_normalisation import Statistics, fixed
from .losses import GMMTVLoss, TotalLoss
from .prior_input import informed_logits
from .taught_scan import TaughtScan
from .teaching import Teaching

# Edges of a patch in voxels, towards right, anterior and superior: a corrected slice and enough around it.
EXTENT = (80, 80, 48)
# Where both kinds are there, every so-many-th patch is of a scan without labels.
UNLABELLED_EVERY = 3


@dataclass(frozen=True)
class Parts:
    """Parts of the loss, means over their voxels.

    Attributes:
        cross_entropy: on labelled voxels.
        mixture: GMM + gamma * TV on all voxels.
        retention: divergence from what was known before, on unlabelled voxels.
    """

    cross_entropy: Tensor
    mixture: Tensor
    retention: Tensor


class CorrectionLessons:
    """Patches of taught scans.

    Args:
        scans: at least one of them labelled.
        teaching: weights and seed.

    Attributes:
        statistics: of each scan as a whole, by ``id(scan)``, which its patches are normalised by.
    """

    def __init__(self, scans: Sequence[TaughtScan], teaching: Teaching) -> None:
        self.teaching = teaching
        self.statistics: dict[int, Statistics] = {}
        self._labelled = [scan for scan in scans if scan.is_labelled]
        self._unlabelled = [scan for scan in scans if not scan.is_labelled]
        self._places = {id(scan): torch.nonzero((scan.labels >= 0).flatten()).flatten() for scan in self._labelled}
        self._places |= {id(scan): torch.nonzero(scan.mask.flatten()).flatten() for scan in self._unlabelled}
        self._cross_entropy = TotalLoss(alpha=1.0, beta=0.0, ignore_index=-1)
        self._mixture = GMMTVLoss(teaching.gamma)

    def loss(self, network: nn.Module, number: int) -> tuple[Tensor, Parts]:
        """Loss of lesson ``number``, and its parts; the same number gives the same lesson."""
        random = np.random.default_rng([self.teaching.seed, number])
        turn = self._unlabelled and number % UNLABELLED_EVERY == UNLABELLED_EVERY - 1
        group = self._unlabelled if turn else self._labelled
        scan = group[int(random.integers(len(group)))]
        place = _place(scan, self._places[id(scan)], random)
        parts = self._parts(network, scan, place, mirrored=bool(random.random() < 0.5))
        weights = self.teaching
        total = weights.alpha * parts.cross_entropy + weights.beta * parts.mixture + weights.retention * parts.retention
        return total, parts

    def _parts(self, network: nn.Module, scan: TaughtScan, place: tuple[slice, slice, slice], mirrored: bool) -> Parts:
        device = scan.begun.device

        def cut(grid: Tensor) -> Tensor:
            part = grid[(..., *place)].to(device)
            return part.flip(-3) if mirrored else part

        volume, labels = cut(scan.volume).float()[None], cut(scan.labels)[None]
        inside = volume[:, 1] > 0
        with fixed(network, self.statistics[id(scan)]):
            logits = informed_logits(network, volume)
        fitted = scan.parameters.to(device)
        return Parts(
            cross_entropy=self._cross_entropy(logits, labels, volume[:, :1], inside),
            mixture=self._mixture(logits, cut(scan.image)[None], inside, parameters=fitted, spacing=scan.spacing),
            retention=_divergence(cut(scan.before).float()[None], logits, inside & (labels < 0)),
        )


def _place(scan: TaughtScan, candidates: Tensor, random: np.random.Generator) -> tuple[slice, slice, slice]:
    """A patch that holds one of the candidate voxels, somewhere about its middle."""
    chosen = int(candidates[int(random.integers(len(candidates)))])
    voxel = np.unravel_index(chosen, scan.mask.shape)
    starts = []
    for position, edge, n in zip(voxel, EXTENT, scan.mask.shape, strict=True):
        middle = int(position) + int(random.integers(-edge // 3, edge // 3 + 1))
        starts.append(min(max(0, middle - edge // 2), max(0, n - edge)))
    first, second, third = (slice(start, start + edge) for start, edge in zip(starts, EXTENT, strict=True))
    return first, second, third


def _divergence(before: Tensor, logits: Tensor, where: Tensor) -> Tensor:
    """Mean over ``where`` of sum_k p_k log(p_k / s_k), p being (1, K, ...) ``before`` and s the softmax of logits."""
    if not bool(where.any()):
        return logits.sum() * 0.0
    p = before / before.sum(dim=1, keepdim=True).clamp_min(1e-6)
    divergence = F.kl_div(logits.log_softmax(dim=1), p, reduction="none").sum(dim=1)
    return divergence[where].mean()
