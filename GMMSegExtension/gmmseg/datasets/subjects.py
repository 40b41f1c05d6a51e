"""One scan of a data set: where its files are, what its labels mean, and reading them when they are needed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..case import Case, Volume
from ..errors import InputError
from ..grids import same_grid
from ..volume_io import read_mask, read_volume

UNLABELLED, CSF, GM, WM = 0, 1, 2, 3
_NOT_T1 = ("T2", "PD", "FLAIR", "IR")
# Of files that already have these codes.
AS_STORED: Mapping[int, int] = {UNLABELLED: UNLABELLED, CSF: CSF, GM: GM, WM: WM}


@dataclass(frozen=True)
class Subject:
    """One scan: the channels of one head at one time.

    Attributes:
        id: names the scan, once in a data set.
        group: names the person; scans of one person (sessions, runs, rescans) share it and are never split.
        channels: file of each channel by name, the one that defines the grid first.
        labels_path: the label file; None for an unlabelled scan.
        mask_path: the brain mask, any file that is 0 outside the brain; None where it has to be found.
        meaning: for each code in the label file 0 unlabelled, 1 CSF, 2 GM or 3 WM.
        ignored: codes whose voxels count in no measure (such as the cerebellum, where it is not divided into tissues).
        slice_axis: index axis across the slices that were acquired or drawn on; None where it is not known.
        outlined_by_hand: whether the mask is where there are manual labels, so that even without its labels the scan
            owes the brain's outline to them.
    """

    id: str
    group: str
    channels: Mapping[str, Path] = field(hash=False)
    labels_path: Path | None = None
    mask_path: Path | None = None
    meaning: Mapping[int, int] = field(default_factory=lambda: dict(AS_STORED), hash=False)
    ignored: frozenset[int] = frozenset()
    slice_axis: int | None = None
    outlined_by_hand: bool = False

    def case(self) -> Case:
        """All channels and, when it has a file, the mask, read now.

        Raises:
            InputError: a file cannot be read, or the mask is on another grid.
        """
        images = tuple(read_volume(path) for path in self.channels.values())
        if self.mask_path is None:
            return Case(images)
        return Case(images, _on_grid(read_mask(self.mask_path), images[0]), "given")

    def labels(self, image: Volume | None = None) -> Volume | None:
        """The tissue labels, read now: uint8 on the first channel's grid, 0 unlabelled, 1 CSF, 2 GM, 3 WM.

        Args:
            image: the first channel, if it has been read already.

        Returns:
            None for an unlabelled scan.

        Raises:
            InputError: the file cannot be read, is on another grid, or holds a code that has no meaning.
        """
        codes = self._codes(image)
        if codes is None:
            return None
        lookup = np.zeros(max(self.meaning) + 1, dtype=np.uint8)
        lookup[list(self.meaning)] = list(self.meaning.values())
        return dataclasses.replace(codes, array=lookup[codes.array])

    def evaluation_mask(self, image: Volume | None = None) -> Volume:
        """Where measures count, read now: uint8, 1 in the brain mask (without one, where there is any label code).

        Voxels of :attr:`ignored` codes are left out. Of the two protocols, *all* counts every voxel of it, *labelled*
        those that have a label besides.

        Args:
            image: the first channel, if it has been read already.

        Raises:
            InputError: as :meth:`labels`, or there is neither a mask nor labels.
        """
        image = image or self._first()
        codes = self._codes(image)
        if self.mask_path is not None:
            mask = _on_grid(read_mask(self.mask_path), image)
        elif codes is not None:
            mask = dataclasses.replace(codes, array=(codes.array > 0).astype(np.uint8))
        else:
            raise InputError(f"The scan '{self.id}' has neither a brain mask nor labels; add one of them.")
        if codes is None:
            return mask
        counted = ~np.isin(codes.array, list(self.ignored))
        return dataclasses.replace(mask, array=mask.array * counted.astype(np.uint8))

    def without_labels(self) -> Subject:
        """The same scan as if nobody had labelled it."""
        return dataclasses.replace(self, labels_path=None)

    def _first(self) -> Volume:
        return read_volume(next(iter(self.channels.values())))

    def _codes(self, image: Volume | None) -> Volume | None:
        """The label file as stored, in whole numbers that all have a meaning."""
        if self.labels_path is None:
            return None
        stored = read_volume(self.labels_path)
        known = np.zeros(max(self.meaning) + 2, dtype=bool)
        known[list(self.meaning)] = True
        # Negative codes and those that are too large come to the last place, which has no meaning.
        index = np.clip(np.nan_to_num(stored.array.astype(np.float32)), -1, len(known) - 1).astype(np.int32)
        strange = ~known[index] | (index != stored.array)
        if strange.any():
            raise InputError(
                f"'{self.labels_path}' holds the value {stored.array[strange][0]:g}, which is no label known here "
                f"({', '.join(map(str, sorted(self.meaning)))}); give the right label file."
            )
        return _on_grid(dataclasses.replace(stored, array=index), image or self._first())


def check_t1(subjects: Iterable[Subject]) -> None:
    """Sees that scans whose tissues nobody has named are T1, where CSF, GM and WM go from dark to bright.

    Raises:
        InputError: the first channel of one is known to be something else.
    """
    for subject in subjects:
        first = next(iter(subject.channels))
        if first.upper().removesuffix("W") in _NOT_T1:
            raise InputError(
                f"Without labels the tissues are named by their brightness in T1, but the first channel of "
                f"'{subject.id}' is {first}; choose channels that begin with T1."
            )


def _on_grid(volume: Volume, image: Volume) -> Volume:
    """Labels or a mask with their axes in the image's order, as pipelines turn them: no voxel is interpolated.

    Raises:
        InputError: it is on another grid all the same.
    """
    if same_grid(volume, image):
        return volume
    from nibabel import orientations as turns

    turn = turns.ornt_transform(turns.io_orientation(volume.affine), turns.io_orientation(image.affine))
    turned = Volume(
        np.ascontiguousarray(turns.apply_orientation(volume.array, turn)),
        volume.affine @ turns.inv_ornt_aff(turn, volume.array.shape),
        volume.name,
        volume.notes,
    )
    if not same_grid(turned, image):
        raise InputError(
            f"'{volume.name}' is on another grid than '{image.name}' ({_size(volume)} against {_size(image)} voxels); "
            "resample it onto that image's grid first, by nearest neighbour."
        )
    return turned


def _size(volume: Volume) -> str:
    return " x ".join(map(str, volume.array.shape))
