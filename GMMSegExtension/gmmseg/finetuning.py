"""A trained model taught by corrections (semi-supervised, eq 3.5), and what becomes of the scans with it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from . import models, segmenter
from .case import Result
from .correction_lessons import CorrectionLessons
from .devices import arithmetic
from .errors import InputError
from .finetuned_card import finetuned_card
from .fixed_normalisation import recorded
from .models import Model
from .progress import Progress, part, silent
from .settings import Settings
from .taught_scan import TaughtScan, taught_scan
from .teaching import Subject, Teaching

GRADIENT_NORM = 1.0
WARM_UP_STEPS = 10
# Share of the old running mean of the weights kept at each step: that of the last ten steps or so.
AVERAGING = 0.9
# Steps after which the held-out voxels are looked at, with a preview: the first as soon as there is something to see.
FIRST_LOOK, LOOK_EVERY = 10, 20
# Labelled scans that a look takes in; each costs as much as two steps.
_LOOKED_AT = 3
# Shares of the whole: preparing a scan takes about as long as segmenting it, and three steps take a second.
_PREPARED, _TAUGHT = 0.15, 0.85


@dataclass(frozen=True)
class Step:
    """One line of the curve: losses of a step, as means over voxels."""

    step: int
    cross_entropy: float
    mixture: float
    total: float


@dataclass(frozen=True)
class Agreement:
    """Share of the held-out labelled voxels that the model labels alike, 0 to 1."""

    held_out_voxels: int
    before: float
    after: float


@dataclass(frozen=True)
class Outcome:
    """One subject's results with the taught model, and what the model said before it was taught.

    Attributes:
        result: with the taught model.
        volumes_before, volumes_after: (3,) ml of CSF, GM and WM by the model.
        agreement: of this subject, None where nothing was held out.
    """

    result: Result
    volumes_before: tuple[float, ...]
    volumes_after: tuple[float, ...]
    agreement: Agreement | None


@dataclass(frozen=True)
class Finetuned:
    """What a fine-tuning gives.

    Attributes:
        model: the taught one, its weights rounded as they are stored.
        outcomes: one for each subject.
        agreement: over all subjects, None where nothing was held out.
        curve: one entry a step.
        stopped_early: whether it was asked to stop before its end.
    """

    model: Model
    outcomes: tuple[Outcome, ...]
    agreement: Agreement | None
    curve: tuple[Step, ...]
    stopped_early: bool


def finetune(
    subjects: Sequence[Subject],
    settings: Settings,
    teaching: Teaching,
    progress: Progress = silent,
    on_step: Callable[[Step], None] = lambda step: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Finetuned:
    """Teaches the model that the settings name, and segments the subjects with it.

    Args:
        subjects: at least one of them with labelled voxels. Previews are of the first.
        settings: of the segmentation; mode is ``fast`` whatever they say.
        teaching: how to learn.
        progress: told what is being done; may raise ``Cancelled``.
        on_step: told about each step.
        should_stop: asked after each step whether to go on to the results with the best weights so far.

    Raises:
        InputError: a subject, the labels or the model cannot be used.
        Cancelled: from ``progress``.
    """
    if not subjects:
        raise InputError("There is nothing to learn from; give at least one scan with labels.")
    settings = replace(settings, mode="fast", entropy=True)
    scans, before = _prepared(subjects, settings, teaching, part(progress, 0.0, _PREPARED))
    if not any(scan.is_labelled for scan in scans):
        raise InputError("No voxel is labelled; confirm at least one slice, or give labels.")
    teacher = _Teacher(scans, before.network, teaching)
    with torch.enable_grad():
        stopped = teacher.teach(part(progress, _PREPARED, _TAUGHT), on_step, should_stop)
    network = teacher.best_network()
    agreements = [_agreement(scan, network) for scan in scans]
    whole = _joined(agreements)
    card = finetuned_card(before.card, scans, teaching, len(teacher.curve), whole)
    model = Model(card, network)
    outcomes = []
    for index, (scan, agreement) in enumerate(zip(scans, agreements, strict=True)):
        share = 1.0 / len(scans)
        here = part(progress, _TAUGHT + (1 - _TAUGHT) * index * share, _TAUGHT + (1 - _TAUGHT) * (index + 1) * share)
        outcomes.append(_outcome(scan, model, agreement, here))
    return Finetuned(model, tuple(outcomes), whole, tuple(teacher.curve), stopped)


def _prepared(
    subjects: Sequence[Subject], settings: Settings, teaching: Teaching, progress: Progress
) -> tuple[list[TaughtScan], Model]:
    models.find(settings.model).card.check_usable()
    scans: list[TaughtScan] = []
    model = None
    for index, subject in enumerate(subjects):
        here = part(progress, index / len(subjects), (index + 1) / len(subjects))
        begun = segmenter.begin(subject.case, settings, _without_preview(here))
        model = models.load(settings.model, begun.device)
        scans.append(taught_scan(begun, subject, model.network, teaching.held_out, teaching.seed + index))
    assert model is not None
    return scans, model


def _without_preview(progress: Progress) -> Progress:
    """What stands there now is the user's corrected segmentation, which a preview of the mixture would hide."""
    return lambda fraction, stage, message, preview=None: progress(fraction, stage, message)


