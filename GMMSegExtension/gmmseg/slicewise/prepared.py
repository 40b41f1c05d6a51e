"""Scans as stacks of slices on disk, made once: in anatomical order, cropped to the brain, mapped when they are read.

A prepared scan is a folder with ``image.npy``, ``target.npy`` and ``facts.json``, the last of which is written last.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import em, mixture
from ..brain_mask import resolve_mask
from ..case import Case
from ..datasets import Subject
from ..datasets.subjects import UNLABELLED as NO_LABEL
from ..devices import for_statistics
from ..errors import InputError
from ..informed_network import corrected
from ..mixture import MixtureParameters
from ..preprocessing import Prepared as Cropped
from ..preprocessing import prepare
from ..progress import Progress, part, silent
from ..safe_files import atomic, ensure_output_folder
from ..scan import Scan
from ..shipped_prior import Axes

CLASSES = 3
# Codes of a target beside 1 CSF, 2 GM, 3 WM.
OUTSIDE, UNLABELLED = 0, 255
# Anatomical axis (right, anterior, superior) that the slices of an orientation are across.
ACROSS = {"sagittal": 0, "coronal": 1, "axial": 2}
# Prepared files of another version are made anew.
_VERSION = 1
_FACTS = "facts.json"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True)
class Prepared:
    """A scan made ready.

    Attributes:
        image: (n, D, H, W) float16 slices, each channel divided by its 99th percentile; 0 outside the mask. Divided by
            the bias field as well when there is a mixture.
        target: (n, H, W) uint8: 0 outside the mask, 1 CSF, 2 GM, 3 WM, 255 unlabelled.
        mean, deviation: (D,) float32 of the masked voxels.
        spacing: (2,) mm of a row and a column.
        parameters: EM's mixture of the corrected image; None where it was not asked for.
        orientation: a key of :data:`ACROSS`.
        grid: how the slices came from the scan's own grid.
    """

    image: np.ndarray
    target: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    spacing: tuple[float, float]
    parameters: MixtureParameters | None
    orientation: str
    grid: Grid

    @property
    def has_labels(self) -> bool:
        """Whether any voxel is labelled."""
        return bool(((self.target > OUTSIDE) & (self.target < UNLABELLED)).any())


@dataclass(frozen=True)
class Grid:
    """A scan's own grid.

    Attributes:
        shape: (I, J, K) of the full grid.
        box: start and stop of the brain's box along its axes.
        affine: (4, 4) voxel to RAS millimetres.
    """

    shape: tuple[int, int, int]
    box: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
    affine: np.ndarray

    def restored(self, slices: np.ndarray, orientation: str) -> np.ndarray:
        """(I, J, K) array with (n, H, W) slices in their place, 0 elsewhere."""
        anatomical = torch.from_numpy(np.moveaxis(slices, 0, ACROSS[orientation]).copy())
        full = np.zeros(self.shape, dtype=slices.dtype)
        place = tuple(slice(start, stop) for start, stop in self.box)
        full[place] = Axes.of(self.affine).to_array(anatomical[None])[0].numpy()
        return full


def orientation_of(subjects: Sequence[Subject], asked: str) -> str:
    """The orientation of a data set's slices: the one asked for, or with ``auto`` its own, else axial."""
    if asked != "auto":
        return asked
    from ..volume_io import read_volume

    subject = subjects[0]
    if subject.slice_axis is None:
        return "axial"
    affine = read_volume(next(iter(subject.channels.values()))).affine
    across = Axes.of(affine).order.index(subject.slice_axis)
    return next(name for name, axis in ACROSS.items() if axis == across)


def prepared(
    subject: Subject,
    folder: Path,
    orientation: str,
    bias_degree: int | None = None,
    device: torch.device | None = None,
    progress: Progress = silent,
) -> Path:
    """The folder of a prepared scan, made unless it is there.

    Args:
        subject: the scan, with its labels or without.
        folder: for prepared scans; made unless it is there.
        orientation: a key of :data:`ACROSS`.
        bias_degree: to fit EM's mixture with a field of this degree, by which the image is divided; None for neither.
        device: for an automatic brain mask and the mixture; None for the CPU.
        progress: of the preparation.

    Raises:
        InputError: the scan cannot be read or used.
    """
    identity = _identity(subject, orientation, bias_degree)
    kept = ensure_output_folder(folder) / f"{_NOT_IN_NAMES.sub('_', subject.id)}-{identity[:12]}"
    if not _is_whole(kept, identity):
        device = device or torch.device("cpu")
        _write(_made(subject, orientation, bias_degree, device, progress), ensure_output_folder(kept), identity)
    return kept


def read(kept: Path) -> Prepared:
    """A prepared scan; its slices are mapped from the disk, not read.

    Raises:
        OSError, ValueError, KeyError: it is damaged.
    """
    facts = json.loads((kept / _FACTS).read_text(encoding="utf-8"))
    image, target = (np.load(kept / name, mmap_mode="r", allow_pickle=False) for name in ("image.npy", "target.npy"))
    if (image.shape[0], *image.shape[2:]) != target.shape:
        raise ValueError("image and target have different sizes")
    return Prepared(
        image=image,
        target=target,
        mean=np.array(facts["mean"], dtype=np.float32),
        deviation=np.array(facts["deviation"], dtype=np.float32),
        spacing=tuple(facts["spacing"]),
        parameters=None if facts["mixture"] is None else MixtureParameters(*map(torch.tensor, facts["mixture"])),
        orientation=facts["orientation"],
        grid=Grid(tuple(facts["shape"]), _box(facts["box"]), np.array(facts["affine"])),
    )


