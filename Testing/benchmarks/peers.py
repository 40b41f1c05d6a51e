"""The tools that the engine is compared with, run as their users run them. Needs no part of the engine.

Every tool gets the scan cut to its brain mask and 5 voxels around, 0 outside the mask, intensities clipped at the
99.5th percentile of the mask (bright vessels otherwise cost k-means a class), and the mask. Their classes are put in
the order of their mean intensity. Parameters (:data:`PARAMETERS`):

* N4 (Tustison 2010; antspyx): mask given, shrink factor 4, four levels of 50 iterations, splines of 200 mm on the
  coarsest level, as in ANTs' own scripts. The field of the clipped scan corrects the scan itself.
* Atropos (Avants 2011; antspyx): k-means start values for 3 classes, MRF weight 0.1 on 3 x 3 x 3 voxels and five
  iterations (ANTs' script antsAtroposN4.sh sets the same), on the scan corrected by N4.
* GMM (scikit-learn): 3 classes, own variance each, k-means start values, at most 200 iterations; on the scan as it
  is, or corrected by N4.
* HMRF (Zhang 2001; dipy): 3 classes, weight 0.1 as in dipy's tutorial, at most 25 iterations: where it needs more
  (32 on a 1 mm scan), they change Dice by less than 0.006.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

REQUIREMENTS = ("antspyx==0.6.3", "dipy==1.12.1", "scikit-learn==1.9.1", "nibabel>=5")
CLASSES = 3
MARGIN = 5
CLIP_PERCENTILE = 99.5
N4 = "n4"
PARAMETERS: dict[str, dict] = {
    N4: {
        "shrink_factor": 4,
        "convergence": {"iters": [50, 50, 50, 50], "tol": 1e-7},
        "spline_param": 200,
    },
    "gmm": {"covariance_type": "full", "init_params": "kmeans", "max_iter": 200, "tol": 1e-3, "random_state": 0},
    "atropos": {"i": f"Kmeans[{CLASSES}]", "m": "[0.1,1x1x1]", "c": "[5,0]"},
    "hmrf": {"beta": 0.1, "tolerance": 1e-5, "max_iter": 25},
}


@dataclass(frozen=True)
class Peer:
    """A tool of the tables.

    Attributes:
        title: its name there.
        fit: what classifies, a key of :data:`FITS`.
        corrected: whether on the scan that N4 corrected.
        package: which makes the difference between versions.
    """

    title: str
    fit: str
    corrected: bool
    package: str

    def recipe(self) -> dict:
        """Everything that decides its result, beside the data."""
        steps = ([N4] if self.corrected else []) + [self.fit]
        packages = {"antspyx"} if self.corrected else set()
        packages.add(self.package)
        return {
            "steps": {step: PARAMETERS[step] for step in steps},
            "requirements": [line for line in REQUIREMENTS if line.split("==")[0] in packages],
            "clip": CLIP_PERCENTILE,
            "margin": MARGIN,
        }


PEERS = {
    "gmm": Peer("GMM", "gmm", False, "scikit-learn"),
    "n4-gmm": Peer("N4 + GMM", "gmm", True, "scikit-learn"),
    "n4-atropos": Peer("N4 + Atropos", "atropos", True, "antspyx"),
    "hmrf": Peer("HMRF", "hmrf", False, "dipy"),
}


def brain_box(mask: np.ndarray) -> tuple[slice, ...]:
    """Slices of the (I, J, K) bool mask's bounding box with :data:`MARGIN` voxels around, within the grid."""
    box = []
    for axis, length in enumerate(mask.shape):
        found = np.nonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))[0]
        box.append(slice(max(int(found[0]) - MARGIN, 0), min(int(found[-1]) + 1 + MARGIN, length)))
    return tuple(box)


def clipped(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(I, J, K) float32 image, 0 outside the mask, between 0 and the percentile of :data:`CLIP_PERCENTILE` inside."""
    inside = image[mask]
    inside = inside[np.isfinite(inside)]
    values = np.clip(np.nan_to_num(image), 0, np.percentile(inside, CLIP_PERCENTILE))
    return np.where(mask, values, 0).astype(np.float32)


def ordered(labels: np.ndarray, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(I, J, K) uint8 labels 1, 2, ... by rising mean of ``image``, 0 outside the mask, whatever codes they had."""
    codes = [int(code) for code in np.unique(labels[mask])]
    codes.sort(key=lambda code: float(image[mask & (labels == code)].mean()))
    out = np.zeros(labels.shape, dtype=np.uint8)
    for label, code in enumerate(codes, start=1):
        out[mask & (labels == code)] = label
    return out


def n4_field(image: np.ndarray, mask: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """(I, J, K) float32 field of a clipped image by N4, with mean 1 in the mask and 1 outside it."""
    import ants

    field = ants.n4_bias_field_correction(
        ants.from_numpy(image, spacing=list(spacing)),
        mask=ants.from_numpy((mask & (image > 0)).astype(np.float32), spacing=list(spacing)),
        return_bias_field=True,
        **PARAMETERS[N4],
    ).numpy()
    return np.where(mask, field / field[mask].mean(), 1).astype(np.float32)


def fit_gmm(image: np.ndarray, mask: np.ndarray, spacing: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Labels (I, J, K) and largest posterior (I, J, K) by a mixture of Gaussians, voxel by voxel."""
    from sklearn.mixture import GaussianMixture

    values = image[mask].astype(np.float64)[:, None]
    posteriors = GaussianMixture(CLASSES, **PARAMETERS["gmm"]).fit(values).predict_proba(values)
    return _on_grid(posteriors.argmax(axis=1) + 1, mask), _on_grid(posteriors.max(axis=1), mask)


def fit_atropos(
    image: np.ndarray, mask: np.ndarray, spacing: tuple[float, float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Labels (I, J, K) and largest posterior (I, J, K) by Atropos."""
    import ants

    found = ants.atropos(
        a=ants.from_numpy(image, spacing=list(spacing)),
        x=ants.from_numpy(mask.astype(np.float32), spacing=list(spacing)),
        **PARAMETERS["atropos"],
    )
    posteriors = np.stack([volume.numpy() for volume in found["probabilityimages"]])
    return np.rint(found["segmentation"].numpy()).astype(np.uint8), posteriors.max(axis=0)


def fit_hmrf(image: np.ndarray, mask: np.ndarray, spacing: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Labels (I, J, K) and largest posterior (I, J, K) by dipy's hidden Markov random field.

    It has a class of its own for the background; brain voxels that fell to it are given to the likeliest tissue.
    """
    from dipy.segment.tissue import TissueClassifierHMRF

    np.random.seed(0)  # it draws noise from here itself
    # Where a background is exactly 0 its class has no variance, and all posteriors come out as nan.
    background = np.random.normal(0.001, 0.0001, image.shape)
    scaled = np.where(mask, image / float(image.max()), background)
    _, labels, posteriors = TissueClassifierHMRF(verbose=False).classify(scaled, CLASSES, **PARAMETERS["hmrf"])
    labels = np.where(labels > 0, labels, posteriors.argmax(axis=-1) + 1)
    return np.where(mask, labels, 0).astype(np.uint8), posteriors.max(axis=-1)


FITS = {"gmm": fit_gmm, "atropos": fit_atropos, "hmrf": fit_hmrf}


def _on_grid(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    grid = np.zeros(mask.shape, dtype=values.dtype)
    grid[mask] = values
    return grid
