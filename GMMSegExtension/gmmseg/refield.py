"""The bias field of another degree for a brain that is segmented already: a closed form, nothing is segmented anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import fast, field_fit, mixture, report_warnings
from .case import Case, Result
from .em import COVARIANCE_SHARING, SETTLED, Fit, field_classes
from .field_fit import FieldFit, Terms, field_everywhere
from .inspection import inspect
from .mixture import MixtureParameters
from .neighbours import box_sum
from .preprocessing import Box, Prepared, channel_on_grid, prepare
from .report import field_rows, plain
from .scan import Scan

# Rounds of field and posteriors where neither is known from a run, and the degree that they settle with.
ROUNDS, REFERENCE_DEGREE = 5, 3
LABELS_WITHOUT_FIELD = (
    "The segmentation was made without a bias field, so it takes some of the field for tissue; segment again with this "
    "degree to have both."
)
# A class that none of a voxel's 27 neighbours has is still that probable there.
LEAST_SHARE = 1e-3


@dataclass(frozen=True)
class Finding:
    """What a run leaves for later, in its box of the first image's grid.

    Attributes:
        posteriors: (K, i, j, k) float32, 0 outside the mask.
        field: (D, i, j, k) the run's bias field; None when it corrected nothing.
        box: where the box lies.
    """

    posteriors: np.ndarray
    field: np.ndarray | None
    box: Box

    @classmethod
    def of(cls, result: Result) -> Finding:
        applied = any(row["applied"] for row in result.report["bias_field"])
        field = result.bias_field[(slice(None), *result.box)].copy() if applied else None
        return cls(result.posteriors, field, result.box)

    def rows(self, prepared: Prepared) -> tuple[Tensor, Tensor | None]:
        """(N, K) posteriors and (N, D) field of the voxels in ``prepared.mask``; nothing is known outside the box."""
        s = _rows(self.posteriors, self.box, prepared, outside=0.0)
        return s, None if self.field is None else _rows(self.field, self.box, prepared, outside=1.0)


@dataclass(frozen=True)
class Refielded:
    """The field of another degree.

    Attributes:
        bias_field: (D, I, J, K) float32, mean 1 in the mask; 1 everywhere when nothing is corrected.
        corrected: (D, I, J, K) float32, each channel divided by its field.
        report: the run's report with ``bias_field``, ``homogeneity``, ``inspection``, the classes' means, covariances
            and weights, ``settings.bias_degree``, ``log_likelihood`` and the warnings about the field brought up to it.
            ``labels_under_field`` is added: whether the run that made the labels corrected a field.
    """

    bias_field: np.ndarray
    corrected: np.ndarray
    report: dict[str, Any]


class Evidence:
    """All that the field of one segmented brain is solved from, whatever its degree.

    Args:
        case: the scans.
        mask: (I, J, K) bool brain mask.
        labels: (I, J, K) uint8, 1..K and 0 for no class; as the user has corrected them.
        number_of_classes: K.
        by_prior: whether a trained network's posteriors made the labels (``report["prior"]["used"]``).
        found: what the run left. Without it, or when the run had no field (its posteriors then hold the field's
            traces), posteriors are made from labels and intensities.

    Raises:
        InputError: see :func:`gmmseg.preprocessing.prepare`.
    """

    def __init__(
        self,
        case: Case,
        mask: np.ndarray,
        labels: np.ndarray,
        number_of_classes: int,
        by_prior: bool,
        found: Finding | None = None,
    ) -> None:
        self.prepared = prepare(case, mask)
        self.labels = labels
        self.image = np.stack([channel_on_grid(channel, case.images[0]) for channel in case.images])
        self.scan = Scan(
            torch.from_numpy(self.prepared.image),
            torch.from_numpy(self.prepared.mask),
            tuple(float(step) for step in self.prepared.spacing),  # type: ignore[arg-type]
        )
        self._by_prior = by_prior
        self._classical: MixtureParameters | None = None
        self._ridge = fast.RIDGE if by_prior else field_fit.RIDGE
        rows = torch.from_numpy(np.ascontiguousarray(labels[self.prepared.box][self.prepared.mask])).long()
        s, field = (None, None) if found is None else found.rows(self.prepared)
        if s is None or field is None:
            self.s, self._field = self._from_labels(rows, number_of_classes)
        else:
            self.s, self._field = _as_labelled(s, rows), field

    def collect(self) -> None:
        """Do now what the first :meth:`field` would do, so that it comes at once."""
        _ = self._terms

    def field(self, degree: int) -> tuple[Tensor, Tensor] | None:
        """(N, D) field of a degree and its (T, D) polynomial weights; None for degree 0 or too little pure tissue."""
        if degree == 0 or self._terms is None:
            return None
        return FieldFit(self.scan, degree, self._ridge).solved(self._terms)

    def mixture(self, field: Tensor | None) -> tuple[MixtureParameters, float]:
        """Classes under a field, and their mean log-likelihood per voxel."""
        some = self.scan.sample
        parameters = self._estimate(self.s, field)
        _, log_likelihood = mixture.posterior(self.scan.rows[some], parameters, None if field is None else field[some])
        return parameters, float(log_likelihood)

    def _estimate(self, s: Tensor, field: Tensor | None) -> MixtureParameters:
        some = self.scan.sample
        here = None if field is None else field[some]
        return mixture.estimate(self.scan.rows[some], s[some], here, covariance_sharing=COVARIANCE_SHARING)

    @cached_property
    def _terms(self) -> Terms | None:
        """What the pure voxels say, referred to the run's field: no degree is in it, so that each is solved at once."""
        return self._terms_given(self.s, self._field)

    def _terms_given(self, s: Tensor, field: Tensor | None) -> Terms | None:
        believed = None
        if self._by_prior:
            parameters = self._estimate(s, field) if self._classical is None else self._classical
            start = fast.classical(self.scan, Fit(parameters, field, None, s, 0.0, 0))
            self._classical = start.parameters  # from where the next round has not far to go
            believed = fast.plausibility(self.scan, start, s)
        return FieldFit(self.scan, REFERENCE_DEGREE, self._ridge).terms(
            s, field, field_classes(self.scan, s), use=believed
        )

    def _from_labels(self, labels: Tensor, number_of_classes: int) -> tuple[Tensor, Tensor | None]:
        """Posteriors and field in turn: Bayes' rule with the labels of a voxel's neighbours as its prior."""
        scan = self.scan
        s = _one_hot(labels, number_of_classes)
        share = torch.stack([scan.rows_of(box_sum(scan.on_grid(k[:, None])[0])[None])[:, 0] for k in s.T]).T
        known, log_prior = s.sum(dim=1, keepdim=True), (share / 27).clamp_min(LEAST_SHARE).log()
        field: Tensor | None = None
        solver = FieldFit(scan, REFERENCE_DEGREE, self._ridge)
        for _ in range(ROUNDS):
            parameters = self._estimate(s, field)
            likelihood = mixture.log_joint(scan.rows, parameters, field) - parameters.weight.log()
            s = (likelihood + log_prior).T.softmax(dim=0).T * known
            terms = self._terms_given(s, field)
            solved = None if terms is None else solver.solved(terms)
            if solved is None:
                break
            before, field = field, solved[0]
            if before is not None and float((field - before).square().mean().sqrt()) < SETTLED:
                break
        return s, field


