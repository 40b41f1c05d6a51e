"""Label-free training of a network on one scan: the paper's unsupervised mode (eq 3.7 with TV).

The network corrects the classical mixture (:mod:`gmmseg.informed_network`). It first learns the mixture's posteriors by
cross-entropy, so that its classes mean what the mixture's mean; then it minimises the free energy plus total
variation. Mixture and field are held fixed in each step and solved in closed form from the whole volume a few times in
between: they are the minimisers, so the gradient is the same (envelope theorem), and the statistics are those of the
volume, never of a batch.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from . import mixture, networks
from .devices import arithmetic
from .em import COVARIANCE_SHARING, Fit, field_classes, unevenness
from .field_fit import FieldFit
from .informed_network import MixtureInformed, network_input, noise_level
from .losses import GMMTVLoss, TotalLoss
from .progress import Progress, silent
from .scan import Scan
from .settings import Settings
from .slices import Orientation, average_posterior, orientations

# Share of the iterations that learn the mixture's posteriors by cross-entropy.
WARM_UP = 0.4
# Times that mixture and field are solved anew from the network's posteriors.
UPDATES = 2
REFIT_ITERATIONS = 10
# Noise added to what the network sees while it trains, in units of the scan's own: a voxel's noise then does not tell
# its label, and the network has to ask the neighbours.
INPUT_NOISE = 1.5
GRADIENT_NORM = 1.0


@dataclass(frozen=True)
class Trained:
    """What training on a scan gives.

    Attributes:
        fit: mixture, field and the network's posteriors.
        network: the trained network.
        losses: loss of each step.
    """

    fit: Fit
    network: nn.Module
    losses: tuple[float, ...]


def train_on_scan(
    scan: Scan,
    start: Fit,
    settings: Settings,
    device: torch.device,
    precision: torch.dtype,
    progress: Progress = silent,
) -> Trained:
    """Trains a network on one scan without labels, from the classical mixture's posteriors on.

    Args:
        scan: the scan.
        start: the classical mixture's fit, see :func:`gmmseg.em.fit`.
        settings: network, base_width, iterations, learning_rate, batch_size, gamma, entropy_weight, bias_degree, seed.
        device: where the network runs; the scan may lie elsewhere, see :func:`gmmseg.devices.for_statistics`.
        precision: arithmetic of the network.
        progress: told about each step; its previews are (i, j, k) uint8 labels in the scan's box.

    Raises:
        Cancelled: from progress.
    """
    with _seeded(settings.seed, device):
        return _Trainer(scan, start, settings, device, precision, progress).run()


class _Trainer:
    """The state of one training: network, optimiser, current mixture and field."""

    def __init__(
        self,
        scan: Scan,
        start: Fit,
        settings: Settings,
        device: torch.device,
        precision: torch.dtype,
        progress: Progress,
    ) -> None:
        self.scan, self.fit, self.settings, self.precision, self.progress = scan, start, settings, precision, progress
        self.device = device
        self.random = np.random.default_rng(settings.seed)
        self.views = orientations(scan.spacing)
        target, stack = scan.on_grid(start.s), network_input(scan, start)
        self.noise = noise_level(stack[:-1], target).to(device)
        self.target, self.stack = target.to(device), stack.to(device)
        self.image, self.mask = scan.image.to(device), scan.mask.to(device)
        self.field = self._field_on_grid()
        network = MixtureInformed(
            networks.build(settings.network, scan.channels + 1, start.s.shape[1], settings.base_width), scan, start
        )
        self.network = network.to(device).to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=settings.learning_rate)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, settings.learning_rate, total_steps=max(2, settings.iterations + 1), pct_start=0.1
        )
        self.scaler = _scaler(precision, device)
        self.cross_entropy = TotalLoss(beta=0.0)
        self.free_energy = GMMTVLoss(gamma=settings.gamma, entropy_weight=settings.entropy_weight)
        self.losses: list[float] = []

    def run(self) -> Trained:
        total = self.settings.iterations
        warm_up = max(1, round(WARM_UP * total))
        updates = {warm_up + round(n * (total - warm_up) / UPDATES) for n in range(UPDATES)}
        for step in range(total):
            if step >= warm_up and step in updates:
                self._update_statistics(step / total)
            stage = "warm-up" if step < warm_up else "train"
            message = "Learning the mixture's posteriors" if step < warm_up else "Minimising the mixture's loss"
            self.progress(0.92 * step / total, stage, f"{message} (step {step + 1} of {total})")
            self._step(warm=step < warm_up)
        fit = self._posterior(0.92, 1.0)
        return Trained(fit, self.network, tuple(self.losses))

    def _step(self, warm: bool) -> None:
        """One optimiser step on a random batch of slices of one orientation."""
        view = self.views[len(self.losses) % len(self.views)]
        mask = view.slices(self.mask[None])
        chosen = self._random_slices(view, mask)
        flips = [axis for axis in (2, 3) if self.random.random() < 0.5]

        def take(grid: Tensor) -> Tensor:
            return view.slices(grid)[chosen].flip(flips)

        inside = mask[chosen].flip(flips)
        logits = self._logits(self.network, self._with_noise(take(self.stack)))
        if warm:
            loss = self.cross_entropy(logits, take(self.target), take(self.image), inside)
        else:
            # All slices are of this scan: one volume, whose statistics are given.
            index = torch.zeros(len(chosen), dtype=torch.long, device=logits.device)
            field = None if self.field is None else take(self.field)
            loss = self.free_energy(
                logits,
                take(self.image),
                inside,
                volume_index=index,
                parameters=self.fit.parameters,
                field=field,
                spacing=_relative(view.spacing),
            )
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_NORM)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.schedule.step()
        self.losses.append(float(loss.detach()))

    def _with_noise(self, images: Tensor) -> Tensor:
        """(B, D + 1, H, W) with noise on the channels, none outside the mask."""
        noise = torch.randn_like(images[:, :-1]) * (INPUT_NOISE * self.noise)[:, None, None]
        return torch.cat([images[:, :-1] + noise * images[:, -1:], images[:, -1:]], dim=1)

    def _random_slices(self, view: Orientation, mask: Tensor) -> Tensor:
        used = torch.nonzero(mask.flatten(1).any(dim=1)).flatten()
        size = min(self.settings.batch_size, len(used))
        numbers = self.random.choice(len(used), size=size, replace=False)
        return used[torch.from_numpy(np.sort(numbers)).to(used.device)]

    def _update_statistics(self, done: float) -> None:
        """Mixture and field in closed form from the network's posteriors of the whole volume."""
        self.fit = self._posterior(0.92 * done, 0.92 * done)
        labels = self.scan.labels(self.fit.s).cpu().numpy()
        self.progress(0.92 * done, "train", "Updated class means and bias field", labels)
        self.field = self._field_on_grid()

    def _field_on_grid(self) -> Tensor | None:
        """(D, i, j, k) current field on the network's device, 1 outside the mask; None for no field."""
        return None if self.fit.field is None else self.scan.on_grid(self.fit.field, outside=1.0).to(self.device)

    def _posterior(self, start: float, stop: float) -> Fit:
        def tick(share: float) -> None:
            self.progress(start + share * (stop - start), "posterior", "Averaging the orientations")

        grid = average_posterior(
            self.network, self.stack, self.mask, self.views, self._logits, 4 * self.settings.batch_size, tick
        ).to(self.scan.image.device)
        return statistics(self.scan, self.scan.rows_of(grid), self.fit, self.settings.bias_degree)

    def _logits(self, network: nn.Module, images: Tensor) -> Tensor:
        images = images.contiguous(memory_format=torch.channels_last)
        with arithmetic(images.device, self.precision):
            return network(images).float()


