"""A bias correction as files to keep or to show: volumes, charts and the report, all of them complete or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from . import outputs, picture_charts, pictures
from .case import Result
from .errors import InputError
from .outputs import PAGE, REPORT
from .progress import Progress, silent
from .report_html import page
from .safe_files import atomic
from .volume_io import write_volume

CORRECTED, FIELD, SEGMENTATION = "corrected.nii.gz", "bias_field.nii.gz", "segmentation.nii.gz"
PROFILE = ("profile.svg", "profile.png")

Profile = Mapping[str, Sequence[float | None]]


def export(
    result: Result, folder: str | Path, profile: Profile | None = None, progress: Progress = silent
) -> list[Path]:
    """Writes corrected volumes, bias fields, segmentation, charts (SVG and PNG) and the report into a folder.

    Files of an earlier export take no harm until all new ones are complete, and are then replaced. Other files in the
    folder stay.

    Args:
        result: of a run; its posteriors and entropy are not used.
        folder: made unless it is there.
        profile: values along a line, see :func:`gmmseg.picture_charts.profile`; None for no such chart.
        progress: told about each file; may raise Cancelled, and then nothing is written.

    Returns:
        The files.

    Raises:
        InputError: the folder cannot be made or written to, or the disk is full.
    """
    tasks = _tasks(result, profile)
    with outputs.folder_for(folder) as place:
        blocked = next((name for name in tasks if (place / name).is_dir()), None)
        if blocked:
            raise InputError(f"'{place / blocked}' is a folder where a file belongs; choose another folder.")
        with outputs.stage_in(place) as stage:
            for count, (name, write) in enumerate(tasks.items()):
                progress(count / len(tasks), "write", f"Writing '{name}'")
                write(stage / name)
            progress(1.0, "write", "Done")
            for name in tasks:
                (stage / name).replace(place / name)
        for name in set(PROFILE) - set(tasks):  # of an earlier export, which does not belong to these files
            (place / name).unlink(missing_ok=True)
    return [place / name for name in tasks]


def _tasks(result: Result, profile: Profile | None) -> dict[str, Callable[[Path], None]]:
    """What writes each file, by its name."""
    tasks: dict[str, Callable[[Path], None]] = {
        CORRECTED: lambda path: outputs.write_channels(path, result.corrected, result.affine),
        FIELD: lambda path: outputs.write_channels(path, result.bias_field, result.affine),
        SEGMENTATION: lambda path: write_volume(path, result.labels, result.affine, dtype=np.uint8),
        REPORT: lambda path: outputs.write_text(path, outputs.report_text(result.report)),
        PAGE: lambda path: outputs.write_text(path, page(result, profile)),
    }
    for number, shown in enumerate(result.report["inspection"]["channels"], 1):
        name = "histogram" if number == 1 else f"histogram_{number}"
        tasks |= _chart_tasks(name, partial(picture_charts.histogram, shown))
    if profile is not None:
        channel = result.report["bias_field"][0]["channel"]
        tasks |= _chart_tasks("profile", partial(picture_charts.profile, profile, channel))
    return tasks


def _chart_tasks(name: str, draw: Callable[[], Figure]) -> dict[str, Callable[[Path], None]]:
    return {
        f"{name}.svg": lambda path: _write_bytes(path, picture_charts.svg(draw())),
        f"{name}.png": lambda path: _write_bytes(path, pictures.png(draw())),
    }


def _write_bytes(path: Path, content: bytes) -> None:
    with atomic(path) as temporary:
        temporary.write_bytes(content)
