"""What is learned from slices of many scans, and by which loss: lessons of :mod:`gmmseg.learning.model_training`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from .. import mixture
from ..losses import GMMTVLoss, TotalLoss
from ..metrics import overlap
from ..mixture import MixtureParameters
from . import prepared
from .prepared import OUTSIDE, UNLABELLED, Prepared
from .settings import SliceSettings

TISSUES = ("CSF", "GM", "WM")
# Share of the steps in which learning without labels takes the mixture's posteriors for labels, so that its classes
# mean what the mixture's mean.
WARM_UP = 0.4
# Slices of each held-out scan that the loss is measured on.
_SCORED = 12
# Standardised intensities are clipped to this range on both sides.
_FARTHEST = 6.0


class Slices(NamedTuple):
    """Slices of several scans.

    Attributes:
        image: (n, D, H, W) intensities, 0 outside the mask.
        target: (n, H, W) uint8, see :class:`gmmseg.slicewise.prepared.Prepared`.
        volume: (n,) number of the slice's scan within the lesson.
        position: (n,) number of the slice within its scan.
        spacing: (n, 2) mm of rows and columns, in units of the smaller one.
        centre, scale: (n, D) mean and standard deviation of the scan's voxels.
        mean, covariance, weight: the mixture of each slice's scan, (n, K, D), (n, K, D, D), (n, K); empty where there
            is none.
        warming: () whether the mixture's posteriors are to be learned.
    """

    image: Tensor
    target: Tensor
    volume: Tensor
    position: Tensor
    spacing: Tensor
    centre: Tensor
    scale: Tensor
    mean: Tensor
    covariance: Tensor
    weight: Tensor
    warming: Tensor

    @property
    def inside(self) -> Tensor:
        """(n, H, W) bool mask."""
        return self.target != OUTSIDE

    @property
    def labels(self) -> Tensor:
        """(n, H, W) int64 classes 0 to K - 1, 255 where there is no label."""
        target = self.target.long()
        return torch.where((target == OUTSIDE) | (target == UNLABELLED), UNLABELLED, target - 1)


def network_input(image: Tensor, inside: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
    """(n, D + 1, H, W) what a network sees: standardised channels, 0 outside the mask, and the mask.

    Args:
        image: (n, D, H, W) intensities.
        inside: (n, H, W) bool mask.
        centre, scale: (n, D) mean and standard deviation of the scan's masked voxels.
    """
    standardised = (image - centre[..., None, None]) / scale.clamp_min(1e-6)[..., None, None]
    mask = inside[:, None].to(image)
    return torch.cat([standardised.clamp(-_FARTHEST, _FARTHEST) * mask, mask], dim=1)


class SliceLessons:
    """Lessons from slices of prepared scans.

    The labelled slices of a lesson depend on its number and the seed alone, so that a supervised and a semi-supervised
    training of one seed see the same labels in the same order.

    Args:
        labelled: folders of prepared scans with labels; all scans in unsupervised learning.
        unlabelled: those without, of semi-supervised learning.
        held_out: scans to measure the loss on.
        settings: of the training.
        steps: of the training, for the end of the warm-up.
    """

    def __init__(
        self,
        labelled: Sequence[Path],
        unlabelled: Sequence[Path],
        held_out: Sequence[Path],
        settings: SliceSettings,
        steps: int,
    ) -> None:
        self.settings = settings
        self.labelled, self.unlabelled, self.held_out = list(labelled), list(unlabelled), list(held_out)
        self.warm_up = round(WARM_UP * steps) * settings.lessons_per_step if self._is_unsupervised else 0
        scans = {path: prepared.read(path) for path in (*labelled, *unlabelled, *held_out)}
        # One size for all lessons: each new one would be planned anew by the libraries below.
        self.size = tuple(max((scan.target.shape[axis] for scan in scans.values()), default=1) for axis in (1, 2))
        self.usable = {path: _usable(scan, self._is_unsupervised) for path, scan in scans.items()}
        self.supervised = TotalLoss(alpha=settings.alpha, beta=0.0)
        self.total = TotalLoss(
            settings.alpha, settings.beta, settings.gamma, settings.bias_degree, entropy_weight=settings.entropy_weight
        )
        self.free_energy = GMMTVLoss(settings.gamma, entropy_weight=settings.entropy_weight)

    @property
    def slices(self) -> int:
        """Slices to learn from, of which an epoch is made: labelled ones, or all in unsupervised learning."""
        return sum(len(self.usable[path]) for path in self.labelled)

    @property
    def channels(self) -> int:
        """Channels of what the network sees, see :func:`network_input`."""
        return prepared.read(self.labelled[0]).image.shape[1] + 1

    def draw(self, number: int) -> tuple[Tensor, ...]:
        """Slices of lesson ``number``, as :class:`Slices`."""
        settings = self.settings
        chosen = self._drawn(self.labelled, settings.batch_size, [settings.seed, number, 0])
        if settings.learning == "semi-supervised" and self.unlabelled:
            size = settings.unlabelled_size or settings.batch_size
            chosen += self._drawn(self.unlabelled, size, [settings.seed, number, 1])
        random = np.random.default_rng([settings.seed, number, 2])
        flips = random.random(sum(len(slices) for _, slices in chosen)) < (0.5 if settings.flips else 0.0)
        return self._gathered(chosen, flips, number < self.warm_up)

    def loss(self, network: nn.Module, lesson: tuple[Tensor, ...]) -> Tensor:
        """Mean over the mask's voxels of the loss that is learned by."""
        slices = Slices(*(part[0] for part in lesson))
        logits = self._logits(network, slices)
        if self.settings.learning == "supervised":
            return self.supervised(logits, slices.labels, slices.image, slices.inside)
        if self._is_unsupervised:
            return self._without_labels(logits, slices, bool(slices.warming))
        coordinates = _coordinates(slices) if self.settings.bias_degree else None
        return self.total(
            logits,
            slices.labels,
            slices.image,
            slices.inside,
            volume_index=slices.volume,
            spacing=slices.spacing,
            **({} if coordinates is None else {"coordinates": coordinates}),
        )

    @torch.no_grad()
    def score(self, network: nn.Module) -> dict[str, float]:
        """Loss, and Dice of labelled voxels, on evenly spaced slices of the held-out scans; the same ones each time."""
        if not self.held_out:
            return {}
        device = next(network.parameters()).device
        losses, predicted, true = [], [], []
        for path in self.held_out:
            usable = self.usable[path]
            every = usable[:: max(1, len(usable) // _SCORED)]
            lesson = self._gathered([(path, every)], np.zeros(len(every), dtype=bool), warming=False)
            slices = Slices(*(part.to(device) for part in lesson))
            logits = self._logits(network, slices)
            losses.append(float(self._held_out_loss(logits, slices)))
            known = slices.labels != UNLABELLED
            predicted.append(logits.argmax(dim=1)[known].cpu().numpy())
            true.append(slices.labels[known].cpu().numpy())
        figures = {"held-out loss": float(np.mean(losses))}
        labels, truth = np.concatenate(predicted), np.concatenate(true)
        if truth.size:
            figures |= {
                f"dice {tissue}": overlap(labels == code, truth == code)["dice"] for code, tissue in enumerate(TISSUES)
            }
        return figures

    @property
    def _is_unsupervised(self) -> bool:
        return self.settings.learning == "unsupervised"

    def _held_out_loss(self, logits: Tensor, slices: Slices) -> Tensor:
        if self._is_unsupervised:
            return self._without_labels(logits, slices, warming=False)
        return self.supervised(logits, slices.labels, slices.image, slices.inside)

    def _without_labels(self, logits: Tensor, slices: Slices, warming: bool) -> Tensor:
        """Free energy under each scan's own mixture, held at EM's fixed point, plus total variation (eq 3.7).

        Solved anew from the network's posteriors, mixture and network would run away together, see
        :func:`gmmseg.training.statistics`.
        """
        volumes = slices.volume.unique()
        first = [int(torch.nonzero(slices.volume == volume)[0]) for volume in volumes]
        parameters = [MixtureParameters(slices.mean[i], slices.covariance[i], slices.weight[i]) for i in first]
        if not warming:
            return self.free_energy(
                logits,
                slices.image,
                slices.inside,
                volume_index=slices.volume,
                parameters=parameters,
                spacing=slices.spacing,
            )
        target = torch.zeros_like(logits).movedim(1, -1)
        for volume, known in zip(volumes, parameters, strict=True):
            here = slices.inside & (slices.volume == volume)[:, None, None]
            target[here], _ = mixture.posterior(slices.image.movedim(1, -1)[here], known.to(logits))
        return self.supervised(logits, target.movedim(-1, 1), slices.image, slices.inside)

    def _logits(self, network: nn.Module, slices: Slices) -> Tensor:
        seen = network_input(slices.image, slices.inside, slices.centre, slices.scale)
        return network(seen.contiguous(memory_format=torch.channels_last)).float()

    def _drawn(self, scans: list[Path], size: int, seed: list[int]) -> list[tuple[Path, np.ndarray]]:
        """Random scans, and of each some of its slices, ``size`` in all."""
        random = np.random.default_rng(seed)
        count = min(self.settings.scans_per_batch, size, len(scans))
        shares = np.full(count, size // count)
        shares[: size % count] += 1
        chosen = []
        for index, share in zip(random.choice(len(scans), count, replace=False), shares, strict=True):
            usable = self.usable[scans[index]]
            chosen.append((scans[index], np.sort(random.choice(usable, share, replace=share > len(usable)))))
        return chosen

    def _gathered(self, chosen: list[tuple[Path, np.ndarray]], flips: np.ndarray, warming: bool) -> Slices:
        count = sum(len(numbers) for _, numbers in chosen)
        scans = [prepared.read(path) for path, _ in chosen]
        image = np.zeros((count, scans[0].image.shape[1], *self.size), dtype=np.float32)
        target = np.full((count, *self.size), OUTSIDE, dtype=np.uint8)
        start = 0
        for scan, (_, numbers) in zip(scans, chosen, strict=True):
            height, width = scan.target.shape[1:]
            image[start : start + len(numbers), :, :height, :width] = scan.image[numbers]
            target[start : start + len(numbers), :height, :width] = scan.target[numbers]
            start += len(numbers)
        if scans[0].orientation != "sagittal":  # rows of the others run from left to right
            image[flips], target[flips] = image[flips][:, :, ::-1], target[flips][:, ::-1]
        owner = np.repeat(np.arange(len(chosen)), [len(numbers) for _, numbers in chosen])
        return Slices(
            image=torch.from_numpy(image),
            target=torch.from_numpy(target),
            volume=torch.from_numpy(owner),
            position=torch.from_numpy(np.concatenate([numbers for _, numbers in chosen])).float(),
            spacing=_of_each(owner, [np.array(scan.spacing) / min(scan.spacing) for scan in scans]),
            centre=_of_each(owner, [scan.mean for scan in scans]),
            scale=_of_each(owner, [scan.deviation for scan in scans]),
            **{
                name: _of_each(owner, [_mixture(scan, name) for scan in scans])
                for name in ("mean", "covariance", "weight")
            },
            warming=torch.tensor(warming),
        )


def _of_each(owner: np.ndarray, values: list[np.ndarray]) -> Tensor:
    """(n, ...) float32 value of each slice's scan."""
    return torch.from_numpy(np.stack(values)[owner].astype(np.float32))


def _mixture(scan: Prepared, name: str) -> np.ndarray:
    return np.zeros(0) if scan.parameters is None else getattr(scan.parameters, name).numpy()


def _usable(scan: Prepared, whole: bool) -> np.ndarray:
    """Numbers of the slices with a labelled voxel; of all with brain where there are no labels or none are asked."""
    target = scan.target.reshape(len(scan.target), -1)
    labelled = ((target != OUTSIDE) & (target != UNLABELLED)).any(axis=1)
    return np.flatnonzero(labelled if labelled.any() and not whole else (target != OUTSIDE).any(axis=1))


def _coordinates(slices: Slices) -> Tensor:
    """(n, 3, H, W) position of each voxel: row, column and slice number."""
    count, height, width = slices.target.shape
    device = slices.image.device
    rows = torch.arange(height, dtype=torch.float32, device=device)[:, None].expand(height, width)
    columns = torch.arange(width, dtype=torch.float32, device=device)[None].expand(height, width)
    within = torch.stack([rows, columns]).expand(count, 2, height, width)
    return torch.cat([within, slices.position[:, None, None, None].expand(count, 1, height, width)], dim=1)
