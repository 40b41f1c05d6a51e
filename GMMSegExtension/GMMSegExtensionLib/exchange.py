"""Arrays on their way to the worker and back: .npy files in a private temporary folder."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from pathlib import Path

import numpy as np
import slicer
from slicer.i18n import tr as _

from . import volumes
from .request import SegmentationRequest


class Exchange:
    """The temporary folder of one run. Remove it with :meth:`remove` however the run ends.

    :raises ValueError: there is no place for it.
    """

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="gmmseg-", dir=_temporaryPath()))
        except OSError as error:
            raise ValueError(
                _("The temporary folder '{folder}' cannot be used ({cause}); choose another in the settings.").format(
                    folder=_temporaryPath() or tempfile.gettempdir(), cause=error.strerror or str(error)
                )
            ) from error

    def send(self, request: SegmentationRequest) -> dict:
        """Write the arrays of ``request`` and give the worker's message.

        :raises ValueError: a node cannot be used, or the temporary folder is full.
        """
        try:
            output = self.folder / "out"
            output.mkdir()
            images = [self._sendVolume(f"image{index}", node) for index, node in enumerate(request.channels)]
            mask = self._sendMask(request) if request.maskSource == "given" else None
        except OSError as error:
            raise ValueError(
                _("The temporary folder '{folder}' cannot take the volumes ({cause}); free some space there.").format(
                    folder=str(self.folder.parent), cause=error.strerror or str(error)
                )
            ) from error
        return {
            "id": self.id,
            "job": "segment",
            "images": images,
            "mask": mask,
            "mask_source": request.maskSource,
            "settings": request.settings.to_dict(),
            "output": str(output),
        }

    def take(self, path: str) -> np.ndarray:
        """The array in ``path``; its file is deleted."""
        array = np.load(path, allow_pickle=False)
        Path(path).unlink(missing_ok=True)
        return array

    def remove(self) -> bool:
        """Delete the folder. False when something in it is still held open (try again when the worker is done)."""
        shutil.rmtree(self.folder, ignore_errors=True)
        return not self.folder.exists()

    def _sendVolume(self, fileName: str, node) -> dict:
        return self._sendArray(fileName, volumes.voxels(node), volumes.ijkToWorld(node), volumes.name(node))

    def _sendMask(self, request: SegmentationRequest) -> dict:
        node = request.maskNode
        if not node.IsA("vtkMRMLSegmentationNode"):
            return self._sendVolume("mask", node)
        reference = request.inputVolume
        array = volumes.segmentVoxels(node, request.maskSegmentID, reference)
        return self._sendArray("mask", array, volumes.ijkToWorld(reference), volumes.name(node))

    def _sendArray(self, fileName: str, array: np.ndarray, affine: np.ndarray, title: str) -> dict:
        path = self.folder / f"{fileName}.npy"
        np.save(path, array, allow_pickle=False)
        return {"array": str(path), "affine": np.asarray(affine).tolist(), "name": title}


def _temporaryPath() -> str | None:
    """Slicer's temporary folder, or the system's outside the application."""
    application = getattr(slicer, "app", None)
    return application.temporaryPath if application is not None else None
