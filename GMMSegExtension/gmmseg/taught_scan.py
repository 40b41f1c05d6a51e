"""A scan as a network is taught with it: what it sees, the labels, and what the model said before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import fast, mixture, segmenter
from .devices import arithmetic
from .em import Fit
from .errors import InputError
from .informed_network import corrected
from .mixture import MixtureParameters
from .prior_input import CHANNELS, informed_logits, network_volume, standardise
from .segmenter import Begun
from .shipped_prior import Axes, pooled_for_network
from .teaching import Subject

CLASSES = 3
# Held-out voxels come in blocks of this edge in voxels: those next to a learned one would only repeat it.
_BLOCK = 8


@dataclass(frozen=True)
class TaughtScan:
    """One scan with axes towards right, anterior and superior, at a resolution that the network knows.

    Attributes:
        begun: the run that it comes from.
        fit: classical mixture under the field that the model found: what the network starts from.
        volume: (5, i, j, k) float16, what the network sees.
        image: (1, i, j, k) corrected intensities.
        before: (3, i, j, k) float16, the model's posteriors before it is taught.
        labels: (i, j, k) int64, 0..2; -1 where unlabelled or held out.
        held_out: the same of the held-out voxels.
        spacing: voxel size in units of the smallest.
        labels_before: (I, J, K) uint8 of the case by the model before it is taught, 0 outside the mask.
    """

    begun: Begun
    fit: Fit
    volume: Tensor
    image: Tensor
    before: Tensor
    labels: Tensor
    held_out: Tensor
    spacing: tuple[float, float, float]
    labels_before: np.ndarray

    @property
    def mask(self) -> Tensor:
        """(i, j, k) bool."""
        return self.volume[1] > 0

    @property
    def parameters(self) -> MixtureParameters:
        return self.fit.parameters

    @property
    def is_labelled(self) -> bool:
        """Whether there is a voxel to learn from."""
        return bool((self.labels >= 0).any())

    @torch.inference_mode()
    def log_posteriors(self, network: nn.Module) -> Tensor:
        """(3, i, j, k) log-posteriors of a network."""
        begun = self.begun
        with arithmetic(begun.device, begun.precision):
            logits = informed_logits(network, self.volume[None].to(begun.device).float())
        return logits[0].log_softmax(dim=0).to(self.volume.device)

    def labels_on_grid(self, log_posteriors: Tensor) -> np.ndarray:
        """(I, J, K) uint8 labels of the case by log-posteriors of :meth:`log_posteriors`, 0 outside the mask."""
        return self._on_grid(log_posteriors, "trilinear", lambda grid: _most_probable(grid) + 1)

    def held_out_on_grid(self) -> np.ndarray:
        """(I, J, K) uint8 labels of the held-out voxels of the case, 0 elsewhere."""
        return self._on_grid((self.held_out + 1)[None].float(), "nearest", lambda grid: grid[0])

    def _on_grid(self, maps: Tensor, mode: str, labels_of: Callable[[Tensor], Tensor]) -> np.ndarray:
        """(I, J, K) uint8 labels made of (C, i, j, k) maps on the case's own voxels."""
        scan, prepared = self.begun.scan, self.begun.prepared
        axes = Axes.of(prepared.affine)
        size = axes.to_anatomical(scan.mask[None]).shape[1:]
        if maps.shape[1:] != size:
            options = {} if mode == "nearest" else {"align_corners": False}
            maps = F.interpolate(maps[None], size=size, mode=mode, **options)[0]
        labels = labels_of(axes.to_array(maps).to(scan.mask.device))
        return segmenter.on_grid((labels * scan.mask).to(torch.uint8).cpu().numpy(), prepared)


