"""What a bias correction did, in numbers: histograms with the fitted Gaussians, evenness of tissues, and a verdict.

Numpy only, so that the panel may read what a report says of it where torch is not installed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .metrics import coefficient_of_joint_variation, coefficient_of_variation
from .neighbours import interior
from .report_warnings import NO_FIELD_REASONS

MIN_VOXELS = 50
MOST_BINS, LEAST_BINS = 160, 64
# A report stays in the scene for good: so many numbers of histograms make some 25 kB of it.
MOST_NUMBERS = 4000
# Histograms reach from the first to the second percentile of the brain.
REACH = (0.1, 99.9)
# Percentiles and grey levels are those of about so many voxels.
SAMPLE = 200_000
# A change of less than this share is none.
NOTEWORTHY = 0.01
# A field that stays this close to 1 is hardly one.
SMALL_FIELD = 0.02
_TISSUES = ("WM", "GM")


def inspect(
    image: np.ndarray,
    corrected: np.ndarray,
    labels: np.ndarray,
    mask: np.ndarray,
    classes: Sequence[Mapping[str, Any]],
    channels: Sequence[str],
) -> dict[str, Any]:
    """The report's ``inspection``: of each channel the histogram before and after, the Gaussians, and the evenness.

    Args:
        image: (D, I, J, K) channels as scanned.
        corrected: (D, I, J, K) channels divided by their field.
        labels: (I, J, K) 0 outside, 1..C.
        mask: (I, J, K) bool.
        classes: the report's ``classes``: name, mean, covariance and weight of each.
        channels: names of the D channels.

    Returns:
        ``{"channels": [...]}`` with, for each channel, ``channel`` (its name), ``intensity`` (middles of B equally wide
        bins, in the image's units), ``before`` and ``after`` (voxels of the mask in each bin, slightly smoothed),
        ``gaussians`` (``name`` and ``counts`` of each class: its share of the mixture as voxels per bin), ``sum`` (of
        the Gaussians) and ``homogeneity`` (see :func:`homogeneity`). JSON-ready, numbers rounded.
    """
    bins = max(LEAST_BINS, min(MOST_BINS, MOST_NUMBERS // (len(channels) * (len(classes) + 4))))
    tissues = tissue_cores(labels, [row["name"] for row in classes])
    rows = []
    for index, name in enumerate(channels):
        before, after = image[index][mask], corrected[index][mask]
        shown = _histogram(before, after, bins)
        curves = _gaussians(shown["intensity"], before.size, classes, index)
        rows.append(
            {
                "channel": name,
                "intensity": [float(f"{value:.6g}") for value in shown["intensity"]],
                "before": _rounded(shown["before"]),
                "after": _rounded(shown["after"]),
                "gaussians": [
                    {"name": row["name"], "counts": _rounded(curve)} for row, curve in zip(classes, curves, strict=True)
                ],
                "sum": _rounded(curves.sum(axis=0)),
                "homogeneity": homogeneity(tissues, image[index], corrected[index]),
            }
        )
    return {"channels": rows}


def tissue_cores(labels: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray] | None:
    """Where white and grey matter are pure: (I, J, K) bool each; None unless the classes have these names.

    Tissues are eroded by a voxel, so that partial volume does not count as unevenness; a tissue too thin for
    that is taken whole.

    Args:
        labels: (I, J, K) 1..C.
        names: of the classes.
    """
    if not set(_TISSUES) <= set(names):
        return None
    white, grey = (_core(labels == list(names).index(name) + 1) for name in _TISSUES)
    return white, grey


def homogeneity(
    tissues: tuple[np.ndarray, np.ndarray] | None, image: np.ndarray, corrected: np.ndarray
) -> dict[str, float | None] | None:
    """CV inside WM and GM and their CJV, before and after the correction; None without tissues.

    Args:
        tissues: of :func:`tissue_cores`.
        image: (I, J, K) channel.
        corrected: (I, J, K) channel divided by its field.

    Returns:
        ``cv_wm_before``, ``cv_gm_before``, ``cjv_before`` and the same with ``_after``; None where undefined.
    """
    if tissues is None:
        return None
    white, grey = tissues
    result: dict[str, float | None] = {}
    for when, values in (("before", image), ("after", corrected)):
        in_white, in_grey = values[white], values[grey]
        numbers = {
            "cv_wm": coefficient_of_variation(in_white),
            "cv_gm": coefficient_of_variation(in_grey),
            "cjv": coefficient_of_joint_variation(in_white, in_grey),
        }
        result |= {f"{key}_{when}": value if math.isfinite(value) else None for key, value in numbers.items()}
    return result


def verdict(report: Mapping[str, Any]) -> str:
    """One sentence about the bias correction of a run, from its report: the range of the field and what it did.

    Args:
        report: of :func:`gmmseg.report.build`; one of an earlier version will do.
    """
    fields = report.get("bias_field") or []
    if not any(row["applied"] for row in fields):
        return f"{_why_no_field(report, fields)}{_evenness_now(report.get('homogeneity'))}."
    ranges = ", ".join(_range(row, len(fields) > 1) for row in fields if row["applied"])
    evenness = _complete(report.get("homogeneity"))
    small = all(max(row["max"] - 1, 1 - row["min"]) < SMALL_FIELD for row in fields if row["applied"])
    hardly = ", which is hardly any field" if small else ""
    if evenness is None:
        return f"Field range {ranges}{hardly}; without WM and GM among the classes it cannot be told whether it helped."
    changes = (
        f"WM variation {_change(evenness, 'cv_wm')}, GM {_change(evenness, 'cv_gm')}, "
        f"CJV {evenness['cjv_before']:.2f} → {evenness['cjv_after']:.2f}"
    )
    return f"Field range {ranges}{hardly}; {changes}: {_judgement(evenness)}."


def _judgement(evenness: Mapping[str, float]) -> str:
    white, grey, joint = (_trend(evenness, key) for key in ("cv_wm", "cv_gm", "cjv"))
    if white * grey < 0:
        better, worse = ("WM", "GM") if white < 0 else ("GM", "WM")
        contrast = {-1: ", the two are told apart better", 1: ", the two are told apart worse"}.get(joint, "")
        return f"the correction made {better} more even but {worse} less even{contrast}"
    if joint > 0:
        return "the correction made the tissues less even, so a lower degree, or 0, may suit better"
    if joint < 0:
        return "the correction made the tissues more even"
    return "the correction hardly changed how even the tissues are"


def _trend(evenness: Mapping[str, float], key: str) -> int:
    """-1 where a number fell noticeably, 1 where it rose, 0 where it stayed."""
    before, after = evenness[f"{key}_before"], evenness[f"{key}_after"]
    return 0 if abs(after - before) <= NOTEWORTHY * before else (1 if after > before else -1)


def _why_no_field(report: Mapping[str, Any], fields: Sequence[Mapping[str, Any]]) -> str:
    reason = next((sentence for sentence in report.get("warnings", []) if sentence in NO_FIELD_REASONS), None)
    if reason is not None:
        return reason.removesuffix(".")
    if all(row["degree"] == 0 for row in fields):
        return "Nothing was corrected, because the degree is 0"
    return "No bias field was corrected"


def _evenness_now(evenness: Mapping[str, float | None] | None) -> str:
    known = _complete(evenness)
    if known is None:
        return ""
    white, grey, joint = known["cv_wm_before"], known["cv_gm_before"], known["cjv_before"]
    return f"; WM varies by {100 * white:.1f} %, GM by {100 * grey:.1f} %, CJV is {joint:.2f}"


def _complete(evenness: Mapping[str, float | None] | None) -> dict[str, float] | None:
    """The numbers when every one of them is known."""
    known = {key: value for key, value in (evenness or {}).items() if value is not None}
    return known if known and len(known) == len(evenness or {}) else None


def _range(row: Mapping[str, Any], named: bool) -> str:
    text = f"{row['min']:.2f}–{row['max']:.2f}"
    return f"{row['channel']} {text}" if named else text


def _change(evenness: Mapping[str, float], key: str) -> str:
    return f"{100 * evenness[key + '_before']:.1f} % → {100 * evenness[key + '_after']:.1f} %"


def _core(tissue: np.ndarray) -> np.ndarray:
    eroded = interior(np.pad(tissue, 1))[1:-1, 1:-1, 1:-1]
    return eroded if np.count_nonzero(eroded) >= MIN_VOXELS else tissue


def _histogram(before: np.ndarray, after: np.ndarray, most_bins: int) -> dict[str, np.ndarray]:
    """Counts of both in the same equally wide bins, and the bins' middles."""
    first, step, count = _bins(before, after, most_bins)
    intensity = first + step * np.arange(count)
    return {
        "intensity": intensity,
        "before": _smoothed(_counts(before, first - step / 2, step, count)),
        "after": _smoothed(_counts(after, first - step / 2, step, count)),
    }


def _bins(before: np.ndarray, after: np.ndarray, most: int) -> tuple[float, float, int]:
    """Middle of the first bin, width and number of bins. The width is one grey level of the image, or some of them:
    else some bins hold more levels than others, and the histogram looks like a comb."""
    few = [values[:: max(1, values.size // SAMPLE)].astype(np.float64) for values in (before, after)]
    both = np.concatenate([np.percentile(values, REACH) for values in few if values.size] or [np.array([0.0, 1.0])])
    low, high = float(both.min()), float(both.max())
    if high <= low:
        high = low + 1.0
    level = grey_level(few[0])
    if level is None:
        step = (high - low) / most
        return low + step / 2, step, most
    together = max(1, math.ceil((high - low) / level / most))
    step = together * level
    # Levels lie in the bins' inside, where rounding cannot move them into the next one.
    darkest = float(few[0].min())
    lowest = darkest + math.floor((low - darkest) / level) * level
    return lowest + (together - 1) / 2 * level, step, max(2, math.ceil((high - lowest) / step) + 1)


def grey_level(values: np.ndarray) -> float | None:
    """The step between the values of an image that was stored as whole numbers, perhaps scaled since; else None.

    Args:
        values: (n,) some of the image's values.
    """
    if values.size < 2 or np.ptp(values) == 0:
        return None
    # A hundred thousandth of the range is below any step that shows, and above what single precision blurs.
    unit = float(np.ptp(values)) * 1e-5
    levels = np.unique(np.round(values / unit))
    levels = levels[np.insert(np.diff(levels) > 1, 0, True)] * unit
    if not 2 < len(levels) < values.size / 10:
        return None
    # Neighbouring levels are one step apart, or several where some are empty; the mean of the single steps is exact.
    steps = np.diff(levels)
    single = steps[steps < 1.5 * np.median(steps)]
    return float(single.mean())


def _counts(values: np.ndarray, low: float, step: float, count: int) -> np.ndarray:
    """(count,) how many values lie in each bin."""
    number = np.floor((values.astype(np.float64) - low) / step)
    inside = number[(number >= 0) & (number < count)].astype(np.intp)
    return np.bincount(inside, minlength=count).astype(float)


def _smoothed(counts: np.ndarray) -> np.ndarray:
    """Weighted 1:2:1 with the bins beside."""
    padded = np.pad(counts, 1, mode="edge")
    return (padded[:-2] + 2 * counts + padded[2:]) / 4


def _gaussians(intensity: np.ndarray, voxels: int, classes: Sequence[Mapping[str, Any]], channel: int) -> np.ndarray:
    """(C, B) voxels that each class is expected to have in each bin; none of a class without voxels, hence without a
    mean."""
    step = intensity[1] - intensity[0]
    mean = np.array([np.atleast_1d(row["mean"])[channel] for row in classes], dtype=float)
    variance = np.array([np.atleast_2d(row["covariance"])[channel, channel] for row in classes], dtype=float)
    weight = np.array([row["weight"] for row in classes], dtype=float)
    variance = np.maximum(variance, 1e-12)[:, None]
    density = np.exp(-0.5 * (intensity - mean[:, None]) ** 2 / variance) / np.sqrt(2 * np.pi * variance)
    return np.nan_to_num(voxels * step * weight[:, None] * density)


def _rounded(values: np.ndarray) -> list[float]:
    """To about a thousandth of the largest, in few characters."""
    largest = float(np.abs(values).max(initial=0.0))
    digits = 0 if largest >= 1000 else 3 - math.floor(math.log10(largest)) if largest > 0 else 0
    return [int(value) if digits <= 0 else float(value) for value in np.round(values, max(0, digits))]
