"""What the network is to learn from, checked before anything is started."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from gmmseg.settings import Settings
from gmmseg.teaching import Teaching
from slicer.i18n import tr as _

from . import volumes
from .confirmations import Confirmations
from .confirmed_voxels import confirmedLabels
from .exchange import Exchange
from .given_labels import announceLabels
from .request import ChosenOutputs, SegmentationRequest
from .scene import SegmentationOutputs, outputsOf

TISSUES = 3


@dataclass(frozen=True)
class FinetuneRequest:
    """One fine-tuning: nodes and plain values, no widgets.

    :param volumes: scalar volume nodes of a study, at least one of them with confirmed voxels or given labels; the
        first leads.
    :param settings: those of a segmentation; ``model`` is where the learning starts, ``beta`` and ``gamma`` weigh the
        mixture's loss and its total variation.
    :param modelContrast: kind of scan that the model knows, such as ``T1``; empty when that is not known.
    :param labels: given labels, one for each of the first volumes: label map, segmentation, or None for what is
        confirmed.
    :param teaching: how to learn, None for the defaults with ``beta``, ``gamma`` and ``seed`` of the settings.
    """

    volumes: tuple
    settings: Settings
    modelContrast: str = ""
    labels: tuple = ()
    teaching: Teaching | None = None

    @property
    def sources(self) -> tuple:
        """All nodes that the run reads."""
        return (*self.volumes, *(node for node in self.labels if node is not None))

    def obstacle(self) -> str:
        """The sentence that tells why this cannot be run, empty when it can."""
        obstacle = self._volumesObstacle()
        if obstacle:
            return obstacle
        if outputsOf(self.volumes[0]) is None and self._givenLabels(0) is None:
            return _("Segment '{name}' first; then correct and confirm a slice or more.").format(
                name=volumes.name(self.volumes[0])
            )
        if self.settings.number_of_classes != TISSUES:
            return _("Models know three tissues; set the classes K to 3 to teach one.")
        if not any(self._isLabelled(index) for index in range(len(self.volumes))):
            return _("Nothing is confirmed yet: correct a slice, then confirm it.")
        return ""

    def _volumesObstacle(self) -> str:
        if not self.volumes or any(volume is None for volume in self.volumes):
            return _("Choose the volume to segment.")
        if len(set(self.volumes)) < len(self.volumes):
            return _("A volume stands twice in the list to learn from; name it once.")
        if len(self.labels) > len(self.volumes):
            return _("There are more labels than volumes; give one for each of the first volumes.")
        obstacles = (volumeObstacle(volume, self.modelContrast) for volume in self.volumes)
        return next((obstacle for obstacle in obstacles if obstacle), "")

    def _givenLabels(self, index: int):
        """The node with the labels of a volume, None when what is confirmed counts."""
        return self.labels[index] if index < len(self.labels) else None

    def _isLabelled(self, index: int) -> bool:
        return self._givenLabels(index) is not None or bool(confirmedCount(self.volumes[index]))

    def segmentation(self, volume) -> SegmentationRequest:
        """The request under whose name the results of one of the volumes are written."""
        outputs = outputsOf(volume)
        hasPosteriors = outputs is not None and bool(outputs.posteriors)
        return SegmentationRequest(volume, settings=self._settings(), outputs=ChosenOutputs(posteriors=hasPosteriors))

    def _settings(self) -> Settings:
        # What is taught acts in the method that uses models; the review goes on by the new uncertainty.
        return dataclasses.replace(self.settings, mode="fast", entropy=True)

    def message(self, exchange: Exchange) -> dict:
        """Announce the arrays to ``exchange``, which writes them later, and give the worker's message.

        :raises ValueError: a node cannot be used.
        """
        return {
            "id": exchange.id,
            "job": "finetune",
            "output": str(exchange.output),
            "model": self.settings.model,
            "settings": self._settings().to_dict(),
            "teaching": dataclasses.asdict(self.teaching or self._usualTeaching()),
            "subjects": [self._subject(exchange, index) for index in range(len(self.volumes))],
        }

    def _usualTeaching(self) -> Teaching:
        return Teaching(beta=self.settings.beta, gamma=self.settings.gamma, seed=self.settings.seed)

    def _subject(self, exchange: Exchange, index: int) -> dict:
        volume = self.volumes[index]
        return {
            "name": volumes.name(volume),
            "images": [exchange.sendVolume(f"image{index}", volume)],
            "labels": self._labels(exchange, index) if self._isLabelled(index) else None,
            **_mask(exchange, index, outputsOf(volume)),
        }

    def _labels(self, exchange: Exchange, index: int) -> dict:
        volume, given = self.volumes[index], self._givenLabels(index)
        if given is not None:
            return announceLabels(exchange, f"labels{index}", given, volume)
        affine, name = volumes.ijkToWorld(volume), volumes.name(volume)
        return exchange.sendWhenWritten(f"labels{index}", lambda: confirmedLabels(volume), affine, name)


def confirmedCount(volume) -> int:
    """How many voxels of a volume the user has confirmed."""
    return sum(entry.voxels for entry in Confirmations(volume).entries())


def _mask(exchange: Exchange, index: int, outputs: SegmentationOutputs | None) -> dict:
    """The mask of the earlier run, so that the same voxels are classified again; else it is found anew."""
    # The field cut to the brain is 0 exactly outside of it.
    if outputs is None or outputs.biasOverlay is None:
        return {"mask": None, "mask_source": "detect"}
    return {"mask": exchange.sendVolume(f"mask{index}", outputs.biasOverlay), "mask_source": "given"}


def volumeObstacle(volume, modelContrast: str) -> str:
    """The sentence that tells why a network cannot be taught with ``volume``, empty when it can."""
    name = volumes.name(volume)
    if volume.GetImageData() is None:
        return _("The volume '{name}' has no voxels; load or choose another one.").format(name=name)
    outputs = outputsOf(volume)
    if outputs is None:
        return ""
    if len(outputs.report["classes"]) != TISSUES:
        return _("'{name}' was segmented into {count} classes, but models know three; segment it with K = 3.").format(
            name=name, count=len(outputs.report["classes"])
        )
    if len(outputs.report.get("bias_field") or [None]) > 1:
        return _("'{name}' was segmented with further channels, but models know one; segment it alone.").format(
            name=name
        )
    contrast = str(outputs.report.get("contrast") or "")[:2]
    if contrast and modelContrast and contrast != modelContrast[:2]:
        return _(
            "'{name}' looks like a {scan} scan, but the model knows {model} scans; take it out of the list, or choose "
            "another model."
        ).format(name=name, scan=contrast, model=modelContrast)
    return ""
