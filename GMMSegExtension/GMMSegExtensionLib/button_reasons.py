"""Buttons that say why they cannot be pressed."""

from __future__ import annotations

from .tooltips import paragraphs


class ButtonReasons:
    """Enables buttons, or disables them with the reason in front of their tooltip.

    :param buttons: by name; their tooltips are those of the form.
    """

    def __init__(self, buttons: dict) -> None:
        self._buttons = buttons
        self._toolTips = {name: button.toolTip for name, button in buttons.items()}

    def show(self, obstacles: dict[str, str]) -> None:
        """Disable each button that has an obstacle, a sentence; enable those whose obstacle is empty."""
        for name, obstacle in obstacles.items():
            self._buttons[name].enabled = not obstacle
            self.explain(name, obstacle)

    def explain(self, name: str, sentence: str) -> None:
        """Put a sentence in front of a button's tooltip; an empty one leaves the tooltip alone."""
        toolTip = paragraphs(sentence) + self._toolTips[name]
        if self._buttons[name].toolTip != toolTip:
            self._buttons[name].toolTip = toolTip
