"""``gmmseg segment``: files in, files out."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import models
from ..errors import InputError
from ..failures import one_line
from ..settings import Settings
from . import case_files, command_frame, console

if TYPE_CHECKING:
    from ..case import Result
    from ..interrupts import Interrupts
    from ..progress import Progress


def run(arguments: argparse.Namespace) -> int:
    """Does the command; returns 0.

    Raises:
        InputError: anything the user can mend; nothing has been written then.
        Cancelled, KeyboardInterrupt: on Ctrl-C or SIGTERM; nothing has been written either.
    """
    settings = settings_of(arguments)
    with command_frame.running(arguments.progress) as frame:
        result = _segment(arguments, settings, frame.progress, frame.interrupts)
    _tell(result, arguments.output, frame.shown)
    return 0


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Settings from the options given, then the file, then the preset.

    Raises:
        InputError: unreadable file, unknown name or value out of range.
    """
    given = {
        field.name: getattr(arguments, field.name)
        for field in dataclasses.fields(Settings)
        if hasattr(arguments, field.name)
    }
    settings = _merged(getattr(arguments, "settings_file", None), given)
    # Under its own name from here on, so that the report says which model it was.
    return dataclasses.replace(settings, model=models.default()) if settings.model == models.CHOSEN else settings


def _merged(path: str | None, given: dict[str, Any]) -> Settings:
    """Settings from the options given over those of the file."""
    if path is None:
        return Settings.from_dict(given)
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:  # no UTF-8, or no JSON
        raise InputError(f"'{path}' does not hold valid JSON: {one_line(error)}.") from error
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror}); check the name.") from error
    if not isinstance(values, dict):
        raise InputError(f"'{path}' must hold a JSON object of setting names and values.")
    return Settings.from_dict({**values, **given})


def _segment(arguments: argparse.Namespace, settings: Settings, progress: Progress, interrupts: Interrupts) -> Result:
    from .. import devices, outputs, resilience
    from ..progress import part

    devices.resolve(settings.device)
    with outputs.reserve(arguments.output) as folder:
        start = time.perf_counter()
        source = case_files.mask_source(arguments)
        case = case_files.read(arguments.images, arguments.mask, source, part(progress, 0.0, 0.03))
        seconds = time.perf_counter() - start
        result = resilience.segment(case, settings, part(progress, 0.03, 0.93))
        result = _with_reading_time(result, seconds)
        outputs.write(result, case.images[0], folder, part(progress, 0.93, 1.0), interrupts.shield)
    return result


def _with_reading_time(result: Result, seconds: float) -> Result:
    spent = dict(result.report["seconds"])
    spent["total"] += seconds
    return dataclasses.replace(result, report={**result.report, "seconds": {"read": seconds, **spent}})


def _tell(result: Result, output: str, shown: console.NoProgress) -> None:
    """What came out, as a last event or as a table."""
    from ..report import prior_text

    report = result.report
    if isinstance(shown, console.JsonProgress):
        shown.event("done", output=output, report=report)
        return
    for row in report["classes"]:
        print(f"{row['label']}  {row['name']:<8}{row['volume_ml']:9.1f} ml{row['share_percent']:7.1f} %")
    for row in report["bias_field"]:
        if row["applied"]:
            print(f"bias field of {row['channel']}: {row['min']:.3f} to {row['max']:.3f}")
    if report["prior"]:
        print(f"model {report['prior']['model']} {prior_text(report['prior'])}")
    for sentence in report["warnings"]:
        print(f"warning: {sentence}", file=sys.stderr)
    print(f"results in {output}, {report['seconds']['total']:.1f} s")
