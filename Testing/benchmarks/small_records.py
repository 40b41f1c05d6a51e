"""Small records as the benchmark stores them, with numbers that are easy to follow by hand. For tests."""

from __future__ import annotations

from pathlib import Path

from .cases import BenchmarkCase


def record(
    dice: tuple[float | None, float | None, float | None] | None = (0.7, 0.8, 0.9),
    labelled: tuple[float, float, float] | None = None,
    **others,
) -> dict:
    """A record with Dice by tissue (CSF, GM, WM), protocol ``labelled`` as ``all`` unless given, and ``others``."""
    if dice is None:
        return {"scores": None, **others}
    return {"scores": {"all": _rows(dice), "labelled": _rows(labelled or dice)}, **others}


def evenness(before: float, after: float) -> dict[str, float]:
    """The group of a record, the same figures for CV and CJV."""
    names = ("cv_wm", "cv_gm", "cjv")
    return {f"{name}_before": before for name in names} | {f"{name}_after": after for name in names}


def case(dataset: str, name: str) -> BenchmarkCase:
    """A case whose files need not be there."""
    return BenchmarkCase(dataset, name, Path("image.nii"), Path("truth.nii"))


def _rows(dice: tuple[float | None, ...]) -> dict[str, dict[str, float | None]]:
    return {
        str(label): {"dice": value, "precision": value, "recall": value, "f1": value, "jaccard": value}
        for label, value in enumerate(dice, start=1)
    }
