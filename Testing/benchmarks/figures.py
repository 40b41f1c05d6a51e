"""One figure out of one stored record: each function here gives, or is, a reader of records.

A reader gives None where the record lacks the figure: other tools have no field, scans without truth no scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import mean
from typing import Any

from .cases import TISSUES

Record = Mapping[str, Any]
Figure = Callable[[Record], float | None]


def score(name: str, label: int, protocol: str = "all") -> Figure:
    """Reads a score (``dice``, ``precision``, ...) of a tissue; None where neither truth nor result has it."""

    def read(record: Record) -> float | None:
        rows = (record.get("scores") or {}).get(protocol) or {}
        return (rows.get(str(label)) or {}).get(name)

    return read


def within(group: str, name: str) -> Figure:
    """Reads ``name`` of a group such as ``volume_ml``, ``field_cv`` or ``evenness``."""
    return lambda record: (record.get(group) or {}).get(name)


def single(name: str) -> Figure:
    """Reads a figure that stands by itself, such as ``wall_seconds``."""
    return lambda record: record.get(name)


def mean_dice(record: Record) -> float | None:
    """Dice, mean over the three tissues, protocol ``all``; None unless all three have one."""
    known = [value for label in TISSUES if (value := score("dice", label)(record)) is not None]
    return mean(known) if len(known) == len(TISSUES) else None


def cjv_change(record: Record) -> float | None:
    """CJV in the eroded true tissues after the correction over that before, less one: below 0 is better."""
    before, after = within("evenness", "cjv_before")(record), within("evenness", "cjv_after")(record)
    return after / before - 1 if before and after is not None else None


def after_mask_seconds(record: Record) -> float | None:
    """Wall seconds without those that went into finding the brain."""
    wall = record.get("wall_seconds")
    return None if wall is None else wall - (within("seconds", "mask")(record) or 0.0)
