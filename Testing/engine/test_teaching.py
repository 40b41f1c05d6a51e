"""Choices of a fine-tuning are checked where they are made."""

from __future__ import annotations

import pytest
from gmmseg.errors import InputError
from gmmseg.teaching import Teaching


def test_choices_come_from_a_json_object_and_have_defaults():
    assert Teaching.from_dict({}) == Teaching()
    assert Teaching.from_dict({"beta": 0.5, "steps": 3}) == Teaching(beta=0.5, steps=3)


@pytest.mark.parametrize(
    "values",
    [
        {"steps": 0},
        {"steps": 2.5},
        {"steps": True},
        {"alpha": -1},
        {"beta": float("nan")},
        {"learning_rate": 0},
        {"held_out": 0.9},
        {"seed": -1},
        {"gamma": "much"},
        {"steeps": 1},
    ],
)
def test_a_choice_that_cannot_be_used_is_named_in_a_sentence(values):
    with pytest.raises(InputError, match=next(iter(values))) as caught:
        Teaching.from_dict(values)
    assert str(caught.value).endswith(".")


def test_anything_but_an_object_is_refused():
    with pytest.raises(InputError, match="must be an object"):
        Teaching.from_dict([1])
