"""Messages of the worker, for those who want to see or report them."""

from __future__ import annotations

import slicer


class LogPanel:
    """The "Log" section: newest line last, a button copies all."""

    def __init__(self, ui) -> None:
        self._text = ui.logTextEdit
        ui.copyLogButton.connect("clicked()", self.copy)

    def add(self, line: str) -> None:
        """Append a line, or several at once."""
        if line.strip():
            self._text.appendPlainText(line.rstrip())

    def copy(self) -> None:
        """Put the log on the clipboard."""
        slicer.app.clipboard().setText(self._text.toPlainText())
