"""Controls of the teaching: numbers shared with the main panel, and what its button says."""

from __future__ import annotations

from gmmseg.settings import LIMITS
from slicer.i18n import tr as _

from . import volumes
from .bindings import Binding


class NumberBinding(Binding):
    """A spin box for a number that another spin box of the module shows, too.

    :param name: of the parameter, which has the limits of the setting of that name.
    """

    def __init__(self, spinBox, name: str) -> None:
        super().__init__()
        self._spinBox = spinBox
        self._name = name
        spinBox.setRange(*LIMITS[name])
        spinBox.connect("valueChanged(double)", self.onEdited)

    def write(self, parameters) -> None:
        self._spinBox.value = getattr(parameters, self._name)

    def read(self, parameters) -> None:
        setattr(parameters, self._name, self._spinBox.value)


def buttonTexts(isRunning: bool, isCancelling: bool, obstacle: str, nodes: tuple) -> tuple[str, str]:
    """Text and tooltip of the button that starts and ends a fine-tuning.

    :param obstacle: why it cannot be started, empty when it can.
    :param nodes: the volumes to teach with.
    """
    if isCancelling:
        return _("Stop at once"), _("Do not wait for the best network so far: everything is as before.")
    if isRunning:
        return _("Cancel"), _("Stop learning. The best network so far is kept for your decision, if there is one.")
    if obstacle:
        return _("Fine-tune"), obstacle
    toolTip = _("Let the network learn from the confirmed voxels of {titles}; you decide whether to keep it.")
    return _("Fine-tune"), toolTip.format(titles=", ".join(f"'{volumes.name(node)}'" for node in nodes))
