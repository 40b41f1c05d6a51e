"""One case from start to end: read scans in, labels, posteriors, bias field and report out.

Panel, command line, worker and tests all call :func:`segment`. Data flows one way: mask -> prepare -> mixture with
field -> network (a trained one as prior, or one trained on this scan) -> results.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from . import coarse, devices, em, fast, models, networks, report
from .brain_mask import resolve_mask
from .case import Case, Result
from .checks import check_case
from .em import Fit
from .errors import InputError
from .fast import Prior
from .field_fit import field_everywhere
from .models import Model
from .preprocessing import Prepared, channel_on_grid, check_distinct, prepare
from .progress import Progress, part, silent
from .scan import Scan
from .settings import Settings
from .shipped_prior import Axes
from .training import train_on_scan
from .uncertainty import entropy

# The mask's share of the whole run on two cores, by where it comes from; and where the other stages end.
_MASK_SHARE = {
    "fast": {"automatic": 0.45, "detect": 0.3, "stripped": 0.02, "given": 0.02},
    "em": {"automatic": 0.5, "detect": 0.3, "stripped": 0.02, "given": 0.02},
    "train": {"automatic": 0.05, "detect": 0.03, "stripped": 0.01, "given": 0.01},
}
_MIXTURE_END = {"fast": 0.7, "em": 0.95, "train": 0.1}
_RESULTS_START = 0.9
# What a model that knows CSF, GM and WM on one T1 cannot be asked.
_PRIOR_CLASSES = 3


@dataclass
class Clock:
    """Seconds spent in each stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


@dataclass(frozen=True)
class Begun:
    """A case as far as its classical mixture: everything before a network is asked.

    Attributes:
        case, settings: of the run.
        device: where networks run.
        precision: of their arithmetic.
        prepared: the scan on its brain's box.
        scan: the same as tensors.
        mask_source: where the mask came from in the end.
        fit: mixture and field; of a thinned-out scan where a trained network betters them.
        clock: seconds so far.
    """

    case: Case
    settings: Settings
    device: torch.device
    precision: torch.dtype
    prepared: Prepared
    scan: Scan
    mask_source: str
    fit: Fit
    clock: Clock

    @property
    def has_prior(self) -> bool:
        """Whether the mode's trained network can be asked about such a case."""
        return _has_prior(self.scan, self.settings)


def segment(case: Case, settings: Settings, progress: Progress = silent) -> Result:
    """Segments one case.

    Args:
        case: the scans of one head.
        settings: how.
        progress: told what is being done; may raise ``Cancelled``.

    Raises:
        InputError: the case or the settings cannot be used; the message says what is wrong and how to mend it.
        Cancelled: from ``progress``.
    """
    if settings.mode == "fast":
        models.find(settings.model).card.check_usable()
    mixture_end = _MIXTURE_END[settings.mode]
    begun = begin(case, settings, part(progress, 0.0, mixture_end))
    return finish(begun, part(progress, mixture_end, 1.0))


def begin(case: Case, settings: Settings, progress: Progress = silent) -> Begun:
    """The first part of :func:`segment`: brain mask, preparation and classical mixture."""
    check_case(case)
    if settings.network not in networks.available():
        raise InputError(f"network must be one of {', '.join(networks.available())}, but is '{settings.network}'.")
    device = devices.resolve(settings.device)
    precision = devices.resolve_precision(settings.precision, device)
    devices.reset_peak_memory(device)
    clock = Clock()
    mask_end = _MASK_SHARE[settings.mode][case.mask_source] / _MIXTURE_END[settings.mode]
    with clock("mask"):
        mask, mask_source, mask_warnings = resolve_mask(case, device, part(progress, 0.0, mask_end))
    with clock("prepare"):
        progress(mask_end, "prepare", "Preparing the scan")
        prepared = prepare(case, mask, mask_warnings)
        check_distinct(prepared, settings.number_of_classes)
        scan = _scan(prepared, devices.for_statistics(device))
    with clock("mixture"):
        classical = coarse.fit if _has_prior(scan, settings) else em.fit
        fit = classical(scan, settings.number_of_classes, settings.bias_degree, part(progress, mask_end, 1.0))
        progress(1.0, "mixture", "Mixture fitted", on_grid(scan.labels(fit.s).cpu().numpy(), prepared))
    return Begun(case, settings, device, precision, prepared, scan, mask_source, fit, clock)


def finish(begun: Begun, progress: Progress = silent, model: Model | None = None) -> Result:
    """The second part of :func:`segment`: the network's answer, and the results.

    Args:
        begun: from :func:`begin`.
        progress: of this part.
        model: to be asked in mode ``fast``; None for the one that the settings name.
    """
    case, settings, prepared, scan = begun.case, begun.settings, begun.prepared, begun.scan
    with begun.clock({"fast": "prior", "train": "train"}.get(settings.mode, "mixture")):
        found = _with_network(begun, model, _on_full_grid(part(progress, 0.0, _RESULTS_START), prepared))
    progress(_RESULTS_START, "results", "Putting the results together")
    with begun.clock("results"):
        outcome = _outcome(case, prepared, scan, found.fit, settings.entropy)
    facts = report.build(
        settings=settings,
        case=case,
        mask=outcome.mask,
        mask_source=begun.mask_source,
        labels=outcome.labels,
        image=outcome.image,
        corrected=outcome.corrected,
        bias_field=outcome.bias_field,
        means=outcome.means,
        covariances=outcome.covariances,
        weights=found.fit.parameters.weight.cpu().numpy(),
        seconds=begun.clock.seconds,
        device=str(begun.device),
        precision=str(begun.precision).removeprefix("torch.") if found.by_network else "float32",
        log_likelihood=found.fit.log_likelihood,
        iterations=len(found.losses) or found.fit.iterations,
        loss=found.losses,
        warnings=[*prepared.warnings, *found.fit.warnings],
        resampled=prepared.resampled,
        field_applied=found.fit.field is not None,
        gpu_peak_memory_mb=devices.peak_memory_mb(begun.device),
        prior=found.prior,
    )
    progress(1.0, "results", "Done")
    return Result(
        labels=outcome.labels,
        posteriors=outcome.posteriors,
        box=prepared.box,
        bias_field=outcome.bias_field,
        corrected=outcome.corrected,
        brain_mask=outcome.mask,
        affine=prepared.affine,
        report=facts,
        entropy=outcome.entropy,
    )