def recompute(evidence: Evidence, degree: int, report: Mapping[str, Any]) -> Refielded:
    """The field of a degree, applied because it is asked for, and the report brought up to it.

    Args:
        evidence: of the segmented brain.
        degree: P, 0 to 6; 0 corrects nothing.
        report: of the run; left as it is.
    """
    solved = evidence.field(degree)
    prepared, image = evidence.prepared, evidence.image
    if solved is None:
        bias = np.ones(image.shape, dtype=np.float32)
    else:
        bias = field_everywhere(solved[1], evidence.scan.mask, prepared.box, prepared.full_shape).numpy()
    corrected = image / bias
    return Refielded(bias, corrected, _updated(report, evidence, degree, solved, bias, corrected))


def _updated(
    report: Mapping[str, Any],
    evidence: Evidence,
    degree: int,
    solved: tuple[Tensor, Tensor] | None,
    bias: np.ndarray,
    corrected: np.ndarray,
) -> dict[str, Any]:
    prepared, box = evidence.prepared, evidence.prepared.box
    image, bias, corrected = (stack[(slice(None), *box)] for stack in (evidence.image, bias, corrected))
    parameters, log_likelihood = evidence.mixture(None if solved is None else solved[0])
    units = parameters.scaled(torch.from_numpy(prepared.scale).to(parameters.mean))
    classes = [
        {**row, "mean": mean, "covariance": covariance, "weight": weight}
        for row, mean, covariance, weight in zip(
            report["classes"], units.mean.numpy(), units.covariance.numpy(), units.weight.numpy(), strict=True
        )
    ]
    channels = [row["channel"] for row in report["bias_field"]]
    fields = field_rows(channels, bias, prepared.mask, degree, solved is not None)
    seen = inspect(image, corrected, evidence.labels[box], prepared.mask, classes, channels)
    evenness = seen["channels"][0]["homogeneity"]
    outdated = {
        *report_warnings.NO_FIELD_REASONS,
        *report_warnings.about_field(report["bias_field"], report["homogeneity"]),
        LABELS_WITHOUT_FIELD,
    }
    under_field = report.get("labels_under_field", any(row["applied"] for row in report["bias_field"]))
    news = [report_warnings.TOO_LITTLE_PURE] if degree and solved is None else []
    if solved is not None and not under_field:
        news.append(LABELS_WITHOUT_FIELD)
    return plain(
        {
            **report,
            "settings": {**report["settings"], "bias_degree": degree},
            "classes": classes,
            "bias_field": fields,
            "labels_under_field": under_field,
            "homogeneity": evenness,
            "inspection": seen,
            "log_likelihood": log_likelihood,
            "warnings": [
                *(sentence for sentence in report["warnings"] if sentence not in outdated),
                *news,
                *report_warnings.about_field(fields, evenness),
            ],
        }
    )


def _rows(grids: np.ndarray, box: Box, prepared: Prepared, outside: float) -> Tensor:
    """(N, C) rows of ``prepared.mask`` from (C, i, j, k) grids in a box that may be another one."""
    if box != prepared.box:
        full = np.full((len(grids), *prepared.full_shape), outside, dtype=np.float32)
        full[(slice(None), *box)] = grids
        grids = full[(slice(None), *prepared.box)]
    return torch.from_numpy(np.ascontiguousarray(grids[:, prepared.mask])).T


def _as_labelled(s: Tensor, labels: Tensor) -> Tensor:
    """Posteriors (N, K) that are certain where the user gave another label (N,), and nothing where there is none."""
    differs = labels != mixture.most_probable(s).long() + 1
    if not bool(differs.any()):
        return s
    return torch.where(differs[:, None], _one_hot(labels, s.shape[1]), s)


def _one_hot(labels: Tensor, number_of_classes: int) -> Tensor:
    """(N, K) float32, class-major; 0 everywhere for the label 0."""
    return torch.stack([(labels == k).float() for k in range(1, number_of_classes + 1)]).T
