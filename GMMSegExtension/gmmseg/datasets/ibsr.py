"""IBSR v2: 18 T1 brains with manual labels, of the Center for Morphometric Analysis (nitrc.org/projects/ibsr).

``IBSR_xx/IBSR_xx_ana`` and ``IBSR_xx_segTRI_fill_ana`` (1 CSF, 2 GM, 3 WM), as NIfTI with a fourth axis of length 1 or
as Analyze pairs, anywhere in the subject's folder. Where there is only the stripped scan, ``_ana_strip``, it is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from .files import chosen, image, missing, subfolders
from .subjects import Subject

LAYOUT = "IBSR v2 with IBSR_01/IBSR_01_ana.nii.gz"
CORONAL = 1


def recognises(path: Path) -> bool:
    return path.is_dir() and bool(_folders(path))


def read(path: Path, channels: Sequence[str] | None = None) -> list[Subject]:
    """A labelled scan for each folder IBSR_xx.

    The mask is ``_ana_brainmask``; without it the labels, which cover the whole brain, serve as the mask.

    Raises:
        InputError: a scan or its labels are missing.
    """
    chosen(channels, ("T1",), ("T1",))
    return [_subject(folder) for folder in _folders(path)]


def _folders(path: Path) -> list[Path]:
    return [folder for folder in subfolders(path) if re.fullmatch(r"IBSR_\d+", folder.name)]


def _subject(folder: Path) -> Subject:
    scan = _within(folder, "ana") or _within(folder, "ana_strip")
    labels = _within(folder, "segTRI_fill_ana")
    if scan is None:
        raise _missing(folder, "ana")
    if labels is None:
        raise _missing(folder, "segTRI_fill_ana")
    mask = _within(folder, "ana_brainmask")
    return Subject(
        id=folder.name,
        group=folder.name,
        channels={"T1": scan},
        labels_path=labels,
        mask_path=mask or labels,
        outlined_by_hand=mask is None,
        slice_axis=CORONAL,
    )


def _missing(folder: Path, kind: str) -> InputError:
    return missing(folder / f"{folder.name}_{kind}.nii.gz", f"take the folder '{folder.name}' out of the data set")


def _within(folder: Path, kind: str) -> Path | None:
    """The subject's file of a kind, in its folder or one below."""
    places = [folder, *sorted(place for place in folder.rglob("*") if place.is_dir())]
    return next((found for place in places if (found := image(place, f"{folder.name}_{kind}"))), None)
