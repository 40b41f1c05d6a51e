"""The worker's job that writes a bias correction as files."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import environment
from ..errors import Cancelled, InputError
from .protocol import read_array

if TYPE_CHECKING:
    import numpy as np

    from ..case import Result, Volume
    from .jobs import Job

# Draws the charts, and writes NIfTI.
PACKAGES = ("matplotlib", "nibabel")
_PROFILE_PARTS = ("distance_mm", "original", "corrected", "field")
_REPORT_PARTS = ("settings", "classes", "bias_field", "homogeneity", "warnings", "inputs")


@dataclass(frozen=True)
class ExportRequest:
    """A checked request to export; arrays are not read yet.

    Attributes:
        corrected, bias_field: entries of the D channels, each as those of a ``segment`` request's images.
        labels: entry.
        mask: entry; None for where the labels are not 0.
        report: of the run or of a ``field`` job.
        profile: lists along a line (``distance_mm``, ``original``, ``corrected``, ``field``), None without.
        folder: where to; made unless it is there.
    """

    corrected: tuple[dict[str, Any], ...]
    bias_field: tuple[dict[str, Any], ...]
    labels: dict[str, Any]
    mask: dict[str, Any] | None
    report: dict[str, Any]
    profile: dict[str, list[float | None]] | None
    folder: Path

    @classmethod
    def parse(cls, request: dict[str, Any]) -> ExportRequest:
        """Request from its JSON object. ``corrected`` and ``bias_field`` may be one entry instead of a list of them.

        Raises:
            InputError: a part is missing or of the wrong kind.
        """
        folder, report, profile = (request.get(part) for part in ("folder", "report", "profile"))
        if not isinstance(folder, str) or not folder:
            raise InputError("The request names no folder to export to.")
        if not isinstance(report, dict) or any(part not in report for part in _REPORT_PARTS):
            raise InputError("The report of this segmentation is incomplete, so segment the volume again.")
        corrected, fields = (_entries(request.get(part)) for part in ("corrected", "bias_field"))
        if not len(corrected) == len(fields) == len(report["bias_field"]) > 0:
            raise InputError("There must be a corrected volume and a bias field for every channel of the report.")
        labels = request.get("labels")
        if not isinstance(labels, dict):
            raise InputError("The request holds no labels.")
        return cls(corrected, fields, labels, request.get("mask"), report, _checked(profile), Path(folder))

    def result(self) -> Result:
        """The correction, its arrays read from their files; without posteriors.

        Raises:
            InputError: a file is missing, broken, or not on the grid of the others.
        """
        import numpy as np

        from ..case import Result
        from ..inspection import inspect

        corrected = [read_array(entry, f"corrected volume {number}") for number, entry in enumerate(self.corrected, 1)]
        fields = [read_array(entry, f"bias field {number}") for number, entry in enumerate(self.bias_field, 1)]
        labels = read_array(self.labels, "segmentation")
        mask = labels if self.mask is None else read_array(self.mask, "mask")
        shape = corrected[0].array.shape
        for volume in (*corrected, *fields, labels, mask):
            if volume.array.shape != shape:
                raise InputError(f"'{volume.name}' is not on the grid of '{corrected[0].name}'; segment again.")
        after, field = _stacked(corrected), _stacked(fields)
        inside, report = mask.array != 0, self.report
        if "inspection" not in report:  # a scene of an earlier version
            channels = [row["channel"] for row in report["bias_field"]]
            report = {
                **report,
                "inspection": inspect(after * field, after, labels.array, inside, report["classes"], channels),
            }
        everything = (slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2]))
        return Result(
            labels=labels.array.astype(np.uint8, copy=False),
            posteriors=np.empty((0, *shape), dtype=np.float32),
            box=everything,
            bias_field=field,
            corrected=after,
            brain_mask=inside,
            affine=corrected[0].affine,
            report=report,
        )


def run_export(job: Job) -> dict[str, Any]:
    """Does an ``export`` job; returns the fields of its ``done`` event: ``files``, their paths, and ``seconds``.

    Raises:
        InputError: the request cannot be used, a package is missing, or the folder cannot be written to.
        Cancelled: the job was closed meanwhile; nothing was written.
    """
    start = time.perf_counter()
    environment.require(PACKAGES)
    from ..export import export

    request = ExportRequest.parse(job.request)

    def progress(fraction: float, stage: str, message: str, preview: np.ndarray | None = None) -> None:
        if job.ended:
            raise Cancelled
        job.send("progress", fraction=fraction, stage=stage, message=message, remaining_seconds=None)

    progress(0.0, "read", "Reading the volumes")
    files = export(request.result(), request.folder, request.profile, progress)
    return {"files": [str(path) for path in files], "seconds": time.perf_counter() - start}


def _entries(value: Any) -> tuple[dict[str, Any], ...]:
    if isinstance(value, dict):
        return (value,)
    return tuple(value) if isinstance(value, list) else ()


def _stacked(volumes: list[Volume]) -> np.ndarray:
    """(D, I, J, K) float32."""
    import numpy as np

    return np.stack([np.asarray(volume.array, dtype=np.float32) for volume in volumes])


def _checked(profile: Any) -> dict[str, list[float | None]] | None:
    if profile is None:
        return None
    lists = [profile.get(part) for part in _PROFILE_PARTS] if isinstance(profile, dict) else []
    lengths = {len(part) if isinstance(part, list) else 0 for part in lists}
    if len(lengths) != 1 or 0 in lengths:
        raise InputError(f"The profile must hold {', '.join(_PROFILE_PARTS)}: lists of one length.")
    return profile
