"""One file says every setting, and wrong ones get a sentence."""

from __future__ import annotations

import json

import pytest
from gmmseg import networks
from gmmseg.experiments import config
from gmmseg.experiments.config import ExperimentConfig
from sentences import sentence_of


def test_a_written_configuration_says_everything_and_is_read_back(tmp_path):
    asked = ExperimentConfig.from_dict({"preset": "quick", "seeds": 5, "sweep": {"gammas": [7]}, "channels": ["T1"]})
    config.write(asked, tmp_path)
    values = json.loads((tmp_path / config.CONFIG).read_text())
    assert set(values["base_widths"]) == set(values["networks"]) == set(networks.available())
    again = config.read(tmp_path / config.CONFIG)
    assert again.to_dict() == asked.to_dict()
    assert again.seeds == 5 and again.sweep.gammas == (7.0,) and again.sweep.betas == asked.sweep.betas


def test_as_printed_is_the_papers_schedule_at_the_published_widths():
    printed = config.preset("as-printed")
    assert set(printed.to_dict()["base_widths"].values()) == {None}
    assert printed.training["epochs"] == 200 and printed.training["batch_size"] == 20
    assert printed.training["learning_rate"] == 1e-4
    assert (printed.beta, printed.gamma) == (1e-4, 80.0)


def test_a_preset_gives_what_is_not_named_also_within_its_parts():
    asked = ExperimentConfig.from_dict({"preset": "quick", "training": {"steps": 7}})
    assert asked.training == {**config.preset("quick").training, "steps": 7}


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"nonsense": 1}, "unknown setting 'nonsense'"),
        ({"preset": "slow"}, "preset must be one of"),
        ({"seeds": 0}, "seeds"),
        ({"seeds": 1.5}, "seeds"),
        ({"shares": []}, "shares"),
        ({"shares": [1.5]}, "shares"),
        ({"networks": ["resnet"]}, "no network 'resnet'"),
        ({"base_widths": {"unet": 0}}, "base width of unet"),
        ({"training": {"gamma": 3}}, "'gamma' is not for 'training'"),
        ({"training": 3}, "'training'"),
        ({"unsupervised": {"mode": "em"}}, "'mode' is not for 'unsupervised'"),
        ({"sweep": {"rates": [1]}}, "unknown setting 'rates'"),
        ({"sweep": {"betas": ["a"]}}, "betas"),
        ({"beta": -1}, "beta"),
        ([], "must be an object"),
    ],
)
def test_what_cannot_be_used_is_said(values, word):
    assert word in sentence_of(ExperimentConfig.from_dict, values)


def test_a_file_that_is_not_there_or_no_json_is_named(tmp_path):
    assert "cannot be read" in sentence_of(config.read, tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    assert "no valid JSON" in sentence_of(config.read, tmp_path / "bad.json")
