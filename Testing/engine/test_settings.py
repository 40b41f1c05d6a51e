"""Settings: limits and types with a sentence each, presets, and JSON there and back."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
from gmmseg.errors import InputError
from gmmseg.settings import LIMITS, MODES, PRECISIONS, PRESETS, Settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

# No deadline: a busy machine is no failure.
a_few_examples = hypothesis_settings(max_examples=50, deadline=None)

FIELDS = {field.name: field.type for field in dataclasses.fields(Settings)}
WHOLE_NUMBERS = [name for name, kind in FIELDS.items() if kind == "int"]
NUMBERS = [name for name, kind in FIELDS.items() if kind in ("int", "float")]
TEXTS = [name for name, kind in FIELDS.items() if kind == "str"]
SWITCHES = [name for name, kind in FIELDS.items() if kind == "bool"]


def accepted_numbers() -> dict[str, st.SearchStrategy]:
    return {name: st.integers(*LIMITS[name]) if name in WHOLE_NUMBERS else st.floats(*LIMITS[name]) for name in NUMBERS}


some_settings = st.builds(
    Settings,
    **accepted_numbers(),
    mode=st.sampled_from(MODES),
    model=st.text(),
    entropy=st.booleans(),
    network=st.text(),
    device=st.sampled_from(["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:12"]),
    precision=st.sampled_from(PRECISIONS),
    preset=st.sampled_from(sorted(PRESETS)),
)


def test_every_number_has_limits_that_hold_its_default():
    assert sorted(NUMBERS) == sorted(LIMITS)
    for name, (low, high) in LIMITS.items():
        assert low <= getattr(Settings(), name) <= high


@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize("name", sorted(LIMITS))
def test_a_limit_itself_is_accepted_and_what_lies_beyond_gets_a_sentence(name, end):
    limit = LIMITS[name][end]
    assert getattr(Settings(**{name: limit}), name) == limit
    outward = -1 if end == 0 else 1
    beyond = limit + outward if name in WHOLE_NUMBERS else math.nextafter(limit, outward * math.inf)
    with pytest.raises(InputError, match=f"^{name} must lie between .* and .*, but is .*\\.$"):
        Settings(**{name: beyond})


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("seed", 2**31, "seed must lie between 0 and 2147483647, but is 2147483648."),
        ("iterations", 0, "iterations must lie between 1 and 100000, but is 0."),
        ("learning_rate", 1.5, "learning_rate must lie between 1e-07 and 1, but is 1.5."),
        ("beta", math.nextafter(10.0, 11.0), "beta must lie between 0 and 10, but is 10.000000000000002."),
    ],
)
def test_the_sentence_shows_enough_digits_to_tell_value_and_limit_apart(name, value, sentence):
    with pytest.raises(InputError) as failure:
        Settings(**{name: value})
    assert str(failure.value) == sentence


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
def test_a_whole_float_passes_as_an_int_and_a_broken_one_does_not(name):
    value = LIMITS[name][0] + 1
    kept = getattr(Settings(**{name: float(value)}), name)
    assert kept == value
    assert type(kept) is int
    with pytest.raises(InputError, match=f"^{name} must be a whole number, but is"):
        Settings(**{name: value + 0.5})


def test_an_int_passes_as_a_float():
    assert type(Settings(gamma=1).gamma) is float


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_no_finite_number_is_refused(name, value):
    with pytest.raises(InputError, match=f"^{name} must be a finite number\\.$"):
        Settings(**{name: value})


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_too_large_for_a_float_is_refused(name):
    with pytest.raises(InputError, match=f"^{name} must"):
        Settings(**{name: 10**400})


@pytest.mark.parametrize("value", [True, None, "3", [3], {}])
@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_no_number_is_refused(name, value):
    with pytest.raises(InputError, match=f"^{name} must be a (whole )?number, but is"):
        Settings(**{name: value})


@pytest.mark.parametrize("value", [True, None, 3, ["cpu"]])
@pytest.mark.parametrize("name", TEXTS)
def test_what_is_no_text_is_refused(name, value):
    with pytest.raises(InputError, match=f"^{name} must be a text, but is"):
        Settings(**{name: value})


@pytest.mark.parametrize("value", ["true", None, 0, 1, 1.0, []])
@pytest.mark.parametrize("name", SWITCHES)
def test_what_is_neither_true_nor_false_is_refused(name, value):
    with pytest.raises(InputError, match=f"^{name} must be true or false, but is"):
        Settings(**{name: value})


def test_the_shipped_model_is_the_default_and_nothing_more_is_written_than_asked_for():
    assert MODES == ("fast", "train", "em")
    assert (Settings().mode, Settings().model, Settings().entropy) == ("fast", "t1-fast", False)


@pytest.mark.parametrize("name", ["mode", "precision", "preset"])
def test_a_word_that_is_no_choice_is_refused_with_the_choices(name):
    with pytest.raises(InputError, match=f"^{name} must be one of .*{getattr(Settings(), name)}.*, but is 'slow'"):
        Settings(**{name: "slow"})


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:0", "cuda:17", "mps"])
def test_a_device_name_is_accepted_whether_or_not_it_is_here(device):
    assert Settings(device=device).device == device


@pytest.mark.parametrize("device", ["", "gpu", "cuda:", "cuda:x", "CPU", "cpu ", "cuda:0,1"])
def test_what_is_no_device_name_is_refused(device):
    with pytest.raises(InputError, match=r"^device must be auto, cpu, cuda, cuda:N or mps"):
        Settings(device=device)


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().gamma = 1.0


def test_the_default_preset_is_the_defaults():
    assert Settings.from_dict({}) == Settings.from_dict({"preset": "default"}) == Settings()


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_gives_its_own_values_and_names_itself(name):
    chosen = Settings.from_dict({"preset": name})
    assert chosen.preset == name
    assert {key: getattr(chosen, key) for key in PRESETS[name]} == PRESETS[name]


def test_the_preset_as_printed_has_the_papers_numbers():
    printed = Settings.from_dict({"preset": "as-printed"})
    assert (printed.mode, printed.gamma, printed.entropy_weight, printed.base_width) == ("train", 80.0, 0.0, 64)
    assert (printed.learning_rate, printed.batch_size) == (1e-4, 20)


def test_a_value_beside_a_preset_goes_before_the_presets_own():
    chosen = Settings.from_dict({"preset": "as-printed", "gamma": 1.0})
    assert (chosen.gamma, chosen.batch_size) == (1.0, 20)


def test_an_unknown_setting_is_named_with_the_known_ones():
    with pytest.raises(InputError, match=r"^Unknown setting 'gama'; known are: .*gamma.*"):
        Settings.from_dict({"gama": 1.0})


@pytest.mark.parametrize("values", [[], None, 3, "gamma"])
def test_what_is_no_object_is_refused(values):
    with pytest.raises(InputError, match="must be a JSON object"):
        Settings.from_dict(values)
    with pytest.raises(InputError, match="must be a JSON object"):
        Settings.from_json(json.dumps(values))


@pytest.mark.parametrize("text", ["", "{", "{'gamma': 1}", '{"seed": ' + "1" * 5000 + "}"])
def test_text_that_is_no_json_gets_a_sentence(text):
    with pytest.raises(InputError, match=r"not valid JSON|seed must"):
        Settings.from_json(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_json_numbers_that_are_not_finite_are_refused(number):
    with pytest.raises(InputError, match=r"^gamma must be a finite number"):
        Settings.from_json(f'{{"gamma": {number}}}')


@a_few_examples
@given(some_settings)
def test_settings_come_back_from_json_and_from_a_dict_as_they_were(chosen):
    assert Settings.from_json(chosen.to_json()) == chosen
    assert Settings.from_dict(chosen.to_dict()) == chosen
    assert json.loads(chosen.to_json()) == chosen.to_dict()
