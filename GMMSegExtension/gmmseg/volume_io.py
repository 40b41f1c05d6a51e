"""Reading volumes of every usual format, and writing NIfTI results that appear complete or not at all.

nibabel and SimpleITK are imported on use: inside 3D Slicer the engine gets arrays and needs neither to read.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from . import itk_images, nifti, unreadable
from .case import Volume
from .errors import InputError
from .safe_files import COMPRESSION_SUFFIXES, atomic, ensure_output_folder

__all__ = ["atomic", "ensure_output_folder", "read_mask", "read_volume", "write_volume"]


def read_volume(path: str | os.PathLike) -> Volume:
    """Read one scalar 3-D image with its place in the patient.

    NIfTI, Analyze, MGH and the other formats of nibabel are read by nibabel, everything else (NRRD, MetaImage,
    DICOM, ...) by SimpleITK, whose LPS coordinates are turned into RAS. Voxels keep the order in which they are
    stored. Stored numbers without a scale keep their type, so that 0 stays exactly 0; scaled ones become float32.

    Args:
        path: a file, one file of a DICOM series, or a folder that holds a DICOM series.

    Returns:
        Volume with (I, J, K) array and (4, 4) affine to RAS millimetres. NaN and infinite voxels are left as they are.

    Raises:
        InputError: the file is missing, empty, truncated, no image, or not one scalar 3-D image.
    """
    path = Path(path)
    unreadable.check_readable(path)
    try:
        if path.is_dir():
            return itk_images.read_dicom(path)
        if _image_suffix(path) in nifti.SUFFIXES:
            return nifti.read(path)
        return itk_images.read(path)
    except MemoryError as error:
        raise InputError(f"'{path}' does not fit into memory; crop or resample it first.") from error


def read_mask(path: str | os.PathLike) -> Volume:
    """Read a mask; see :func:`read_volume`.

    Returns:
        Volume whose array is uint8, 1 where the file holds anything but 0 and NaN.
    """
    volume = read_volume(path)
    inside = (volume.array != 0) & np.isfinite(volume.array)
    return Volume(inside.view(np.uint8), volume.affine, volume.name, volume.notes, volume.header)


def write_volume(
    path: str | os.PathLike,
    array: np.ndarray | Iterable[np.ndarray],
    like: Volume | np.ndarray,
    *,
    count: int | None = None,
    dtype: type | str | np.dtype = np.float32,
    slope: float = 1.0,
) -> None:
    """Write a result on the grid of ``like`` as NIfTI (``.nii`` or ``.nii.gz``), complete or not at all.

    When ``like`` was read from NIfTI, the result has the same affines, their codes, units and slice axes.

    Args:
        path: where to; replaced when it exists.
        array: (I, J, K) values, or, with ``count``, an iterable of that many such arrays, written one after the
            other as a 4-D file, so that they need not all be in memory.
        like: the volume whose grid it is, or just the grid's (4, 4) affine.
        count: number of volumes of a 4-D file.
        dtype: type of the stored numbers.
        slope: one step of the stored numbers (``scl_slope``); values are divided by it, rounded and clipped where
            ``dtype`` is an integer type.

    Raises:
        InputError: the file cannot be written: missing folder, no permission, disk full.
    """
    volumes = iter([np.asarray(array)] if count is None else array)
    with atomic(path) as temporary:
        first = next(volumes)
        shape = first.shape if count is None else (*first.shape, count)
        header = nifti.result_header(like, shape, np.dtype(dtype), slope)
        written = nifti.write(temporary, header, itertools.chain([first], volumes))
        if written != (count or 1):
            raise ValueError(f"expected {count} volumes, got {written}")


def _image_suffix(path: Path) -> str:
    """The lower-case suffix that names the format: ``.nii`` for ``scan.NII.gz``."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSION_SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""
