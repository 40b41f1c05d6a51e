"""Scans of a cohort, made ready for label-free training: corrected, oriented, and with the mixture that fits them.

Each is prepared once, as mode ``em`` would do it, and kept as a small file, so that a training can draw from many.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import em, mixture
from .brain_mask import resolve_mask
from .case import Case
from .devices import for_statistics
from .errors import InputError
from .informed_network import corrected, noise_level
from .mixture import MixtureParameters
from .preprocessing import check_distinct, prepare
from .progress import Progress, silent
from .safe_files import atomic, ensure_output_folder
from .scan import Scan
from .shipped_prior import Axes, pooled_for_network
from .volume_io import read_volume

SUFFIXES = (".nii", ".nii.gz", ".mgz", ".mgh", ".nrrd", ".nhdr", ".mha", ".mhd")
CLASSES, BIAS_DEGREE = 3, 3
# Prepared files of another version are made anew.
VERSION = 1


@dataclass(frozen=True)
class CohortScan:
    """A brain, its axes towards right, anterior and superior.

    Attributes:
        image: (i, j, k) float32 intensities divided by the bias field; 0 outside the mask.
        mask: (i, j, k) bool.
        spacing: (3,) mm.
        parameters: EM's mixture of CSF, GM and WM of these intensities: its fixed point, where the posteriors of Bayes'
            rule give back the same mixture.
        noise: standard deviation of the noise.
    """

    image: Tensor
    mask: Tensor
    spacing: Tensor
    parameters: MixtureParameters
    noise: float


def find(paths: Sequence[Path | str]) -> dict[str, Path]:
    """The scans that files and folders hold, by name: that of the file without its suffix.

    Raises:
        InputError: there is none, one is missing, or two have the same name.
    """
    found: dict[str, Path] = {}
    for path in map(Path, paths):
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if _name(file) and file.name[0] != ".")
        else:
            files = [path]
        if not files:
            raise InputError(f"There is no scan in the folder '{path}'; give files, or a folder with NIfTI files.")
        for file in files:
            name = _name(file) or file.name
            if name in found:
                raise InputError(f"Two scans are called {name} ('{found[name]}' and '{file}'); rename one of them.")
            found[name] = file
    if not found:
        raise InputError("There is no scan to train on; give files, or a folder with NIfTI files.")
    return found


def prepared(name: str, path: Path, folder: Path, device: torch.device, progress: Progress = silent) -> Path:
    """The file of a prepared scan, made unless ``folder`` holds it.

    Args:
        name: of the scan, and of the file.
        path: the scan: one T1, with its skull or without.
        folder: for prepared scans; made unless it is there.
        device: for an automatic brain mask and the mixture.
        progress: of the preparation.

    Raises:
        InputError: the scan cannot be read or used.
    """
    kept = ensure_output_folder(folder) / f"{name}.npz"
    identity = _identity(path)
    if not _is_of(kept, identity):
        _write(make(path, device, progress), kept, identity)
    return kept


def make(path: Path, device: torch.device, progress: Progress = silent) -> CohortScan:
    """A scan made ready: brain mask (its non-zero voxels if it is stripped), bias field and mixture by EM.

    Raises:
        InputError: it cannot be read or used, or is no T1.
    """
    image = read_volume(path)
    case = Case((image,))
    mask, _, _ = resolve_mask(case, device, progress)
    ready = prepare(case, mask)
    check_distinct(ready, CLASSES)
    first, second, third = (float(step) for step in ready.spacing)
    where = for_statistics(device)
    scan = Scan(torch.from_numpy(ready.image).to(where), torch.from_numpy(ready.mask).to(where), (first, second, third))
    fit = em.fit(scan, CLASSES, BIAS_DEGREE, progress)
    if not bool(em.field_classes(scan, fit.s)[-1]):
        raise InputError(
            f"{image.name} does not look like a T1: its brightest tissue is not white matter; leave it out."
        )
    return _oriented(scan, corrected(scan, fit), fit.parameters, Axes.of(ready.affine))


def read(kept: Path) -> CohortScan:
    """A prepared scan from its file.

    Raises:
        OSError, ValueError, KeyError, zipfile.BadZipFile: it is damaged.
    """
    with np.load(kept, allow_pickle=False) as file:
        shape = tuple(int(n) for n in file["shape"])
        mask = np.unpackbits(file["mask"], count=int(np.prod(shape))).astype(bool).reshape(shape)
        image = np.zeros(shape, dtype=np.float32)
        image[mask] = file["values"]
        parts = [torch.from_numpy(file[part]) for part in ("mean", "covariance", "weight")]
        return CohortScan(
            image=torch.from_numpy(image),
            mask=torch.from_numpy(mask),
            spacing=torch.from_numpy(file["spacing"]),
            parameters=MixtureParameters(*parts),
            noise=float(file["noise"]),
        )


def _oriented(scan: Scan, rows: Tensor, start: MixtureParameters, axes: Axes) -> CohortScan:
    """As a network would see it, and the mixture of what it then is."""
    volume = axes.to_anatomical(torch.cat([scan.on_grid(rows), scan.mask[None].to(rows)]))
    spacing = [scan.spacing[axis] for axis in axes.order]
    volume, factors = pooled_for_network(volume, spacing)
    first, second, third = (step * factor for step, factor in zip(spacing, factors, strict=True))
    seen = Scan(volume[:1].contiguous(), volume[1] > 0, (first, second, third))
    parameters, _, _ = mixture.fit(seen.rows[seen.sample], start, covariance_sharing=em.COVARIANCE_SHARING)
    s, _ = mixture.posterior(seen.rows, parameters)
    return CohortScan(
        image=seen.image[0].cpu(),
        mask=seen.mask.cpu(),
        spacing=torch.tensor(seen.spacing, dtype=torch.float32),
        parameters=parameters.to("cpu"),
        noise=float(noise_level(seen.image, seen.on_grid(s))),
    )


def _write(scan: CohortScan, kept: Path, identity: str) -> None:
    """Brain voxels only and in half precision: a tenth of the volume's room."""
    largest = float(np.finfo(np.float16).max)
    with atomic(kept) as beside:
        np.savez(
            beside,
            identity=np.array(identity),
            shape=np.array(scan.mask.shape),
            mask=np.packbits(scan.mask.numpy()),
            values=scan.image[scan.mask].clamp(-largest, largest).numpy().astype(np.float16),
            spacing=scan.spacing.numpy(),
            mean=scan.parameters.mean.numpy(),
            covariance=scan.parameters.covariance.numpy(),
            weight=scan.parameters.weight.numpy(),
            noise=np.array(scan.noise),
        )


def _is_of(kept: Path, identity: str) -> bool:
    """Whether a prepared file is there, whole, and of the scan as it is now."""
    try:
        with np.load(kept, allow_pickle=False) as file:
            if str(file["identity"]) != identity:
                return False
        read(kept)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return False
    return True


def _identity(path: Path) -> str:
    """What tells a scan's file from another, or from itself before it was changed; its place does not matter."""
    try:
        status = path.stat()
    except OSError:  # reading it says what is wrong
        return ""
    facts = [VERSION, path.name, status.st_size, status.st_mtime_ns]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _name(path: Path) -> str:
    """The file's name without its suffix; empty when it is no image's."""
    ending = next(
        (suffix for suffix in sorted(SUFFIXES, key=len, reverse=True) if path.name.lower().endswith(suffix)), ""
    )
    return path.name[: -len(ending)] if ending else ""