def _box(sides: list[list[int]]) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    (a, b), (c, d), (e, f) = sides
    return (a, b), (c, d), (e, f)


def from_case(
    case: Case,
    orientation: str,
    device: torch.device,
    bias_degree: int | None = None,
    progress: Progress = silent,
) -> Prepared:
    """A new scan made ready for a trained network, without labels; see :func:`prepared`.

    Raises:
        InputError: it cannot be used.
    """
    mask, _, _ = resolve_mask(case, device, part(progress, 0.0, 0.5))
    return _sliced(prepare(case, mask), None, orientation, bias_degree, device, part(progress, 0.5, 1.0))


def _made(
    subject: Subject, orientation: str, bias_degree: int | None, device: torch.device, progress: Progress
) -> Prepared:
    case = subject.case()
    mask, _, _ = resolve_mask(case, device, part(progress, 0.0, 0.5))
    labels = subject.labels(case.images[0])
    codes = None if labels is None else labels.array
    return _sliced(prepare(case, mask), codes, orientation, bias_degree, device, part(progress, 0.5, 1.0))


def _sliced(
    cropped: Cropped,
    labels: np.ndarray | None,
    orientation: str,
    bias_degree: int | None,
    device: torch.device,
    progress: Progress = silent,
) -> Prepared:
    image, parameters = torch.from_numpy(cropped.image), None
    if bias_degree is not None:
        image, parameters = _corrected(cropped, bias_degree, device, progress)
    target = np.where(cropped.mask, np.uint8(UNLABELLED), np.uint8(OUTSIDE))
    if labels is not None:
        known = cropped.mask & (labels[cropped.box] != NO_LABEL)
        target[known] = labels[cropped.box][known]
    inside = torch.from_numpy(cropped.mask)
    values = image[:, inside]
    axes, across = Axes.of(cropped.affine), ACROSS[orientation]

    def slices(grid: Tensor) -> Tensor:
        """(n, C, H, W) of (C, i, j, k)."""
        return axes.to_anatomical(grid).movedim(across + 1, 0)

    spacing = [float(cropped.spacing[axis]) for axis in axes.order]
    row, column = (spacing[axis] for axis in range(3) if axis != across)
    largest = float(np.finfo(np.float16).max)
    return Prepared(
        image=slices(image * inside).clamp(-largest, largest).numpy().astype(np.float16),
        target=np.ascontiguousarray(slices(torch.from_numpy(target)[None])[:, 0].numpy()),
        mean=values.mean(dim=1).numpy(),
        deviation=values.std(dim=1).numpy(),
        spacing=(row, column),
        parameters=parameters,
        orientation=orientation,
        grid=Grid(
            cropped.full_shape,
            _box([[side.start, side.stop] for side in cropped.box]),
            cropped.affine,
        ),
    )


def _corrected(
    cropped: Cropped, bias_degree: int, device: torch.device, progress: Progress
) -> tuple[Tensor, MixtureParameters]:
    """(D, i, j, k) image divided by its field, and the mixture at EM's fixed point of it."""
    first, second, third = (float(step) for step in cropped.spacing)
    where = for_statistics(device)
    scan = Scan(
        torch.from_numpy(cropped.image).to(where), torch.from_numpy(cropped.mask).to(where), (first, second, third)
    )
    fit = em.fit(scan, CLASSES, bias_degree, progress)
    flat = Scan(scan.on_grid(corrected(scan, fit)), scan.mask, scan.spacing)
    parameters, _, _ = mixture.fit(flat.rows[flat.sample], fit.parameters, covariance_sharing=em.COVARIANCE_SHARING)
    return flat.image.cpu(), parameters.to("cpu")


def _write(scan: Prepared, kept: Path, identity: str) -> None:
    for name, array in (("image.npy", scan.image), ("target.npy", scan.target)):
        with atomic(kept / name) as beside:
            np.save(beside, np.ascontiguousarray(array), allow_pickle=False)
    mixture_ = scan.parameters
    facts: dict[str, Any] = {
        "identity": identity,
        "mean": scan.mean.tolist(),
        "deviation": scan.deviation.tolist(),
        "spacing": list(scan.spacing),
        "mixture": None
        if mixture_ is None
        else [each.tolist() for each in (mixture_.mean, mixture_.covariance, mixture_.weight)],
        "orientation": scan.orientation,
        "shape": [int(n) for n in scan.grid.shape],
        "box": [[int(end) for end in side] for side in scan.grid.box],
        "affine": scan.grid.affine.tolist(),
    }
    with atomic(kept / _FACTS) as beside:
        beside.write_text(json.dumps(facts), encoding="utf-8")


def _is_whole(kept: Path, identity: str) -> bool:
    """Whether a prepared scan is there, whole, and of the scan as it is now."""
    try:
        if json.loads((kept / _FACTS).read_text(encoding="utf-8"))["identity"] != identity:
            return False
        read(kept)
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return False
    return True


def _identity(subject: Subject, orientation: str, bias_degree: int | None) -> str:
    """What tells a scan's files from others, or from themselves before they were changed."""
    files = [*subject.channels.values(), subject.mask_path, subject.labels_path]
    facts: list[Any] = [_VERSION, subject.id, orientation, bias_degree, sorted(subject.meaning.items())]
    for file in files:
        try:
            status = None if file is None else file.stat()
        except OSError as error:
            raise InputError(f"'{file}' cannot be read ({error.strerror}); check the data set.") from error
        facts.append(None if file is None or status is None else [file.name, status.st_size, status.st_mtime_ns])
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
