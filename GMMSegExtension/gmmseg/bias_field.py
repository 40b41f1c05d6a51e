"""The bias field b = G w: products of Legendre polynomials, solved in closed form (eq 3.6 and 3.8).

Coordinates run from -1 to 1 over the mask's bounding box. One field per channel; with one channel everything is the
paper's. Sums are solved in float64 by Cholesky on the CPU: the system has at most 84 unknowns per channel.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import torch
from torch import Tensor

from .mixture import MixtureParameters

LOWEST, HIGHEST = 0.3, 3.0
# How far past the bounding box the polynomials may still move, in box half-widths: they explode when extrapolated.
_REACH = 0.1


@lru_cache(maxsize=32)
def exponents(dimensions: int, degree: int) -> tuple[tuple[int, ...], ...]:
    """Degrees per axis of each basis function, total degree at most ``degree``, the constant first.

    (P+1)(P+2)/2 of them in 2-D, (P+1)(P+2)(P+3)/6 in 3-D.
    """
    every = [e for e in product(range(degree + 1), repeat=dimensions) if sum(e) <= degree]
    return tuple(sorted(every, key=lambda e: (sum(e), e)))


def legendre(coordinate: Tensor, degree: int) -> Tensor:
    """(..., degree + 1) Legendre polynomials P_0..P_degree of ``coordinate``, by Bonnet's recursion."""
    values = [torch.ones_like(coordinate), coordinate]
    for n in range(1, degree):
        values.append(((2 * n + 1) * coordinate * values[n] - n * values[n - 1]) / (n + 1))
    return torch.stack(values[: degree + 1], dim=-1)


def legendre_basis(coordinates: Tensor, degree: int) -> Tensor:
    """G of eq 3.6.

    Args:
        coordinates: (N, 2 or 3), from -1 to 1 over the mask's bounding box.
        degree: highest total degree P.

    Returns:
        (N, T) basis functions, the first constant 1.
    """
    dimensions = coordinates.shape[1]
    axes = [legendre(coordinates[:, axis], degree) for axis in range(dimensions)]
    columns = []
    for e in exponents(dimensions, degree):
        column = axes[0][:, e[0]]
        for axis in range(1, dimensions):
            column = column * axes[axis][:, e[axis]]
        columns.append(column)
    return torch.stack(columns, dim=1)


def axis_coordinates(mask: Tensor) -> list[Tensor]:
    """Per axis the coordinate of each index: -1 to 1 over the mask's bounding box, levelling off outside it.

    Args:
        mask: (H, W) or (I, J, K) bool.
    """
    coordinates = []
    for axis in range(mask.ndim):
        others = [a for a in range(mask.ndim) if a != axis]
        used = mask.any(dim=others[0]) if len(others) == 1 else mask.any(dim=others[1]).any(dim=others[0])
        occupied = torch.nonzero(used).flatten().tolist()
        first, last = (occupied[0], occupied[-1]) if occupied else (0, mask.shape[axis] - 1)
        index = torch.arange(mask.shape[axis], dtype=torch.float32, device=mask.device)
        coordinates.append(_levelled((2 * index - first - last) / max(last - first, 1)))
    return coordinates


def evaluate(weights: Tensor, axes: list[Tensor], degree: int) -> Tensor:
    """The field on the grid of ``axes`` (see :func:`axis_coordinates`), clamped to [0.3, 3].

    Args:
        weights: (T, D).
        axes: per axis (n,) coordinates.

    Returns:
        (D, n_1, n_2[, n_3]) in the coordinates' dtype, by separable products: no (N, T) matrix is made.
    """
    dimensions = len(axes)
    tables = [legendre(axis, degree) for axis in axes]
    powers = exponents(dimensions, degree)
    core = torch.zeros((weights.shape[1], *(degree + 1,) * dimensions), dtype=axes[0].dtype, device=axes[0].device)
    for row, e in zip(weights.to(core), powers, strict=True):
        core.movedim(0, -1)[e] = row
    letters = "abc"[:dimensions]
    capitals = "xyz"[:dimensions]
    terms = ",".join(f"{x}{a}" for x, a in zip(capitals, letters, strict=True))
    field = torch.einsum(f"d{letters},{terms}->d{capitals}", core, *tables)
    return field.clamp_(LOWEST, HIGHEST)


