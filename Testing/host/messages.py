"""Message boxes and dialogs: recorded and answered at once, because nobody sits in front of a test.

messages.answers.append("reject")              # the next question is answered with Cancel, No or Close
messages.inputs.append("my model")             # what is typed or chosen in the next input or file dialog
assert messages.shown[-1].text == "..."

Those of `slicer.util` are answered here, Qt's own by `host.dialogs`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import slicer.util

Answer = Literal["accept", "reject"]


@dataclass(frozen=True)
class Message:
    """One message box; `kind` as its icon says."""

    kind: Literal["information", "warning", "error", "question", "message", "status", "delay"]
    text: str
    title: str | None = None
    details: str | None = None
    options: dict = field(default_factory=dict)


shown: list[Message] = []
answers: list[Answer] = []
inputs: list[Any] = []
dialogs: list[Callable[[Any], bool]] = []

_KINDS = {"Information": "information", "Warning": "warning", "Critical": "error", "Question": "question"}
_ACCEPTING = ("Ok", "Yes", "Retry")
_REJECTING = ("Cancel", "No", "Close")
_KEYWORDS = {"windowTitle", "detailedText", "informativeText", "icon", "standardButtons", "dontShowAgainSettingsKey"}


def reset() -> None:
    """Forget what was shown and the answers that were not used; put the recorders in place."""
    shown.clear()
    answers.clear()
    inputs.clear()
    dialogs.clear()
    slicer.util.messageBox = _message_box
    slicer.util.delayDisplay = _delay_display


def texts(kind: str | None = None) -> list[str]:
    """Texts shown, of one kind or all."""
    return [message.text for message in shown if kind in (None, message.kind)]


def _message_box(text, parent=None, **kwargs):
    """In place of `slicer.util.messageBox`. The answer is accepting unless `answers` says otherwise."""
    import qt

    box = qt.QMessageBox
    unknown = set(kwargs) - _KEYWORDS
    if unknown:
        # The real one ignores names that the box lacks, so a misspelt option would never be noticed.
        raise ValueError(f"A message box has no {', '.join(sorted(unknown))}")
    icon = int(kwargs.get("icon", 0))
    kind = next((kind for name, kind in _KINDS.items() if icon == int(getattr(box, name))), "message")
    shown.append(Message(kind, text, kwargs.get("windowTitle"), kwargs.get("detailedText"), kwargs))
    logging.info(f"Message box [{kind}]: {text}")
    buttons = int(kwargs.get("standardButtons", box.Ok))
    wanted = answers.pop(0) if answers and kind == "question" else "accept"
    order = _REJECTING + _ACCEPTING if wanted == "reject" else _ACCEPTING + _REJECTING
    return next(int(getattr(box, name)) for name in order if buttons & int(getattr(box, name)))


def _delay_display(message, autoCloseMsec=1000, parent=None, **kwargs):
    shown.append(Message("delay", message))
    logging.info(message)
    slicer.app.processEvents()
