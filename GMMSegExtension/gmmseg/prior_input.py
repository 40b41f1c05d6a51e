"""What a trained network of whole volumes sees of a scan, and how its answer joins the mixture's.

The same for synthetic patches, for unlabelled scans and for the scan that is segmented.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .model_card import PRIOR_CHANNELS

# Channels: the standardised scan, the mask, and the mixture's posteriors of CSF, GM and WM.
CHANNELS = PRIOR_CHANNELS
# Standardised intensities are clipped to this range on both sides.
FARTHEST = 6.0
# Share of the mixture's log-posteriors in the logits: the network starts from the mixture's answer and learns what
# anatomy and neighbours add to it. See also gmmseg.informed_network.
MIXTURE_SHARE = 0.5
# Posteriors below this say no more than "surely not".
LOWEST = 1e-4


def standardise(image: Tensor, grey: float | Tensor, white: float | Tensor) -> Tensor:
    """Intensities with the GM mean at 0 and the WM mean at 1, clipped to :data:`FARTHEST`."""
    return ((image - grey) / (white - grey)).clamp(-FARTHEST, FARTHEST)


def network_volume(standardised: Tensor, mask: Tensor, s: Tensor) -> Tensor:
    """(5, i, j, k) what the network sees; all of it is 0 outside the mask.

    Args:
        standardised: (i, j, k), see :func:`standardise`.
        mask: (i, j, k) bool.
        s: (3, i, j, k) the mixture's posteriors of CSF, GM and WM.
    """
    inside = mask.to(standardised)
    return torch.cat([(standardised * inside)[None], inside[None], s * inside])


def informed_logits(network: nn.Module, volume: Tensor) -> Tensor:
    """(B, 3, i, j, k) float32: the network's logits plus :data:`MIXTURE_SHARE` of the mixture's log-posteriors.

    Args:
        network: from (B, 5, i, j, k) to (B, 3, i, j, k) logits.
        volume: (B, 5, i, j, k), see :func:`network_volume`.
    """
    return network(volume).float() + MIXTURE_SHARE * volume[:, 2:].float().clamp_min(LOWEST).log()