def refine(begun: Begun, network: nn.Module, progress: Progress = silent) -> tuple[Fit, Prior]:
    """The mixture of a case that :attr:`Begun.has_prior`, bettered by a trained network."""
    axes = Axes.of(begun.prepared.affine)
    degree = begun.settings.bias_degree
    return fast.refine(begun.scan, begun.fit, network, axes, degree, begun.device, begun.precision, progress)


@dataclass(frozen=True)
class _Found:
    """The fit after the network, and what the report says about it."""

    fit: Fit
    losses: tuple[float, ...] = ()
    prior: dict[str, Any] | None = None
    by_network: bool = False


def _with_network(begun: Begun, model: Model | None, progress: Progress) -> _Found:
    """The mixture's fit, bettered as the mode says."""
    scan, settings, start = begun.scan, begun.settings, begun.fit
    if settings.mode == "train":
        trained = train_on_scan(scan, start, settings, begun.device, begun.precision, progress)
        return _Found(trained.fit, trained.losses, by_network=True)
    if settings.mode == "em":
        return _Found(start)
    if not begun.has_prior:
        asked = f"{scan.channels} channels" if scan.channels != 1 else f"{settings.number_of_classes} classes"
        sentence = (
            f"The trained network knows one T1 and three tissues only, so with {asked} the mixture alone answered; "
            "train on this scan to have a network's answer."
        )
        return _Found(replace(start, warnings=(*start.warnings, sentence)))
    model = model or models.load(settings.model, begun.device)
    fit, prior = refine(begun, model.network, progress)
    if prior.share == 0.0:
        # Nobody's start but the answer itself: worth the time of a whole fit.
        progress(0.9, "prior", "Fitting the mixture alone")
        whole = em.fit(scan, settings.number_of_classes, settings.bias_degree)
        fit = replace(whole, warnings=(*whole.warnings, fit.warnings[-1]))
    facts = {"model": model.card.name, **asdict(prior), "used": prior.share > 0}
    return _Found(fit, prior=facts, by_network=True)


def _has_prior(scan: Scan, settings: Settings) -> bool:
    """Whether the mode's trained network can be asked about such a case."""
    return settings.mode == "fast" and settings.number_of_classes == _PRIOR_CLASSES and scan.channels == 1


@dataclass(frozen=True)
class _Outcome:
    """Arrays of the result on the full grid, in the input's units."""

    labels: np.ndarray
    posteriors: np.ndarray
    bias_field: np.ndarray
    image: np.ndarray
    corrected: np.ndarray
    mask: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    entropy: np.ndarray | None


def _scan(prepared: Prepared, device: torch.device) -> Scan:
    return Scan(
        image=torch.from_numpy(prepared.image).to(device),
        mask=torch.from_numpy(prepared.mask).to(device),
        spacing=(float(prepared.spacing[0]), float(prepared.spacing[1]), float(prepared.spacing[2])),
    )


def _outcome(case: Case, prepared: Prepared, scan: Scan, fit: Fit, with_entropy: bool) -> _Outcome:
    uncertainty = scan.on_grid(entropy(fit.s)[:, None])[0].cpu().numpy() if with_entropy else None
    if fit.field_weights is None:
        bias = np.ones((scan.channels, *prepared.full_shape), dtype=np.float32)
    else:
        bias = field_everywhere(fit.field_weights, scan.mask, prepared.box, prepared.full_shape).cpu().numpy()
    image = np.stack([channel_on_grid(channel, case.images[0]) for channel in case.images])
    units = fit.parameters.scaled(torch.from_numpy(prepared.scale).to(fit.parameters.mean))
    return _Outcome(
        labels=on_grid(scan.labels(fit.s).cpu().numpy(), prepared),
        posteriors=scan.on_grid(fit.s).cpu().numpy(),
        bias_field=bias,
        image=image,
        corrected=image / bias,
        mask=on_grid(prepared.mask, prepared),
        means=units.mean.cpu().numpy(),
        covariances=units.covariance.cpu().numpy(),
        entropy=None if uncertainty is None else on_grid(uncertainty, prepared),
    )


def on_grid(values: np.ndarray, prepared: Prepared) -> np.ndarray:
    """(I, J, K) values on the full grid from (i, j, k) in the brain's box, 0 around it."""
    full = np.zeros(prepared.full_shape, dtype=values.dtype)
    full[prepared.box] = values
    return full


def _on_full_grid(progress: Progress, prepared: Prepared) -> Progress:
    """Progress whose previews, made in the box, reach ``progress`` on the full grid."""

    def report_progress(fraction: float, stage: str, message: str, preview: np.ndarray | None = None) -> None:
        progress(fraction, stage, message, None if preview is None else on_grid(preview, prepared))

    return report_progress
