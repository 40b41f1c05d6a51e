"""Markdown tables and the way numbers are written in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .statistics import Spread

NOTHING = "–"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], text_columns: int = 1) -> str:
    """A Markdown table.

    Args:
        header: column headings.
        rows: cells as text.
        text_columns: leading columns that are set flush left; the others are numbers, flush right.
    """
    rule = "|" + "---|" * text_columns + "---:|" * (len(header) - text_columns)
    return "\n".join(["| " + " | ".join(header) + " |", rule, *("| " + " | ".join(row) + " |" for row in rows)])


def number(value: float | None, digits: int = 3) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share as a signed change in per cent."""
    return NOTHING if value is None else f"{100 * value:+.{digits}f} %"


def mean_sd(spread: Spread | None, digits: int = 3) -> str:
    """``mean ± sd``, the mean alone for a single scan."""
    if spread is None:
        return NOTHING
    return number(spread.mean, digits) if spread.sd is None else f"{spread.mean:.{digits}f} ± {spread.sd:.{digits}f}"


def worst(spread: Spread | None, digits: int = 3) -> str:
    """``value (scan)`` of the least good scan."""
    return NOTHING if spread is None else f"{spread.worst:.{digits}f} ({spread.worst_case})"
