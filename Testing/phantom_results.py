"""A result as a run would give it, made from a phantom's truth without running the engine."""

from __future__ import annotations

import numpy as np
from gmmseg import report
from gmmseg.case import Case, Result, Volume
from gmmseg.settings import Settings
from phantoms import Phantom, nested_spheres

OBLIQUE = np.array([[0.9, -0.3, 0.1, -20], [0.3, 1.1, 0.2, 5], [-0.1, 0.2, 1.3, 12], [0, 0, 0, 1.0]])


def result_of(
    phantom: Phantom | None = None,
    affine: np.ndarray = OBLIQUE,
    channels: int = 1,
    name: str = "phantom",
    number_of_classes: int = 3,
    invert: bool = False,
    prior: dict | None = None,
) -> Result:
    """Result whose labels are the truth; ``invert`` makes the contrast that of a T2, ``prior`` is the report's."""
    phantom = phantom or nested_spheres(24, field_range=0.2)
    mask, labels = phantom.mask, phantom.truth.copy()
    image = phantom.image
    if invert:
        labels = np.where(mask, 4 - labels, 0).astype(np.uint8)
        image = np.where(mask, (1.4 - image / phantom.field) * phantom.field, 0).astype(np.float32)
    box = tuple(slice(int(where.min()), int(where.max()) + 1) for where in np.nonzero(mask))
    posteriors = np.stack([(labels == k)[box] for k in range(1, number_of_classes + 1)]).astype(np.float32)
    image = np.stack([image * (1 + channel) for channel in range(channels)])
    field = np.stack([phantom.field] * channels)
    corrected = image / field
    means = np.stack([corrected[:, labels == k].mean(axis=1) for k in range(1, number_of_classes + 1)])
    covariances = np.stack([np.eye(channels) * 1e-3] * number_of_classes)
    weights = np.array([(labels == k).sum() / mask.sum() for k in range(1, number_of_classes + 1)])
    facts = report.build(
        settings=Settings(number_of_classes=number_of_classes, mode="em"),
        case=Case(tuple(Volume(channel, affine, f"{name}{index}") for index, channel in enumerate(image))),
        mask=mask,
        mask_source="stripped",
        labels=labels,
        image=image,
        corrected=corrected,
        bias_field=field,
        means=means,
        covariances=covariances,
        weights=weights,
        seconds={"mask": 0.25, "mixture": 0.5},
        device="cpu",
        precision="float32",
        log_likelihood=-1.5,
        iterations=12,
        prior=prior,
    )
    return Result(labels, posteriors, box, field, corrected, mask, affine, facts)
