"""Choices of a training on slices: checked when they are made, the same after a trip through JSON."""

from __future__ import annotations

import json

import pytest
from gmmseg.errors import InputError
from gmmseg.slicewise.settings import SliceSettings


def test_settings_survive_json():
    settings = SliceSettings(network="unet", base_width=8, learning="supervised", epochs=3, beta=0.5)
    assert SliceSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("network", "resnet"),
        ("learning", "reinforced"),
        ("orientation", "oblique"),
        ("schedule", "linear"),
        ("steps", 0),
        ("steps", 1.5),
        ("batch_size", True),
        ("learning_rate", float("nan")),
        ("averaging", 1.0),
        ("bias_degree", 7),
        ("flips", 1),
        ("seed", -1),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(InputError, match=f"^{name} must be"):
        SliceSettings(**{name: value})


def test_unknown_settings_are_refused():
    with pytest.raises(InputError, match="Unknown setting 'speed'"):
        SliceSettings.from_dict({"speed": 1})
    with pytest.raises(InputError, match="must be an object"):
        SliceSettings.from_dict([1])


def test_epochs_decide_the_steps_where_they_are_given():
    assert SliceSettings(steps=7).steps_for(1000) == 7
    assert SliceSettings(epochs=2, batch_size=20).steps_for(1001) == 101
    assert SliceSettings(epochs=2, batch_size=20, lessons_per_step=2).steps_for(1001) == 51