def taught_scan(begun: Begun, subject: Subject, network: nn.Module, held_out: float, seed: int) -> TaughtScan:
    """Makes a subject ready.

    Args:
        begun: its case as far as the mixture.
        subject: with its labels.
        network: the model's before it is taught.
        held_out: share of the labelled voxels to hold out.
        seed: of the choice of these.

    Raises:
        InputError: the model cannot be asked about such a case, or the labels do not fit.
    """
    if not begun.has_prior:
        raise InputError(
            f"'{subject.name}' cannot be taught with: trained models know CSF, GM and WM on one T1; choose three "
            "classes and no further channels."
        )
    fit, prior = segmenter.refine(begun, network)
    if prior.share == 0.0:
        raise InputError(
            f"'{subject.name}' cannot be taught with: it does not look like a T1 that the model knows; leave it out."
        )
    scan, axes = begun.scan, Axes.of(begun.prepared.affine)
    classical = fast.classical(scan, fit)
    values = corrected(scan, classical)
    mean = classical.parameters.mean
    seen = network_volume(scan.on_grid(standardise(values, mean[1], mean[2]))[0], scan.mask, scan.on_grid(classical.s))
    labels = torch.from_numpy(_in_box(subject, begun)).to(seen.device)
    one_hot = torch.stack([labels == label for label in range(1, CLASSES + 1)]) & scan.mask
    everything = torch.cat([seen, scan.on_grid(values), scan.on_grid(fit.s), one_hot.to(seen)])
    spacing = [scan.spacing[axis] for axis in axes.order]
    pooled, factors = pooled_for_network(axes.to_anatomical(everything), spacing)
    image, before, shares = pooled[CHANNELS : CHANNELS + 1], pooled[CHANNELS + 1 : -CLASSES], pooled[-CLASSES:]
    target = torch.where(shares.amax(dim=0) > 0.5, _most_probable(shares), -1)
    out = _blocks(target >= 0, held_out, seed)
    steps = [step * factor for step, factor in zip(spacing, factors, strict=True)]
    first, second, third = (step / min(steps) for step in steps)
    return TaughtScan(
        begun=begun,
        fit=classical,
        volume=pooled[:CHANNELS].half().contiguous(),
        image=image.contiguous(),
        before=before.half().contiguous(),
        labels=torch.where(out, -1, target),
        held_out=torch.where(out, target, -1),
        spacing=(first, second, third),
        labels_before=segmenter.on_grid(scan.labels(fit.s).cpu().numpy(), begun.prepared),
    )


def _most_probable(shares: Tensor) -> Tensor:
    """(i, j, k) int64 from (K, i, j, k)."""
    return mixture.most_probable(shares.flatten(1).T).long().reshape(shares.shape[1:])


def _in_box(subject: Subject, begun: Begun) -> np.ndarray:
    """(i, j, k) uint8 labels in the brain's box.

    Raises:
        InputError: they lie on another grid or are no labels of three classes.
    """
    box = begun.prepared.box
    if subject.labels is None:
        return np.zeros(begun.prepared.mask.shape, dtype=np.uint8)
    labels, image = subject.labels, subject.case.images[0]
    if labels.array.shape != image.array.shape or not np.allclose(labels.affine, image.affine, atol=1e-3):
        raise InputError(f"The labels of '{subject.name}' lie on another grid than its scan; resample them to it.")
    values = labels.array[box]
    lowest, highest = (values.min(), values.max()) if values.size else (0, 0)
    if not (lowest >= 0 and highest <= CLASSES and (values == values.astype(np.uint8)).all()):
        raise InputError(
            f"The labels of '{subject.name}' must be 0 (unlabelled) to {CLASSES} (CSF, GM, WM), but reach from "
            f"{lowest:g} to {highest:g}."
        )
    return values.astype(np.uint8)


def _blocks(labelled: Tensor, share: float, seed: int) -> Tensor:
    """(i, j, k) bool: about ``share`` of the labelled voxels, in blocks; none when it would take all."""
    edges = [-(-n // _BLOCK) for n in labelled.shape]
    random = np.random.default_rng(seed)
    chosen = torch.from_numpy(random.random(edges) < share).to(labelled.device)
    for axis, n in enumerate(labelled.shape):
        chosen = chosen.repeat_interleave(_BLOCK, dim=axis).narrow(axis, 0, n)
    out = chosen & labelled
    return out if bool((labelled & ~out).any()) else torch.zeros_like(out)
