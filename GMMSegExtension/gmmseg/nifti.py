"""Images that nibabel reads (NIfTI, Analyze, MGH, ...), and NIfTI files for results."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np

from . import unreadable
from .case import Volume
from .errors import InputError
from .grids import corner_distance, is_rigid, is_usable
from .safe_files import COMPRESSION_SUFFIXES

SUFFIXES = (".nii", ".hdr", ".img", ".mgz", ".mgh", ".mnc", ".par", ".rec", ".head", ".brik")

# Deflate cannot shrink data more than about 1032 times, so a smaller file must be cut off.
_DEFLATE_LIMIT = 1100
_SLICES_PER_WRITE = 8


def read(path: Path) -> Volume:
    """Read a file of any format that nibabel knows. See ``read_volume``."""
    import nibabel as nib

    try:
        image: Any = nib.load(path, mmap=False)
    except (nib.filebasedimages.ImageFileError, nib.spatialimages.HeaderDataError) as error:
        raise unreadable.not_an_image(path) from error
    except FileNotFoundError as error:
        raise _no_other_half(path, error) from error
    except (EOFError, zlib.error) as error:
        raise unreadable.truncated(path) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise unreadable.not_an_image(path) from error
    unreadable.check_shape(path, image.shape)
    unreadable.check_type(path, image.get_data_dtype())
    affine, notes, header = _geometry(path, image)
    array = _voxels(path, image)
    return Volume(array.reshape(array.shape[:3]), affine, path.name, tuple(notes), header)


def _voxels(path: Path, image: Any) -> np.ndarray:
    """Stored numbers as they are when unscaled, float32 otherwise; native byte order."""
    source = image.dataobj
    _check_length(path, image)
    try:
        if _is_scaled(source):
            # nibabel widens to float64 where float32 could not hold all stored numbers.
            with np.errstate(over="ignore"):
                return np.asarray(source, dtype=np.float32)
        array = np.asarray(source)
    except FileNotFoundError as error:
        raise _no_other_half(path, error) from error
    except (EOFError, zlib.error, OSError, ValueError) as error:
        raise unreadable.truncated(path) from error
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        return array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _no_other_half(path: Path, error: FileNotFoundError) -> InputError:
    """For a pair such as .hdr and .img of which one is missing."""
    missing = error.filename or "the other half of the pair"
    return InputError(f"'{missing}', which belongs to '{path}', does not exist; keep both together.")


def _is_scaled(source: Any) -> bool:
    slope, intercept = getattr(source, "slope", 1.0), getattr(source, "inter", 0.0)
    return bool(np.any(np.asarray(slope) != 1) or np.any(np.asarray(intercept) != 0))


def _check_length(path: Path, image: Any) -> None:
    """Refuse a file that is shorter than its header says before memory is asked for."""
    source = image.dataobj
    needed = int(np.prod(image.shape, dtype=np.int64)) * image.get_data_dtype().itemsize
    name = image.file_map["image"].filename
    if name is None or not hasattr(source, "offset") or not Path(name).is_file():
        return
    size = Path(name).stat().st_size
    compressed = str(name).lower().endswith((*COMPRESSION_SUFFIXES, ".mgz"))
    if size * _DEFLATE_LIMIT < needed if compressed else size < source.offset + needed:
        raise unreadable.truncated(path)


def _geometry(path: Path, image: Any) -> tuple[np.ndarray, list[str], Any]:
    """The affine to use, sentences about doubts, and the header that results shall repeat (None: write a new one)."""
    import nibabel as nib

    affine = np.asarray(image.affine, dtype=float)
    notes = []
    if not isinstance(image.header, nib.Nifti1Header):
        if isinstance(image.header, nib.AnalyzeImage.header_class):
            notes.append(f"{path.name} is in the Analyze format, so left and right may be swapped.")
        return unreadable.checked_affine(path, affine), notes, None
    sform, s_code = image.header.get_sform(coded=True)
    try:
        qform, q_code = image.header.get_qform(coded=True)
    except (ValueError, nib.spatialimages.HeaderDataError):
        qform, q_code = None, 0
    usable_q = q_code > 0 and qform is not None and is_usable(qform)
    if s_code > 0 and not is_usable(sform) and usable_q:
        return qform, [f"The sform of {path.name} is not usable; its qform was taken."], None
    if s_code <= 0 and q_code <= 0:
        notes.append(
            f"{path.name} does not say how it lies in the patient (qform and sform codes are 0): "
            "its voxel sizes were used, and left and right may be swapped."
        )
    elif s_code > 0 and usable_q:
        apart = corner_distance(sform, qform, image.shape[:3])
        if apart > 0.5:
            notes.append(f"The sform and qform of {path.name} differ by up to {apart:.1f} mm; the sform was taken.")
    return unreadable.checked_affine(path, affine), notes, image.header


def result_header(like: Volume | np.ndarray, shape: tuple[int, ...], dtype: np.dtype, slope: float) -> Any:
    """A single-file NIfTI header: the grid of ``like``, nothing else of its history."""
    import nibabel as nib

    source, affine = (like.header, like.affine) if isinstance(like, Volume) else (None, like)
    header = nib.Nifti2Header() if isinstance(source, nib.Nifti2Header) else nib.Nifti1Header()
    header.set_data_dtype(dtype)
    header.set_data_shape(shape)
    if source is None:
        header.set_xyzt_units("mm")
        header.set_sform(affine, code="scanner")
        header.set_qform(affine, code="scanner" if is_rigid(affine) else "unknown")
    else:
        header["pixdim"][:4] = source["pixdim"][:4]
        for name in ("qform_code", "sform_code", "xyzt_units", "dim_info", "qoffset_x", "qoffset_y", "qoffset_z"):
            header[name] = source[name]
        for name in ("quatern_b", "quatern_c", "quatern_d", "srow_x", "srow_y", "srow_z"):
            header[name] = source[name]
    header.set_slope_inter(slope, 0)
    header["vox_offset"] = header.single_vox_offset
    return header


def write(path: Path, header: Any, volumes: Iterable[np.ndarray]) -> int:
    """Write a single-file NIfTI, through gzip when its name says so, and return the number of volumes written.

    The gzip header holds no name and time, so that the same result gives the same bytes.
    """
    dtype, slope = header.get_data_dtype(), header.get_slope_inter()[0] or 1.0
    count = 0
    with contextlib.ExitStack() as stack:
        file: Any = stack.enter_context(path.open("wb"))
        if path.suffix == ".gz":
            file = stack.enter_context(gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0))
        file.write(header.binaryblock)
        # Four zero bytes say that no header extension follows.
        file.write(b"\0" * (int(header["vox_offset"]) - int(header["sizeof_hdr"])))
        for volume in volumes:
            if volume.shape != header.get_data_shape()[:3]:
                raise ValueError(f"expected an array of shape {header.get_data_shape()[:3]}, got {volume.shape}")
            _write_voxels(file, volume, dtype, slope)
            count += 1
    return count


def _write_voxels(file: IO[bytes], volume: np.ndarray, dtype: np.dtype, slope: float) -> None:
    """A few slices at a time, so that no second copy of the volume is made."""
    for start in range(0, volume.shape[2], _SLICES_PER_WRITE):
        values = volume[:, :, start : start + _SLICES_PER_WRITE]
        if slope != 1.0:
            values = values / slope
        if dtype.kind in "iu" and values.dtype.kind == "f":
            limits = np.iinfo(dtype)
            values = np.clip(np.rint(values), limits.min, limits.max)
        file.write(values.astype(dtype).tobytes(order="F"))
