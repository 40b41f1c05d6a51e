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
    "seedSpinBox",
)
_ONLY_WITH_MODEL = ("modelComboBox",)
_ONLY_WITH_NETWORK = ("precisionComboBox",)
_ONLY_WITH_LABELS = ("betaSpinBox",)
_ONLY_WITH_GIVEN_MASK = ("maskSelector", "maskSegmentSelector")


class SettingsControls:
    """Enables the controls of a panel for a parameter node and completes their tooltips."""

    def __init__(self, ui) -> None:
        names = (
            *_ONLY_WHEN_TRAINING,
            *_ONLY_WITH_MODEL,
            *_ONLY_WITH_NETWORK,
            *_ONLY_WITH_LABELS,
            *_ONLY_WITH_GIVEN_MASK,
        )
        self._controls = {name: getattr(ui, name) for name in names}
        self._toolTips = {name: control.toolTip for name, control in self._controls.items()}

    def show(self, parameters) -> None:
        """Enable what acts for ``parameters``."""
        trainingReason = "" if parameters.mode.value == "train" else _noEffectIn(parameters.mode)
        modelReason = _modelReason(parameters)
        labelsReason = _("No effect here: acts only where labels are used, and this learns without.")
        isGiven = parameters.maskSource == "given"
        maskReason = "" if isGiven else _("No effect: the mask is not taken from a node; choose 'From' first.")
        for names, reason in (
            (_ONLY_WHEN_TRAINING, trainingReason),
            (_ONLY_WITH_MODEL, modelReason),
            (_ONLY_WITH_NETWORK, trainingReason and modelReason),
            (_ONLY_WITH_LABELS, labelsReason),
            (_ONLY_WITH_GIVEN_MASK, maskReason),
        ):
            for name in names:
                self._enable(name, reason)

    def _enable(self, name: str, reason: str) -> None:
        """Enable a control unless there is a reason against it, which its tooltip then tells."""
        control = self._controls[name]
        control.enabled = not reason
        control.toolTip = self._toolTips[name] + paragraphs(reason)


def _noEffectIn(mode) -> str:
    return _("No effect in {mode}.").format(mode=mode.label())


def _modelReason(parameters) -> str:
    """Why no trained model acts, empty when one does."""
    if parameters.mode.value != "fast":
        return _noEffectIn(parameters.mode)
    if parameters.numberOfClasses != 3 or any(node is not None for node in parameters.furtherVolumes):
        return _(
            "No effect here: models know three tissues of one T1; with other classes or further channels "
            "this method is Classical EM."
        )
    return ""
