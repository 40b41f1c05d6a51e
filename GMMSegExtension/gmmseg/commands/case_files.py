"""The files of one scan as a case, as the command line names them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..case import Case
    from ..progress import Progress


def read(channels: Sequence[str | Path], mask: str | Path | None, source: str, progress: Progress) -> Case:
    """The case.

    Args:
        channels: files of the first and the further channels.
        mask: file of the brain mask; None to go by ``source``.
        source: see :func:`mask_source`.
        progress: told about each channel.

    Raises:
        InputError: a file cannot be read.
    """
    from ..case import Case
    from ..volume_io import read_mask, read_volume

    images = []
    for index, path in enumerate(channels):
        progress(index / len(channels), "read", f"Reading {Path(path).name}")
        images.append(read_volume(path))
    if mask is not None:
        return Case(tuple(images), read_mask(mask), "given")
    return Case(tuple(images), None, source)


def mask_source(arguments: argparse.Namespace) -> str:
    """Where the brain mask comes from when none is given, by the options ``--auto-mask`` and ``--no-mask``."""
    return "automatic" if arguments.auto_mask else "stripped" if arguments.no_mask else "detect"
