"""Learning from label maps: synthetic patches, their labels, and the cross-entropy between."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .label_maps import LabelMap
from .prior_input import informed_logits, network_volume
from .synthesis import IGNORED, Synthesiser

TISSUES = ("CSF", "GM", "WM")
# Patches the score is taken on.
_SCORED = 10


class SyntheticLessons:
    """Lessons of :mod:`gmmseg.learning.model_training` from label maps.

    Args:
        maps: label maps to learn from.
        held_out: label maps to score on.
        extent: edge in mm of a patch at 1 mm.
        seed: of the patches.
    """

    def __init__(self, maps: list[LabelMap], held_out: list[LabelMap], extent: int = 96, seed: int = 0) -> None:
        self.synthesiser = Synthesiser(maps, extent, seed)
        self.held_out = Synthesiser(held_out, extent, seed + 1) if held_out else None

    def draw(self, number: int) -> tuple[Tensor, ...]:
        """What the network sees, (5, i, j, k) float32, and target (i, j, k) int64."""
        return _lesson(self.synthesiser, number)

    def loss(self, network: nn.Module, lesson: tuple[Tensor, ...]) -> Tensor:
        """Mean cross-entropy over the voxels of known tissue."""
        volume, target = lesson
        return F.cross_entropy(informed_logits(network, volume), target, ignore_index=IGNORED)

    def score(self, network: nn.Module) -> dict[str, float]:
        """Dice of each tissue over patches of the held-out maps, the same ones each time."""
        if self.held_out is None:
            return {}
        device = next(network.parameters()).device
        both, sizes = torch.zeros(3), torch.zeros(3)
        for number in range(_SCORED):
            volume, target = _lesson(self.held_out, number)
            found = informed_logits(network, volume[None].to(device))[0].argmax(dim=0).cpu()
            for k in range(3):
                known = target != IGNORED
                here, there = (found == k) & known, target == k
                both[k] += 2 * (here & there).sum()
                sizes[k] += here.sum() + there.sum()
        return {f"dice {name}": float(value) for name, value in zip(TISSUES, both / sizes, strict=True)}


def _lesson(synthesiser: Synthesiser, number: int) -> tuple[Tensor, Tensor]:
    sample = synthesiser.draw(number)
    return network_volume(sample.image, sample.mask, sample.s), sample.target
