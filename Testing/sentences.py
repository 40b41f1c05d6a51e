"""How tests look at what the user is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from gmmseg.errors import InputError


def assert_one_sentence(capfd: pytest.CaptureFixture[str], *words: str) -> None:
    """The command line has printed one line, on stderr, with all these words in it."""
    captured = capfd.readouterr()
    assert re.fullmatch(r"gmmseg: [^\n]+\n", captured.err), captured.err
    for word in words:
        assert word in captured.err
    assert captured.out == ""


def sentence_of(act: Callable[..., Any], *arguments: Any) -> str:
    """What a user is told who asks for what cannot be done."""
    with pytest.raises(InputError) as caught:
        act(*arguments)
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith((".", "'"))
    return sentence
