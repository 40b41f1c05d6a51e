"""What the network is to learn from, checked before anything is started."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from gmmseg.settings import Settings
from slicer.i18n import tr as _

from . import volumes
from .confirmations import Confirmations
from .confirmed_voxels import confirmedLabels
from .exchange import Exchange
from .request import ChosenOutputs, SegmentationRequest
from .scene import SegmentationOutputs, outputsOf

TISSUES = 3
_LABEL_WEIGHT = 1.0


@dataclass(frozen=True)
class FinetuneRequest:
    """One fine-tuning: nodes and plain values, no widgets.

    :param volumes: scalar volume nodes of a study, at least one of them with confirmed voxels; the first leads.
    :param settings: those of a segmentation; ``model`` is where the learning starts, ``beta`` and ``gamma`` weigh the
        mixture's loss and its total variation.
    :param modelContrast: kind of scan that the model knows, such as ``T1``; empty when that is not known.
    """

    volumes: tuple
    settings: Settings
    modelContrast: str = ""

    @property
    def sources(self) -> tuple:
        """All nodes that the run reads."""
        return self.volumes

    def obstacle(self) -> str:
        """The sentence that tells why this cannot be run, empty when it can."""
        if not self.volumes or self.volumes[0] is None:
            return _("Choose the volume to segment.")
        for volume in self.volumes:
            obstacle = volumeObstacle(volume, self.modelContrast)
            if obstacle:
                return obstacle
        if outputsOf(self.volumes[0]) is None:
            return _("Segment '{name}' first; then correct and confirm a slice or more.").format(
                name=volumes.name(self.volumes[0])
            )
        if self.settings.number_of_classes != TISSUES:
            return _("Models know three tissues; set the classes K to 3 to teach one.")
        if not any(confirmedCount(volume) for volume in self.volumes):
            return _("Nothing is confirmed yet: correct a slice, then confirm it.")
        return ""

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
            "teaching": {
                "alpha": _LABEL_WEIGHT,
                "beta": self.settings.beta,
                "gamma": self.settings.gamma,
                "seed": self.settings.seed,
            },
            "subjects": [_subject(exchange, index, volume) for index, volume in enumerate(self.volumes)],
        }


def confirmedCount(volume) -> int:
    """How many voxels of a volume the user has confirmed."""
    return sum(entry.voxels for entry in Confirmations(volume).entries())


def _subject(exchange: Exchange, index: int, volume) -> dict:
    outputs = outputsOf(volume)
    affine, name = volumes.ijkToWorld(volume), volumes.name(volume)
    labels = None
    if confirmedCount(volume):
        labels = exchange.sendWhenWritten(f"labels{index}", lambda: confirmedLabels(volume), affine, name)
    return {
        "name": name,
        "images": [exchange.sendVolume(f"image{index}", volume)],
        "labels": labels,
        **_mask(exchange, index, outputs),
    }


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
