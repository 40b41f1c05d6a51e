"""Where in a volume the user is."""

from __future__ import annotations

from . import review_slices, review_texts
from .confirmations import Entry
from .segment_labels import shapeOf


class ReviewPlace:
    """The slices of one volume that the views show; without views, the last place that one went to."""

    def __init__(self, inputVolume) -> None:
        self._inputVolume = inputVolume
        self._last: tuple[int, int, int] | None = None

    def axis(self, orientation: str) -> int:
        """The array axis that numbers the slices of an orientation."""
        return review_slices.axesByOrientation(self._inputVolume).get(orientation, 2)

    def voxel(self) -> tuple[int, int, int]:
        """Where the slices meet.

        :raises ValueError: the volume is under a non-linear transform.
        """
        return review_slices.shownVoxel(self._inputVolume, self._last)

    def index(self, axis: int) -> int | None:
        """The slice across an array axis that its view shows, None when that shows nothing of the volume.

        :raises ValueError: the volume is under a non-linear transform.
        """
        view = review_slices.viewAlong(self._inputVolume, axis)
        return self.voxel()[axis] if view is None else review_slices.shownIndex(self._inputVolume, axis, view)

    def tilt(self, axis: int) -> float:
        """Degrees by which the view of the slices across an array axis is tilted; 0 when nobody could tell."""
        view = review_slices.viewAlong(self._inputVolume, axis)
        tilt = review_slices.tilt(self._inputVolume, axis, view) if view is not None else 0.0
        return tilt if tilt > review_slices.TILT_DEGREES else 0.0

    def goTo(self, voxel: tuple[int, int, int]) -> bool:
        """Let the views show the slices through a voxel; tells whether they had to be turned for it."""
        self._last = voxel
        return review_slices.goTo(self._inputVolume, voxel)

    def text(self, orientation: str, entries: list[Entry]) -> str:
        """Which slice of an orientation is seen, and whether it is one of the confirmed; empty when none can be named,
        as under a non-linear transform."""
        try:
            axis = self.axis(orientation)
            index, tilt = self.index(axis), self.tilt(axis)
        except ValueError:
            return ""
        if index is None:
            return review_texts.nothingSeen(orientation)
        isConfirmed = any((entry.axis, entry.index) == (axis, index) for entry in entries)
        return review_texts.place(orientation, index, shapeOf(self._inputVolume)[axis], isConfirmed, tilt)