def normal_equations(
    basis: Tensor, x: Tensor, s: Tensor, parameters: MixtureParameters, reliability: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """U and V of eq 3.8 in float64, for one field per channel.

    With D = 1: U = sum G G' J1, V = sum G J2, J1 = sum_k s mu' S^-1 mu, J2 = sum_k s mu' S^-1 x. With D channels the
    unknowns are (T, D) and J1 becomes the D x D matrix sum_k s_k diag(mu_k) S_k^-1 diag(mu_k).

    Args:
        basis: (N, T) from :func:`legendre_basis`.
        x: (N, D) intensities, s: (N, K) posteriors.
        parameters: mixture.
        reliability: (N,) weight of each voxel in the sums, e.g. its purity; None for 1.

    Returns:
        U (T D, T D) and V (T D,).
    """
    j1, j2 = quadratic_terms(x, s, parameters)
    if reliability is not None:
        j1, j2 = j1 * reliability[:, None, None], j2 * reliability[:, None]
    return assemble(basis, j1, j2)


def quadratic_terms(x: Tensor, s: Tensor, parameters: MixtureParameters) -> tuple[Tensor, Tensor]:
    """J1 (N, D, D) and J2 (N, D) of eq 3.8: the expected residual is quadratic in the field at each voxel."""
    precision = _inverse(parameters.covariance)
    mean = parameters.mean
    stiffness = mean[:, :, None] * precision * mean[:, None, :]
    pull = mean[:, :, None] * precision
    j1 = torch.einsum("nk,kde->nde", s, stiffness)
    j2 = torch.einsum("nk,kde,ne->nd", s, pull, x)
    return j1, j2


def assemble(basis: Tensor, j1: Tensor, j2: Tensor) -> tuple[Tensor, Tensor]:
    """U (T D, T D) and V (T D,) in float64 from the quadratic terms at N points."""
    wide = torch.float32 if basis.device.type == "mps" else torch.float64
    basis, j1, j2 = basis.to(wide), j1.to(wide), j2.to(wide)
    terms, channels = basis.shape[1], j2.shape[1]
    u = basis.new_empty(terms, channels, terms, channels)
    for d, e in product(range(channels), repeat=2):
        u[:, d, :, e] = (basis * j1[:, d, e, None]).T @ basis
    v = basis.T @ j2
    return u.reshape(terms * channels, -1), v.reshape(-1)


def solve(u: Tensor, v: Tensor, channels: int, dimensions: int, degree: int, ridge: float = 0.0) -> Tensor:
    """w of U w = V with a bending penalty on the terms of degree 1 and more.

    Args:
        u, v: from :func:`normal_equations`.
        channels: D.
        dimensions: 2 or 3.
        degree: P.
        ridge: strength of the penalty, relative to U's stiffness for the constant field. A term of total degree p
            pays ridge * p^2 (p + 1)^2, the square of its Laplacian's eigenvalue on the sphere: high degrees bend more.

    Returns:
        (T, D) weights of the same scale as the data; see :func:`normalise` for the scale's ambiguity.
    """
    u, v = u.cpu().double(), v.cpu().double()
    terms = exponents(dimensions, degree)
    degrees = torch.tensor([float(sum(e)) for e in terms], dtype=torch.float64)
    stiffness = u.diagonal().reshape(len(terms), channels)[0]
    penalty = (ridge * (degrees * (degrees + 1)) ** 2)[:, None] * stiffness[None, :]
    # A tiny pull to the constant field 1 keeps the solution defined where the data say nothing: a degree that is not
    # seen (a mask of one slice) or a channel that is 0. It exceeds the rounding of sums over float32 terms.
    pull = (1e-7 * stiffness.max()).clamp_min(1e-30).expand(len(terms), channels)
    system = u + torch.diag((penalty + pull).reshape(-1))
    flat = torch.zeros_like(pull)
    flat[0] = pull[0]
    w = torch.cholesky_solve((v + flat.reshape(-1))[:, None], torch.linalg.cholesky(system))
    return w.reshape(len(terms), channels)


def normalise(field: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Fixes the scale that b and mu share: mean 1 in the mask, then clamped to [0.3, 3].

    Args:
        field: (D, ...) raw field.
        mask: (...) bool; None when all of ``field`` is in the mask.

    Returns:
        The field, and (D,) what it was divided by (class means are to be multiplied by it).
    """
    inside = field.flatten(1) if mask is None else field[:, mask]
    wide = torch.float32 if field.device.type == "mps" else torch.float64
    scale = inside.mean(dim=1, dtype=wide).to(field)
    shaped = scale.reshape(-1, *[1] * (field.ndim - 1))
    return (field / shaped).clamp_(LOWEST, HIGHEST), scale


def _levelled(u: Tensor) -> Tensor:
    """The identity on [-1, 1], levelling off smoothly just outside."""
    beyond = (u.abs() - 1).clamp_min(0)
    return u.clamp(-1, 1) + u.sign() * _REACH * torch.tanh(beyond / _REACH)


def _inverse(covariance: Tensor) -> Tensor:
    if covariance.shape[-1] == 1:
        return 1 / covariance
    if covariance.device.type == "mps":
        return torch.linalg.inv(covariance.cpu()).to(covariance.device)
    return torch.linalg.inv(covariance)
