"""The Gaussian mixture with a multiplicative field: x_i ~ sum_k pi_k N(b_i mu_k, S_k).

Equation numbers are those of L. Ma, "Gaussian Mixture Model Loss Functional for Brain MRI Segmentation With Deep
Learning" (2022). Symbols: x (N, D) voxels and channels, s (N, K) posteriors, b (N, D) bias field (one field per
channel; the paper's single channel is D = 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

# Bounds that keep the likelihood finite: a class may not shrink onto identical voxels, nor vanish. The covariance
# floor is in units of the data's own variance.
COVARIANCE_FLOOR = 1e-5
WEIGHT_FLOOR = 1e-4
_LOG_2PI = 1.8378770664093453


@dataclass(frozen=True)
class MixtureParameters:
    """mean mu (K, D), covariance S (K, D, D), weight pi (K,), each of the dtype of the data."""

    mean: Tensor
    covariance: Tensor
    weight: Tensor

    @property
    def number_of_classes(self) -> int:
        return self.mean.shape[0]

    def sorted_by_first_channel(self) -> tuple[MixtureParameters, Tensor]:
        """The same mixture with classes by increasing mean of the first channel, and the (K,) permutation used."""
        order = torch.argsort(self.mean[:, 0])
        return MixtureParameters(self.mean[order], self.covariance[order], self.weight[order]), order

    def scaled(self, scale: Tensor) -> MixtureParameters:
        """The mixture of intensities ``scale`` (D,) times as large."""
        outer = scale[:, None] * scale[None, :]
        return MixtureParameters(self.mean * scale, self.covariance * outer, self.weight)

    def detached(self) -> MixtureParameters:
        return MixtureParameters(self.mean.detach(), self.covariance.detach(), self.weight.detach())

    def to(self, *args, **kwargs) -> MixtureParameters:
        """Device or dtype as in ``Tensor.to``."""
        return MixtureParameters(*(t.to(*args, **kwargs) for t in (self.mean, self.covariance, self.weight)))


def log_joint(x: Tensor, parameters: MixtureParameters, field: Tensor | None = None) -> Tensor:
    """log pi_k + log N(x_i | b_i mu_k, S_k): the bracket of eq 3.2, with the residual of eq 3.7.

    Args:
        x: (N, D) intensities.
        parameters: of the mixture, same D.
        field: (N, D) bias field or None for 1 everywhere.

    Returns:
        (N, K), the constant -D/2 log 2 pi included; a view of class-major memory.
    """
    inverse_factor = _inverse_factor(parameters.covariance)
    whitened = inverse_factor @ _residual(x, parameters.mean, field)
    log_det = -2 * inverse_factor.diagonal(dim1=1, dim2=2).log().sum(dim=1)
    constant = parameters.weight.log() - 0.5 * (log_det + x.shape[1] * _LOG_2PI)
    return torch.add(constant[:, None], _squared_length(whitened), alpha=-0.5).T


def posterior(x: Tensor, parameters: MixtureParameters, field: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Eq 2.5: s_ik by Bayes' rule, and the mean log-likelihood.

    Returns:
        (N, K) posteriors that sum to 1, and the scalar mean of log p(x_i).
    """
    joint = log_joint(x, parameters, field)
    s = _normalised(joint)
    return s, _log_likelihood(joint, s)


def estimate(
    x: Tensor,
    s: Tensor,
    field: Tensor | None = None,
    *,
    covariance_sharing: float = 0.0,
    covariance_floor: float = COVARIANCE_FLOOR,
    weight_floor: float = WEIGHT_FLOOR,
) -> MixtureParameters:
    """The closed-form solution given posteriors: pi_k, mu_k = sum s b x / sum s b^2, S_k (eq 3.3 and 3.8).

    Each is the minimiser of the loss; with several channels mu is so when they share a field or are uncorrelated within
    a class, and close to it otherwise.

    Differentiable in ``s``; callers that want the envelope theorem detach the result.

    Args:
        x: (N, D) intensities.
        s: (N, K) posteriors (rows need not sum to 1: weights are allowed).
        field: (N, D) bias field or None for 1 everywhere.
        covariance_sharing: share of the pooled within-class covariance mixed into each class's own, 0 to 1
            (Friedman 1989, regularised discriminant analysis). 0 is the paper's closed form.
        covariance_floor: smallest eigenvalue of a covariance, as a share of the data's variance; 0 for no floor.
        weight_floor: smallest class weight before the weights are made to sum to 1.
    """
    count = s.sum(dim=0).clamp_min(torch.finfo(s.dtype).tiny)
    if field is None:
        mean = (s.T @ x) / count[:, None]
    else:
        mean = (s.T @ (field * x)) / (s.T @ field**2).clamp_min(torch.finfo(s.dtype).tiny)
    residual = _residual(x, mean, field)
    covariance = (s.T[:, None] * residual) @ residual.mT / count[:, None, None]
    weight = (count / count.sum()).clamp_min(weight_floor)
    weight = weight / weight.sum()
    if covariance_sharing:
        pooled = (weight[:, None, None] * covariance).sum(dim=0)
        covariance = torch.lerp(covariance, pooled.expand_as(covariance), covariance_sharing)
    if covariance_floor:
        covariance = _floored(covariance, covariance_floor * _variance(x.detach()))
    return MixtureParameters(mean, covariance, weight)


