"""Mode ``fast``: a trained network as prior of the tissues, and mixture and field solved anew in closed form under it.

The classical mixture first gives the scan's contrast and a field; the network, which learned where tissues lie and what
noise looks like, sees the corrected scan; field, means, covariances and weights are then solved from its posteriors.
Network and mixture check each other: how far their posteriors overlap decides whose answer it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from . import mixture
from .em import COVARIANCE_SHARING, Fit, better, field_classes
from .field_fit import PURITY_POWER, FieldFit
from .informed_network import corrected
from .neighbours import box_sum
from .progress import Progress, silent
from .scan import Scan
from .shipped_prior import Axes, network_posterior

# Overlap of network and mixture below which the mixture alone is believed, and from which on the network is.
DISTRUSTED, TRUSTED = 0.6, 0.7
# The network sees the scan again when the field under its posteriors differs by more than this (root mean square).
FIELD_MOVED = 0.02
# The network's posteriors know anatomy from field, so the field may bend more than the mixture's may: on phantoms its
# error is the same or smaller, and on manual15 the joint variation of WM and GM falls by 4.4 % instead of 3.9 %.
RIDGE = 1e-5
_FLOOR = 1e-6
_NO_T1 = (
    "The trained network knows T1 contrast only, and the brightest tissue of this scan does not look like white "
    "matter, so the mixture's answer is given; train on this scan to have a network's answer."
)


@dataclass(frozen=True)
class Prior:
    """What became of the network's posteriors.

    Attributes:
        agreement: mean overlap sum_k min(network, mixture) over the mask, 0 to 1.
        share: weight of the network in the final log-posteriors, 0 to 1.
    """

    agreement: float
    share: float


def refine(
    scan: Scan,
    start: Fit,
    network: nn.Module,
    axes: Axes,
    bias_degree: int,
    device: torch.device,
    precision: torch.dtype,
    progress: Progress = silent,
) -> tuple[Fit, Prior]:
    """The classical fit bettered by a network's posteriors.

    Args:
        scan: of one channel.
        start: its mixture of CSF, GM and WM with field.
        network: see :func:`gmmseg.shipped_prior.network_posterior`.
        axes: of the scan's grid.
        bias_degree: P; 0 for no field.
        device: where the network runs.
        precision: arithmetic of its convolutions.
        progress: told about each pass.

    Returns:
        The fit, which is ``start`` with a warning where network and mixture disagree, and what became of the prior.
    """
    progress(0.0, "prior", "Asking the trained network")

    def ask(fit: Fit) -> Tensor:
        return network_posterior(network, scan, fit, axes, device, precision)

    s = ask(start)
    agreement = float(torch.minimum(s, start.s).sum(dim=1).mean())
    # It sees the mixture's answer, and may agree with that of a T2 for the wrong reason.
    if not bool(field_classes(scan, start.s)[-1]):
        return replace(start, warnings=(*start.warnings, _NO_T1)), Prior(agreement, 0.0)
    prior = Prior(agreement, share_of(agreement))
    if prior.share == 0.0:
        return _warned(start, prior), prior
    share = prior.share
    progress(0.6, "prior", "Solving mixture and field under the network's posteriors")
    fit = _solved(scan, start, mixed(s, start.s, share), bias_degree)
    if _moved(start, fit):
        progress(0.7, "prior", "Asking the network again, with the better field")
        start = classical(scan, fit)
        fit = _solved(scan, start, mixed(ask(start), start.s, share), bias_degree)
    return (_warned(fit, prior) if share < 1.0 else fit), prior


def _solved(scan: Scan, start: Fit, s: Tensor, bias_degree: int) -> Fit:
    """Mixture and field given posteriors ``s``, which stay."""
    plain = _with_parameters(scan, start, s, None, None)
    if bias_degree == 0:
        return plain
    believed = plausibility(scan, start, s)
    solved = FieldFit(scan, bias_degree, RIDGE).update(s, start.field, field_classes(scan, s), use=believed)
    return better(scan, plain, None if solved is None else _with_parameters(scan, start, s, *solved))


def plausibility(scan: Scan, fit: Fit, s: Tensor) -> Tensor:
    """(N,) how far the mixture, asked about each voxel's neighbourhood, confirms the class that ``s`` gives it.

    The network knows that the thalamus is grey matter, however bright: taken for pure grey matter it would pass for a
    bright spot of the field. So do lesions. The mean of 27 neighbours is asked, because noise would hide most voxels.

    Args:
        scan: of one channel.
        fit: the classical mixture with its field.
        s: (N, K) posteriors to be confirmed.
    """
    values = corrected(scan, fit)
    grid = scan.on_grid(torch.cat([values, torch.ones_like(values)], dim=1))
    total, count = box_sum(grid, first_axis=1)
    mean = scan.rows_of((total / count.clamp_min(1))[None])
    confirmed, _ = mixture.posterior(mean, fit.parameters)
    chosen = mixture.most_probable(s).long()[:, None]
    return confirmed.gather(1, chosen)[:, 0] ** PURITY_POWER


def classical(scan: Scan, fit: Fit) -> Fit:
    """The classical mixture under the field of ``fit``: what the network has learned to start from."""
    field = None if fit.field is None else fit.field[scan.sample]
    parameters, _, iterations = mixture.fit(
        scan.rows[scan.sample], fit.parameters, field, covariance_sharing=COVARIANCE_SHARING
    )
    s, log_likelihood = mixture.posterior(scan.rows, parameters, fit.field)
    return replace(
        fit, parameters=parameters, s=s, log_likelihood=float(log_likelihood), iterations=fit.iterations + iterations
    )


def _with_parameters(scan: Scan, start: Fit, s: Tensor, field: Tensor | None, weights: Tensor | None) -> Fit:
    some = scan.sample
    x, here = scan.rows[some], None if field is None else field[some]
    parameters = mixture.estimate(x, s[some], here, covariance_sharing=COVARIANCE_SHARING)
    _, log_likelihood = mixture.posterior(x, parameters, here)
    return Fit(parameters, field, weights, s, float(log_likelihood), start.iterations + 1)


def share_of(agreement: float) -> float:
    """Weight of the network in the final log-posteriors, 0 to 1, at an agreement of 0 to 1."""
    return min(1.0, max(0.0, (agreement - DISTRUSTED) / (TRUSTED - DISTRUSTED)))


def mixed(network: Tensor, classical: Tensor, share: float) -> Tensor:
    """Posteriors proportional to network^share mixture^(1 - share)."""
    if share == 1.0:
        return network
    logs = share * network.clamp_min(_FLOOR).log() + (1 - share) * classical.clamp_min(_FLOOR).log()
    return logs.softmax(dim=1)


def _moved(before: Fit, after: Fit) -> bool:
    one = 1.0 if before.field is None else before.field
    other = 1.0 if after.field is None else after.field
    return bool((torch.as_tensor(one - other, dtype=torch.float32)).square().mean().sqrt() > FIELD_MOVED)


def _warned(fit: Fit, prior: Prior) -> Fit:
    whose = "the mixture's answer is given" if prior.share == 0.0 else "their answers were averaged"
    sentence = (
        f"The trained network and the mixture agree on only {100 * prior.agreement:.0f} % of the brain, so {whose}: "
        "an unusual contrast, pathology or a wrong brain mask; look at the segmentation, or train on this scan."
    )
    return replace(fit, warnings=(*fit.warnings, sentence))
