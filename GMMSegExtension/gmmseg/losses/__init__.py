"""The paper's losses as drop-in modules for any network, 2-D or 3-D.

Source: L. Ma, "Gaussian Mixture Model Loss Functional for Brain MRI Segmentation With Deep Learning" (2022); equation
numbers are the paper's.

Arguments named alike are alike: ``input`` (B, K, H, W) or (B, K, D, H, W) is a network's logits or posteriors;
``image`` (B, C, ...) lies on the same grid; ``mask`` is (B, 1, ...) or (B, ...), non-zero inside, None for every voxel.
Voxels outside the mask have no influence. Everything is computed in float32 at least, also under autocast. Subclasses
of Tensor (MONAI's MetaTensor) are taken as the tensors that they are. Shapes that do not fit raise ValueError.

Every item of a batch is a volume of its own unless ``volume_index`` (B,) says which items are slices or patches of the
same volume. Statistics are those of a volume; scans are never mixed.
"""

from __future__ import annotations

from .gmm import GMMLoss, GMMTVLoss, Statistics
from .gmm_bias import GMMBiasLoss
from .posterior_loss import PosteriorLoss
from .total import TotalLoss
from .tv import TVLoss

__all__ = ["GMMBiasLoss", "GMMLoss", "GMMTVLoss", "PosteriorLoss", "Statistics", "TVLoss", "TotalLoss"]
