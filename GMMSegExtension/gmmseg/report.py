"""The facts of a run as one JSON-ready dictionary: what the panel's table, report.json and the pictures read."""

from __future__ import annotations

import math
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import numpy as np
from scipy import ndimage

from . import __version__, inspection, report_warnings
from .case import Case
from .contrast import bright_lies_deep
from .settings import Settings

TISSUES_T1 = ("CSF", "GM", "WM")


def build(
    *,
    settings: Settings,
    case: Case,
    mask: np.ndarray,
    mask_source: str,
    labels: np.ndarray,
    image: np.ndarray,
    corrected: np.ndarray,
    bias_field: np.ndarray,
    means: np.ndarray,
    covariances: np.ndarray,
    weights: np.ndarray,
    seconds: Mapping[str, float],
    device: str,
    precision: str,
    log_likelihood: float,
    iterations: int,
    loss: Sequence[float] = (),
    warnings: Sequence[str] = (),
    resampled: Sequence[bool] | None = None,
    field_applied: bool | Sequence[bool] = True,
    gpu_peak_memory_mb: float | None = None,
    prior: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The report of one run.

    Args:
        settings: as used.
        case: as given; names, grids and reading notes come from it.
        mask: (I, J, K) bool brain mask.
        mask_source: ``automatic``, ``stripped`` or ``given``: where the mask really came from.
        labels: (I, J, K) uint8, 0 outside, 1..C by increasing mean of the first channel.
        image: (D, I, J, K) channels on the first image's grid, in the input's units.
        corrected: (D, I, J, K) channels divided by their field.
        bias_field: (D, I, J, K) fields.
        means: (C, D) class means in the input's units, bias-free.
        covariances: (C, D, D) in the input's units squared.
        weights: (C,) shares of the mixture.
        seconds: time of each stage; ``total`` is added when it is not there.
        device: where it ran, for instance ``cuda:0``.
        precision: arithmetic used, for instance ``float32``.
        log_likelihood: mean per voxel.
        iterations: of the optimiser (or of EM).
        loss: its course.
        warnings: sentences found on the way; the ones found here are added.
        resampled: per channel, whether it was brought onto the first one's grid; None compares the grids.
        field_applied: whether the correction was kept, per channel or for all.
        gpu_peak_memory_mb: most memory held on the GPU.
        prior: of mode ``fast``, what the model was worth here: ``model`` (its name), ``agreement`` (of the model's
            posteriors with the mixture's, 0 to 1), ``share`` (its weight in the result, 0 to 1) and ``used`` (whether
            that is more than 0); None without.

    Returns:
        JSON-ready dictionary (no numpy, no nan) with the keys settings, versions, device, precision, seconds,
        peak_memory_mb, gpu_peak_memory_mb, inputs, mask, classes, contrast, bias_field, homogeneity, inspection,
        log_likelihood, iterations, loss, prior, warnings.
    """
    box = _bounding_box(mask)
    mask, labels = mask[box], labels[box]
    image, corrected, bias_field = (stack[(slice(None), *box)] for stack in (image, corrected, bias_field))
    affine = np.asarray(case.images[0].affine, dtype=float)
    voxel_ml = voxel_volume_ml(affine)
    spacing = case.images[0].spacing

    look = contrast(labels, mask, spacing, len(weights))
    names = class_names(len(weights), look)
    classes = _classes(names, labels, voxel_ml, means, covariances, weights)
    channels = [volume.name for volume in case.images]
    fields = field_rows(channels, bias_field, mask, settings.bias_degree, field_applied)
    seen = inspection.inspect(image, corrected, labels, mask, classes, channels)
    evenness = seen["channels"][0]["homogeneity"]
    found = [
        *(note for volume in case.images for note in volume.notes),
        *warnings,
        *report_warnings.about(classes, look, fields, evenness),
    ]
    return plain(
        {
            "settings": settings.to_dict(),
            "versions": versions(),
            "device": str(device),
            "precision": str(precision),
            "seconds": {"total": sum(seconds.values()), **seconds},
            "peak_memory_mb": peak_memory_mb(),
            "gpu_peak_memory_mb": gpu_peak_memory_mb,
            "inputs": _inputs(case, resampled),
            "mask": {
                "source": mask_source,
                "volume_ml": np.count_nonzero(mask) * voxel_ml,
                "voxels": np.count_nonzero(mask),
            },
            "classes": classes,
            "contrast": look,
            "bias_field": fields,
            "homogeneity": evenness,
            "inspection": seen,
            "log_likelihood": log_likelihood,
            "iterations": iterations,
            "loss": list(loss),
            "prior": prior,
            "warnings": list(dict.fromkeys(found)),
        }
    )


def contrast(labels: np.ndarray, mask: np.ndarray, spacing: np.ndarray, number_of_classes: int) -> str | None:
    """``T1-like`` when the brightest class is the white matter, ``T2-like`` when it is the CSF, None unless C = 3.

    See :func:`gmmseg.contrast.bright_lies_deep` for the arguments.
    """
    if number_of_classes != 3:
        return None
    return "T1-like" if bright_lies_deep(labels, mask, spacing, number_of_classes) else "T2-like"


def class_names(number_of_classes: int, look: str | None) -> tuple[str, ...]:
    """Names by increasing mean: tissues when C = 3, else ``Class 1`` and so on."""
    if number_of_classes == 3 and look is not None:
        return TISSUES_T1 if look == "T1-like" else TISSUES_T1[::-1]
    return tuple(f"Class {label}" for label in range(1, number_of_classes + 1))


def prior_text(prior: Mapping[str, Any]) -> str:
    """What a report's ``prior`` says, as half a sentence for the user."""
    agreement = f"agrees with the mixture to {100 * prior['agreement']:.0f} %"
    if not prior["used"]:
        return f"{agreement}, but was not used"
    return agreement if prior["share"] == 1 else f"{agreement}, so it counts {100 * prior['share']:.0f} %"


def voxel_volume_ml(affine: np.ndarray) -> float:
    """Volume of a voxel of a (4, 4) voxel-to-mm affine."""
    return abs(float(np.linalg.det(np.asarray(affine, dtype=float)[:3, :3]))) / 1000.0


def peak_memory_mb() -> float | None:
    """Most memory this process has held so far, in MB of 10^6 bytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        peak = getattr(psutil.Process().memory_info(), "peak_wset", None)
        return None if peak is None else peak / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def versions() -> dict[str, str]:
    """Versions of what decides the numbers."""
    found = {"gmmseg": __version__, "python": platform.python_version(), "numpy": np.__version__}
    for package in ("torch", "scipy"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def plain(value: Any) -> Any:
    """``value`` with numpy turned to Python and numbers that JSON cannot hold turned to None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _bounding_box(mask: np.ndarray) -> tuple[slice, ...]:
    found = ndimage.find_objects(mask.astype(np.uint8))
    return found[0] if found else (slice(0, 0),) * 3


def _inputs(case: Case, resampled: Sequence[bool] | None) -> list[dict[str, Any]]:
    first = case.images[0]
    if resampled is None:
        resampled = [
            volume.array.shape != first.array.shape or not np.allclose(volume.affine, first.affine, atol=1e-3)
            for volume in case.images
        ]
    return [
        {"name": volume.name, "shape": volume.array.shape, "spacing_mm": volume.spacing, "resampled": bool(moved)}
        for volume, moved in zip(case.images, resampled, strict=True)
    ]


def _classes(
    names: Sequence[str],
    labels: np.ndarray,
    voxel_ml: float,
    means: np.ndarray,
    covariances: np.ndarray,
    weights: np.ndarray,
) -> list[dict[str, Any]]:
    counts = np.bincount(labels.ravel(), minlength=len(names) + 1)[1:]
    total = max(int(counts.sum()), 1)
    return [
        {
            "label": index + 1,
            "name": name,
            "mean": np.atleast_1d(means[index]),
            "covariance": np.atleast_2d(covariances[index]),
            "weight": weights[index],
            "volume_ml": counts[index] * voxel_ml,
            "share_percent": 100.0 * counts[index] / total,
            "voxels": counts[index],
        }
        for index, name in enumerate(names)
    ]


def field_rows(
    channels: Sequence[str], bias_field: np.ndarray, mask: np.ndarray, degree: int, applied: bool | Sequence[bool]
) -> list[dict[str, Any]]:
    """The report's ``bias_field``: lowest, middle and highest value of each channel's field in the mask.

    Args:
        channels: names.
        bias_field: (D, I, J, K).
        mask: (I, J, K) bool.
        degree: of the polynomials.
        applied: whether the correction was kept, per channel or for all.
    """
    kept = [applied] * len(bias_field) if isinstance(applied, (bool, np.bool_)) else list(applied)
    rows = []
    for name, field, used in zip(channels, bias_field, kept, strict=True):
        inside = field[mask]
        low, median, high = np.quantile(inside, (0.0, 0.5, 1.0)) if inside.size else (1.0, 1.0, 1.0)
        used = bool(used) and degree > 0
        rows.append({"channel": name, "min": low, "median": median, "max": high, "degree": degree, "applied": used})
    return rows
