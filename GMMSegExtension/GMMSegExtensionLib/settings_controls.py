"""Which controls have an effect in the chosen method; the others are disabled and say why."""

from __future__ import annotations

from slicer.i18n import tr as _

from .tooltips import paragraphs

_ONLY_WHEN_TRAINING = (
    "gammaSlider",
    "gammaSpinBox",
    "networkComboBox",
    "baseWidthSpinBox",
    "iterationsSpinBox",
    "learningRateSpinBox",
    "batchSizeSpinBox",
    "entropyWeightSpinBox",
    "precisionComboBox",
)
_ONLY_WITH_LABELS = ("betaSpinBox",)
_ONLY_WITH_GIVEN_MASK = ("maskSelector", "maskSegmentSelector")


class SettingsControls:
    """Enables the controls of a panel for a parameter node and completes their tooltips."""

    def __init__(self, ui) -> None:
        names = (*_ONLY_WHEN_TRAINING, *_ONLY_WITH_LABELS, *_ONLY_WITH_GIVEN_MASK)
        self._controls = {name: getattr(ui, name) for name in names}
        self._toolTips = {name: control.toolTip for name, control in self._controls.items()}

    def show(self, parameters) -> None:
        """Enable what acts for ``parameters``."""
        isTraining = parameters.mode.value == "train"
        isGiven = parameters.maskSource == "given"
        for name in _ONLY_WHEN_TRAINING:
            self._enable(name, isTraining, _("No effect in {mode}.").format(mode=parameters.mode.label()))
        for name in _ONLY_WITH_LABELS:
            self._enable(name, False, _("No effect here: acts only where labels are used, and this learns without."))
        for name in _ONLY_WITH_GIVEN_MASK:
            self._enable(name, isGiven, _("No effect: the mask is not taken from a node; choose 'From' first."))

    def _enable(self, name: str, isActive: bool, reason: str) -> None:
        control = self._controls[name]
        control.enabled = isActive
        control.toolTip = self._toolTips[name] if isActive else self._toolTips[name] + paragraphs(reason)
