"""Corrected volumes, fields, charts and the report as files in a folder, written by the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from . import volumes
from .exchange import Exchange
from .profile_chart import Profile
from .result_arrays import ResultArrays
from .scene import SegmentationOutputs
from .steps import Steps


@dataclass(frozen=True)
class ExportListener:
    """What the owner of a run is told.

    :param finished: (folder, names of the files in it).
    :param failed: (sentence); empty when the run was ended on purpose.
    """

    finished: Callable
    failed: Callable


class ExportRun:
    """Follows one export, see :class:`EngineJob`; the scene does not change.

    :param parent: folder in which another is made for the files, named after the volume; those of an earlier export of
        a volume of that name are replaced.
    :param profile: along the user's line, None without one.
    :raises ValueError: the results of the volume cannot be used.
    """

    def __init__(
        self,
        inputVolume,
        outputs: SegmentationOutputs,
        profile: Profile | None,
        parent: str,
        listener: ExportListener,
    ) -> None:
        self._listener = listener
        self._folder = str(Path(parent) / _folderName(volumes.name(inputVolume)))
        self._scene = slicer.mrmlScene
        self._exchange = Exchange()
        self.ended = False
        try:
            self._arrays = ResultArrays(inputVolume, outputs, self._exchange)
            self.message = self._announce(outputs.report, profile)
        except BaseException:
            self._exchange.remove()
            raise

    @property
    def id(self) -> str:
        return self._exchange.id

    def lostSource(self) -> str:
        """The sentence for a node that is no longer in the scene, empty when all are there."""
        for node in self._arrays.nodes:
            if self._scene is not slicer.mrmlScene or not self._scene.IsNodePresent(node):
                return _("'{name}' was removed, so nothing was exported.").format(name=volumes.name(node))
        return ""

    def prepareSteps(self) -> Steps[None]:
        """Write the arrays that the message names."""
        yield from self._arrays.writeSteps()

    def handle(self, event: dict) -> None:
        """React to one event of the worker."""
        if self.ended:
            return
        if event["event"] == "done":
            self._end()
            self._listener.finished(self._folder, [Path(file).name for file in event["files"]])
        elif event["event"] == "failed":
            self.fail(event.get("reason", ""))
        elif event["event"] == "cancelled":
            self.abandon()

    def fail(self, reason: str, kind: str = "internal", details: str = "") -> None:
        """End with a sentence."""
        if not self.ended:
            self._end()
            self._listener.failed(reason)

    def abandon(self, reason: str = "") -> None:
        """End here, whatever the worker still does."""
        self.fail(reason)

    def cleanUp(self) -> bool:
        """Delete the temporary files; false while the worker holds one of them."""
        return self._exchange.remove()

    def _announce(self, report: dict, profile: Profile | None) -> dict:
        arrays = self._arrays
        return {
            "id": self._exchange.id,
            "job": "export",
            "bias_field": arrays.fields(),
            "corrected": arrays.corrected(),
            "labels": arrays.labels(),
            "mask": arrays.mask(),
            "report": report,
            "profile": profile.asLists() if profile is not None else None,
            "folder": self._folder,
        }

    def _end(self) -> None:
        self.ended = True
        self.cleanUp()


def _folderName(name: str) -> str:
    """A folder's name that every file system takes."""
    plain = "".join(letter if letter.isalnum() or letter in " -_." else "_" for letter in name).strip(" .")
    return f"{plain} bias field".strip()
