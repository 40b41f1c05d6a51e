"""One folder with the files of all scans: ``ID_T1``, and where there are any ``ID_mask`` and ``ID_tissues``.

``ID_tissues`` holds 1 CSF, 2 GM, 3 WM and 0 unlabelled. Other files (``ID_fast``) are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .files import chosen, images, missing, stem
from .subjects import Subject

LAYOUT = "one folder with 1000_T1.nii.gz"
CHANNELS = ("T1", "T2", "PD", "FLAIR", "IR")
# What marks a scan as one of several of a person, as OASIS does (OAS1_0061_MR2). Mere numbers count people as well.
_RESCAN = re.compile(r"[_-](MR\d+|ses-\w+|ses(sion)?\d+|run-?\d+|visit-?\d+|(re)?scan-?\d*|(re)?test)$", re.IGNORECASE)


def recognises(path: Path) -> bool:
    return path.is_dir() and any(stem(file).endswith("_T1") for file in path.iterdir())


def read(path: Path, channels: Sequence[str] | None = None) -> list[Subject]:
    """A scan for each ID.

    Raises:
        InputError: a channel is missing.
    """
    names = chosen(channels, CHANNELS, ("T1",))
    files = {stem(file): file for file in images(path)}
    kinds = ("T1", "mask", "tissues")
    ids = sorted({name.removesuffix(f"_{kind}") for name in files for kind in kinds if name.endswith(f"_{kind}")})
    subjects = []
    for scan in ids:
        for channel in names:
            if f"{scan}_{channel}" not in files:
                raise missing(path / f"{scan}_{channel}.nii.gz", f"take the other files of '{scan}' out of the folder")
        subjects.append(
            Subject(
                id=scan,
                group=_RESCAN.sub("", scan),
                channels={channel: files[f"{scan}_{channel}"] for channel in names},
                labels_path=files.get(f"{scan}_tissues"),
                mask_path=files.get(f"{scan}_mask"),
            )
        )
    return subjects
