"""A network that corrects the classical mixture instead of starting from nothing."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import mixture
from .em import Fit
from .losses.batch import full_precision
from .scan import Scan

# Share of the mixture's log-posteriors in the logits. With all of them the network can do little against noise, with
# a quarter a short training loses thin structures; half is between, and best on phantoms, BrainWeb and real brains.
MIXTURE_SHARE = 0.5
# Log-posteriors below this say no more than "surely not".
LOWEST_LOG_POSTERIOR = -10.0
_FARTHEST = 5.0
# Mean posterior of a voxel's 27 neighbours from which on tissue counts as pure.
PURE = 0.9


class MixtureInformed(nn.Module):
    """Logits = network(corrected image, mask) + half the log-posteriors of the classical mixture.

    After a few dozen steps a network alone has lost every class that is rare in the scan; this one begins near the
    mixture's answer and learns what neighbours add to it.

    Args:
        network: (B, D + 1, H, W) to (B, K, H, W) logits: standardised channels and the mask.
        scan: gives the channels' typical mean and spread.
        fit: the mixture and field at the start of training.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, network: nn.Module, scan: Scan, fit: Fit) -> None:
        super().__init__()
        typical = corrected(scan, fit)[scan.typical]
        self.network = network
        self.register_buffer("mean", typical.mean(dim=0)[:, None, None])
        self.register_buffer("spread", typical.std(dim=0)[:, None, None])
        self.mixture = fit.parameters

    def forward(self, images: Tensor) -> Tensor:
        """(B, D + 1, H, W) from :func:`network_input` to (B, K, H, W) logits."""
        channels, inside = images[:, :-1], images[:, -1:]
        standard = ((channels - self.mean) / self.spread).clamp(-_FARTHEST, _FARTHEST)
        logits = self.network(torch.cat([standard * inside, inside], dim=1))
        return logits + MIXTURE_SHARE * self._log_posterior(channels)

    def _log_posterior(self, channels: Tensor) -> Tensor:
        with torch.no_grad(), full_precision(channels.device):
            last = channels.movedim(1, -1)
            known_mixture = self.mixture.to(channels.device)
            joint = mixture.log_joint(last.reshape(-1, channels.shape[1]).float(), known_mixture)
            known = torch.log_softmax(joint, dim=1).clamp_min(LOWEST_LOG_POSTERIOR)
            return known.reshape(*last.shape[:-1], -1).movedim(-1, 1)


def network_input(scan: Scan, fit: Fit) -> Tensor:
    """(D + 1, i, j, k): corrected channels, 0 outside the mask, and the mask."""
    return torch.cat([scan.on_grid(corrected(scan, fit)), scan.mask[None].to(scan.image)])


def corrected(scan: Scan, fit: Fit) -> Tensor:
    """(N, D) intensities divided by the field."""
    return scan.rows if fit.field is None else scan.rows / fit.field


def noise_level(image: Tensor, s: Tensor) -> Tensor:
    """(D,) standard deviation of the noise, from how much voxels in pure tissue differ from two neighbours' mean.

    Args:
        image: (D, i, j, k).
        s: (K, i, j, k) posteriors, 0 outside the mask. Away from pure tissue, edges would pass for noise.
    """
    pure = F.avg_pool3d(s[None], 3, stride=1, padding=1)[0].amax(dim=0) > PURE
    axis = max(range(3), key=lambda a: pure.shape[a])
    image, pure = image.movedim(axis + 1, 1), pure.movedim(axis, 0)
    difference = image[:, 1:-1] - (image[:, :-2] + image[:, 2:]) / 2
    inside = pure[1:-1]
    if not bool(inside.any()):
        return image.new_zeros(len(image))
    # 1.4826 brings the median magnitude to a standard deviation; 1.5 is the difference's variance in the noise's.
    return torch.stack([1.4826 * mixture.quantile(d[inside].abs(), 0.5) / 1.5**0.5 for d in difference])
