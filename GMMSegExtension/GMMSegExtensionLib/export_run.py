"""Corrected volumes, fields, charts and the report as files in a folder, written by the worker."""

from __future__ import annotations

from pathlib import Path

from slicer.i18n import tr as _

from . import volumes
from .engine_job import JobListener
from .profile_chart import Profile
from .result_arrays import ResultArrays
from .results_job import ResultsJob
from .scene import SegmentationOutputs


class ExportRun(ResultsJob):
    """Follows one export; the scene does not change.

    :param parent: folder in which another is made for the files, named after the volume; those of an earlier export of
        a volume of that name are replaced.
    :param profile: along the user's line, None without one.
    :param listener: its ``finished`` comes with the folder and the names of the files in it.
    :raises ValueError: the results of the volume cannot be used.
    """

    def __init__(
        self,
        inputVolume,
        outputs: SegmentationOutputs,
        profile: Profile | None,
        parent: str,
        listener: JobListener,
    ) -> None:
        self._profile = profile
        self._folder = str(Path(parent) / _folderName(volumes.name(inputVolume)))
        super().__init__(inputVolume, outputs, listener)

    def _lostSentence(self, name: str) -> str:
        return _("'{name}' was removed, so nothing was exported.").format(name=name)

    def _ask(self, arrays: ResultArrays) -> dict:
        return {
            "job": "export",
            "bias_field": arrays.fields(),
            "corrected": arrays.corrected(),
            "profile": self._profile.asLists() if self._profile is not None else None,
            "folder": self._folder,
        }

    def _onDone(self, event: dict) -> None:
        self._end()
        self._listener.finished(self._folder, [Path(file).name for file in event["files"]])


def _folderName(name: str) -> str:
    """A folder's name that every file system takes."""
    plain = "".join(letter if letter.isalnum() or letter in " -_." else "_" for letter in name).strip(" .")
    return f"{plain} bias field".strip()
