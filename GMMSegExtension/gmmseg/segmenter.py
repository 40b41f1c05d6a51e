"""One case from start to end: read scans in, labels, posteriors, bias field and report out.

Panel, command line, worker and tests all call :func:`segment`. Data flows one way: mask -> prepare -> mixture with
field -> (network) -> results.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch

from . import devices, em, networks, report
from .brain_mask import resolve_mask
from .case import Case, Result
from .checks import check_case
from .em import Fit
from .errors import InputError
from .field_fit import field_everywhere
from .preprocessing import Prepared, channel_on_grid, check_distinct, prepare
from .progress import Progress, part, silent
from .scan import Scan
from .settings import Settings
from .training import train_on_scan

# The mask's share of the whole run on two cores, by where it comes from; and where the other stages end.
_MASK_SHARE = {
    "em": {"automatic": 0.5, "detect": 0.3, "stripped": 0.02, "given": 0.02},
    "train": {"automatic": 0.05, "detect": 0.03, "stripped": 0.01, "given": 0.01},
}
_MIXTURE_END = {"em": 0.95, "train": 0.1}
_RESULTS_START = 0.97


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
    check_case(case)
    if settings.network not in networks.available():
        raise InputError(f"network must be one of {', '.join(networks.available())}, but is '{settings.network}'.")
    device = devices.resolve(settings.device)
    precision = devices.resolve_precision(settings.precision, device)
    devices.reset_peak_memory(device)
    clock = _Clock()
    mask_end, mixture_end = _MASK_SHARE[settings.mode][case.mask_source], _MIXTURE_END[settings.mode]

    with clock("mask"):
        mask, mask_source, mask_warnings = resolve_mask(case, device, part(progress, 0.0, mask_end))
    with clock("prepare"):
        progress(mask_end, "prepare", "Preparing the scan")
        prepared = prepare(case, mask, mask_warnings)
        check_distinct(prepared, settings.number_of_classes)
        scan = _scan(prepared, devices.for_statistics(device))
    with clock("mixture"):
        share = part(progress, mask_end, mixture_end)
        fit = em.fit(scan, settings.number_of_classes, settings.bias_degree, share)
        progress(mixture_end, "mixture", "Mixture fitted", _on_grid(scan.labels(fit.s).cpu().numpy(), prepared))
    losses: tuple[float, ...] = ()
    if settings.mode == "train":
        with clock("train"):
            share = _on_full_grid(part(progress, mixture_end, _RESULTS_START), prepared)
            trained = train_on_scan(scan, fit, settings, device, precision, share)
            fit, losses = trained.fit, trained.losses
    progress(_RESULTS_START, "results", "Putting the results together")
    with clock("results"):
        outcome = _outcome(case, prepared, scan, fit)
    facts = report.build(
        settings=settings,
        case=case,
        mask=outcome.mask,
        mask_source=mask_source,
        labels=outcome.labels,
        image=outcome.image,
        corrected=outcome.corrected,
        bias_field=outcome.bias_field,
        means=outcome.means,
        covariances=outcome.covariances,
        weights=fit.parameters.weight.cpu().numpy(),
        seconds=clock.seconds,
        device=str(device),
        precision=str(precision).removeprefix("torch.") if settings.mode == "train" else "float32",
        log_likelihood=fit.log_likelihood,
        iterations=len(losses) or fit.iterations,
        loss=losses,
        warnings=[*prepared.warnings, *fit.warnings],
        resampled=prepared.resampled,
        field_applied=fit.field is not None,
        gpu_peak_memory_mb=devices.peak_memory_mb(device),
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
    )


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


@dataclass
class _Clock:
    """Seconds spent in each stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start


def _scan(prepared: Prepared, device: torch.device) -> Scan:
    return Scan(
        image=torch.from_numpy(prepared.image).to(device),
        mask=torch.from_numpy(prepared.mask).to(device),
        spacing=(float(prepared.spacing[0]), float(prepared.spacing[1]), float(prepared.spacing[2])),
    )


def _outcome(case: Case, prepared: Prepared, scan: Scan, fit: Fit) -> _Outcome:
    if fit.field_weights is None:
        bias = np.ones((scan.channels, *prepared.full_shape), dtype=np.float32)
    else:
        bias = field_everywhere(fit.field_weights, scan.mask, prepared.box, prepared.full_shape).cpu().numpy()
    image = np.stack([channel_on_grid(channel, case.images[0]) for channel in case.images])
    units = fit.parameters.scaled(torch.from_numpy(prepared.scale).to(fit.parameters.mean))
    return _Outcome(
        labels=_on_grid(scan.labels(fit.s).cpu().numpy(), prepared),
        posteriors=scan.on_grid(fit.s).cpu().numpy(),
        bias_field=bias,
        image=image,
        corrected=image / bias,
        mask=_on_grid(prepared.mask, prepared),
        means=units.mean.cpu().numpy(),
        covariances=units.covariance.cpu().numpy(),
    )


def _on_grid(values: np.ndarray, prepared: Prepared) -> np.ndarray:
    """(I, J, K) values from those in the box, 0 around it."""
    full = np.zeros(prepared.full_shape, dtype=values.dtype)
    full[prepared.box] = values
    return full


def _on_full_grid(progress: Progress, prepared: Prepared) -> Progress:
    """Progress whose previews, made in the box, reach ``progress`` on the full grid."""

    def report_progress(fraction: float, stage: str, message: str, preview: np.ndarray | None = None) -> None:
        progress(fraction, stage, message, None if preview is None else _on_grid(preview, prepared))

    return report_progress
