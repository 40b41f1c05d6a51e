"""Which slice to look at next."""

from __future__ import annotations

import numpy as np
from gmmseg.uncertain_slices import most_uncertain, slice_uncertainty
from slicer.i18n import tr as _

from . import review_slices, volumes
from .confirmations import SLICE, Confirmations
from .confirmed_voxels import brainLabels, confirmedMask


class UncertainGuide:
    """Goes from uncertain slice to uncertain slice, most uncertain first; a slice that was looked at does not come up
    again until all have been seen.

    :param inputVolume: whose slices.
    """

    def __init__(self, inputVolume) -> None:
        self._inputVolume = inputVolume
        self._seen: dict[int, set[int]] = {}

    def next(self, uncertaintyNode, axis: int) -> tuple[int, int, int] | None:
        """The place that is most worth a look: the most uncertain voxel of the most uncertain slice.

        :param uncertaintyNode: volume node of the entropy, 0 to 1.
        :param axis: the array axis that numbers the slices.
        :returns: (i, j, k), or None when nothing uncertain is left.
        :raises ValueError: the uncertainty belongs to another grid.
        """
        entropy = volumes.voxels(uncertaintyNode)
        labels, confirmed = brainLabels(self._inputVolume), confirmedMask(self._inputVolume)
        if entropy.shape != labels.shape:
            raise ValueError(
                _("The uncertainty map '{name}' does not fit the volume; segment again.").format(
                    name=volumes.name(uncertaintyNode)
                )
            )
        scores = slice_uncertainty(entropy, labels, confirmed)
        index = self._choose(scores, axis)
        if index is None:
            return None
        self._seen.setdefault(axis, set()).add(index)
        plane = tuple(slice(index, index + 1) if number == axis else slice(None) for number in range(3))
        open_entropy = np.where((labels[plane] > 0) & ~confirmed[plane], entropy[plane], -1)
        voxel = [int(number) for number in np.unravel_index(int(open_entropy.argmax()), open_entropy.shape)]
        voxel[axis] = index
        return voxel[0], voxel[1], voxel[2]

    def _choose(self, scores, axis: int) -> int | None:
        entries = Confirmations(self._inputVolume).entries()
        done = {entry.index for entry in entries if entry.kind == SLICE and entry.axis == axis}
        seen = self._seen.get(axis, set())
        distance = review_slices.spacing(self._inputVolume, axis)
        index = most_uncertain(scores, axis, exclude=done | seen, spacing_mm=distance)
        if index is None and seen:
            self._seen.pop(axis)
            index = most_uncertain(scores, axis, exclude=done, spacing_mm=distance)
        return index
