"""MRBrainS18: registered and bias-corrected T1, IR and FLAIR of 3 mm with manual labels (mrbrains18.isi.uu.nl).

``<n>/pre/reg_T1``, ``reg_IR``, ``FLAIR`` and ``<n>/segm``: 1 cortical and 2 deep grey matter, 3 white matter, 4 its
lesions, 5 sulcal and 6 ventricular CSF, 7 cerebellum, 8 brain stem, 9 infarction, 10 other.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .files import chosen, image, missing, subfolders
from .subjects import CSF, GM, UNLABELLED, WM, Subject

LAYOUT = "MRBrainS18 with 1/pre/reg_T1.nii.gz"
CHANNELS = {"T1": "reg_T1", "IR": "reg_IR", "FLAIR": "FLAIR"}
MEANING = {0: UNLABELLED, 1: GM, 2: GM, 3: WM, 4: WM, 5: CSF, 6: CSF} | dict.fromkeys((7, 8, 9, 10), UNLABELLED)
# Not divided into tissues: the challenge counts them in no measure.
IGNORED = frozenset((7, 8, 9, 10))
TRANSVERSE = 2


def recognises(path: Path) -> bool:
    return path.is_dir() and bool(_folders(path))


def read(path: Path, channels: Sequence[str] | None = None) -> list[Subject]:
    """A scan for each folder; the labels' voxels, which cover the whole brain, are its mask.

    Raises:
        InputError: a channel is missing, or the labels of one scan where others have theirs.
    """
    names = chosen(channels, tuple(CHANNELS), tuple(CHANNELS))
    folders = _folders(path)
    labels = {folder: image(folder, "segm") for folder in folders}
    for folder in folders:
        if labels[folder] is None and any(labels.values()):
            raise missing(folder / "segm.nii.gz", f"take the folder '{folder.name}' out of the data set")
    return [_subject(folder, names, labels[folder]) for folder in folders]


def _folders(path: Path) -> list[Path]:
    """Those of subjects: some of the files are there, be it not all."""
    names = [*(f"pre/{name}" for name in CHANNELS.values()), "segm"]
    return [folder for folder in subfolders(path) if any(image(folder, name) for name in names)]


def _subject(folder: Path, names: tuple[str, ...], labels: Path | None) -> Subject:
    channels = {}
    for name in names:
        found = image(folder / "pre", CHANNELS[name])
        if found is None:
            wanted = folder / "pre" / f"{CHANNELS[name]}.nii.gz"
            raise missing(wanted, f"choose channels without {name}")
        channels[name] = found
    return Subject(
        id=folder.name,
        group=folder.name,
        channels=channels,
        labels_path=labels,
        mask_path=labels,
        outlined_by_hand=labels is not None,
        meaning=MEANING,
        ignored=IGNORED,
        slice_axis=TRANSVERSE,
    )
