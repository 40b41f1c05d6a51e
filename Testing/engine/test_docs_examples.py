"""The pages and examples of ``docs/`` run, and the examples show what they say."""

from __future__ import annotations

import importlib
import re

import pytest
from data_paths import CHECKOUT

DOCS = CHECKOUT / "docs"


@pytest.fixture
def figures_of(monkeypatch, capsys):
    """What an example prints, by name."""
    monkeypatch.syspath_prepend(DOCS / "examples")

    def run(name: str, *arguments: str) -> dict[str, float]:
        importlib.import_module(name).main([*arguments])
        printed = capsys.readouterr().out
        return {what.strip(): float(value) for what, value in re.findall(r"^(.+?) +(\d\.\d+)$", printed, re.MULTILINE)}

    return run


def test_without_a_label_the_loss_finds_tissues_and_field_that_the_mixture_misses(figures_of):
    figures = figures_of("plain_pytorch_unsupervised", "--quick")
    assert figures["Dice of the mixture"] < 0.82
    assert figures["Dice of the network"] > 0.88
    assert figures["field error, field found"] < 0.5 * figures["field error, no field"]


def test_without_a_field_the_same_example_gains_little(figures_of):
    figures = figures_of("plain_pytorch_unsupervised", "--quick", "--degree", "0")
    assert figures["Dice of the network"] < 0.85
    assert figures["field error, field found"] == figures["field error, no field"]


def test_unlabelled_scans_help_a_network_of_monai(figures_of):
    figures = figures_of("monai_semi_supervised", "--quick")
    alone, with_mixture = figures["Dice, 1 label, cross-entropy"], figures["Dice, 1 label, + mixture on 6"]
    assert with_mixture > alone + 0.03
    assert figures["Dice, 6 labels, cross-entropy"] > with_mixture


def test_every_block_of_the_page_on_losses_runs():
    blocks = re.findall(r"^```python\n(.*?)^```", (DOCS / "losses.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) > 4
    names: dict = {}
    for block in blocks:
        exec(compile(block, "losses.md", "exec"), names)
