"""The numbers among a dataclass's choices, checked against their ranges. Free of torch and numpy."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from .errors import InputError


def check_numbers(
    choices: object,
    ranges: Mapping[str, tuple[float, float]],
    whole: Collection[str],
    optional: Collection[str] = (),
) -> None:
    """Sees that each attribute named in ``ranges`` is a number within them.

    Args:
        choices: whose attributes they are.
        ranges: lowest and highest value by name.
        whole: names of whole numbers.
        optional: names of numbers that may be None.

    Raises:
        InputError: one is none, or out of its range.
    """
    for name, (lowest, highest) in ranges.items():
        value = getattr(choices, name)
        if value is None and name in optional:
            continue
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not lowest <= value <= highest or (name in whole and value != int(value)):
            kind = "a whole number" if name in whole else "a number"
            raise InputError(f"{name} must be {kind} from {lowest:g} to {highest:g}, but is {value!r}.")
