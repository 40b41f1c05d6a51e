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
from ..model_card import PRIOR_CLASSES
from . import prepared
from .prepared import OUTSIDE, UNLABELLED, Prepared
from .settings import SliceSettings

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
        mirrored: (n,) bool, whether the slice's rows run from right to left here.
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
    mirrored: Tensor
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
        beside: further scans of the study, which decide the lessons' size as the others do, so that it is the same for
            trainings that are compared.

    Attributes:
        steps: of the training.
    """

    def __init__(
        self,
        labelled: Sequence[Path],
        unlabelled: Sequence[Path],
        held_out: Sequence[Path],
        settings: SliceSettings,
        beside: Sequence[Path] = (),
    ) -> None:
        self.settings = settings
        self.labelled, self.unlabelled, self.held_out = list(labelled), list(unlabelled), list(held_out)
        scans = {path: prepared.read(path) for path in (*labelled, *unlabelled, *held_out)}
        sizes = [scan.target.shape for scan in (*scans.values(), *map(prepared.read, beside))]
        # One size for all lessons: each new one would be planned anew by the libraries below.
        self.size = tuple(max((size[axis] for size in sizes), default=1) for axis in (1, 2))
        self.usable = {path: _usable(scan, self._is_unsupervised) for path, scan in scans.items()}
        self.steps = settings.steps_for(sum(len(self.usable[path]) for path in self.labelled))
        self.warm_up = round(WARM_UP * self.steps) * settings.lessons_per_step if self._is_unsupervised else 0
        self.cross_entropy = TotalLoss(beta=0.0)
        self.total = TotalLoss(
            settings.alpha, settings.beta, settings.gamma, settings.bias_degree, entropy_weight=settings.entropy_weight
        )
        self.free_energy = GMMTVLoss(settings.gamma, entropy_weight=settings.entropy_weight)

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
            return self.settings.alpha * self.cross_entropy(logits, slices.labels, slices.image, slices.inside)
        if self._is_unsupervised:
            return self._without_labels(logits, slices, bool(slices.warming))
        coordinates = coordinates_of(slices) if self.settings.bias_degree else None
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
        """Loss, and Dice of labelled voxels, on evenly spaced slices of the held-out scans; the same ones each time.

        Without labels a scan tells nothing about cross-entropy and is left out.
        """
        if not self._measurable:
            return {}
        device = next(network.parameters()).device
        losses, predicted, true = [], [], []
        for path in self._measurable:
            usable = self.usable[path]
            every = usable[np.linspace(0, len(usable) - 1, min(len(usable), _SCORED)).astype(int)]
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
                f"dice {tissue}": overlap(labels == code, truth == code)["dice"]
                for code, tissue in enumerate(PRIOR_CLASSES)
            }
        return figures

    @property
    def _measurable(self) -> list[Path]:
        if self._is_unsupervised:
            return self.held_out
        return [path for path in self.held_out if prepared.read(path).has_labels]

    @property
    def _is_unsupervised(self) -> bool:
        return self.settings.learning == "unsupervised"

    def _held_out_loss(self, logits: Tensor, slices: Slices) -> Tensor:
        if self._is_unsupervised:
            return self._without_labels(logits, slices, warming=False)
        return self.cross_entropy(logits, slices.labels, slices.image, slices.inside)

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
        return self.cross_entropy(logits, target.movedim(-1, 1), slices.image, slices.inside)

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
        if scans[0].orientation == "sagittal":  # rows of the others run from left to right
            flips = np.zeros_like(flips)
        image[flips], target[flips] = image[flips][:, :, ::-1], target[flips][:, ::-1]
        owner = np.repeat(np.arange(len(chosen)), [len(numbers) for _, numbers in chosen])
        return Slices(
            image=torch.from_numpy(image),
            target=torch.from_numpy(target),
            volume=torch.from_numpy(owner),
            position=torch.from_numpy(np.concatenate([numbers for _, numbers in chosen])).float(),
            mirrored=torch.from_numpy(flips),
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


def coordinates_of(slices: Slices) -> Tensor:
    """(n, 3, H, W) position of each voxel in its scan: row, column and slice number."""
    size = slices.target.shape
    rows = torch.arange(size[1], dtype=torch.float32, device=slices.image.device)[:, None]
    columns = torch.arange(size[2], dtype=torch.float32, device=slices.image.device)
    rows = torch.where(slices.mirrored[:, None, None], size[1] - 1 - rows, rows)
    return torch.stack([part.expand(size) for part in (rows, columns, slices.position[:, None, None])], dim=1)
