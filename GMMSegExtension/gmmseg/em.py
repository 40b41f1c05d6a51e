"""Classical expectation-maximisation of the mixture, in turn with the bias field: mode ``em`` and every warm start."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from . import mixture, report_warnings
from .field_fit import FieldFit
from .metrics import coefficient_of_joint_variation
from .mixture import MixtureParameters
from .neighbours import interior
from .progress import Progress, silent
from .scan import Scan
from .start_values import start_values

# Share of the pooled covariance in each class's own. A free covariance lets grey matter swell over all partial
# volume; with a third shared, Dice rises by .05 to .3 on phantoms, BrainWeb and real brains alike, and from .2 to .6
# nothing changes.
COVARIANCE_SHARING = 0.3
ALTERNATIONS = 10
# EM takes a hundred or two cheap iterations on every so-many-th voxel, and then a few on the whole sample.
COARSE = 6
# The field is settled when it moves by less than this anywhere typical (root mean square).
SETTLED = 5e-4
# A field that varies less than this per mm of voxel size is not told apart from texture and partial volume: on phantoms
# without field .004 to .007 is found, with one of 10 % at least .011.
SMALLEST_FIELD = 0.009


@dataclass(frozen=True)
class Fit:
    """Mixture and field of a scan.

    Attributes:
        parameters: sorted by the mean of the first channel.
        field: (N, D) bias field at the scan's rows, or None when there is no correction.
        field_weights: (T, D) of the polynomials, or None.
        s: (N, K) posteriors.
        log_likelihood: mean per voxel.
        iterations: EM iterations used.
        warnings: sentences for the report.
    """

    parameters: MixtureParameters
    field: Tensor | None
    field_weights: Tensor | None
    s: Tensor
    log_likelihood: float
    iterations: int
    warnings: tuple[str, ...] = ()


def fit(scan: Scan, number_of_classes: int, bias_degree: int, progress: Progress = silent) -> Fit:
    """Mixture and bias field of one scan.

    The mixture starts from the best split of the histogram and is fitted without field; then field and mixture
    alternate. The field is kept only when it is larger than the brain's own texture and leaves tissues no less even.

    Args:
        scan: the scan.
        number_of_classes: K.
        bias_degree: P; 0 for no field.
        progress: told about each alternation.
    """
    sample = scan.rows[scan.sample]
    progress(0.0, "mixture", "Fitting the mixture")
    coarse = sample[::COARSE]
    start, _, coarse_iterations = mixture.fit(
        coarse, start_values(coarse, number_of_classes), covariance_sharing=COVARIANCE_SHARING
    )
    parameters, _, iterations = mixture.fit(sample, start, iterations=20, covariance_sharing=COVARIANCE_SHARING)
    iterations += coarse_iterations
    s, log_likelihood = mixture.posterior(scan.rows, parameters)
    plain = Fit(parameters, None, None, s, float(log_likelihood), iterations)
    if bias_degree == 0:
        return plain
    return better(scan, plain, _with_field(scan, plain, bias_degree, progress))


def _with_field(scan: Scan, start: Fit, degree: int, progress: Progress) -> Fit | None:
    """``start`` improved by alternating field and mixture; None where no field can be estimated."""
    solver = FieldFit(scan, degree)
    sample = scan.sample
    classes = field_classes(scan, start.s)
    parameters, s, field, iterations = start.parameters, start.s, None, start.iterations
    for alternation in range(ALTERNATIONS):
        progress(0.3 + 0.7 * alternation / ALTERNATIONS, "mixture", "Estimating the bias field")
        solved = solver.update(s, field, classes)
        if solved is None:
            return None
        previous, (field, weights) = field, solved
        parameters, _, used = mixture.fit(
            scan.rows[sample], parameters, field[sample], iterations=10, covariance_sharing=COVARIANCE_SHARING
        )
        iterations += used
        s, log_likelihood = mixture.posterior(scan.rows, parameters, field)
        if previous is not None and float((field - previous).square().mean().sqrt()) < SETTLED:
            break
    return Fit(parameters, field, weights, s, float(log_likelihood), iterations)


def better(scan: Scan, without: Fit, corrected: Fit | None) -> Fit:
    """``corrected`` when its field is real and helps, else ``without``, with the reason as a warning."""
    if corrected is None or corrected.field is None:
        return _warned(without, report_warnings.TOO_LITTLE_PURE)
    if float(corrected.field.std(dim=0).max()) < SMALLEST_FIELD * math.prod(scan.spacing) ** (1 / 3):
        return _warned(without, report_warnings.FIELD_TOO_SMALL)
    # In the same labels before and after: in labels of its own the uncorrected scan looks even, because it takes what
    # the field makes brighter for another tissue.
    if unevenness(scan, corrected.s, corrected.field) >= unevenness(scan, corrected.s, None):
        return _warned(without, report_warnings.FIELD_UNHELPFUL)
    return corrected


def unevenness(scan: Scan, s: Tensor, field: Tensor | None) -> float:
    """Joint variation of the two purest non-fluid classes after correction, worst over channels; lower is better.

    Args:
        scan: the scan.
        s: (N, K) posteriors, whose labels are the tissues.
        field: (N, D) to divide the intensities by; None for 1 everywhere.
    """
    solid = torch.nonzero(field_classes(scan, s)).flatten().tolist()
    pair = solid[-2:] if len(solid) > 1 else solid
    labels = scan.labels(s)
    pure = (scan.rows_of(interior(labels == k + 1)[None])[:, 0] for k in pair)
    places = [torch.nonzero(chosen & scan.typical).flatten() for chosen in pure]
    if any(len(place) < 100 for place in places):
        return float("inf") if field is not None else 0.0
    worst = 0.0
    for channel in range(scan.channels):
        values = [_corrected(scan, field, channel, place) for place in places]
        if len(values) == 1:
            worst = max(worst, float(values[0].std() / values[0].mean()))
        else:
            worst = max(worst, coefficient_of_joint_variation(values[1], values[0]))
    return worst


def _corrected(scan: Scan, field: Tensor | None, channel: int, place: Tensor) -> np.ndarray:
    """(n,) intensities of some rows over their field."""
    values = scan.rows[:, channel].index_select(0, place)
    if field is not None:
        values = values / field[:, channel].index_select(0, place)
    return values.cpu().numpy()


def field_classes(scan: Scan, s: Tensor) -> Tensor:
    """(K,) 1 for tissue classes, 0 for the fluid: the darkest class on T1, the brightest on T2."""
    number_of_classes = s.shape[1]
    deep = scan.depth.bright_lies_deep(scan.labels(s).cpu().numpy(), number_of_classes)
    classes = torch.ones(number_of_classes, dtype=s.dtype, device=s.device)
    classes[0 if deep else number_of_classes - 1] = 0
    return classes


def _warned(fit: Fit, sentence: str) -> Fit:
    return Fit(fit.parameters, None, None, fit.s, fit.log_likelihood, fit.iterations, (*fit.warnings, sentence))
