"""A result as the files of the command line's contract: all of them complete, or none."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from .case import Result, Volume
from .errors import InputError
from .progress import Progress, silent
from .volume_io import atomic, ensure_output_folder, write_volume

VOLUMES = (
    "segmentation.nii.gz",
    "posteriors.nii.gz",
    "bias_field.nii.gz",
    "corrected.nii.gz",
    "brain_mask.nii.gz",
)
REPORT, PAGE = "report.json", "report.html"
FILES = (*VOLUMES, REPORT, PAGE)
ENTROPY = "entropy.nii.gz"  # only when it was asked for

# A step of 3e-5 is far below what a posterior (or its entropy) means, and takes half the room of float32.
POSTERIOR_TYPE, POSTERIOR_STEP = np.int16, 1 / 32767
# Compression leaves Python's lock, so that a few files are packed at once; more threads only take memory.
WRITERS = 3


@contextlib.contextmanager
def reserve(path: str | Path) -> Iterator[Path]:
    """The output folder, made and known to be writable; folders made for it go again when the block fails.

    Raises:
        InputError: results cannot be written there.
    """
    with folder_for(path) as folder:
        blocked = next((name for name in (*FILES, ENTROPY) if (folder / name).is_dir()), None)
        if blocked:
            raise InputError(f"'{folder / blocked}' is a folder where a result belongs; choose another output folder.")
        yield folder


@contextlib.contextmanager
def folder_for(path: str | Path) -> Iterator[Path]:
    """A folder, made and known to be writable; what was made of it goes again when the block fails.

    Raises:
        InputError: files cannot be written there.
    """
    folder = Path(path)
    made = [part for part in (folder, *folder.parents) if not part.exists()]
    try:
        yield ensure_output_folder(folder)
    except BaseException:
        for part in made:
            with contextlib.suppress(OSError):
                part.rmdir()
        raise


def write(
    result: Result,
    like: Volume,
    folder: Path,
    progress: Progress = silent,
    shield: Callable[[], AbstractContextManager[object]] = contextlib.nullcontext,
) -> None:
    """Writes every file of :data:`FILES` into ``folder``, and :data:`ENTROPY` when the result has one.

    They replace those of an earlier run; its entropy map goes when there is no new one, which it would contradict.
    Files are made in a hidden folder inside and take their places when the last one is complete.

    Args:
        result: of a run.
        like: the first image, whose grid and header geometry the files get.
        folder: an existing folder.
        progress: of the writing; may raise Cancelled.
        shield: gives a context in which the files take their places, undisturbed by signals.

    Raises:
        InputError: no permission, disk full.
    """
    with stage_in(folder) as stage:
        _write_all(result, like, stage, progress)
        with shield():
            for name in FILES if result.entropy is None else (*FILES, ENTROPY):
                (stage / name).replace(folder / name)
            if result.entropy is None:
                (folder / ENTROPY).unlink(missing_ok=True)


@contextlib.contextmanager
def stage_in(folder: Path) -> Iterator[Path]:
    """A hidden folder inside ``folder``, to make files in before they take their places; removed at the end.

    Raises:
        InputError: it cannot be made.
    """
    try:
        stage = Path(tempfile.mkdtemp(prefix=".gmmseg-", dir=folder))
    except OSError as error:
        raise InputError(f"'{folder}' cannot be written to ({error.strerror}); choose another folder.") from error
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _write_all(result: Result, like: Volume, stage: Path, progress: Progress) -> None:
    tasks = [*_volume_tasks(result, like, stage), lambda: _write_report(result, stage / REPORT)]
    with ThreadPoolExecutor(WRITERS) as pool:
        try:
            pending: list[Future] = [pool.submit(task) for task in tasks]
            progress(0.0, "write", "Drawing the report")
            _write_page(result, stage / PAGE)
            for count, done in enumerate(as_completed(pending), 1):
                done.result()
                progress(count / len(pending), "write", f"Writing the results to '{stage.parent}'")
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _volume_tasks(result: Result, like: Volume, stage: Path) -> list[Callable[[], None]]:
    """One task a file, the slowest first."""
    classes = len(result.posteriors)

    def posteriors() -> None:
        volumes = (result.posterior_on_grid(index) for index in range(classes))
        path = stage / "posteriors.nii.gz"
        write_volume(path, volumes, like, count=classes, dtype=POSTERIOR_TYPE, slope=POSTERIOR_STEP)

    tasks = [
        posteriors,
        lambda: write_channels(stage / "bias_field.nii.gz", result.bias_field, like),
        lambda: write_channels(stage / "corrected.nii.gz", result.corrected, like),
        lambda: write_volume(stage / "segmentation.nii.gz", result.labels, like, dtype=np.uint8),
        lambda: write_volume(stage / "brain_mask.nii.gz", result.brain_mask, like, dtype=np.uint8),
    ]
    entropy = result.entropy
    if entropy is not None:
        path = stage / ENTROPY
        tasks.append(lambda: write_volume(path, entropy, like, dtype=POSTERIOR_TYPE, slope=POSTERIOR_STEP))
    return tasks


def write_channels(path: Path, channels: np.ndarray, like: Volume | np.ndarray) -> None:
    """(D, I, J, K) as a 3-D file when D = 1, else with channels along a fourth axis.

    Args:
        path: where to.
        channels: the values.
        like: the volume whose grid it is, or just the grid's (4, 4) affine.

    Raises:
        InputError: no permission, disk full.
    """
    if len(channels) == 1:
        write_volume(path, channels[0], like)
    else:
        write_volume(path, channels, like, count=len(channels))


def _write_report(result: Result, path: Path) -> None:
    write_text(path, report_text(result.report))


def report_text(report: dict) -> str:
    """What ``report.json`` holds."""
    return json.dumps(report, indent=2, allow_nan=False) + "\n"


def _write_page(result: Result, path: Path) -> None:
    from .report_html import page

    write_text(path, page(result))


def write_text(path: Path, text: str) -> None:
    """A text file, complete or not at all.

    Raises:
        InputError: no permission, disk full.
    """
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