class _Teacher:
    """Takes the steps, keeps the running mean of the weights and the best of its states."""

    def __init__(self, scans: Sequence[TaughtScan], network: nn.Module, teaching: Teaching) -> None:
        self.scans, self.teaching = scans, teaching
        self.device, self.precision = scans[0].begun.device, scans[0].begun.precision
        # The model's own is shared by all who load it.
        self.network = copy.deepcopy(network).requires_grad_(True).train()
        self.average = {name: value.detach().clone().float() for name, value in self.network.state_dict().items()}
        self.best, self.best_loss = self.average, float("inf")
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=teaching.learning_rate, weight_decay=0.0)
        self.curve: list[Step] = []
        self.judges = [scan for scan in scans if bool((scan.held_out >= 0).any())][:_LOOKED_AT]
        self.lessons = CorrectionLessons(scans, teaching)

    def teach(self, progress: Progress, on_step: Callable[[Step], None], should_stop: Callable[[], bool]) -> bool:
        """Takes all steps; returns whether it was stopped before."""
        steps = self.teaching.steps
        for scan in self.scans:
            self._whole(scan)
        for number in range(steps):
            progress(number / steps, "finetune", f"Learning from the corrections (step {number + 1} of {steps})")
            self._learn(number)
            on_step(self.curve[-1])
            done = number + 1
            stop = should_stop() and done < steps
            if done in (FIRST_LOOK, steps) or done % LOOK_EVERY == 0 or stop:
                preview = self._look()
                progress(done / steps, "finetune", f"Learning from the corrections (step {done} of {steps})", preview)
            if stop:
                return True
        return False

    def best_network(self) -> nn.Module:
        """The network with the best weights, rounded as a model file stores them."""
        rounded = {
            name: value.half().float() if value.is_floating_point() else value for name, value in self.best.items()
        }
        self.network.load_state_dict(rounded)
        return self.network.eval().requires_grad_(False)

    def _learn(self, number: int) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate(number)
        with arithmetic(self.device, self.precision):
            loss, parts = self.lessons.loss(self.network, number)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_NORM)
        self.optimiser.step()
        kept = min(AVERAGING, (number + 1) / (number + 4))
        for name, value in self.network.state_dict().items():
            self.average[name].lerp_(value.detach().float(), 1 - kept)
        self.curve.append(
            Step(number + 1, float(parts.cross_entropy.detach()), float(parts.mixture.detach()), float(loss.detach()))
        )

    def _rate(self, number: int) -> float:
        rise = min(1.0, (number + 1) / WARM_UP_STEPS)
        return self.teaching.learning_rate * rise * 0.5 * (1 + np.cos(np.pi * number / self.teaching.steps))

    def _look(self) -> np.ndarray:
        """Judges the averaged weights by held-out voxels and keeps them if they are the best; gives preview labels."""
        own = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        self.network.eval()
        looked_at = {id(scan): scan for scan in (self.scans[0], *self.judges)}
        found = {key: self._whole(scan) for key, scan in looked_at.items()}
        losses = [_held_out_loss(scan, found[id(scan)]) for scan in self.judges]
        loss = float(np.mean(losses)) if losses else self.best_loss
        if loss < self.best_loss or not losses:  # the newest are the best where there is nothing to judge by
            self.best_loss = loss
            self.best = {name: value.clone() for name, value in self.average.items()}
        preview = self.scans[0].labels_on_grid(found[id(self.scans[0])])
        self.network.load_state_dict(own)
        self.network.train()
        return preview

    def _whole(self, scan: TaughtScan) -> Tensor:
        """(3, i, j, k) log-posteriors of a whole scan, whose patches from now on are normalised as it is."""
        with recorded(self.network) as statistics:
            log_posteriors = scan.log_posteriors(self.network)
        # Made for inference, which autograd would not touch.
        self.lessons.statistics[id(scan)] = {
            name: (mean.clone(), variance.clone()) for name, (mean, variance) in statistics.items()
        }
        return log_posteriors


def _held_out_loss(scan: TaughtScan, log_posteriors: Tensor) -> float:
    """Cross-entropy of the held-out voxels, of which there must be some."""
    chosen = scan.held_out >= 0
    return float(-log_posteriors[:, chosen].gather(0, scan.held_out[chosen][None]).mean())


def _agreement(scan: TaughtScan, network: nn.Module) -> Agreement | None:
    """Of the model before and after."""
    chosen = scan.held_out >= 0
    voxels = int(chosen.sum())
    if voxels == 0:
        return None
    truth = scan.held_out[chosen]

    def share(posteriors: Tensor) -> float:
        return float((posteriors[:, chosen].argmax(dim=0) == truth).float().mean())

    return Agreement(voxels, share(scan.before), share(scan.log_posteriors(network)))


def _joined(agreements: Sequence[Agreement | None]) -> Agreement | None:
    known = [agreement for agreement in agreements if agreement is not None]
    voxels = sum(agreement.held_out_voxels for agreement in known)
    if voxels == 0:
        return None
    before, after = (
        sum(getattr(agreement, name) * agreement.held_out_voxels for agreement in known) / voxels
        for name in ("before", "after")
    )
    return Agreement(voxels, before, after)


def _outcome(scan: TaughtScan, model: Model, agreement: Agreement | None, progress: Progress) -> Outcome:
    result = segmenter.finish(scan.begun, progress, model)
    after = tuple(float(row["volume_ml"]) for row in result.report["classes"])
    return Outcome(result, scan.volumes_before, after, agreement)
