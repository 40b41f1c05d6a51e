"""Widgets that the parameter node wrapper has no connector for, tied to their parameters by hand.

A binding shows its parameters when the parameter node changes and stores them when the user edits the widget.
"""

from __future__ import annotations

import math

from slicer.i18n import tr as _

_GAMMA_DECADES = (-2.0, 2.0)
_GAMMA_STEPS = 100


class Binding:
    """Base: :meth:`write` shows the parameters, :meth:`read` stores what the user chose."""

    def __init__(self) -> None:
        self._parameters = None
        self._isShowing = False

    def setParameters(self, parameters) -> None:
        """Use another parameter node, or none."""
        self._parameters = parameters
        self.show()

    def show(self) -> None:
        """Make the widget show the parameters, without storing them again."""
        if self._parameters is None or self._isShowing:
            return
        self._isShowing = True
        try:
            self.write(self._parameters)
        finally:
            self._isShowing = False

    def onEdited(self) -> None:
        """Slot for the widget's change signal."""
        if self._parameters is not None and not self._isShowing:
            self.read(self._parameters)

    def write(self, parameters) -> None:
        raise NotImplementedError

    def read(self, parameters) -> None:
        raise NotImplementedError


class MaskSourceBinding(Binding):
    """Radio buttons for ``maskSource``; a source without a button (set by a script) leaves none checked."""

    def __init__(self, buttons: dict) -> None:
        """:param buttons: radio button of each source."""
        super().__init__()
        self._buttons = buttons
        for button in buttons.values():
            button.connect("toggled(bool)", self.onEdited)

    def write(self, parameters) -> None:
        for source, button in self._buttons.items():
            # One of an exclusive group cannot be unchecked by itself.
            button.autoExclusive = False
            button.checked = source == parameters.maskSource
            button.autoExclusive = True

    def read(self, parameters) -> None:
        for source, button in self._buttons.items():
            if button.checked:
                parameters.maskSource = source


class ChannelsBinding(Binding):
    """Checkable node list for ``furtherVolumes``."""

    def __init__(self, comboBox) -> None:
        super().__init__()
        self._comboBox = comboBox
        comboBox.connect("checkedNodesChanged()", self.onEdited)

    def write(self, parameters) -> None:
        wanted = [node for node in parameters.furtherVolumes if node is not None]
        checked = list(self._comboBox.checkedNodes())
        for node in checked:
            if node not in wanted:
                self._comboBox.uncheck(node)
        for node in wanted:
            if node not in checked:
                self._comboBox.check(node)

    def read(self, parameters) -> None:
        parameters.furtherVolumes = [node for node in self._comboBox.checkedNodes() if node is not None]


class MaskSegmentBinding(Binding):
    """Segment selector for ``maskSegmentID``, shown only when ``maskNode`` is a segmentation."""

    def __init__(self, selector) -> None:
        super().__init__()
        self._selector = selector
        selector.connect("currentSegmentChanged(QString)", self.onEdited)

    def write(self, parameters) -> None:
        node = parameters.maskNode
        isSegmentation = node is not None and node.IsA("vtkMRMLSegmentationNode")
        self._selector.visible = isSegmentation
        if self._selector.currentNode() is not (node if isSegmentation else None):
            self._selector.setCurrentNode(node if isSegmentation else None)
        if not isSegmentation:
            return
        if node.GetSegmentation().GetSegment(parameters.maskSegmentID) is not None:
            self._selector.setCurrentSegmentID(parameters.maskSegmentID)
        else:
            parameters.maskSegmentID = self._selector.currentSegmentID() or ""

    def read(self, parameters) -> None:
        if self._selector.currentNode() is not None:
            parameters.maskSegmentID = self._selector.currentSegmentID() or ""


class ChoiceBinding(Binding):
    """Combo box for a text parameter whose choices the engine tells when it has started."""

    def __init__(self, comboBox, parameterName: str, choices: list[str], label) -> None:
        """:param label: gives what the user reads for a choice."""
        super().__init__()
        self._comboBox = comboBox
        self._parameterName = parameterName
        self._choices = list(choices)
        self._label = label
        self._offered: list[tuple[str, str]] = []
        comboBox.connect("currentIndexChanged(int)", self.onEdited)

    def setChoices(self, choices: list[str], label=None) -> None:
        """Offer these from now on; the parameter keeps its value, which stays in the list.

        :param label: as for the constructor; None leaves it as it is.
        """
        self._choices = list(choices)
        self._label = label or self._label
        self.show()

    def write(self, parameters) -> None:
        current = getattr(parameters, self._parameterName)
        choices = self._choices if current in self._choices else [*self._choices, current]
        offered = [(self._text(choice), choice) for choice in choices]
        if self._offered != offered:
            self._offered = offered
            self._comboBox.clear()
            for text, choice in offered:
                self._comboBox.addItem(text, choice)
        self._comboBox.currentIndex = choices.index(current)

    def read(self, parameters) -> None:
        choice = self._comboBox.itemData(self._comboBox.currentIndex)
        if choice:
            setattr(parameters, self._parameterName, choice)

    def _text(self, choice: str) -> str:
        if choice in self._choices:
            return self._label(choice)
        return _("{choice} (not available here)").format(choice=self._label(choice))


class GammaSliderBinding(Binding):
    """Logarithmic slider beside the spin box of ``gamma``, which spans from 0.1 for brains to the paper's 80."""

    def __init__(self, slider) -> None:
        super().__init__()
        self._slider = slider
        slider.setRange(0, _GAMMA_STEPS)
        slider.connect("valueChanged(int)", self.onEdited)

    def write(self, parameters) -> None:
        low, high = _GAMMA_DECADES
        decade = min(max(math.log10(max(parameters.gamma, 10**low)), low), high)
        self._slider.value = round((decade - low) / (high - low) * _GAMMA_STEPS)

    def read(self, parameters) -> None:
        low, high = _GAMMA_DECADES
        gamma = 10 ** (low + (high - low) * self._slider.value / _GAMMA_STEPS)
        parameters.gamma = float(f"{gamma:.2g}")


def deviceLabel(device: str) -> str:
    """What the user reads for a device of the engine."""
    kind, _separator, number = device.partition(":")
    labels = {
        "auto": _("Automatic"),
        "cpu": _("Processor (CPU)"),
        "cuda": _("Graphics card {number} (CUDA)").format(number=number).replace("  ", " "),
        "mps": _("Graphics processor (Apple MPS)"),
    }
    return labels.get(kind, device)


def networkLabel(network: str) -> str:
    """What the user reads for a network of the engine."""
    labels = {
        "modified_unet": _("Modified U-Net"),
        "unet": "U-Net",
        "unetpp": "U-Net++",
        "trmfcn": "TRMFCN",
        "vit": "ViT",
        "transunet": "TransUNet",
        "mtunet": "MT-UNet",
    }
    return labels.get(network, network)
