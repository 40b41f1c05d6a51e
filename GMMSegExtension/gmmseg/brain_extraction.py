"""The automatic brain mask: deepbet's networks on an image of any orientation.

L. Fisch et al., "deepbet: Fast brain extraction of T1-weighted MRI using Convolutional Neural Networks" (2024). Its
mask follows the outer surface of the brain and holds the CSF of the sulci. It is trained on T1-weighted adults.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from . import environment
from .case import Volume
from .errors import EngineUnavailable, NoBrainFound
from .progress import Progress, silent

if TYPE_CHECKING:
    import torch

# What deepbet imports: import name and the name to install it by. Its own dependencies are not all needed.
PACKAGES = {
    "deepbet": "deepbet",
    "cc3d": "connected-components-3d",
    "fill_voids": "fill-voids",
    "nibabel": "nibabel",
    "pandas": "pandas",
    "tqdm": "tqdm",
}

# Millilitres a brain with its CSF may have.
PLAUSIBLE_ML = (500.0, 2300.0)
# Share of the voxels found that must hang together.
_LEAST_IN_ONE_PIECE = 0.9


def missing_packages() -> list[str]:
    """Names to install before :func:`automatic_mask` can work; empty when all is there. Imports nothing."""
    absent = environment.missing(tuple(PACKAGES))
    return [PACKAGES[name] for name in absent]


def automatic_mask(image: Volume, device: torch.device, progress: Progress = silent) -> np.ndarray:
    """Find the brain in a whole head.

    Args:
        image: a head with skull, any orientation and voxel size; NaN and infinite voxels count as background.
        device: where the networks run.
        progress: told the stage ``mask``.

    Returns:
        (I, J, K) bool on the image's own grid.

    Raises:
        EngineUnavailable: a package is missing.
        NoBrainFound: what was found cannot be a brain.
    """
    return find_brain(image, device, progress)[0]


def find_brain(image: Volume, device: torch.device, progress: Progress = silent) -> tuple[np.ndarray, list[str]]:
    """:func:`automatic_mask`, and sentences about what the user should know."""
    absent = missing_packages()
    if absent:
        raise EngineUnavailable(
            f"The automatic brain mask needs {', '.join(absent)}: install it, give a mask, or use a stripped image."
        )
    progress(0.0, "mask", "Finding the brain")
    upright, orientation = _upright(image)
    found, warnings = _on_device(upright, device)
    progress(0.9, "mask", "Checking the brain mask")
    mask = _checked(found, image)
    import nibabel as nib

    mask = nib.apply_orientation(mask, nib.orientations.ornt_transform(_RAS, orientation))
    progress(1.0, "mask", "Brain found")
    return np.ascontiguousarray(mask), warnings


_RAS = np.array([[0, 1], [1, 1], [2, 1]])


def _upright(image: Volume) -> tuple[np.ndarray, np.ndarray]:
    """The image as float32 with its axes nearest to right, anterior and superior, and how they lay before."""
    import nibabel as nib

    orientation = nib.io_orientation(image.affine)
    array = nib.apply_orientation(np.asarray(image.array), orientation)
    upright = np.array(array, dtype=np.float32, order="C")
    return np.nan_to_num(upright, copy=False, nan=0.0, posinf=0.0, neginf=0.0), orientation


def _on_device(upright: np.ndarray, device: torch.device) -> tuple[np.ndarray, list[str]]:
    """The mask found on ``device``, or on the CPU when the device's memory does not suffice."""
    import torch

    try:
        return _run(upright, device), []
    except RuntimeError as error:
        from . import devices

        if device.type == "cpu" or not devices.is_out_of_memory(error):
            raise
    release()
    return _run(upright, torch.device("cpu")), [
        f"The memory of {device} did not suffice for the brain mask, so it was made on the CPU."
    ]


def _run(upright: np.ndarray, device: torch.device) -> np.ndarray:
    """(I, J, K) bool, all False when deepbet finds nothing to put a box around."""
    try:
        probability = _networks(str(device)).run_model(upright)
    except (AssertionError, ValueError):
        # deepbet's own words for an image without a brain: no foreground, or argmax of an empty count.
        return np.zeros(upright.shape, dtype=bool)
    return probability > 0.5


def release() -> None:
    """Forget the loaded networks, so that their memory can be given back."""
    _networks.cache_clear()


@functools.lru_cache(maxsize=1)
def _networks(device: str) -> Any:
    """deepbet with its two networks on ``device``, kept for the next image."""
    from deepbet.bet import BrainExtraction

    extraction = BrainExtraction(no_gpu=True)
    extraction.model = extraction.model.to(device)
    extraction.bbox_model = extraction.bbox_model.to(device)
    return extraction


def _checked(found: np.ndarray, image: Volume) -> np.ndarray:
    """The largest piece without holes.

    Raises:
        NoBrainFound: it is no brain by its volume, or what was found lies in several pieces.
    """
    import cc3d
    import fill_voids

    pieces = cc3d.connected_components(found, connectivity=26)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    brain = fill_voids.fill(pieces == sizes.argmax()) if sizes.any() else found
    millilitres = brain.sum() * abs(np.linalg.det(image.affine[:3, :3])) / 1000
    if sizes.max() < _LEAST_IN_ONE_PIECE * sizes.sum() or not PLAUSIBLE_ML[0] <= millilitres <= PLAUSIBLE_ML[1]:
        raise NoBrainFound(
            f"No brain was found in {image.name}; give a brain mask, or say that the image is already skull-stripped."
        )
    return np.asarray(brain, dtype=bool)
