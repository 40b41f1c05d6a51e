"""Arrays on their way to the worker and back: .npy files in a private temporary folder."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import slicer
from slicer.i18n import tr as _

from . import volumes
from .steps import Steps, finish, slabs


class Exchange:
    """The temporary folder of one job. Remove it with :meth:`remove` however the job ends.

    What is sent is announced first, which gives the entries of the worker's message, and written by
    :meth:`writeSteps` (a little at a time) or :meth:`write` before the message goes out::

        entry = exchange.sendVolume("image0", node)
        ...
        yield from exchange.writeSteps()

    :raises ValueError: there is no place for it.
    """

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self._announced: list[tuple[Path, Callable[[], np.ndarray]]] = []
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="gmmseg-", dir=_temporaryPath()))
        except OSError as error:
            raise ValueError(
                _("The temporary folder '{folder}' cannot be used ({cause}); choose another in the settings.").format(
                    folder=_temporaryPath() or tempfile.gettempdir(), cause=error.strerror or str(error)
                )
            ) from error

    @property
    def output(self) -> Path:
        """The folder for the worker's files; it exists once everything is written."""
        return self.folder / "out"

    def sendVolume(self, fileName: str, node) -> dict:
        """Announce the voxels of a scalar volume node, as they are now; gives the entry of the message.

        :raises ValueError: the node has no grey-scale voxels, or is under a non-linear transform.
        """
        return self.sendArray(fileName, volumes.voxels(node), volumes.ijkToWorld(node), volumes.name(node))

    def sendSegment(self, fileName: str, segmentationNode, segmentID: str, referenceVolumeNode) -> dict:
        """Announce a segment as mask on the grid of ``referenceVolumeNode``; it is read when it is written.

        :raises ValueError: the reference is under a non-linear transform.
        """

        def read() -> np.ndarray:
            return volumes.segmentVoxels(segmentationNode, segmentID, referenceVolumeNode)

        return self._announce(fileName, read, volumes.ijkToWorld(referenceVolumeNode), volumes.name(segmentationNode))

    def sendArray(self, fileName: str, array: np.ndarray, affine: np.ndarray, title: str) -> dict:
        """Announce an (I, J, K) array, which must not change until it is written; gives the entry of the message."""
        return self._announce(fileName, lambda: array, affine, title)

    def sendWhenWritten(self, fileName: str, read: Callable[[], np.ndarray], affine: np.ndarray, title: str) -> dict:
        """Announce an (I, J, K) array that ``read`` gives when it is written; gives the entry of the message."""
        return self._announce(fileName, read, affine, title)

    def writeSteps(self) -> Steps[None]:
        """Write what was announced.

        :raises ValueError: the temporary folder is full, or a segment cannot be used.
        """
        announced, self._announced = self._announced, []
        try:
            self.output.mkdir()
            for path, read in announced:
                array = read()
                yield
                yield from _saveSteps(path, array)
        except OSError as error:
            raise ValueError(
                _("The temporary folder '{folder}' cannot take the volumes ({cause}); free some space there.").format(
                    folder=str(self.folder.parent), cause=error.strerror or str(error)
                )
            ) from error

    def write(self) -> None:
        """All of :meth:`writeSteps` at once."""
        finish(self.writeSteps())

    def open(self, path: str) -> np.ndarray:
        """The array in ``path``, read when its values are needed; the file stays until :meth:`remove`."""
        return np.load(path, mmap_mode="r", allow_pickle=False)

    def take(self, path: str) -> np.ndarray:
        """The array in ``path``; its file is deleted. For small ones: it is read at once."""
        array = np.load(path, allow_pickle=False)
        Path(path).unlink(missing_ok=True)
        return array

    def removeArraysSteps(self) -> Steps[None]:
        """Delete the arrays, a file at a step, but not what else the worker has written."""
        for path in list(self.folder.rglob("*.npy")):
            with contextlib.suppress(OSError):
                path.unlink()
            yield

    def remove(self) -> bool:
        """Delete the folder. False when something in it is still held open (try again when the worker is done)."""
        shutil.rmtree(self.folder, ignore_errors=True)
        return not self.folder.exists()

    def _announce(self, fileName: str, read: Callable[[], np.ndarray], affine: np.ndarray, title: str) -> dict:
        path = self.folder / f"{fileName}.npy"
        self._announced.append((path, read))
        return {"array": str(path), "affine": np.asarray(affine).tolist(), "name": title}


def _saveSteps(path: Path, array: np.ndarray) -> Steps[None]:
    """Like ``np.save``, a slab at a time."""
    isFortran = array.flags.f_contiguous and not array.flags.c_contiguous
    inFile = array.T if isFortran else array  # whose first axis varies slowest in the file
    header = {
        "descr": np.lib.format.dtype_to_descr(array.dtype),
        "fortran_order": isFortran,
        "shape": array.shape,
    }
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for part in slabs(inFile, axis=0):
            file.write(np.ascontiguousarray(inFile[part]).data)
            yield


def _temporaryPath() -> str | None:
    """Slicer's temporary folder, or the system's outside the application."""
    application = getattr(slicer, "app", None)
    return application.temporaryPath if application is not None else None
