"""``gmmseg finetune``: scans, some with labels, in; a taught model and the scans' results out."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from .. import models
from ..errors import InputError
from ..finetuned_card import taught_name
from ..model_card import check_name
from ..teaching import Subject, Teaching
from . import case_files, command_frame, console, scan_names
from .segment import settings_of

if TYPE_CHECKING:
    from ..finetuning import Finetuned
    from ..interrupts import Interrupts
    from ..progress import Progress
    from ..settings import Settings


def run(arguments: argparse.Namespace) -> int:
    """Does the command; returns 0.

    Raises:
        InputError: anything the user can mend; nothing has been written then.
        Cancelled, KeyboardInterrupt: on Ctrl-C or SIGTERM; nothing has been written either.
    """
    settings = settings_of(arguments)
    teaching = _teaching(arguments, settings)
    name = arguments.name or taught_name(settings.model)
    check_name(name)
    pairs = _pairs(arguments)
    with command_frame.running(arguments.progress) as frame:
        done = _finetune(arguments, pairs, name, settings, teaching, frame.progress, frame.interrupts)
    _tell(done, name, arguments.output, frame.shown)
    return 0


def _teaching(arguments: argparse.Namespace, settings: Settings) -> Teaching:
    given = {
        field.name: getattr(arguments, field.name)
        for field in dataclasses.fields(Teaching)
        if getattr(arguments, field.name, None) is not None
    }
    # The segmentation's options of the same names are meant for both.
    return Teaching(**{"beta": settings.beta, "gamma": settings.gamma, "seed": settings.seed, **given})


def _pairs(arguments: argparse.Namespace) -> list[tuple[str, Path, Path | None]]:
    """Name, scan and labels of each subject.

    Raises:
        InputError: scans and labels do not belong together, or two scans would have the same results folder.
    """
    scans, labels = list(map(Path, arguments.scans)), list(map(Path, arguments.labels))
    if len(labels) > len(scans):
        raise InputError(f"There are {len(labels)} label files for {len(scans)} scans; give one for each of the first.")
    names = scan_names.of_scans(scans)
    return [
        (name, scan, labels[i] if i < len(labels) else None)
        for i, (name, scan) in enumerate(zip(names, scans, strict=True))
    ]


def _finetune(
    arguments: argparse.Namespace,
    pairs: list[tuple[str, Path, Path | None]],
    name: str,
    settings: Settings,
    teaching: Teaching,
    progress: Progress,
    interrupts: Interrupts,
) -> Finetuned:
    from .. import devices, outputs, resilience
    from ..progress import part
    from ..safe_files import ensure_output_folder

    devices.resolve(settings.device)
    with contextlib.ExitStack() as reserved:
        root = ensure_output_folder(arguments.output)
        folders = [reserved.enter_context(outputs.reserve(root / subject)) for subject, _, _ in pairs]
        subjects = _read(arguments, pairs, part(progress, 0.0, 0.03))
        done = resilience.finetune(subjects, settings, teaching, part(progress, 0.03, 0.95))
        with interrupts.shield():
            models.save(root, name, done.model.network, done.model.card, half=True)
        for index, (subject, outcome, folder) in enumerate(zip(subjects, done.outcomes, folders, strict=True)):
            here = part(progress, 0.95 + 0.05 * index / len(pairs), 0.95 + 0.05 * (index + 1) / len(pairs))
            outputs.write(outcome.result, subject.case.images[0], folder, here, interrupts.shield)
    return done


def _read(
    arguments: argparse.Namespace, pairs: list[tuple[str, Path, Path | None]], progress: Progress
) -> list[Subject]:
    from ..progress import part
    from ..volume_io import read_volume

    subjects, source = [], case_files.mask_source(arguments)
    for index, (name, scan, labels) in enumerate(pairs):
        truth = None if labels is None else read_volume(labels)
        here = part(progress, index / len(pairs), (index + 1) / len(pairs))
        subjects.append(Subject(name, case_files.read((scan,), None, source, here), truth))
    return subjects


def _tell(done: Finetuned, name: str, output: str, shown: console.NoProgress) -> None:
    """What came out, as a last event or as a few lines."""
    from ..models import CARD, WEIGHTS

    agreement = None if done.agreement is None else asdict(done.agreement)
    if isinstance(shown, console.JsonProgress):
        shown.event("done", output=output, model=name, agreement=agreement)
        return
    if done.agreement is not None:
        print(
            f"agreement with {done.agreement.held_out_voxels} held-out labelled voxels: "
            f"{100 * done.agreement.before:.1f} % -> {100 * done.agreement.after:.1f} %"
        )
    if done.best_step == 0:
        print("no step agreed better than before, so the model is as it was; label more of what is to be learned")
    for outcome in done.outcomes:
        scan = outcome.result.report["inputs"][0]["name"]
        rows = zip(outcome.result.report["classes"], outcome.volumes_before, outcome.volumes_after, strict=True)
        print(f"{scan}: " + ", ".join(f"{row['name']} {before:.1f} -> {after:.1f} ml" for row, before, after in rows))
    print(f"model {name}: {Path(output) / name}{WEIGHTS} and {CARD}")
    print(f"to use it: gmmseg models copy-in {output} {name}, then gmmseg segment --model {name}")
