"""What the user is asked about models: names, files, folders."""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer
from slicer.i18n import tr as _


class ModelDialogs:
    """Asks, and waits for the answer; None is what a user says who has changed their mind."""

    def name(self, title: str, prompt: str, suggestion: str, obstacle: Callable[[str], str]) -> str | None:
        """A name for a model. Asks again, with the reason, as long as it cannot be used.

        :param obstacle: gives the sentence for why a name cannot be used, empty when it can.
        """
        while True:
            answer = _text(title, prompt, suggestion)
            if answer is None:
                return None
            suggestion = answer.strip()
            sentence = obstacle(suggestion)
            if not sentence:
                return suggestion
            slicer.util.warningDisplay(sentence, windowTitle=title)

    def modelFile(self) -> str | None:
        """Path of one of the two files of a model."""
        title, kinds = _("Choose a file of the model"), _("Models (*.safetensors *.json)")
        return qt.QFileDialog.getOpenFileName(slicer.util.mainWindow(), title, "", kinds) or None

    def folder(self) -> str | None:
        """Path of a folder to write to."""
        title = _("Choose the folder for the model's two files")
        return qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), title, "") or None


def _text(title: str, prompt: str, suggestion: str) -> str | None:
    dialog = qt.QInputDialog(slicer.util.mainWindow())
    dialog.windowTitle = title
    dialog.setLabelText(prompt)
    dialog.setTextValue(suggestion)
    isAccepted = dialog.exec_() == qt.QInputDialog.Accepted
    answer = dialog.textValue()
    dialog.deleteLater()
    return answer if isAccepted else None