def quantile(values: Tensor, q: float) -> Tensor:
    """The ``q`` quantile of any number of values (``torch.quantile`` refuses more than 16 million)."""
    rank = round(q * (values.numel() - 1))
    if values.device.type == "cpu":  # where NumPy's partition is ten times as fast
        return torch.from_numpy(np.partition(values.detach().flatten().numpy(), rank))[rank]
    return values.flatten().kthvalue(rank + 1).values


def fit(
    x: Tensor,
    start: MixtureParameters,
    field: Tensor | None = None,
    *,
    iterations: int = 200,
    tolerance: float = 1e-4,
    covariance_sharing: float = 0.0,
) -> tuple[MixtureParameters, float, int]:
    """EM from ``start`` with the field held fixed.

    Args:
        x: (N, D) intensities; a few hundred thousand voxels of a volume are enough.
        tolerance: stop when no class mean moves by more than this share of the data's standard deviation.
        covariance_sharing: see :func:`estimate`.

    Returns:
        Mixture sorted by the mean of the first channel, mean log-likelihood per voxel, and the iterations used.
    """
    parameters, smallest_step = start, tolerance * x.T.std(dim=1, unbiased=False)
    used = 0
    while used < iterations:
        used += 1
        joint = log_joint(x, parameters, field)
        s = _normalised(joint)
        updated = estimate(x, s, field, covariance_sharing=covariance_sharing)
        settled = bool(((updated.mean - parameters.mean).abs() <= smallest_step).all())
        parameters = updated
        if settled:
            break
    return parameters.sorted_by_first_channel()[0], float(_log_likelihood(joint, s)), used


def most_probable(s: Tensor) -> Tensor:
    """(N,) uint8 number of the most probable class, the first of equals, of (N, K) posteriors.

    ``argmax`` over K takes fifty times as long on class-major posteriors.
    """
    best, winner = s[:, 0], torch.zeros(len(s), dtype=torch.uint8, device=s.device)
    for k in range(1, s.shape[1]):
        winner.masked_fill_(s[:, k] > best, k)
        best = torch.maximum(best, s[:, k])
    return winner


def _residual(x: Tensor, mean: Tensor, field: Tensor | None) -> Tensor:
    """(K, D, N) x - b mu: class and channel first, so that every sum over voxels runs along memory."""
    if field is None:
        return x.T - mean[:, :, None]
    return torch.addcmul(x.T, field.T, -mean[:, :, None])


def _squared_length(vectors: Tensor) -> Tensor:
    """(K, N) sum of squares of (K, D, N) over the channels."""
    return vectors[:, 0].square() if vectors.shape[1] == 1 else vectors.square().sum(dim=1)


def _normalised(joint: Tensor) -> Tensor:
    """(N, K) exp(joint) / sum exp(joint): along the class axis of the class-major memory softmax is fast."""
    return joint.T.softmax(dim=0).T


def _log_likelihood(joint: Tensor, s: Tensor) -> Tensor:
    """Scalar mean of log p(x_i) = log p(x_i, k) - log s_ik for any class k; the most probable one rounds least."""
    return (joint.amax(dim=1) - s.amax(dim=1).log()).mean()


def _inverse_factor(covariance: Tensor) -> Tensor:
    """(K, D, D) L^-1 with S = L L'; on the CPU where the device has no Cholesky (MPS)."""
    if covariance.shape[-1] == 1:
        return covariance.rsqrt()
    where = covariance.cpu() if covariance.device.type == "mps" else covariance
    unit = torch.eye(where.shape[-1], dtype=where.dtype, device=where.device)
    return torch.linalg.solve_triangular(torch.linalg.cholesky(where), unit, upper=False).to(covariance.device)


def _variance(x: Tensor) -> Tensor:
    """(D,) variance of the data, at least that of its rounding: a constant channel still has a usable floor."""
    precision = torch.finfo(x.dtype)
    rounding = (1e4 * precision.eps * x.T.abs().amax(dim=1)).square()
    return torch.maximum(x.T.var(dim=1, unbiased=False), rounding).clamp_min(precision.tiny**0.5)


def _floored(covariance: Tensor, scale: Tensor) -> Tensor:
    """Covariances (K, D, D) whose eigenvalues are at least 1 in units of ``scale`` (D,); untouched when they are."""
    if covariance.shape[1] == 1:
        return torch.maximum(covariance, scale.reshape(1, 1, 1))
    root = scale.sqrt()
    unit = root[:, None] * root[None, :]
    values, vectors = torch.linalg.eigh((covariance / unit).cpu().double())
    if bool((values >= 1).all()):
        return covariance
    lifted = vectors @ torch.diag_embed(values.clamp_min(1.0)) @ vectors.mT
    return lifted.to(device=covariance.device, dtype=covariance.dtype) * unit
