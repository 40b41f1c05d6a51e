"""Mixture and field to hold for some steps of a training, see "Traps" in losses.md."""

from __future__ import annotations

from gmmseg import GMMBiasLoss, mixture
from gmmseg.losses import Statistics
from torch import Tensor


def refitted(loss: GMMBiasLoss, logits: Tensor, image: Tensor, mask: Tensor) -> Statistics:
    """The field from the network's posteriors, and the mixture by a few steps of EM under that field.

    With the network's posteriors in both, mixture and network run away together and a class vanishes.
    """
    found = loss.statistics(logits, image, mask)
    parameters = []
    for item, inside in enumerate(mask[:, 0]):
        b = None if found.field is None else found.field[item][:, inside].T
        x = image[item][:, inside].T
        parameters.append(mixture.fit(x, found.parameters[item], b, iterations=10, covariance_sharing=0.3)[0])
    return Statistics(tuple(parameters), found.field)
