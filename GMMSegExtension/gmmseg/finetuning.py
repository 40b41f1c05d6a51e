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
from .finetuned_card import finetuned_card, taught_name
from .fixed_normalisation import recorded
from .models import Model
from .progress import Progress, part, silent
from .settings import Settings
from .taught_scan import CLASSES, TaughtScan, taught_scan
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
        best_step: the one after which the model is taken; 0 when no step bettered the model as it was.
        stopped_early: whether it was asked to stop before its end.
    """

    model: Model
    outcomes: tuple[Outcome, ...]
    agreement: Agreement | None
    curve: tuple[Step, ...]
    best_step: int
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
    # What holds for the card can be known only when the scans are segmented, which asks for nothing but its name.
    model = Model(replace(before.card, name=taught_name(before.card.name)), network)
    outcomes = []
    for index, scan in enumerate(scans):
        ends = [_TAUGHT + (1 - _TAUGHT) * number / len(scans) for number in (index, index + 1)]
        outcomes.append(_outcome(scan, model, part(progress, *ends)))
    agreement = _joined([outcome.agreement for outcome in outcomes])
    card = finetuned_card(before.card, scans, teaching, teacher.best_step, agreement)
    return Finetuned(Model(card, network), tuple(outcomes), agreement, tuple(teacher.curve), teacher.best_step, stopped)


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
        self.best, self.best_score, self.best_step = self.average, (-1.0, 0.0), 0
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=teaching.learning_rate, weight_decay=0.0)
        self.curve: list[Step] = []
        self.judges = [scan for scan in scans if bool((scan.held_out >= 0).any())][:_LOOKED_AT]
        self.lessons = CorrectionLessons(scans, teaching)

    def teach(self, progress: Progress, on_step: Callable[[Step], None], should_stop: Callable[[], bool]) -> bool:
        """Takes all steps; returns whether it was stopped before."""
        steps = self.teaching.steps
        for scan in self.scans:
            self._whole(scan)
        self._look()  # the model as it was may turn out to be the best
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
        scores = [_held_out_score(scan, found[id(scan)]) for scan in self.judges]
        score = _mean(scores)
        if not scores or score > self.best_score:  # the newest are the best where there is nothing to judge by
            self.best_score, self.best_step = score, len(self.curve)
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


def _held_out_score(scan: TaughtScan, log_posteriors: Tensor) -> tuple[float, float]:
    """Share of the held-out voxels that are labelled right, and their mean log-posterior; there must be some.

    What counts is the first, which the user sees: the second rises already when corrected voxels are less surely wrong,
    at the price of others.
    """
    chosen = scan.held_out >= 0
    truth, log_s = scan.held_out[chosen], log_posteriors[:, chosen]
    right = (log_s.argmax(dim=0) == truth).float().mean()
    return float(right), float(log_s.gather(0, truth[None]).mean())


def _mean(scores: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Over the scans; nought of none."""
    first, second = np.mean(scores, axis=0) if scores else (0.0, 0.0)
    return float(first), float(second)


def _agreement(scan: TaughtScan, labels: np.ndarray) -> Agreement | None:
    """Of the labels before and now."""
    held_out = scan.held_out_on_grid()
    chosen = held_out > 0
    voxels = int(np.count_nonzero(chosen))
    if voxels == 0:
        return None
    before, after = (float((found == held_out)[chosen].mean()) for found in (scan.labels_before, labels))
    return Agreement(voxels, before, after)


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


def _outcome(scan: TaughtScan, model: Model, progress: Progress) -> Outcome:
    result = segmenter.finish(scan.begun, progress, model)
    millilitres = float(np.prod(scan.begun.prepared.spacing)) / 1000.0
    before, after = (
        tuple(float(count) * millilitres for count in np.bincount(labels.ravel(), minlength=CLASSES + 1)[1:])
        for labels in (scan.labels_before, result.labels)
    )
    return Outcome(result, before, after, _agreement(scan, result.labels))
