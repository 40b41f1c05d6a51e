"""Numbers among choices: within their ranges, whole where they must be, or refused by name."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from gmmseg.errors import InputError
from gmmseg.ranges import check_numbers

RANGES = {"steps": (1, 10), "rate": (0.0, 1.0)}


@pytest.mark.parametrize(("steps", "rate"), [(1, 0), (10, 1.0), (3.0, 0.5), (None, 0.5)])
def test_numbers_in_their_ranges_pass(steps, rate):
    check_numbers(SimpleNamespace(steps=steps, rate=rate), RANGES, {"steps"}, optional={"steps"})


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in RANGES for value in (-1, 11, True, "1", None, float("nan"), float("inf"))]
    + [("steps", 1.5)],
)
def test_anything_else_is_refused_by_name(name, value):
    kind = "a whole number from 1 to 10" if name == "steps" else "a number from 0 to 1"
    with pytest.raises(InputError, match=f"^{name} must be {kind}, but is"):
        check_numbers(SimpleNamespace(**{"steps": 1, "rate": 0.5, name: value}), RANGES, {"steps"})
