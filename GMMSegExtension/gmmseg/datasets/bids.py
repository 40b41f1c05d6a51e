"""BIDS (bids-specification.readthedocs.io): ``sub-xx[/ses-yy]/anat/..._T1w``, with labels and masks in derivatives.

Labels are ``..._dseg`` and masks ``..._desc-brain_mask`` of any pipeline in ``derivatives/``, in the scan's own space.
Of several label files, manual ones (``desc-manual``) go before those without ``desc``, and these before the others.
FreeSurfer's structures (``desc-aseg``) and what this project has written itself are left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from .bids_labels import label_meaning
from .bids_names import Entities, belongs, parsed
from .files import chosen, images, missing, stem, subfolders
from .subjects import Subject

LAYOUT = "BIDS with sub-01/anat/sub-01_T1w.nii.gz"
SUFFIXES = {"T1": "T1w", "T2": "T2w", "FLAIR": "FLAIR", "PD": "PDw"}
_OWN_SPACE = ("", "T1w", "orig", "individual")
_OWN_RESULTS = "gmmseg"
_NOT_TISSUES = ("aseg", "aparc")


def recognises(path: Path) -> bool:
    return path.is_dir() and bool(_folders(path))


def read(path: Path, channels: Sequence[str] | None = None) -> list[Subject]:
    """A scan for each T1w image (or image of the first channel), all of one ``sub`` in one group.

    Raises:
        InputError: a scan, its other channel or what a link leads to is missing, or two files could be the labels.
    """
    names = chosen(channels, tuple(SUFFIXES), ("T1",))
    folders, suffix = _folders(path), SUFFIXES[names[0]]
    subjects = []
    for folder in folders:
        scans = [file for file in images(folder) if _is(file, suffix)]
        if not scans and any(_is_tissue_map(file) for file in _derived(path, folder)):
            raise missing(_expected(path, folder, suffix), "take its labels out of derivatives")
        sessions = Counter(map(_session, scans))
        subjects += [_subject(path, scan, names, alone=sessions[_session(scan)] == 1) for scan in scans]
    if not subjects:
        raise missing(_expected(path, folders[0], suffix), "choose other channels")
    return subjects


def _session(scan: Path) -> tuple[str, str]:
    entities = parsed(stem(scan))
    return entities.of("sub"), entities.of("ses")


def _expected(root: Path, folder: Path, suffix: str) -> Path:
    """How the only scan of a folder would be called."""
    parts = [part for part in folder.relative_to(root).parts if part.startswith(("sub-", "ses-"))]
    return folder / f"{'_'.join([*parts, suffix])}.nii.gz"


def _folders(path: Path) -> list[Path]:
    """Where scans can lie: ``anat`` of each subject and session, and the folder itself, for files without folders."""
    found = []
    for subject in subfolders(path):
        if subject.name.startswith("sub-"):
            sessions = [inner for inner in subfolders(subject) if inner.name.startswith("ses-")]
            found += [place / "anat" for place in (subject, *sessions) if (place / "anat").is_dir()]
    if any(_is(file, SUFFIXES["T1"]) for file in images(path)):
        found.append(path)
    return found


def _subject(root: Path, scan: Path, names: tuple[str, ...], alone: bool) -> Subject:
    entities = parsed(stem(scan))
    channels = {names[0]: scan} | {name: _channel(scan, entities, name) for name in names[1:]}
    derived = [file for file in _derived(root, scan.parent) if belongs(parsed(stem(file)), entities, alone)]
    labels = _best(scan, [file for file in derived if _is_tissue_map(file)])
    masks = [file for file in derived if parsed(stem(file)).of("desc") == "brain" and _is(file, "mask")]
    beside = [mask for mask in masks if labels is not None and mask.parent == labels.parent]
    mask = _best(scan, beside or masks)
    for file in (*channels.values(), labels, mask):
        if file is not None and not file.exists():
            raise InputError(f"'{file}' is a link to a file that is not here; fetch it ('datalad get' or 'git annex').")
    meaning, ignored = label_meaning(labels, root)
    return Subject(
        id=stem(scan).removesuffix(f"_{entities.suffix}"),
        group=f"sub-{entities.of('sub')}",
        channels=channels,
        labels_path=labels,
        mask_path=mask,
        meaning=meaning,
        ignored=ignored,
    )


def _channel(scan: Path, entities: Entities, name: str) -> Path:
    """The other image of the same session: of the same run when there are several."""
    others = [file for file in images(scan.parent) if _is(file, SUFFIXES[name])]
    others = [file for file in others if all(parsed(stem(file)).of(key) == entities.of(key) for key in ("sub", "ses"))]
    same = [file for file in others if parsed(stem(file)).source == entities.source]
    if len(same or others) > 1:
        two = _named(same or others)
        raise InputError(f"Two images could be the {name} of '{scan}' ({two}); list the scans in a manifest.")
    if not others:
        wanted = stem(scan).removesuffix(entities.suffix) + SUFFIXES[name]
        raise missing(scan.parent / f"{wanted}.nii.gz", f"choose channels without {name}")
    return (same or others)[0]


def _derived(root: Path, folder: Path) -> list[Path]:
    """Images of all pipelines in the folders that correspond to one of scans, itself included."""
    pipelines = [root]
    if (root / "derivatives").is_dir():
        inner = subfolders(root / "derivatives")
        pipelines += [root / "derivatives", *(one for one in inner if not one.name.lower().startswith(_OWN_RESULTS))]
    folders = [pipeline / folder.relative_to(root) for pipeline in pipelines]
    return [file for folder in folders if folder.is_dir() for file in images(folder)]


def _is(file: Path, suffix: str) -> bool:
    """Whether the file is of a kind, and in the space of its scan at full resolution."""
    entities = parsed(stem(file))
    return entities.suffix == suffix and entities.of("space") in _OWN_SPACE and not entities.of("res")


def _is_tissue_map(file: Path) -> bool:
    entities = parsed(stem(file))
    parcels = any(entities.of(key) for key in ("atlas", "seg", "label"))
    return _is(file, "dseg") and not parcels and not entities.of("desc").startswith(_NOT_TISSUES)


def _best(scan: Path, files: list[Path]) -> Path | None:
    """The one of several files that goes before the others.

    Raises:
        InputError: two are equally good.
    """
    ranked: dict[int, list[Path]] = {}
    for file in files:
        described = parsed(stem(file)).of("desc")
        rank = 0 if described.startswith("manual") else 1 if described in ("", "brain") else 2
        ranked.setdefault(rank, []).append(file)
    if not ranked:
        return None
    best = ranked[min(ranked)]
    if len(best) > 1:
        raise InputError(
            f"Two files could belong to '{scan}' ({_named(best)}); take one of them out of derivatives, or list the "
            "scans in a manifest."
        )
    return best[0]


def _named(files: list[Path]) -> str:
    return " and ".join(f"'{file}'" for file in files[:2])
