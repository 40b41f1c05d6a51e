"""Tooltips that wrap: Qt breaks the lines of rich text only, a plain sentence would run across the screen."""

from __future__ import annotations

import html


def paragraphs(*sentences: str) -> str:
    """A tooltip with a paragraph for each sentence that is not empty."""
    return "".join(f"<p>{html.escape(sentence, quote=False)}</p>" for sentence in sentences if sentence)


def wrapAll(widgets) -> None:
    """Make the tooltips of ``widgets`` wrap; those that are rich text already stay."""
    for widget in widgets:
        text = getattr(widget, "toolTip", "")
        if isinstance(text, str) and text and not text.startswith("<"):
            widget.toolTip = paragraphs(text)