def statistics(scan: Scan, s: Tensor, previous: Fit, bias_degree: int) -> Fit:
    """Field and mixture in closed form, given the network's posteriors.

    The field is solved from the pure voxels of s (eq 3.8), and kept where it makes the tissues more even than the
    previous one does. The mixture is then the likelihood's own optimum given that field, with Bayes' posteriors (eq
    2.5) in its sums. With s itself in the sums mixture and network run away together: a smooth s pulls the class means
    towards each other and widens the classes, which makes the next s smoother; on a phantom with 9 % noise grey matter
    is gone after three updates.

    Args:
        scan: the scan.
        s: (N, K) posteriors.
        previous: the fit so far. Without a field there (it did not help the classical mixture) there is none here.
        bias_degree: P.
    """
    kept = _refitted(scan, s, previous, previous.field, previous.field_weights)
    if previous.field is None:
        return kept
    solved = FieldFit(scan, bias_degree).update(s, previous.field, field_classes(scan, s))
    if solved is None:
        return kept
    updated = _refitted(scan, s, previous, *solved)
    return updated if unevenness(scan, s, updated.field) < unevenness(scan, s, kept.field) else kept


def _refitted(scan: Scan, s: Tensor, previous: Fit, field: Tensor | None, weights: Tensor | None) -> Fit:
    rows = scan.sample
    parameters, log_likelihood, _ = mixture.fit(
        scan.rows[rows],
        previous.parameters,
        None if field is None else field[rows],
        iterations=REFIT_ITERATIONS,
        covariance_sharing=COVARIANCE_SHARING,
    )
    return Fit(parameters, field, weights, s, log_likelihood, previous.iterations, previous.warnings)


def _scaler(precision: torch.dtype, device: torch.device) -> torch.amp.GradScaler:
    """Keeps float16 gradients above zero; does nothing in other precisions."""
    # torch 2.2 has the class in torch.cuda.amp only, newer ones warn about it there.
    home = torch.amp if hasattr(torch.amp, "GradScaler") else torch.cuda.amp
    return home.GradScaler(enabled=precision == torch.float16 and device.type == "cuda")


def _relative(spacing: tuple[float, float]) -> tuple[float, float]:
    """In-slice spacing in units of the smaller one, so that gamma means the same at every resolution."""
    smallest = min(spacing)
    return (spacing[0] / smallest, spacing[1] / smallest)


@contextlib.contextmanager
def _seeded(seed: int, device: torch.device):
    """Random weights from ``seed``, the caller's random numbers untouched, and repeatable convolutions."""
    devices = [device] if device.type == "cuda" else []
    deterministic, benchmark = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        try:
            yield
        finally:
            torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = deterministic, benchmark
