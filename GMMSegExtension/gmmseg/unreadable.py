"""Checks that every reader makes, and the sentences for files that cannot be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .errors import InputError
from .grids import is_usable

READABLE = "NIfTI, NRRD, MetaImage, MGZ, Analyze or a DICOM folder"


def check_readable(path: Path) -> None:
    """The checks that do not depend on the format.

    Raises:
        InputError: ``path`` is missing, empty or may not be read.
    """
    try:
        if path.is_dir():
            next(path.iterdir(), None)
            return
        with path.open("rb") as file:
            empty = not file.read(1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"'{path}' does not exist; check the name.") from error
    except PermissionError as error:
        raise InputError(f"'{path}' cannot be read: permission denied; ask for read permission.") from error
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror}); check the disk and the name.") from error
    if empty:
        raise InputError(f"'{path}' is empty (0 bytes); copy or export it again.")


def check_shape(path: Path, shape: tuple[int, ...]) -> None:
    if 0 in shape:
        raise InputError(f"'{path}' has no voxels (its size is {_times(shape)}); export it again.")
    if any(length > 1 for length in shape[4:]):
        raise multi_component(path)
    if len(shape) > 3 and shape[3] > 1:
        raise several_volumes(path, shape[3])
    if len(shape) < 3 or 1 in shape[:3]:
        raise InputError(f"'{path}' is a 2-D image ({_times(shape)} voxels); give a 3-D volume.")


def check_type(path: Path, dtype: np.dtype) -> None:
    if dtype.fields is not None:
        raise multi_component(path)
    if dtype.kind == "c":
        raise complex_voxels(path)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(length) for length in shape)


def several_volumes(path: Path, count: int) -> InputError:
    return InputError(f"'{path}' is a series of {count} volumes; take one volume of it first.")


def multi_component(path: Path) -> InputError:
    return InputError(f"'{path}' has several values per voxel (colour or vectors); give a grey-scale volume.")


def complex_voxels(path: Path) -> InputError:
    return InputError(f"'{path}' has complex voxels; give the magnitude image.")


def truncated(path: Path) -> InputError:
    return InputError(f"'{path}' is damaged or cut short: it holds less than its header says; copy or export it again.")


def no_data_file(path: Path) -> InputError:
    return InputError(f"The data file that '{path}' names is missing or cut short; keep both files together.")


def not_an_image(path: Path) -> InputError:
    return InputError(f"'{path}' is not an image that can be read; give {READABLE}.")


def checked_affine(path: Path, affine: np.ndarray) -> np.ndarray:
    if not is_usable(affine):
        raise InputError(
            f"The header of '{path}' places all voxels in a plane or nowhere (its affine cannot be inverted); "
            "mend the header or convert the scan again."
        )
    return affine
