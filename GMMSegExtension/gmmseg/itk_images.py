"""Images that SimpleITK reads: NRRD, MetaImage, DICOM series and the rest. Its LPS coordinates become RAS."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from . import unreadable
from .case import Volume
from .errors import InputError


def read(path: Path) -> Volume:
    """Read a file of any format that SimpleITK knows; a DICOM slice stands for its series. See ``read_volume``."""
    import SimpleITK as sitk

    reader = _header(path)
    if reader is None:
        # ITK reads an NRRD header only together with its data.
        detached = path.suffix.lower() == ".nhdr" and path.read_bytes()[:4] == b"NRRD"
        raise unreadable.no_data_file(path) if detached else unreadable.not_an_image(path)
    if sitk.ImageFileReader.GetImageIOFromFileName(str(path)) == "GDCMImageIO" and reader.GetSize()[2:] in ((), (1,)):
        return read_dicom(path)
    return _read_file(path, reader)


def _read_file(path: Path, reader: Any) -> Volume:
    """The one image of the file whose header ``reader`` has read."""
    import SimpleITK as sitk

    if reader.GetNumberOfComponents() > 1:
        raise unreadable.multi_component(path)
    unreadable.check_shape(path, reader.GetSize())
    if "complex" in sitk.GetPixelIDValueAsString(reader.GetPixelID()):
        raise unreadable.complex_voxels(path)
    try:
        with _quiet():
            image = reader.Execute()
    except RuntimeError as error:
        if path.suffix.lower() in (".nhdr", ".mhd"):
            raise unreadable.no_data_file(path) from error
        raise unreadable.truncated(path) from error
    return _from_simpleitk(path, image, ())


def _from_simpleitk(path: Path, image: Any, notes: tuple[str, ...]) -> Volume:
    import SimpleITK as sitk

    affine = unreadable.checked_affine(path, ras_affine(image))
    array = sitk.GetArrayFromImage(image)
    # SimpleITK's first array axis is the slowest in memory.
    return Volume(array.reshape(array.shape[-3:]).transpose(2, 1, 0), affine, path.name, notes)


def ras_affine(image: Any) -> np.ndarray:
    """(4, 4) affine from the voxel indices of a SimpleITK image (LPS) to RAS millimetres."""
    dimension = image.GetDimension()
    direction = np.array(image.GetDirection()).reshape(dimension, dimension)[:3, :3]
    affine = np.eye(4)
    affine[:3, :3] = direction * np.array(image.GetSpacing()[:3])
    affine[:3, 3] = image.GetOrigin()[:3]
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def read_dicom(path: Path) -> Volume:
    """The largest series of a folder, or the series that a file belongs to, sorted by position."""
    import SimpleITK as sitk

    folder = path if path.is_dir() else path.parent
    reader = sitk.ImageSeriesReader
    with _quiet():
        names = reader.GetGDCMSeriesIDs(str(folder))
        series = {name: reader.GetGDCMSeriesFileNames(str(folder), name) for name in names}
    if path.is_file():
        own = {name: files for name, files in series.items() if path.name in {Path(file).name for file in files}}
        series = own or {"": (str(path),)}
    if not series:
        raise InputError(f"The folder '{path}' holds no DICOM images; give the folder that has the slices in it.")
    identifier = max(series, key=lambda name: (len(series[name]), name))
    files = series[identifier]
    if len(files) == 1:
        return _read_file(Path(files[0]), _header(files[0]))
    notes = _check_slices(path, files)
    if len(series) > 1:
        label = _dicom_text(files[0], "0008|103e") or identifier
        notes.append(
            f"{path.name} holds {len(series)} series; the largest, '{label}' ({len(files)} images), was taken."
        )
    try:
        with _quiet():
            image = sitk.ReadImage(files)
    except RuntimeError as error:
        raise InputError(
            f"The DICOM series in '{folder}' cannot be put together (slices damaged or of different sizes); "
            "export it again."
        ) from error
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise unreadable.multi_component(path)
    unreadable.check_shape(path, image.GetSize())
    return _from_simpleitk(path, image, tuple(notes))


def _check_slices(path: Path, files: tuple[str, ...]) -> list[str]:
    """Sentences about gaps between slices.

    Raises:
        InputError: several images share a position, as in a time series.
    """
    places = []
    for name in files:
        header = _header(name)
        if header is None:
            raise InputError(f"'{name}' is damaged, so the DICOM series is not complete; export it again.")
        normal = np.cross(*np.array(header.GetDirection()).reshape(-1, header.GetDimension()).T[:2, :3])
        places.append(float(np.dot(normal, header.GetOrigin()[:3])))
    steps = np.diff(sorted(places))
    if (steps < 1e-3).any():
        count = round(len(places) / (1 + int((steps >= 1e-3).sum())))
        raise unreadable.several_volumes(path, max(count, 2))
    usual = float(np.median(steps))
    missing = int(np.rint(steps / usual - 1).sum())
    if missing > 0:
        return [f"{path.name} seems to lack {missing} of its slices: distances and volumes may be wrong."]
    return []


def _header(path: Path | str) -> Any:
    """A SimpleITK reader that has read the header of a file, None when it is no image."""
    import SimpleITK as sitk

    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        with _quiet():
            reader.ReadImageInformation()
    except RuntimeError:
        return None
    return reader


def _dicom_text(path: str, tag: str) -> str:
    header = _header(path)
    return header.GetMetaData(tag).strip() if header is not None and header.HasMetaDataKey(tag) else ""


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps what ITK's C++ libraries print off the terminal, where one sentence shall say what is wrong."""
    try:
        terminal = os.dup(2)
    except OSError:  # a program without a terminal
        yield
        return
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (a descriptor is wanted, no path)
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
